"""What is measured, how often, and which goals stand against it. Runner and report read this."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Part: TypeAlias = Literal["index", "related", "http", "embedding", "rebuild"]
PARTS: tuple[Part, ...] = ("index", "related", "http", "embedding", "rebuild")

SEED = 20260101


@dataclass(frozen=True, slots=True)
class IndexLatency:
    """One query at a time on one thread: the index that the size rule chooses beside numpy.

    Attributes:
        sizes: numbers of vectors.
        k: neighbours asked for.
        queries: in each round, other than the indexed vectors.
        recall: what recall@k has to reach.
    """

    sizes: tuple[int, ...] = (1_000, 10_000, 50_000, 100_000)
    k: int = 10
    queries: int = 100
    warm_up: int = 20
    rounds: int = 5
    recall: float = 0.99


@dataclass(frozen=True, slots=True)
class RelatedLatency:
    """The related slot in process, one call at a time, beside exact search for the same articles.

    Attributes:
        sizes: numbers of made-up articles; the sample that ships is measured before them.
        limit: articles in the slot.
        articles: asked about in each round, drawn uniformly.
    """

    sizes: tuple[int, ...] = (1_000, 10_000, 50_000)
    limit: int = 5
    articles: int = 200
    warm_up: int = 50
    rounds: int = 5


@dataclass(frozen=True, slots=True)
class HttpRate:
    """`GET /v1/articles/{id}/related` beside the same application answering a constant.

    Attributes:
        articles: made-up ones; ids are drawn uniformly.
        connections: kept alive, each with one request under way.
        seconds: of a round.
        variants: questions about each article that differ, for those that are computed anew.
        least_ratio: of the two rates.
    """

    articles: int = 10_000
    variants: int = 20
    connections: int = 16
    seconds: int = 4
    warm_up_seconds: int = 2
    rounds: int = 5
    least_ratio: float = 0.4


@dataclass(frozen=True, slots=True)
class EmbeddingRate:
    """The product's way from catalog to catalog beside a bare encode of the same texts.

    Attributes:
        texts: different ones, made of the sample.
        least_ratio: of the two rates.
    """

    texts: int = 600
    warm_up: int = 32
    rounds: int = 3
    least_ratio: float = 0.9


@dataclass(frozen=True, slots=True)
class RebuildTime:
    """A rebuild into a fresh home, stage by stage, and the one after it with nothing new.

    Attributes:
        articles: made-up ones, embedded by hashing; the sample is embedded by the real model.
        rounds: fresh homes.
        again_at_most: seconds that a rebuild with nothing new may take.
    """

    articles: int = 10_000
    rounds: int = 3
    again_at_most: float = 10.0


@dataclass(frozen=True, slots=True)
class Definitions:
    """All parts of one run."""

    index: IndexLatency = IndexLatency()
    related: RelatedLatency = RelatedLatency()
    http: HttpRate = HttpRate()
    embedding: EmbeddingRate = EmbeddingRate()
    rebuild: RebuildTime = RebuildTime()


FULL = Definitions()

QUICK = Definitions(
    index=IndexLatency(sizes=(500,), queries=10, warm_up=2, rounds=2),
    related=RelatedLatency(sizes=(300,), articles=10, warm_up=2, rounds=2),
    http=HttpRate(articles=300, connections=4, seconds=1, warm_up_seconds=1, rounds=2),
    embedding=EmbeddingRate(texts=24, warm_up=4, rounds=2),
    rebuild=RebuildTime(articles=300, rounds=2),
)
"""Shows that everything runs; its figures say nothing."""
