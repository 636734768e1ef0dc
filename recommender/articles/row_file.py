"""Rows of an array in a file, read when they are asked for."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


class RowFile:
    """Reads single rows of a `.npy` file without mapping it. Threads may share it.

    Whoever touches one page of a mapped file is given sixteen by the system, so that a process
    that asks for rows at random soon holds all of them. To read one takes two microseconds more.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file, which may be unlinked from then on.

        Raises:
            OSError: it cannot be opened.
            ValueError: it holds no array.
        """
        mapped = np.load(path, mmap_mode="r")
        self._shape, self._dtype = mapped.shape[1:], mapped.dtype
        self._count, self._begin = len(mapped), int(mapped.offset)
        self._size = self._dtype.itemsize * int(np.prod(self._shape))
        self._file = os.open(path, os.O_RDONLY)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)

    def __len__(self) -> int:
        return self._count

    def at(self, row: int) -> npt.NDArray[Any]:
        """One row, 0 <= row < len(self); not to be edited."""
        return np.ndarray(self._shape, self._dtype, self._read(row))

    def of(self, rows: npt.NDArray[np.integer]) -> npt.NDArray[Any]:
        """Several, shape (len(rows), ...); not to be edited."""
        read = b"".join(map(self._read, rows.tolist()))
        return np.frombuffer(read, dtype=self._dtype).reshape(len(rows), *self._shape)

    def _read(self, row: int) -> bytes:
        if not 0 <= row < self._count:
            raise IndexError(f"Expected a row below {self._count}, got {row}.")
        read = os.pread(self._file, self._size, self._begin + row * self._size)
        if len(read) != self._size:
            raise OSError(f"Row {row} of {self._count} could not be read whole.")
        return read
