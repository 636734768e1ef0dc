"""How long the related slot takes in process, beside exact search for the same articles."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from benchmarks.corpora import HashedWords, made_up, opened, sample
from benchmarks.definitions import RelatedLatency
from benchmarks.figures import Contest, Goal, in_turn, ratio
from index.exact import ExactIndex
from recommender.articles.article import Article
from recommender.engine import Recommender
from recommender.similarity.embedder import Embedder
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder
from recommender.slots.slot import SlotQuery


def measure(asked: RelatedLatency, seed: int) -> tuple[list[Contest], list[Goal]]:
    """Two contests for each corpus: the slot with its cards, and with reasons and words too."""
    contests = _over(asked, "sample", sample(), SentenceTransformersEmbedder(), seed)
    for size in asked.sizes:
        articles = made_up(size, np.random.default_rng(seed))
        contests += _over(asked, "made up", articles, HashedWords(), seed)
    return contests, []


def _over(
    asked: RelatedLatency, corpus: str, articles: Sequence[Article], embedder: Embedder, seed: int
) -> list[Contest]:
    with TemporaryDirectory() as folder, opened(Path(folder), embedder) as recommender:
        recommender.rebuild(articles)
        return slot_contests(asked, corpus, recommender, seed)


def slot_contests(
    asked: RelatedLatency, corpus: str, recommender: Recommender, seed: int
) -> list[Contest]:
    """The slot of a snapshot, with its cards as they are kept; then as objects with reasons."""
    base = recommender.corpus().base
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(base), asked.warm_up + asked.rounds * asked.articles)
    ids = [base.ids.at(int(one)) for one in drawn]
    vectors = np.array(base.texts.vectors)  # read into memory: the baseline is spared the disk
    exact = ExactIndex(np.arange(len(base), dtype=np.int64), vectors)
    slot = (SlotQuery("related", asked.limit),)

    def search(number: int) -> None:
        own = drawn[number : number + 1]
        exact.search(vectors[own], asked.limit, excluded=own)

    with threadpool_limits(1):
        filled, related, searched = in_turn(
            [
                lambda number: recommender.fill(slot, ids[number]).cards(),
                lambda number: recommender.related(ids[number], limit=asked.limit),
                search,
            ],
            runs=asked.articles,
            warm_up=asked.warm_up,
            rounds=asked.rounds,
        )
    return [
        Contest(
            name=f"related, {asked.limit} of {corpus}",
            size=len(base),
            measured_by=name,
            measured=measured,
            baseline_by="exact search (numpy)",
            baseline=searched,
            ratio=ratio(measured, searched),
        )
        for name, measured in (
            ("Recommender.fill and its cards", filled),
            ("Recommender.related, with reasons", related),
        )
    ]
