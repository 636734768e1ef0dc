"""A bell beside a file: who writes rings it, and who watches hears it without asking the file."""

import mmap
import os
import random
import sys
import uuid
from pathlib import Path
from typing import Final

SILENT: Final = 1
"""What is heard where there is no telling: somebody is writing, or there is no bell."""

_SIZE = 8
_HIGHEST = 2**63
_numbers = random.Random(uuid.uuid4().int)  # noqa: S311 - no secret: no two rings are to be alike


class Bell:
    """Eight bytes that all processes on this machine share; threads may share it too.

    To ask SQLite whether anybody committed takes it two locks, a dozen microseconds; to look here
    takes a tenth of one. Where the bell cannot be made, everybody hears `SILENT` and asks the file.
    """

    def __init__(self, path: Path | None) -> None:
        """Opens the file, and makes it where there is none; None for no bell."""
        self._numbers: memoryview | None = None
        if path is None:
            return
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return
        try:
            if os.fstat(file).st_size < _SIZE:
                # written, as a full disk says so here, and ends the process where it is mapped
                os.pwrite(file, _another().to_bytes(_SIZE, sys.byteorder), 0)
            self._numbers = memoryview(mmap.mmap(file, _SIZE)).cast("Q")
        except OSError:
            pass
        finally:
            os.close(file)

    def heard(self) -> int:
        """An even number that is another one after every commit; `SILENT` while there is one."""
        numbers = self._numbers
        number: int = SILENT if numbers is None else numbers[0]
        return SILENT if number % 2 else number

    def lift(self) -> None:
        """Before a commit: until `ring`, nobody takes silence for an answer.

        Whoever is killed in between leaves it lifted: the file is asked until the next one rings.
        """
        self._set(SILENT)

    def ring(self) -> None:
        """After a commit, or where there is none after all."""
        self._set(_another())

    def _set(self, number: int) -> None:
        if self._numbers is not None:
            self._numbers[0] = number  # one store: nobody sees half of it

    def close(self) -> None:
        """Hears nothing any more."""
        self._numbers = None


def _another() -> int:
    return 2 * _numbers.randrange(_HIGHEST)
