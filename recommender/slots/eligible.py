"""Who may stand in a slot at all."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.articles.columns import Columns, seconds
from recommender.slots.corpus import Corpus
from recommender.slots.ruling import Ruling
from recommender.slots.slot import Filters

_FEW = 8  # compared one by one, which is faster than isin's sorting


@dataclass(frozen=True, slots=True)
class Eligible:
    """Filters made ready for one corpus.

    Attributes:
        filters: what was asked for.
        barred: shape (articles of the corpus,): hidden, or blocked by an editor.
        excluded: positions that are left out besides.
        sections, languages: numbers of those that may be shown; None for all.
        not_after: seconds since 1970.
    """

    filters: Filters
    barred: npt.NDArray[np.bool_]
    excluded: npt.NDArray[np.int64]
    sections: npt.NDArray[np.int32] | None
    languages: npt.NDArray[np.int32] | None
    not_after: float

    def mask(self, positions: npt.NDArray[np.integer], columns: Columns) -> npt.NDArray[np.bool_]:
        """Which of the articles may be shown; shape (len(positions),)."""
        kept: npt.NDArray[np.bool_] = ~self.barred[positions]
        if np.isfinite(self.not_after):
            kept &= ~(columns.published_at > self.not_after)  # an unknown date is no future one
        if len(self.excluded) <= _FEW:
            for one in self.excluded.tolist():
                kept &= positions != one
        else:
            kept &= ~np.isin(positions, self.excluded)
        if self.filters.narrows:
            kept &= self._fits(columns)
        return kept

    def _fits(self, columns: Columns) -> npt.NDArray[np.bool_]:
        kept = np.ones(len(columns), dtype=np.bool_)
        if self.sections is not None:
            kept &= np.isin(columns.section, self.sections)
        if self.languages is not None:
            kept &= np.isin(columns.language, self.languages)
        if self.filters.published_after is not None:
            kept &= columns.published_at >= seconds(self.filters.published_after)
        if self.filters.published_before is not None:
            kept &= columns.published_at < seconds(self.filters.published_before)
        return kept


def eligible(
    corpus: Corpus,
    filters: Filters,
    *,
    not_after: float,
    without: set[int],
    ruling: Ruling | None = None,
) -> Eligible:
    """`filters` for `corpus`, less the positions `without`.

    Args:
        corpus: where names are looked up; a section or language it has not matches nothing.
        filters: what was asked for.
        not_after: seconds since 1970; infinite to let the future in.
        without: positions that are never shown.
        ruling: what editors block.
    """
    named = (corpus.position(one) for one in filters.exclude)
    never = without | {one for one in named if one is not None}
    excluded = np.fromiter(never, np.int64, len(never))
    return Eligible(
        filters=filters,
        barred=corpus.hidden if ruling is None else ruling.barred,
        excluded=excluded if ruling is None else np.concatenate([excluded, ruling.blocked]),
        sections=_codes(filters.sections, corpus.vocabularies.sections),
        languages=_codes(filters.languages, corpus.vocabularies.languages),
        not_after=not_after,
    )


def _codes(wanted: tuple[str, ...], known: tuple[str, ...]) -> npt.NDArray[np.int32] | None:
    if not wanted:
        return None
    return np.array([known.index(one) for one in wanted if one in known], dtype=np.int32)
