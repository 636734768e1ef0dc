"""Pages of small corpora, without rules: pipelines, readers, and what stands there."""

import numpy as np

from recommender.slots.candidates import subject_of
from recommender.slots.charts import NO_CHARTS, Readership
from recommender.slots.corpus import Corpus
from recommender.slots.filled import FilledSlot
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline, Weights
from recommender.slots.slot import SlotQuery, Source
from tests.slots.small_corpus import NOW, no_rules, slots_of

SIMILARITY = Pipeline(
    "similarity",
    Weights(dense=1, lexical=1, title=0.25),
    collapse_copies=False,
    as_of_now=False,
)
DEFAULT = Pipeline(
    "default",
    Weights(
        dense=1,
        lexical=1,
        title=0.25,
        time_between=0.2,
        section=0.02,
        recency=0.1,
        popularity=0.05,
        editors_choice=0.01,
    ),
    diversity=0.1,
    min_score=0.2,
)


def readership(corpus: Corpus, **readers: float) -> Readership:
    counts = np.zeros(len(corpus), dtype=np.float32)
    for name, count in readers.items():
        position = corpus.position(name.replace("_", "-"))
        assert position is not None
        counts[position] = count
    return Readership(counts, counts)


def filled(
    corpus: Corpus,
    about: str | None,
    *slots: SlotQuery,
    pipeline: Pipeline = DEFAULT,
    seen: tuple[str, ...] = (),
    fallbacks: tuple[Source, ...] | None = None,
    **readers: float,
) -> tuple[FilledSlot, ...]:
    position = None if about is None else corpus.position(about)
    subject = None if position is None else subject_of(corpus, position)
    query = PageQuery(slots_of(*slots, fallbacks=fallbacks), subject, NOW, seen)
    read = readership(corpus, **readers)
    return fill_page(corpus, query, pipeline, read, no_rules(corpus), charts=NO_CHARTS)


def ids(corpus: Corpus, slot: FilledSlot) -> list[str]:
    return [corpus.id_at(int(position)) for position in slot.ranked.positions]
