"""Readers' names as salted hashes: nobody can tell who it was once the salt is deleted."""

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile

from index.manifest import to_disk
from recommender.errors import CatalogError

_BYTES = 32
_MICROSECOND = timedelta(microseconds=1)
_NAME = re.compile(r"(\d+)-(-?\d+)")


class Pseudonyms:
    """Hashes names with a salt for each period of time, made when it is first needed.

    Threads and processes may use the same folder: whoever is first makes the salt of a period.
    Every method raises `CatalogError` where salts cannot be read or written.
    """

    def __init__(self, folder: Path, *, hashed: bool, period: timedelta | None) -> None:
        """Makes nothing yet.

        Args:
            folder: of the salts, one file each, readable by this user alone.
            hashed: whether names are hashed at all.
            period: how long a salt is used; None for ever.
        """
        self._folder = folder
        self._hashed = hashed
        self._length = 0 if period is None else max(1, period // _MICROSECOND)
        self._salts: dict[int, bytes] = {}
        self._keyed: dict[int, Callable[[], blake2b]] = {}

    def period(self, at: int) -> int:
        """Number of the period that `at`, in microseconds since 1970, lies in."""
        return at // self._length if self._hashed and self._length else 0

    def of(self, name: str, at: int) -> int | str:
        """What stands in the log for `name` at that time: 64 bits with a sign, or the name."""
        if not self._hashed:
            return name
        period = at // self._length if self._length else 0
        keyed = self._keyed.get(period)
        if keyed is None:
            keyed = self._keyed[period] = _keyed(self.salt(period))
        return _hash(name, keyed)

    def every(self, name: str) -> list[int | str]:
        """All that may stand in the log for `name`, with every salt that is still there."""
        with self._translating():
            salts = [_read(path) for path, _, _ in self._files()]
        return [name, *(_hash(name, _keyed(salt)) for salt in salts)]

    def salt(self, period: int) -> bytes:
        """Secret bytes of a period."""
        found = self._salts.get(period)
        if found is None:
            with self._translating():
                found = self._salts[period] = self._read_or_make(period)
        return found

    def forget(self, before: int) -> int:
        """Deletes the salts of periods that ended before this time; returns how many."""
        gone = 0
        with self._translating():
            for path, length, period in self._files():
                if length and (period + 1) * length <= before:
                    path.unlink(missing_ok=True)
                    gone += 1
        self._salts.clear()
        self._keyed.clear()
        return gone

    def _files(self) -> list[tuple[Path, int, int]]:
        """Each salt with its period's length in microseconds and number."""
        paths = sorted(self._folder.glob("*")) if self._folder.is_dir() else []
        return [
            (path, int(named[1]), int(named[2]))
            for path in paths
            if (named := _NAME.fullmatch(path.name))
        ]

    def _read_or_make(self, period: int) -> bytes:
        path = self._folder / f"{self._length}-{period}"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            # written whole under another name first; created with mode 0600
            with NamedTemporaryFile(dir=self._folder) as file:
                file.write(secrets.token_bytes(_BYTES))
                file.flush()
                os.fsync(file.fileno())
                # the first to link wins, and everybody reads what stands there then
                with suppress(FileExistsError):
                    os.link(file.name, path)
            # the names too, before events are hashed with it
            to_disk(self._folder)
            to_disk(self._folder.parent)
        return _read(path)

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CatalogError(
                f"{error.filename or self._folder}: {error.strerror or error}. Readers' names are "
                "hashed with what lies there; it must be a folder that this user can write."
            ) from error


def _read(path: Path) -> bytes:
    salt = path.read_bytes()
    if len(salt) != _BYTES:  # without a key the hashes would be no secret
        raise CatalogError(
            f"{path} is damaged: expected {_BYTES} bytes, got {len(salt)}. Restore it from a "
            "backup, or delete it; readers of that time are then of nobody."
        )
    return salt


def number_of(reader: int | str) -> int:
    """64 bits with a sign that stand for what `Pseudonyms.of` gave."""
    return reader if isinstance(reader, int) else _hash(reader, _UNKEYED)


def _keyed(salt: bytes) -> Callable[[], blake2b]:
    """Makes hashes that begin with the salt: copying one is quicker than to begin anew."""
    return blake2b(digest_size=8, key=salt).copy


def _hash(name: str, keyed: Callable[[], blake2b]) -> int:
    made = keyed()
    try:
        made.update(name.encode())
    except UnicodeEncodeError:  # half of a surrogate pair
        made.update(name.encode("utf-8", "surrogatepass"))
    return int.from_bytes(made.digest(), "little", signed=True)


_UNKEYED = _keyed(b"")
