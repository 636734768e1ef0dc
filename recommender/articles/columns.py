"""What ranking and filters need to know of articles, as one array for each property."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.articles.stored import StoredArticle

_VOCABULARIES = "columns.vocabularies.json"


NO_CODE = -1


@dataclass(frozen=True)
class Columns:
    """One row for each article.

    Attributes:
        rows: int64, the catalog's row id, which is the vector id.
        published_at: float64, seconds since 1970; NaN where unknown.
        section: int32, number of the section in `Vocabularies.sections`; -1 where unknown.
        language: int32, number of the language in `Vocabularies.languages`.
        evergreen: bool.
        editors_choice: bool.
        expires_at: float64, seconds since 1970; NaN where it does not expire.
    """

    rows: npt.NDArray[np.int64]
    published_at: npt.NDArray[np.float64]
    section: npt.NDArray[np.int32]
    language: npt.NDArray[np.int32]
    evergreen: npt.NDArray[np.bool_]
    editors_choice: npt.NDArray[np.bool_]
    expires_at: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, positions: npt.NDArray[np.integer]) -> "Columns":
        """The rows at `positions`, in that order."""
        return Columns(*[array.take(positions) for array in self.arrays()])

    @cached_property
    def marks(self) -> npt.NDArray[np.float64]:
        """What ranking asks of each article, side by side: shape (n, 4), made once.

        The moment that it belongs to, which is `published_at`, and infinitely far where that is
        unknown, or it is evergreen and belongs to none; since when it is new, which is
        `published_at`, always for evergreens, never where it is unknown; `section`, NaN where it is
        unknown, as nobody shares that; 1 for editors' choices. The candidates of a slot lie far
        apart: so each takes one touch of memory, and not four.
        """
        made = np.empty((len(self), 4), dtype=np.float64)
        nowhere = self.evergreen | np.isnan(self.published_at)
        made[:, 0] = np.where(nowhere, np.inf, self.published_at)
        made[:, 1] = np.where(nowhere, -np.inf, self.published_at)
        made[self.evergreen, 1] = np.inf
        made[:, 2] = np.where(self.section == NO_CODE, np.nan, self.section)
        made[:, 3] = self.editors_choice
        return made

    @cached_property
    def dates(self) -> npt.NDArray[np.float64]:
        """Those of `published_at` that are known, ascending; made once."""
        return np.sort(self.published_at[~np.isnan(self.published_at)])

    def prepare(self) -> None:
        """Makes now what is made once, and whoever asks first would wait for."""
        _ = self.marks, self.dates

    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """All columns, in the order of their fields."""
        # written out: asking for names is slow
        return (
            self.rows,
            self.published_at,
            self.section,
            self.language,
            self.evergreen,
            self.editors_choice,
            self.expires_at,
        )


@dataclass(frozen=True, slots=True)
class Vocabularies:
    """What the numbers of coded columns stand for."""

    sections: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


def columns(
    stored: Sequence[StoredArticle], vocabularies: Vocabularies
) -> tuple[Columns, Vocabularies]:
    """The columns of `stored`, and `vocabularies` grown by the values that it lacked."""
    sections = _Coder(vocabularies.sections)
    languages = _Coder(vocabularies.languages)
    articles = [one.article for one in stored]
    made = Columns(
        rows=np.array([one.row for one in stored], dtype=np.int64),
        published_at=np.array([seconds(a.published_at) for a in articles], dtype=np.float64),
        section=np.array([sections.code(a.section) for a in articles], dtype=np.int32),
        language=np.array([languages.code(a.language) for a in articles], dtype=np.int32),
        evergreen=np.array([a.evergreen for a in articles], dtype=np.bool_),
        editors_choice=np.array([a.editors_choice for a in articles], dtype=np.bool_),
        expires_at=np.array([seconds(a.expires_at) for a in articles], dtype=np.float64),
    )
    return made, Vocabularies(tuple(sections.codes), tuple(languages.codes))


def seconds(moment: datetime | None) -> float:
    """Seconds since 1970; NaN for None."""
    return float("nan") if moment is None else moment.timestamp()


def write_columns(made: Columns, vocabularies: Vocabularies, draft: Draft) -> None:
    """As parts of a snapshot."""
    for field in fields(made):
        np.save(draft.path(f"columns.{field.name}.npy"), getattr(made, field.name))
    texts = {"sections": vocabularies.sections, "languages": vocabularies.languages}
    draft.path(_VOCABULARIES).write_text(json.dumps(texts, ensure_ascii=False))


def read_columns(snapshot: Snapshot) -> tuple[Columns, Vocabularies]:
    """What `write_columns` wrote, memory-mapped."""
    made = Columns(*(read_array(snapshot, f"columns.{field.name}") for field in fields(Columns)))
    texts = json.loads((snapshot.path / _VOCABULARIES).read_text())
    return made, Vocabularies(tuple(texts["sections"]), tuple(texts["languages"]))


class _Coder:
    def __init__(self, known: Sequence[str]) -> None:
        self.codes = {text: code for code, text in enumerate(known)}

    def code(self, text: str) -> int:
        # unknown is no value: two articles without a section do not share one
        return self.codes.setdefault(text, len(self.codes)) if text else NO_CODE
