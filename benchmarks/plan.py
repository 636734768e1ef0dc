"""What measures each part, and what the report says of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from benchmarks.definitions import IN_HOMES, ON_DATA, SEED, Definitions, Part, PublicSets
from benchmarks.figures import Contest, Goal
from benchmarks.lineup import Lineup

Found: TypeAlias = tuple[Sequence[Contest | Lineup], Sequence[Goal]]


@dataclass(frozen=True, slots=True)
class Plan:
    """One part: what measures it; and in words, what is measured, over what, after what."""

    measure: Callable[[], Found]
    about: str
    corpus: str
    warm_up: str


def plan(part: Part, definitions: Definitions, sets: PublicSets | None, homes: Path) -> Plan:
    """The plan of a part.

    Args:
        part: which.
        definitions: of all parts.
        sets: not None where the part is one of `ON_DATA`.
        homes: where homes stay that take long to make.
    """
    chosen = _PARTS[part]
    asked = getattr(definitions, part)
    limit = "" if sets is None or not sets.limit else f", the first {sets.limit:,} records"

    more: list[PublicSets | Path | None] = []
    if part in ON_DATA:
        more = [sets]
    elif part in IN_HOMES:
        more = [homes]

    def measure() -> Found:
        # imported by itself: torch's threads have no place beside the others' measurements
        module = import_module(f"benchmarks.{chosen.module}")
        found: Found = module.measure(asked, SEED, *more)
        return found

    words = (chosen.about, chosen.corpus, chosen.warm_up)
    return Plan(measure, *(one.format(asked=asked, limit=limit) for one in words))


@dataclass(frozen=True, slots=True)
class _Part:
    """The module whose `measure` it is, and the words, in which `asked` is its definition."""

    module: str
    about: str
    corpus: str
    warm_up: str


_CONTESTANTS = _Part(
    "contestants.vectors",
    "Each in a process of its own, built on all cores as it comes; then one query at a time on one "
    "core that all its threads keep to, the contestants in turn. Each looks as widely as it has to "
    "for the recall; what is slow is asked fewer queries, {asked.asked.seconds:g} s of them. "
    "The limit is the time that one core takes to read, in a row, what the search had to read: "
    "all vectors, or those whose distances a graph has computed, where the library tells how many; "
    "what stays in a cache is read sooner. "
    "Memory is what the processes grew by as it was built.",
    "vectors between pairs of the sample's real ones, turned as others differ",
    "{asked.asked.warm_up} queries and those by which the breadth is found",
)

_PARTS: dict[Part, _Part] = {
    "index": _Part(
        "index_latency",
        "One query at a time on one thread.",
        "vectors between pairs of the sample's real ones, turned as others differ",
        "{asked.warm_up} queries",
    ),
    "contestants": _CONTESTANTS,
    "contestants_texts": _Part(
        "contestants.texts",
        "Ten other articles like one of the corpus, by its words: each contestant by the recipe "
        "that its own documentation has, in a process of its own, asked in turn on one core. "
        "No order of these is the true one; the share of what is found that stands in the "
        "article's section, which is that of one of the two articles it was made of, says that "
        "none is quick by finding anything. Slow ones are asked {asked.asked.seconds:g} s of "
        "queries.",
        "articles made up of the sample's words",
        "{asked.asked.warm_up} queries",
    ),
    "related": _Part(
        "related_latency",
        "One call at a time on one thread, default pipeline, articles drawn uniformly.",
        "the sample that ships, and articles made up of its words",
        "{asked.warm_up} calls",
    ),
    "scoring": _Part(
        "scoring_rate",
        "One core; the file is Parquet, put together and in its place.",
        "articles made up of the sample's words",
        "one round",
    ),
    "http": _Part(
        "http_rate",
        "One worker and the load on a core each, uniform ids, {asked.seconds} s in turn; "
        "{asked.several} workers and the load on all cores. `/constant` and `/ordinary` answer "
        "the same bytes, the one by the product's own routing, the other as FastAPI's "
        "documentation would have it.",
        "articles made up of the sample's words",
        "{asked.warm_up_seconds} s of each",
    ),
    "events": _Part(
        "events_rate",
        "One worker and the load on a core each, {asked.seconds} s in turn, every event "
        "on the disk before it is answered; batches on all cores; and a new process that opens a "
        "log and makes the popular slot of it. Sizes are events: kept, of a batch, of the log.",
        "made-up events of readers of their own, about 2,000 articles",
        "{asked.warm_up_seconds} s of each",
    ),
    "embedding": _Part(
        "embedding_rate",
        "All cores, the packaged model, the model loaded before.",
        "the sample's articles, varied",
        "{asked.warm_up} texts",
    ),
    "embedders": _Part(
        "embedder_rates",
        "All cores, the same texts, the longest first and {asked.at_once} at once, "
        "as a rebuild hands them over.",
        "the sample's articles, varied",
        "all texts once",
    ),
    "runtimes": _Part(
        "runtime_rates",
        "All cores, the packaged model, the same texts, the longest first; calibrated on other "
        "articles of the same publisher, as a publisher's would be.",
        "articles of reuters21578 (a public set that does not ship)",
        "all timed texts once",
    ),
    "runtime_relevance": _Part(
        "runtime_relevance",
        "The product's own evaluation of the default model, run in 8 bits and by torch; the model "
        "in 8 bits is made of each set's own articles, as a publisher's would be. No times.",
        "allsides, basil, ecbplus and lee50 (public sets that do not ship)",
        "none",
    ),
    "gpu": _Part(
        "gpu_rates",
        "One card, the packaged model, {asked.at_once:,} texts handed over at once, the longest "
        "first; the bare encode takes its 32 texts a batch, the product what it finds by itself.",
        "articles of reuters21578 (a public set that does not ship)",
        "all timed texts once",
    ),
    "live_texts": _Part(
        "live_texts",
        "All cores, the packaged model, one text in a call, no pause between a thread's calls.",
        "the sample's articles, cut",
        "{asked.warm_up} texts",
    ),
    "rebuild": _Part(
        "rebuild_time",
        "All cores; made-up articles are embedded by hashing, the sample by the model.",
        "the sample that ships, and articles made up of its words",
        "the model is loaded",
    ),
    "duplicates": _Part(
        "duplicates_time",
        "All cores; a tenth of the articles are retitled, corrected or cut versions of others.",
        "made-up articles of 150 to 700 words in the phrases of the sample",
        "none",
    ),
    "archive": _Part(
        "archive",
        "Rebuilds into fresh homes on all cores, their vectors looked up in a home that "
        "the packaged model embedded; `related` one call at a time on one thread; HTTP as "
        "in its part, from a server just started, and by questions not asked before.",
        "seed, basil and reuters21578 (public sets that do not ship){limit}",
        "{asked.related.warm_up} calls; HTTP: none from a cold start, else "
        "{asked.http.warm_up_seconds} s of each",
    ),
    "million": _Part(
        "million",
        "One catalog, rebuilt on all cores in a process of its own, then served and scored; "
        "`related` one call at a time on one thread, HTTP as in its part.",
        "{asked.articles:,} articles, streamed: words of the sample's and rare ones, vectors "
        "between real ones",
        "{asked.related.warm_up} calls; HTTP: {asked.http.warm_up_seconds} s of each",
    ),
    "contestants_million": _CONTESTANTS,
}
