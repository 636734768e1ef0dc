"""A bell beside a file: who writes rings it, and who watches hears it without asking the file."""

import mmap
import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeAlias, TypeVar

SILENT: Final = 1
"""What is heard where there is no telling: somebody is writing, or there is no bell."""

_SIZE = 8
_BITS = 63
_RIGHTS = 0o666
_BELIEVED_SECONDS = 0.5

_Value = TypeVar("_Value")
_Mapped: TypeAlias = tuple[memoryview, tuple[int, int]]
"""The number, and which file it is in."""


class Bell:
    """Eight bytes that all processes on this machine share; threads may share it too.

    To ask SQLite whether anybody committed takes it two locks, a dozen microseconds; to look here
    takes a tenth of one. Like SQLite's own `-shm` it is mapped, and must not be cut short while a
    program runs. A process that is killed leaves no harm: what it lifted stays lifted until the
    next one rings.
    """

    def __init__(self, path: Path | None, like: Path | None = None) -> None:
        """Opens the file, and makes it where there is none.

        Args:
            path: of the file; None for no bell.
            like: those who may write this may ring; None: as the process makes files.
        """
        self._path = path
        self._like = like
        self._mapped: _Mapped | None = None
        self.renew()

    def renew(self) -> None:
        """Opens the file where that failed before, or where it is another one by now."""
        if self._path is None:
            return
        mapped = self._mapped
        try:
            there = os.stat(self._path)  # noqa: PTH116 - at twice the time
            if mapped is None or mapped[1] != (there.st_dev, there.st_ino):
                self._mapped = self._opened(self._path)
        except FileNotFoundError:
            self._mapped = self._opened(self._path)
        except OSError:
            self._mapped = None

    def heard(self) -> int:
        """An even number that is another one after every change; `SILENT` while there is one."""
        mapped = self._mapped
        number: int = SILENT if mapped is None else mapped[0][0]
        return SILENT if number % 2 else number

    def lift(self) -> None:
        """Before the file changes: until `ring`, everybody asks the file."""
        self.renew()
        self._set(SILENT)

    def ring(self) -> None:
        """After the change, or where there is none after all.

        Who may not ring waits instead, until everybody has asked the file anyway.
        """
        if self._path is not None and not self._set(_another()):
            time.sleep(_BELIEVED_SECONDS)

    def _set(self, number: int) -> bool:
        mapped = self._mapped
        if mapped is None:
            return False
        mapped[0][0] = number  # one store: nobody sees half of it
        return True

    def _opened(self, path: Path) -> _Mapped | None:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, _RIGHTS)
        except OSError:
            return None
        try:
            if os.fstat(file).st_size < _SIZE:
                # written, as a full disk says so here, and ends the process where it is mapped
                os.pwrite(file, _another().to_bytes(_SIZE, sys.byteorder), 0)
                if self._like is not None:
                    os.fchmod(file, self._like.stat().st_mode & _RIGHTS)
            there = os.fstat(file)
            numbers = memoryview(mmap.mmap(file, _SIZE)).cast("Q")
        except (OSError, ValueError):
            return None
        finally:
            os.close(file)
        return numbers, (there.st_dev, there.st_ino)


class Watched(Generic[_Value]):
    """What a file says, asked again once somebody rang; threads may share it.

    And after half a second: so whatever changes the file and does not ring is noticed too.
    """

    def __init__(self, bell: Bell) -> None:
        """Knows nothing yet."""
        self._bell = bell
        self._last: tuple[int, float, _Value] | None = None
        self._renewed = time.monotonic()

    def value(self, ask: Callable[[], _Value]) -> _Value:
        """What the file says now.

        Args:
            ask: asks the file; what it raises is raised.
        """
        # heard before the file is asked: what changes meanwhile rings afterwards
        heard, now, last = self._bell.heard(), time.monotonic(), self._last
        if last is not None and heard == last[0] != SILENT and now < last[1]:
            return last[2]
        if now > self._renewed + _BELIEVED_SECONDS:
            self._renewed = now
            self._bell.renew()
            heard = self._bell.heard()
        value = ask()
        self._last = heard, now + _BELIEVED_SECONDS, value
        return value

    def close(self) -> None:
        """Asks the file each time from now on."""
        self._bell, self._last = Bell(None), None


def _another() -> int:
    # the system's own: processes that were forked would go on with the same numbers
    return 2 * secrets.randbits(_BITS)
