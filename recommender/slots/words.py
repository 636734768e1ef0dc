"""Why an article stands in a slot, in words that a reader or an editor understands."""

import math
from collections.abc import Mapping

from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.slots.candidates import Subject
from recommender.slots.corpus import Corpus

_SHARED = 3  # words that are told
_TELLING = 0.02  # a signal that added less than this is not worth a word
_DAY = 86_400.0
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
    added: Mapping[str, float],
    placed: str = "",
) -> tuple[str, ...]:
    """Phrases such as "same story, 2 days earlier" and "shares Schengen, asylum, Norway".

    Args:
        corpus: where both articles are.
        subject: what the page is about; None where it is about nothing.
        position: of the article that stands in the slot.
        added: what each signal contributed to its score, the greatest first.
        placed: "pinned" or "promoted" where it does not stand there by its score.
    """
    said = [f"{placed} by an editor"] if placed else []
    if subject is not None and any(one in added for one in _OF_THE_SUBJECT):
        said += _alike(corpus, subject, position)
    if subject is not None and added.get("section", 0.0) > 0 and subject.section >= 0:
        said.append(f"also in {corpus.vocabularies.sections[subject.section]}")
    said += [_SAID[one] for one in added if one in _SAID and added[one] > _TELLING]
    return tuple(said)


def _alike(corpus: Corpus, subject: Subject, position: int) -> list[str]:
    same = subject.position is not None and (
        corpus.stories[subject.position] == corpus.stories[position]
    )
    words: tuple[str, ...] = ()
    said = []
    if same:
        shelf, row = corpus.shelf(position)
        apart = _apart(subject.published_at, float(shelf.columns.published_at[row]))
        said.append(f"same story, {apart}" if apart else "same story")
    if words:
        said.append(f"shares {', '.join(words)}")
    return said or ["on a similar subject"]


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
