"""What measures each part, and what the report says of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.definitions import SEED, Definitions, Part, PublicSets
from benchmarks.figures import Contest, Goal

Found: TypeAlias = tuple[Sequence[Contest], Sequence[Goal]]


@dataclass(frozen=True, slots=True)
class Plan:
    """One part: what measures it; and in words, what is measured, over what, after what."""

    measure: Callable[[], Found]
    about: str
    corpus: str
    warm_up: str


def plan(part: Part, definitions: Definitions, sets: PublicSets | None) -> Plan:
    """The plan of a part; `sets` is not None where the part is one of `ON_DATA`."""
    return _PLANS[part](definitions, sets)


# each imports its part by itself: torch's threads have no place beside the others' measurements


def _index(definitions: Definitions, _: PublicSets | None) -> Plan:
    from benchmarks import index_latency  # noqa: PLC0415

    index = definitions.index
    return Plan(
        lambda: index_latency.measure(index, SEED),
        "One query at a time on one thread.",
        "vectors between pairs of the sample's real ones, a random direction added",
        f"{index.warm_up} queries",
    )


def _related(definitions: Definitions, _: PublicSets | None) -> Plan:
    from benchmarks import related_latency  # noqa: PLC0415

    related = definitions.related
    return Plan(
        lambda: (related_latency.measure(related, SEED), ()),
        "One call at a time on one thread, default pipeline, articles drawn uniformly.",
        "the sample that ships, and articles made up of its words",
        f"{related.warm_up} calls",
    )


def _http(definitions: Definitions, _: PublicSets | None) -> Plan:
    from benchmarks import http_rate  # noqa: PLC0415

    http = definitions.http
    return Plan(
        lambda: http_rate.measure(http, SEED),
        f"One worker and the load on a core each, uniform ids, {http.seconds} s in turn. "
        "`/constant` and `/ordinary` answer the same bytes, the one by the product's own "
        "routing, the other as FastAPI's documentation would have it.",
        "articles made up of the sample's words",
        f"{http.warm_up_seconds} s of each",
    )


def _events(definitions: Definitions, _: PublicSets | None) -> Plan:
    from benchmarks import events_rate  # noqa: PLC0415

    events = definitions.events
    return Plan(
        lambda: events_rate.measure(events, SEED),
        f"One worker and the load on a core each, {events.seconds} s in turn, every event "
        "on the disk before it is answered; and a new process that opens a log and makes "
        "the popular slot of it. Sizes are events: kept, of a batch, of the log.",
        "made-up events of readers of their own, about 2,000 articles",
        f"{events.warm_up_seconds} s of each",
    )


def _embedding(definitions: Definitions, _: PublicSets | None) -> Plan:
    from benchmarks import embedding_rate  # noqa: PLC0415

    embedding = definitions.embedding
    return Plan(
        lambda: embedding_rate.measure(embedding),
        "All cores, the packaged model, the model loaded before.",
        "the sample's articles, varied",
        f"{embedding.warm_up} texts",
    )


def _embedders(definitions: Definitions, _: PublicSets | None) -> Plan:
    from benchmarks import embedder_rates  # noqa: PLC0415

    embedders = definitions.embedders
    return Plan(
        lambda: (embedder_rates.measure(embedders), ()),
        f"All cores, the same texts, the longest first and {embedders.at_once} at once, "
        "as a rebuild hands them over.",
        "the sample's articles, varied",
        "all texts once",
    )


def _rebuild(definitions: Definitions, _: PublicSets | None) -> Plan:
    from benchmarks import rebuild_time  # noqa: PLC0415

    rebuild = definitions.rebuild
    return Plan(
        lambda: rebuild_time.measure(rebuild, SEED),
        "All cores; made-up articles are embedded by hashing, the sample by the model.",
        "the sample that ships, and articles made up of its words",
        "the model is loaded",
    )


def _duplicates(definitions: Definitions, _: PublicSets | None) -> Plan:
    from benchmarks import duplicates_time  # noqa: PLC0415

    duplicates = definitions.duplicates
    return Plan(
        lambda: duplicates_time.measure(duplicates, SEED),
        "All cores; a tenth of the articles are retitled, corrected or cut versions of others.",
        "made-up articles of 150 to 700 words in the phrases of the sample",
        "none",
    )


def _archive(definitions: Definitions, sets: PublicSets | None) -> Plan:
    from benchmarks import archive  # noqa: PLC0415

    if sets is None:
        raise ValueError("The part archive needs the folder of the public sets.")
    speed = definitions.archive
    return Plan(
        lambda: (archive.measure(speed, sets, SEED), ()),
        "Rebuilds into fresh homes on all cores, their vectors looked up in a home that "
        "the packaged model embedded; `related` one call at a time on one thread; HTTP as "
        "in its part, from a server just started, and by questions not asked before.",
        "seed, basil and reuters21578 (public sets that do not ship)"
        + (f", the first {sets.limit:,} records" if sets.limit else ""),
        f"{speed.related.warm_up} calls; HTTP: none from a cold start, else "
        f"{speed.http.warm_up_seconds} s of each",
    )


_PLANS: dict[Part, Callable[[Definitions, PublicSets | None], Plan]] = {
    "index": _index,
    "related": _related,
    "http": _http,
    "events": _events,
    "embedding": _embedding,
    "embedders": _embedders,
    "rebuild": _rebuild,
    "duplicates": _duplicates,
    "archive": _archive,
}
