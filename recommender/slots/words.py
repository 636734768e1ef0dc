"""Why an article stands in a slot, in words that a reader or an editor understands."""

import math
from collections.abc import Mapping

from recommender.similarity.keywords import shared
from recommender.similarity.pairs import TEXT_SIGNALS
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

_OF_THE_SUBJECT = (*TEXT_SIGNALS, "story")


def because(
    corpus: Corpus,
    subject: Subject | None,
    position: int,
    values: Mapping[str, float],
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
        placed: "pinned" or "promoted" where it does not stand there by its score.
        relevance: the probability that the link is accepted; None where nobody knows.
        at: seconds since 1970, the time of asking; None calls nothing new.
    """
    said = [f"{placed} by an editor"] if placed else []
    if subject is not None and any(one in values for one in _OF_THE_SUBJECT):
        alike = _alike(corpus, subject, position)
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
    if at is None or columns.evergreen[row]:
        return False
    return bool(at - columns.published_at[row] < _NEW)  # never where the date is unknown, NaN


def _of_charts(values: Mapping[str, float]) -> list[str]:
    said = []
    times, clicks = values.get("times_usual", 0.0), round(values.get("clicks", 0.0))
    if times >= _TELLING_TIMES:
        exactly = f"{times:,.0f}" if times >= _ROUND_TIMES else f"{times:.1f}".removesuffix(".0")
        said.append(f"read {exactly} times as often as usual")
    if clicks:
        said.append(f"clicked {clicks:,} of the {round(values['shown']):,} times it was shown")
    return said


def _alike(corpus: Corpus, subject: Subject, position: int) -> tuple[str, ...]:
    if subject.position is None:
        return _said_of(corpus, subject, position)
    # what two articles have in common stays the same as long as the corpus
    pair = subject.position, position
    said = corpus.said.get(pair)
    if said is None:
        said = _said_of(corpus, subject, position)
        corpus.said.keep(pair, said)
    return said


def _said_of(corpus: Corpus, subject: Subject, position: int) -> tuple[str, ...]:
    same = subject.position is not None and (
        corpus.stories[subject.position] == corpus.stories[position]
    )
    words = _shared(corpus, subject, position)
    said = []
    if same:
        shelf, row = corpus.shelf(position)
        apart = _apart(subject.published_at, float(shelf.columns.published_at[row]))
        said.append(f"same story, {apart}" if apart else "same story")
    if words:
        said.append(f"shares {', '.join(words)}")
    return tuple(said)


def _shared(corpus: Corpus, subject: Subject, position: int) -> tuple[str, ...]:
    shelf, row = corpus.shelf(position)
    known = shelf.keywords
    if subject.key_terms is not None:
        return shared(known.vocabulary, subject.key_terms, 0, known.articles, row, count=_SHARED)
    if subject.position is None:
        return ()
    own, own_row = corpus.shelf(subject.position)
    terms = own.keywords.articles
    return shared(known.vocabulary, terms, own_row, known.articles, row, count=_SHARED)


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
