"""Rows of a large array that lie on the disk until they are asked for."""

import os
from pathlib import Path
from tempfile import TemporaryFile
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

_Number = TypeVar("_Number", bound=np.generic)


class Aside(Generic[_Number]):
    """Rows that are written and read a block at a time, from several threads at once.

    Written and read, not mapped: a full disk is then an OSError and no signal that ends the
    process, and what the system keeps of the file in memory is not the process's. The file has no
    name: it is gone with the process, whatever ends that. To be closed.
    """

    def __init__(self, folder: Path | None, row: tuple[int, ...], dtype: type[_Number]) -> None:
        """No rows yet.

        Args:
            folder: on the disk to use; None: the one for temporary files.
            row: shape of a row.
            dtype: of its numbers.
        """
        self._file = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - see `close`
        self._row, self._dtype = row, np.dtype(dtype)
        self._bytes = self._dtype.itemsize * int(np.prod(row))

    def __setitem__(self, here: slice, rows: npt.NDArray[_Number]) -> None:
        """Writes rows; `here` has both ends and no step."""
        left = np.ascontiguousarray(rows, dtype=self._dtype).reshape(-1).view(np.uint8).data
        at = here.start * self._bytes
        while len(left):
            done = os.pwrite(self._file.fileno(), left, at)
            left, at = left[done:], at + done

    def __getitem__(self, here: slice) -> npt.NDArray[_Number]:
        """Reads rows that were written."""
        count = here.stop - here.start
        data = bytearray()
        while len(data) < count * self._bytes:
            at = here.start * self._bytes + len(data)
            some = os.pread(self._file.fileno(), count * self._bytes - len(data), at)
            if not some:
                raise EOFError(f"Expected rows that were written, got {here}.")
            data += some
        return np.frombuffer(data, dtype=self._dtype).reshape(count, *self._row)

    def mapped(self, count: int) -> npt.NDArray[_Number]:
        """The first `count` rows as an array over the file, which stays with it.

        For rows that are asked for one by one: pages that were read count as the process's, but
        the system takes them back where it needs them.
        """
        shape = (count, *self._row)
        if not count * self._bytes:  # of which the system maps nothing
            return np.empty(shape, dtype=self._dtype)
        rows = np.memmap(self._file, dtype=self._dtype, mode="r", shape=shape)
        return rows.view(np.ndarray)

    def close(self) -> None:
        """Gives the room on the disk back, once nothing is mapped of it."""
        self._file.close()
