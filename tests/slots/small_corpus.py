"""A small corpus whose vectors are chosen, so that every order can be worked out by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from index.faiss_index import FaissIndex
from recommender.articles.article import Article
from recommender.articles.stored import StoredArticle
from recommender.articles.vector_queries import Change
from recommender.readers.together import ReadTogether
from recommender.similarity.duplicates import find_copies
from recommender.similarity.lexical_search import postings
from recommender.similarity.neighbours import find_neighbours
from recommender.similarity.stories import arrange, find_stories
from recommender.slots.corpus import Corpus, Relations
from recommender.slots.definitions import BUILT_IN, DefinedSlot, defined
from recommender.slots.learned import Learned, read_learned
from recommender.slots.overlay import Overlaid, with_changes
from recommender.slots.rule_matching import Rules, resolve
from recommender.slots.shelving import stock
from recommender.slots.slot import SlotQuery, Source
from recommender.slots.together import Together, together_of

NOBODY = ReadTogether(
    (),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.int32),
    np.empty(0, np.float32),
)
"""What was read together where nobody read anything."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")

LEARNED = read_learned()
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
DIM = 16


def unit(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A unit vector that begins with `values`."""
    vector = np.zeros(DIM, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def corpus_of(
    articles: Sequence[Article],
    vectors: Sequence[np.ndarray[tuple[int], np.dtype[np.float32]]],
    *,
    neighbours: int = 100,
    together: Together | None = None,
) -> Corpus:
    """A corpus in memory, as a rebuild would make it; rows are 10, 20, 30 ..."""
    stored = [
        StoredArticle(row=10 * (place + 1), revision=1, article=one, text_digest=f"t{place}")
        for place, one in enumerate(articles)
    ]
    stacked = np.stack(vectors).astype(np.float32)
    stocked = stock([stored], stacked)
    together = together or together_of(NOBODY, stocked.shelf.ids, len(stored))
    found = find_neighbours(stocked.shelf.texts, neighbours, always=together.padded())
    copies = find_copies(stocked.shelf.sketches)
    times = stocked.shelf.columns.published_at
    likeness = np.clip(found.signals[:, 1].astype(np.float32), 0, 1)
    stories = arrange(find_stories(found.positions, likeness, times, least=0.7))
    empty = stock([()], np.empty((0, DIM), dtype=np.float32))
    return Corpus(
        version="v1",
        embedder="chosen@1",
        base=replace(stocked.shelf, expansion=found.expansion),
        overlay=empty.shelf,
        vocabularies=stocked.vocabularies,
        groups=copies.groups,
        canonical=copies.canonical,
        stories=stories.of,
        hidden=np.zeros(len(stored), dtype=np.bool_),
        index=FaissIndex.build(stocked.shelf.columns.rows, stacked),
        relations=Relations(
            found,
            postings(stocked.shelf.texts.terms),
            copies,
            together,
            stories,
        ),
        lexicon=stocked.lexicon,
    )


def slots_of(
    *queries: SlotQuery, fallbacks: tuple[Source, ...] | None = None
) -> tuple[DefinedSlot, ...]:
    """Slots as they are built in, with other fallbacks where these are given."""
    made = tuple(defined(one, BUILT_IN) for one in queries)
    if fallbacks is None:
        return made
    supplies = tuple(BUILT_IN[one].supply for one in fallbacks)
    return tuple(replace(one, fallbacks=supplies) for one in made)


def changes_of(
    articles: tuple[tuple[Article, np.ndarray[tuple[int], np.dtype[np.float32]]], ...],
) -> list[Change]:
    """Articles that came since, with their vectors."""
    return [
        Change(StoredArticle(500 + place, 2 + place, one, f"late{place}"), vector)
        for place, (one, vector) in enumerate(articles)
    ]


def laid_over(
    corpus: Corpus,
    changes: Sequence[Change],
    before: Overlaid | None = None,
    *,
    learned: Learned = LEARNED,
    at: datetime = NOW,
) -> Overlaid:
    """What changed since a corpus that was made of revision 1."""
    return with_changes(corpus, changes, learned, before, at=at, revision=1)


def no_rules(corpus: Corpus) -> Rules:
    """What editors say who say nothing."""
    return resolve(corpus, (), NOW)


def article(article_id: str, title: str, *, days_old: float = 1, **more: object) -> Article:
    """One published so many days before NOW, whose body repeats its title again and again."""
    made = Article(
        id=article_id,
        title=title,
        body=" ".join(f"{title}, {word}." for word in _ORDINALS),
        section="Town",
        language="en",
        published_at=NOW - timedelta(days=days_old),
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields by name, checked by Article


def town_corpus() -> Corpus:
    """Two bridge stories and a copy of one, a school, a club, and an undated guide."""
    bridge = "Harbour bridge closed for repair"
    articles = [
        article("bridge-1", bridge, days_old=3),
        article("bridge-2", "Repair of the harbour bridge costs more", days_old=1),
        article("bridge-copy", bridge, days_old=2),
        article("school", "School roof leaks again", days_old=2, section="Education"),
        article("club", "Rowing club wins the cup", days_old=40, section="Sport"),
        article("guide", "Where to swim", days_old=900, evergreen=True, editors_choice=True),
        article("tomorrow", "Bridge opens again", days_old=-1),
        article("undated", "Archive picture of the bridge", published_at=None, language="de"),
    ]
    vectors = [
        unit(1, 0.1),
        unit(1, 0.3),
        unit(1, 0.1, 0.01),
        unit(0.3, 0, 1),
        unit(0.2, 0, 0, 1),
        unit(0.2, 0, 0, 0, 1),
        unit(1, 0.5),
        unit(1, 0.8),
    ]
    return corpus_of(articles, vectors)
