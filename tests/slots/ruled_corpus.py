"""Corpora with sections, tags, authors, copies and hidden articles, and pages of them by rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from recommender.editors.rule import RecordedRule, Rule, Target
from recommender.readers.click_rate import Clicks
from recommender.readers.trend import Rising, Trends
from recommender.slots.candidates import subject_of
from recommender.slots.charts import Charts, Counted, Readership, chart, charts_of
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import BUILT_IN, Chart, SlotDefinition, defined
from recommender.slots.filled import FilledSlot
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline, Weights
from recommender.slots.rule_matching import Rules, resolve
from recommender.slots.slot import Filters, SlotQuery, Source
from tests.slots.small_corpus import NOW, article, corpus_of, unit

RELATED = [SlotQuery("related", 6)]

COUNT = 40
COPIES = 10
HIDDEN = (5, 33)
READ = (3, 7, 11, 12, 32)
FUTURE = (8, 21)
SECTIONS = ("Town", "Sport", "Culture")
TAGS = ("river", "vote", "storm")
AUTHORS = ("Ada Berg", "Ben Cole")

PIPELINE = Pipeline(
    "ruled",
    Weights(dense=1, lexical=1, title=0.25, section=0.2, recency=0.1, popularity=0.05),
    diversity=0.1,
)


def ruled_corpus(seed: int, *, neighbours: int = 100) -> Corpus:
    """Articles "r0" to "r39": the last ten are copies of "r10" to "r19"."""
    rng = np.random.default_rng(seed)
    words = ["harbour", "bridge", "school", "roof", "club", "cup", "council", "vote", "storm"]
    first = COUNT - COPIES
    articles = [
        article(
            f"r{n}",
            " ".join(rng.choice(words, 6)),
            days_old=-2 if n in FUTURE else float(rng.integers(0, 400)),
            editors_choice=bool(rng.random() < 0.1),
            section=str(rng.choice(SECTIONS)),
            tags=tuple(rng.choice(TAGS, rng.integers(0, 3), replace=False).tolist()),
            authors=tuple(rng.choice(AUTHORS, rng.integers(0, 2), replace=False).tolist()),
        )
        for n in range(first)
    ]
    vectors = [unit(*rng.normal(size=16)) for _ in articles]
    for n in range(first, COUNT):
        articles.append(replace(articles[n - 20], id=f"r{n}"))
        vectors.append(vectors[n - 20])
    corpus = corpus_of(articles, vectors, neighbours=neighbours)
    hidden = corpus.hidden.copy()
    hidden[list(HIDDEN)] = True
    return replace(corpus, hidden=hidden)


def recorded(*rules: Rule) -> list[RecordedRule]:
    """As a rule book has them, in this order."""
    return [RecordedRule(n, rule, "anna", "because", NOW) for n, rule in enumerate(rules, 1)]


def rules_of(corpus: Corpus, *rules: Rule, at: datetime = NOW) -> Rules:
    """The rules, matched."""
    return resolve(corpus, recorded(*rules), at)


def readership(corpus: Corpus) -> Readership:
    """A few articles are read."""
    readers = np.zeros(len(corpus), dtype=np.float32)
    readers[list(READ)] = [4, 2, 1, 6, 3]
    return Readership(readers, readers)


def charts(corpus: Corpus, wanted: Iterable[Chart]) -> Charts:
    """What rises and what is clicked: the articles that are read, some of them hidden or copies."""
    ids = tuple(f"r{n}" for n in READ)
    times = np.array([3.0, 1.5, 1.1, 9.0, 2.0])
    clicks = np.array([5.0, 0.0, 2.0, 1.0, 9.0])
    made: dict[Source, Counted] = {
        "trending": Trends(ids, Rising(times, times - 0.1)),
        "most_clicked": Clicks(ids, clicks, np.full(len(READ), 20.0)),
    }
    return {one: chart(corpus, made[one.source]) for one in wanted}


def page(
    corpus: Corpus,
    about: str | None,
    slots: Sequence[SlotQuery],
    *rules: Rule,
    pipeline: Pipeline = PIPELINE,
    seen: tuple[str, ...] = (),
    definitions: Mapping[str, SlotDefinition] = BUILT_IN,
) -> tuple[FilledSlot, ...]:
    """The slots of a page, by the rules."""
    position = None if about is None else corpus.position(about)
    subject = None if position is None else subject_of(corpus, position)
    made = tuple(defined(one, definitions) for one in slots)
    query = PageQuery(made, subject, NOW, seen)
    return fill_page(
        corpus,
        query,
        pipeline,
        readership(corpus),
        rules_of(corpus, *rules),
        charts=charts(corpus, charts_of(made)),
    )


def ids(corpus: Corpus, slot: FilledSlot) -> list[str]:
    """What stands in a slot."""
    return [corpus.id_at(int(position)) for position in slot.ranked.positions]


def of(article_id: str) -> Target:
    """One article."""
    return Target("article", (article_id,))


def pin(article_id: str, position: int, **more: str) -> Rule:
    """Of an article to a place."""
    return Rule(action="pin", target=of(article_id), position=position, **more)  # type: ignore[arg-type]  # by name


def shown(corpus: Corpus, *rules: Rule, slots: list[SlotQuery] = RELATED) -> list[str]:
    """What stands in the first slot of the page of r0."""
    return ids(corpus, page(corpus, "r0", slots, *rules)[0])


def only(section: str, limit: int) -> list[SlotQuery]:
    """Related articles of one section."""
    return [SlotQuery("related", limit, 0, Filters(sections=(section,)))]
