"""Why an article stands in a slot, in words that a reader or an editor understands."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from recommender.similarity.keywords import shared
from recommender.similarity.pairs import TEXT_SIGNALS, Positions
from recommender.slots.candidates import Subject
from recommender.slots.corpus import Corpus

_SHARED = 3  # words that are told
_RELATED = 0.2  # a link that is less probable than this is no proof of a subject in common
_TELLING = {"recency": 0.5, "popularity": 0.3}  # a lower value is not worth a word
_TELLING_TIMES = 1.1
_ROUND_TIMES = 10
_DAY = 86_400.0
_NEW = 7 * _DAY  # what is older is not called new, however slowly a pipeline forgets
_MONTH = 30 * _DAY
_YEAR = 365 * _DAY

_SAID = {
    "recency": "new",
    "popularity": "much read",
    "editors_choice": "editor's choice",
    "latest": "among the latest",
    "cross_encoder": "reads as related",
    "editors_rule": "boosted by an editor",
}
"""What the signals that know no subject are called."""

_OF_THE_SUBJECT = frozenset({*TEXT_SIGNALS, "story"})
_OF_CHARTS = frozenset({"times_usual", "clicks"})


def because(
    corpus: Corpus,
    subject: Subject | None,
    position: int,
    values: Mapping[str, float],
    alike: tuple[str, ...] = (),
    *,
    placed: str = "",
    relevance: float | None = None,
    at: float | None = None,
) -> tuple[str, ...]:
    """Phrases such as "same story, 2 days earlier" and "shares Schengen, asylum, Norway".

    Args:
        corpus: where both articles are.
        subject: what the page is about; None where it is about nothing.
        position: of the article that stands in the slot.
        values: of the signals that raised its score, the greatest contribution first, and of
            those in `TOLD`.
        alike: what `alike_with` says of it.
        placed: "pinned" or "promoted" where it does not stand there by its score.
        relevance: the probability that the link is accepted; None where nobody knows.
        at: seconds since 1970, the time of asking; None calls nothing new.
    """
    said = [f"{placed} by an editor"] if placed else []
    if subject is not None and not _OF_THE_SUBJECT.isdisjoint(values):
        far = relevance is not None and relevance < _RELATED
        said += alike or (("the nearest there is",) if far else ("on a similar subject",))
    if subject is not None and "section" in values and subject.section >= 0:
        said.append(f"also in {corpus.vocabularies.sections[subject.section]}")
    if "read_together" in values and subject is not None and subject.position is not None:
        count = corpus.common_readers(subject.position, position)
        said.append(f"read together by {count} readers")
    if values.get("readers"):
        count = round(values["readers"])
        said.append(f"read by {f'{count:,} readers' if count > 1 else 'a reader'} of late")
    if not _OF_CHARTS.isdisjoint(values):
        said += _of_charts(values)
    said += [
        _SAID[one]
        for one, value in values.items()
        if one in _SAID and value >= _TELLING.get(one, 0.0)
        if one != "recency" or _is_new(corpus, position, at)
    ]
    return tuple(said)


def _is_new(corpus: Corpus, position: int, at: float | None) -> bool:
    """Not an evergreen, whose recency is that of a new article whatever its age."""
    shelf, row = corpus.shelf(position)
    columns = shelf.columns
    if at is None or columns.evergreen.item(row):
        return False
    published: float = columns.published_at.item(row)
    return at - published < _NEW  # never where the date is unknown, NaN


def _of_charts(values: Mapping[str, float]) -> list[str]:
    said = []
    times, clicks = values.get("times_usual", 0.0), round(values.get("clicks", 0.0))
    if times >= _TELLING_TIMES:
        exactly = f"{times:,.0f}" if times >= _ROUND_TIMES else f"{times:.1f}".removesuffix(".0")
        said.append(f"read {exactly} times as often as usual")
    if clicks:
        said.append(f"clicked {clicks:,} of the {round(values['shown']):,} times it was shown")
    return said


def alike_with(
    corpus: Corpus, subject: Subject | None, positions: Positions
) -> list[tuple[str, ...]]:
    """Of each article: that it is of the subject's story, and the words that both share."""
    if subject is None:
        return [()] * len(positions)
    same = np.zeros(len(positions), dtype=np.bool_)
    if subject.position is not None:
        same = corpus.stories[positions] == corpus.stories[subject.position]
    words = _shared(corpus, subject, positions)
    return [
        _alike(corpus, subject, position, shares, of_story=of_story)
        for position, of_story, shares in zip(positions.tolist(), same.tolist(), words, strict=True)
    ]


def alike_in_pairs(
    corpus: Corpus, subjects: Sequence[Subject], positions: Positions
) -> list[tuple[str, ...]]:
    """As `alike_with`, each of `positions` with the subject in the same place.

    Args:
        corpus: with nothing in its overlay.
        subjects: articles of it.
        positions: as many.
    """
    own = np.array([one.position for one in subjects], dtype=np.int64)
    same = corpus.stories[positions] == corpus.stories[own]
    known = corpus.base.keywords
    words = shared(known.vocabulary, known.articles, own, known.articles, positions, count=_SHARED)
    return [
        _alike(corpus, subject, position, shares, of_story=of_story)
        for subject, position, of_story, shares in zip(
            subjects, positions.tolist(), same.tolist(), words, strict=True
        )
    ]


def _alike(
    corpus: Corpus, subject: Subject, position: int, shares: Sequence[str], *, of_story: bool
) -> tuple[str, ...]:
    said: tuple[str, ...] = ()
    if of_story:
        shelf, row = corpus.shelf(position)
        apart = _apart(subject.published_at, shelf.columns.published_at.item(row))
        said = (f"same story, {apart}" if apart else "same story",)
    return (*said, f"shares {', '.join(shares)}") if shares else said


def _shared(corpus: Corpus, subject: Subject, positions: Positions) -> list[tuple[str, ...]]:
    own, own_row = subject.key_terms, 0
    if own is None:
        if subject.position is None:
            return [()] * len(positions)
        shelf, own_row = corpus.shelf(subject.position)
        own = shelf.keywords.articles
    if not corpus.has_late:
        known = corpus.base.keywords
        return shared(known.vocabulary, own, own_row, known.articles, positions, count=_SHARED)
    found: list[tuple[str, ...]] = [()] * len(positions)
    late = positions >= len(corpus.base)
    for shelf, places, first in (
        (corpus.base, np.flatnonzero(~late), 0),
        (corpus.overlay, np.flatnonzero(late), len(corpus.base)),
    ):
        if len(places):
            known = shelf.keywords
            rows = positions[places] - first
            some = shared(known.vocabulary, own, own_row, known.articles, rows, count=_SHARED)
            for place, words in zip(places.tolist(), some, strict=True):
                found[place] = words
    return found


def _apart(one: float, other: float) -> str:
    """How much earlier or later `other` is; "" where one is unknown."""
    seconds = other - one
    if math.isnan(seconds):
        return ""
    size = abs(seconds)
    if size < _DAY:
        return "the same day"
    way = "later" if seconds > 0 else "earlier"
    for unit, length in (("year", _YEAR), ("month", _MONTH), ("day", _DAY)):
        if size >= length:
            count = int(size // length)
            return f"{count} {unit}{'s' if count > 1 else ''} {way}"
    raise AssertionError  # pragma: no cover - a day at least
