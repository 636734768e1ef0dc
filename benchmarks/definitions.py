"""What is measured, how often, and which goals stand against it. Runner and report read this."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from benchmarks.contestants.definitions import AT_A_MILLION, Asked, Contestants, TextContestants
from benchmarks.embedding_definitions import (
    EmbedderRates,
    EmbeddingRate,
    GpuRates,
    LiveTexts,
    RuntimeRates,
    RuntimeRelevance,
)

Part: TypeAlias = Literal[
    "index",
    "contestants",
    "contestants_texts",
    "related",
    "scoring",
    "http",
    "events",
    "embedding",
    "embedders",
    "runtimes",
    "runtime_relevance",
    "gpu",
    "live_texts",
    "rebuild",
    "duplicates",
    "archive",
    "million",
    "contestants_million",
]
PARTS: tuple[Part, ...] = get_args(Part)
LONG: tuple[Part, ...] = ("million", "contestants_million")
"""Parts that take an hour and more, and are measured only where they are named."""

IN_HOMES: tuple[Part, ...] = ("million",)
"""Parts whose catalog stays."""

ON_CARD: tuple[Part, ...] = ("gpu",)
"""Parts that measure a card of NVIDIA's, and wait for one."""

ON_DATA: tuple[Part, ...] = ("runtimes", "runtime_relevance", "gpu", "archive")
"""Parts that measure public sets, and wait until they are told where those are."""

SEED = 20260101


@dataclass(frozen=True, slots=True)
class PublicSets:
    """Where the parts find what they do not make themselves.

    Attributes:
        data: folder of the public sets.
        homes: where embedded homes stay.
        limit: articles of the archive; None for all.
    """

    data: Path
    homes: Path
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class IndexLatency:
    """One query at a time on one thread: the index that the size rule chooses beside numpy.

    Attributes:
        sizes: numbers of vectors.
        k: neighbours asked for.
        queries: in each round, other than the indexed vectors.
        recall: what recall@k has to reach.
        shares: of the largest size, that a filter allows, drawn at random.
        filtered: queries in each round under a filter.
    """

    sizes: tuple[int, ...] = (1_000, 10_000, 50_000, 100_000)
    shares: tuple[float, ...] = (0.5, 0.2, 0.05, 0.01, 0.001, 0.0001)
    filtered: int = 20
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
class ScoringRate:
    """The related slots of a whole catalog into a file, on one core.

    Attributes:
        articles: made-up ones.
        limit: places of each slot.
        one_by_one: articles whose slots are filled one after another.
        at_once: vectors that bare FAISS is asked about in one call.
        least_rate: articles a second.
    """

    articles: int = 50_000
    limit: int = 10
    one_by_one: int = 1_000
    at_once: int = 1_024
    rounds: int = 3
    least_rate: float = 20_000


@dataclass(frozen=True, slots=True)
class HttpRate:
    """`GET /v1/articles/{id}/related` beside the same application answering a constant.

    The constant comes by the product's own routing, and once more by FastAPI's.

    Attributes:
        articles: made-up ones; ids are drawn uniformly.
        connections: kept alive, each with one request under way.
        seconds: of a round.
        beacon_seconds: between beacons, where they arrive while related articles are asked for.
        variants: questions about each article that differ, for those that are computed anew.
        sized: answers whose middle length the constant has.
        pinned: whether server and load keep to a core each.
        workers: of the server.
        several: workers of another one, that is asked as well; load and workers share all cores.
        least_ratio: of the two rates.
    """

    articles: int = 10_000
    variants: int = 20
    sized: int = 200
    pinned: bool = True
    workers: int = 1
    several: int = 2
    connections: int = 16
    seconds: int = 4
    beacon_seconds: float = 0.1
    warm_up_seconds: int = 2
    rounds: int = 5
    least_ratio: float = 0.4


@dataclass(frozen=True, slots=True)
class EventsRate:
    """How fast events are kept, and what is read at the end of a short and of a long log.

    Attributes:
        connections: that send beacons, each a request of one event.
        seconds: of a round.
        bodies: beacons that differ by more than their numbers.
        batch_size: events of a batch.
        batch_connections: that send batches.
        short: events of a log.
        long: events of the log that stands against it.
        asked: how often each of the two is read.
        least_ratio: of the rates of beacons and of a constant.
        least_rate: events a second, in batches.
        most_longer: times that the long log may take.
    """

    connections: int = 256
    seconds: int = 4
    warm_up_seconds: int = 2
    rounds: int = 5
    bodies: int = 20_000
    batch_size: int = 1_000
    batch_connections: int = 32
    short: int = 10_000
    long: int = 10_000_000
    asked: int = 9
    least_ratio: float = 0.5
    least_rate: float = 50_000
    most_longer: float = 2.0


@dataclass(frozen=True, slots=True)
class RebuildTime:
    """A rebuild into a fresh home, stage by stage, and the one after it with nothing new.

    Attributes:
        articles: made-up ones, embedded by hashing; the sample is embedded by the real model.
        rounds: fresh homes.
        again_at_most: seconds that a rebuild with nothing new may take.
        added: of the made-up articles, that are folded in where all others are there.
        folded_at_most: of the time of making all anew, that this may take.
        kept: of the ten related articles of any, that have to be the same as then.
    """

    articles: int = 10_000
    rounds: int = 3
    again_at_most: float = 10.0
    added: int = 100
    folded_at_most: float = 0.5
    kept: float = 0.95


@dataclass(frozen=True, slots=True)
class DuplicatesTime:
    """Finding the copies among made-up articles, a tenth of which are copies of others.

    Attributes:
        articles: of the timed run, once.
        compared: articles that plain sets of shingles go through as well.
        rounds: of the comparison.
        at_most: seconds for `articles`.
        found: share of the copies that have to stand in one group with their original.
    """

    articles: int = 100_000
    compared: int = 2_000
    rounds: int = 3
    at_most: float = 90.0
    found: float = 0.95


@dataclass(frozen=True, slots=True)
class ArchiveSpeed:
    """All of the product over real articles; sizes are those of the archive.

    Attributes:
        rounds: rebuilds into fresh homes, whose vectors are looked up.
        related: the slot in process.
        http: from a cold start, and by questions not asked before.
    """

    rounds: int = 3
    related: RelatedLatency = RelatedLatency()
    http: HttpRate = HttpRate()


@dataclass(frozen=True, slots=True)
class Million:
    """The whole product over a large catalog, whose vectors are given; made once and kept.

    Attributes:
        articles: streamed, see `benchmarks.streamed`.
        added: articles that come before the next rebuild.
        starts: of a server, each from files that are in no memory, and each from files that are.
        requests: of one server, by which its memory has grown.
        zipf: questions that are drawn as readers draw them.
        limit: places of each slot of the catalog that is scored.
        searched: articles whose nearest bare FAISS finds.
        related: the slot in process.
        http: ids drawn uniformly, and as readers draw them.
    """

    articles: int = 1_000_000
    added: int = 1_000
    starts: int = 3
    requests: int = 100_000
    zipf: int = 300_000
    limit: int = 10
    searched: int = 20_000
    related: RelatedLatency = RelatedLatency(limit=10, articles=100, rounds=3)
    http: HttpRate = HttpRate()
    minutes: float = 45.0
    minutes_added: float = 3.0
    seconds_again: float = 20.0
    rebuild_gib: float = 8.0
    ready_seconds: float = 3.0
    server_gib: float = 1.6
    least_scored: float = 20_000
    least_ratio: float = 0.5
    least_zipf: float = 0.75
    most_slower: float = 3.0
    most_median_ms: float = 0.15
    most_p99_ms: float = 0.4


@dataclass(frozen=True, slots=True)
class Definitions:
    """All parts of one run."""

    index: IndexLatency = IndexLatency()
    contestants: Contestants = Contestants()
    contestants_texts: TextContestants = TextContestants()
    related: RelatedLatency = RelatedLatency()
    scoring: ScoringRate = ScoringRate()
    http: HttpRate = HttpRate()
    events: EventsRate = EventsRate()
    embedding: EmbeddingRate = EmbeddingRate()
    embedders: EmbedderRates = EmbedderRates()
    runtimes: RuntimeRates = RuntimeRates()
    runtime_relevance: RuntimeRelevance = RuntimeRelevance()
    gpu: GpuRates = GpuRates()
    live_texts: LiveTexts = LiveTexts()
    rebuild: RebuildTime = RebuildTime()
    duplicates: DuplicatesTime = DuplicatesTime()
    archive: ArchiveSpeed = ArchiveSpeed()
    million: Million = Million()
    contestants_million: Contestants = Contestants(
        sizes=(1_000_000,), who=AT_A_MILLION, asked=Asked(queries=20)
    )


FULL = Definitions()
