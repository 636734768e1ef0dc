"""An array that grows row by row, without its parts: many small ones would pit the memory."""

from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

_Number = TypeVar("_Number", bound=np.generic)

_SPARE = 16  # one of so many rows


class Grown(Generic[_Number]):
    """Rows one after the other in one array, which the system moves without copying it.

    The parts of a million articles are thousands of small arrays; what stands between them is
    given back to nobody, gigabytes of it.
    """

    def __init__(self, dtype: type[_Number], row: tuple[int, ...] = ()) -> None:
        """No rows yet.

        Args:
            dtype: of its numbers.
            row: shape of a row.
        """
        self._rows: npt.NDArray[_Number] = np.empty((0, *row), dtype=dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, rows: npt.NDArray[_Number]) -> None:
        """The next ones."""
        end = self._count + len(rows)
        if end > len(self._rows):
            self._resize(end + end // _SPARE)
        self._rows[self._count : end] = rows
        self._count = end

    def made(self) -> npt.NDArray[_Number]:
        """All of them; afterwards there are none."""
        self._resize(self._count)
        made, self._rows, self._count = self._rows, self._rows[:0].copy(), 0
        return made

    def _resize(self, count: int) -> None:
        # nothing else refers to it, though a debugger that looks at it would
        self._rows.resize((count, *self._rows.shape[1:]), refcheck=False)
