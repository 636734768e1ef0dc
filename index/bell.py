"""A bell beside a file: who writes rings it, and who watches hears it without asking the file."""

import mmap
import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

SILENT: Final = 1
"""What is heard where there is no telling: somebody is writing, or there is no bell."""

_SIZE = 8
_BITS = 63
_BELIEVED_SECONDS = 0.5

_Value = TypeVar("_Value")


class Bell:
    """Eight bytes that all processes on this machine share; threads may share it too.

    To ask SQLite whether anybody committed takes it two locks, a dozen microseconds; to look here
    takes a tenth of one. Where the bell cannot be made, everybody hears `SILENT` and asks the file.
    A process that is killed leaves no harm: what it lifted stays lifted until the next one rings.
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
        """An even number that is another one after every change; `SILENT` while there is one."""
        numbers = self._numbers
        number: int = SILENT if numbers is None else numbers[0]
        return SILENT if number % 2 else number

    def lift(self) -> None:
        """Before the file changes: until `ring`, everybody asks the file."""
        self._set(SILENT)

    def ring(self) -> None:
        """After the change, or where there is none after all."""
        self._set(_another())

    def _set(self, number: int) -> None:
        if self._numbers is not None:
            self._numbers[0] = number  # one store: nobody sees half of it

    def close(self) -> None:
        """Hears nothing any more."""
        self._numbers = None


class Watched(Generic[_Value]):
    """What a file says, asked again once somebody rang; threads may share it.

    And after half a second: so whatever changes the file and does not ring is noticed too.
    """

    def __init__(self, bell: Bell, ask: Callable[[], _Value]) -> None:
        """Asks nothing yet."""
        self._bell = bell
        self._ask = ask
        self._last: tuple[int, float, _Value] | None = None

    def value(self) -> _Value:
        """What the file says now; whatever asking it raises."""
        # heard before the file is asked: what changes meanwhile rings afterwards
        heard, now = self._bell.heard(), time.monotonic()
        last = self._last
        if last is not None and heard == last[0] != SILENT and now < last[1]:
            return last[2]
        value = self._ask()
        self._last = heard, now + _BELIEVED_SECONDS, value
        return value

    def close(self) -> None:
        """Asks the file each time from now on."""
        self._bell.close()


def _another() -> int:
    # the system's own: processes that were forked would go on with the same numbers
    return 2 * secrets.randbits(_BITS)
