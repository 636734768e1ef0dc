"""Which rows of an index a search may return."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.ascending import among
from index.protocol import NO_IDS, Ids
from index.rows import Rows, rows_of


@dataclass(frozen=True, slots=True)
class Eligible:
    """The rows that `allowed` and `excluded` leave.

    Attributes:
        only: ascending rows; None where all but `barred` may be returned.
        barred: ascending rows that may not; empty where `only` is given.
        count: how many may.
    """

    only: Rows | None
    barred: Rows
    count: int

    @classmethod
    def of(cls, ids: Ids, allowed: Ids | None, excluded: Ids) -> Self:
        """What is left of the ascending `ids`; unknown ids are ignored in both."""
        if allowed is None and len(excluded) == 0:
            return cls(None, NO_IDS, len(ids))
        barred = rows_of(ids, excluded)
        if allowed is None:
            return cls(None, barred, len(ids) - len(barred))
        only = rows_of(ids, allowed)
        only = only[~among(only, barred)]
        return cls(only, barred[:0], len(only))

    @property
    def is_all(self) -> bool:
        """Whether every row may be returned."""
        return self.only is None and len(self.barred) == 0

    def scanned(self, total: int) -> int:
        """How many of `total` rows are read where all that may be returned are compared."""
        return total if self.only is None else self.count

    def mask(self, total: int) -> NDArray[np.bool_]:
        """Which of `total` rows may be returned."""
        may = np.full(total, self.only is None)
        may[self.barred if self.only is None else self.only] = self.only is not None
        return may

    def among(self, rows: Rows) -> NDArray[np.bool_]:
        """Which of `rows`, shape (m,), may be returned."""
        if self.only is None:
            return ~among(rows, self.barred)
        return among(rows, self.only)
