"""The runtimes of the default model over the same real texts: how fast, and how near to torch."""

import platform
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np

from benchmarks.definitions import PublicSets
from benchmarks.embedding_definitions import RuntimeRates
from benchmarks.figures import Contest, Figure, Goal, figure, ratio
from index.exact import ExactIndex
from index.protocol import Vectors
from recommender.articles.article import Article
from recommender.articles.sources.open_source import open_source
from recommender.articles.text import article_text
from recommender.similarity.embedder import Embedder
from recommender.similarity.openvino_embedder import TEXTS, OpenVinoEmbedder
from recommender.similarity.openvino_model import DESCRIPTION, Description, Runtime
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder

_RUNTIMES: tuple[Runtime, ...] = ("openvino", "openvino-int8")
_AT_ONCE = 64  # as a rebuild hands them over
_CPU = Path("/proc/cpuinfo")


def measure(asked: RuntimeRates, seed: int, sets: PublicSets) -> tuple[list[Contest], list[Goal]]:
    """Torch beside each of the others, in turn; calibrated on other texts than are measured."""
    rng = np.random.default_rng(seed)
    found = real_texts(sets.data / "reuters21578", asked.corpus + TEXTS, rng)
    texts, calibration = found[: asked.corpus], found[asked.corpus :]
    timed = sorted(texts[: asked.texts], key=len, reverse=True)
    torch = SentenceTransformersEmbedder()
    with TemporaryDirectory() as folder:
        others = {
            one: OpenVinoEmbedder(runtime=one, folder=Path(folder), calibration=lambda: calibration)
            for one in _RUNTIMES
        }
        began = time.perf_counter()
        for one in others.values():
            one.embed(texts[:1])
        made = round(time.perf_counter() - began, 1)
        embedders: list[Embedder] = [torch, *others.values()]
        rates = texts_a_second(embedders, timed, asked.rounds)
        described = {
            path.parent.name: Description.read(path.parent)
            for path in Path(folder).glob(f"*/{DESCRIPTION}")
        }
        want = _embedded(torch, texts)
        contests, goals = [], []
        for (name, one), rate in zip(others.items(), rates[1:], strict=True):
            got = _embedded(one, texts)
            (speed,) = (found.speed for path, found in described.items() if f"-{name}." in path)
            cosine = float(np.einsum("ij,ij->i", want, got).mean())
            share = kept(want, got, asked.k)
            times = ratio(rate, rates[0])
            contests.append(
                Contest(
                    name="texts to vectors",
                    size=len(timed),
                    measured_by=name,
                    measured=rate,
                    baseline_by="torch, the default",
                    baseline=rates[0],
                    ratio=times,
                    facts={
                        "texts compared": len(texts),
                        "mean cosine with torch": round(cosine, 4),
                        f"nearest {asked.k} kept": round(share, 4),
                        "times as fast as openvino, by itself": speed,
                        "seconds to make both": made,
                        "8-bit instructions": _instructions(),
                    },
                )
            )
            if name == "openvino-int8":
                goals = [
                    Goal(name="rate in 8 bits to torch", at_least=asked.least_ratio, came=times),
                    Goal(name="mean cosine in 8 bits", at_least=asked.least_cosine, came=cosine),
                    Goal(name="neighbours kept in 8 bits", at_least=asked.least_kept, came=share),
                ]
    return contests, goals


def real_texts(folder: Path, count: int, rng: np.random.Generator) -> list[str]:
    """So many different texts of a public set, drawn; those without a body are left out."""
    records = open_source(str(folder / "articles.jsonl.gz")).records
    every = sorted({article_text(one) for one in records if isinstance(one, Article) and one.body})
    return [every[at] for at in rng.permutation(len(every))[:count].tolist()]


class Embeds(Protocol):
    """What is timed."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        ...


def texts_a_second(
    embedders: Sequence[Embeds], texts: Sequence[str], rounds: int, *, at_once: int = _AT_ONCE
) -> list[Figure]:
    """Of each, in turn; the texts are handed over so many at once."""
    rates: list[list[list[float]]] = [[] for _ in embedders]
    for number in range(rounds + 1):
        for one, own in zip(embedders, rates, strict=True):
            began = time.perf_counter()
            _embedded(one, texts, at_once)
            if number:  # the first is the warm-up
                own.append([len(texts) / (time.perf_counter() - began)])
    return [figure("texts/s", own) for own in rates]


def kept(want: Vectors, got: Vectors, k: int) -> float:
    """Of the nearest `k` of each text, the share that is among its nearest still."""
    ids = np.arange(len(want), dtype=np.int64)
    found = [ExactIndex(ids, one).search(one, k + 1).ids for one in (want, got)]
    shares = []
    for at, (before, after) in enumerate(zip(*found, strict=True)):
        own = [set(one.tolist()) - {at} for one in (before, after)]
        shares.append(len(own[0] & own[1]) / k)
    return float(np.mean(shares))


def _embedded(embedder: Embeds, texts: Sequence[str], at_once: int = _AT_ONCE) -> Vectors:
    starts = range(0, len(texts), at_once)
    return np.concatenate([embedder.embed(texts[at : at + at_once]) for at in starts])


def _instructions() -> str:
    """Of this processor, those that make 8 bits quicker than 32."""
    flags = _CPU.read_text().split() if _CPU.exists() else []
    found = {one for one in ("avx512_vnni", "avx_vnni", "amx_int8", "asimddp") if one in flags}
    return ", ".join(sorted(found)) or f"none known of {platform.machine()}"
