"""A run over next to nothing: what `--quick` and the tests measure."""

from dataclasses import replace

from benchmarks.contestants.definitions import Asked, Contestants, TextContestants
from benchmarks.definitions import (
    ArchiveSpeed,
    Definitions,
    DuplicatesTime,
    EventsRate,
    HttpRate,
    IndexLatency,
    Million,
    RebuildTime,
    RelatedLatency,
    ScoringRate,
)
from benchmarks.embedding_definitions import (
    EmbedderRates,
    EmbeddingRate,
    GpuRates,
    LiveTexts,
    RuntimeRates,
    RuntimeRelevance,
)

_QUICK_RELATED = RelatedLatency(sizes=(300,), articles=10, warm_up=2, rounds=2)
_QUICK_ASKED = Asked(learned=20, queries=10, warm_up=2, rounds=2, fewest=4, seconds=1)
_QUICK_CONTESTANTS = Contestants(sizes=(1_000,), recall=0.9, asked=_QUICK_ASKED)
_QUICK_HTTP = HttpRate(articles=300, connections=4, seconds=1, warm_up_seconds=1, rounds=2)
QUICK = Definitions(
    index=IndexLatency(sizes=(500,), shares=(0.5,), filtered=2, queries=10, warm_up=2, rounds=2),
    related=_QUICK_RELATED,
    contestants=_QUICK_CONTESTANTS,
    contestants_texts=TextContestants(sizes=(300,), asked=_QUICK_ASKED),
    contestants_million=replace(_QUICK_CONTESTANTS, who=("ours", "exact", "usearch")),
    scoring=ScoringRate(articles=300, one_by_one=20, rounds=2),
    http=_QUICK_HTTP,
    events=EventsRate(
        connections=8,
        seconds=1,
        warm_up_seconds=1,
        rounds=2,
        bodies=100,
        batch_size=50,
        short=100,
        long=1_000,
        asked=2,
    ),
    embedding=EmbeddingRate(texts=24, warm_up=4, rounds=2),
    embedders=EmbedderRates(texts=24, rounds=2),
    runtimes=RuntimeRates(texts=24, corpus=48, rounds=2),
    runtime_relevance=RuntimeRelevance(sets=("lee50",)),
    gpu=GpuRates(texts=256, at_once=128, compared=64, rounds=2),
    live_texts=LiveTexts(texts=4, warm_up=1, rounds=2, threads=4, each=2, connections=4, seconds=1),
    rebuild=RebuildTime(articles=300, rounds=2, added=10),
    duplicates=DuplicatesTime(articles=400, compared=200, rounds=2),
    archive=ArchiveSpeed(rounds=2, related=_QUICK_RELATED, http=_QUICK_HTTP),
    million=Million(
        articles=2_000,
        added=20,
        starts=1,
        requests=200,
        zipf=500,
        searched=200,
        related=_QUICK_RELATED,
        http=_QUICK_HTTP,
    ),
)
"""Shows that everything runs; its figures say nothing."""
