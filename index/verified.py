"""Which snapshots were compared with their checksums, and were not touched since.

To compare a snapshot of a million articles means to read 8 GB: a server that starts would wait for
that, and so would every command. What the file system says of a file (its number, its length, and
the times of its last changes, of which nobody can set the last one back) tells whether it is still
the one that was compared; bytes that a disk loses by itself it does not, so servers compare again.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from index.manifest import Manifest

States: TypeAlias = Mapping[str, list[int]]
"""What the file system says of each part."""

_SETTLED_NS = 50_000_000  # clocks of file systems go by ticks of up to 10 ms


def states_of(folder: Path, manifest: Manifest) -> States | None:
    """Of all parts; None where one is missing, or was changed a moment ago.

    What comes within one tick of the file system's clock bears the same time.
    """
    now = time.time_ns()
    states = {}
    for name in manifest.parts:
        try:
            found = (folder / name).stat()
        except OSError:
            return None
        if max(found.st_mtime_ns, found.st_ctime_ns) > now - _SETTLED_NS:
            return None
        states[name] = [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
    return states


class Verified:
    """What is known of the snapshots of one store.

    Where the folder takes no files, each process knows what it has seen itself.
    """

    def __init__(self, folder: Path) -> None:
        """Reads nothing yet; the folder need not exist."""
        self._folder = folder
        self._compared: dict[str, float] = {}  # by this process, when
        self._doubted: set[str] = set()  # whatever the folder says of them

    def note(self, version: str, states: States | None) -> None:
        """All parts had the right checksums, and in no other state than these.

        Args:
            version: whose parts.
            states: of before they were compared; None where they may have changed meanwhile.
        """
        self._compared[version] = time.time()
        if states is None:
            return
        self._doubted.discard(version)
        aside = self._folder / f"{version}.{os.getpid()}-{threading.get_ident()}.part"
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            aside.write_text(json.dumps({"at": time.time(), "states": states}), encoding="utf-8")
            aside.replace(self._file(version))

    def holds(self, version: str, states: States) -> bool:
        """Whether parts in these states are known to be right."""
        return version not in self._doubted and self._read(version)[1] == states

    def within(self, version: str, seconds: float) -> bool:
        """Whether the parts were compared so short a time ago."""
        kept = float("-inf") if version in self._doubted else self._read(version)[0]
        latest = max(kept, self._compared.get(version, float("-inf")))
        # a time to come was noted before the clock was put right
        return 0 <= time.time() - latest < seconds

    def forget(self, version: str) -> None:
        """As if they never had been."""
        self._compared.pop(version, None)
        self._doubted.add(version)
        with suppress(OSError):
            for path in self._folder.glob(f"{version}.*"):
                path.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether no other process is in here meanwhile."""
        try:
            self._folder.mkdir(exist_ok=True)
            file = (self._folder / "lock").open("a")
        except OSError:
            yield True  # where nobody can say so, each has to look itself
            return
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True

    def _file(self, version: str) -> Path:
        return self._folder / f"{version}.json"

    def _read(self, version: str) -> tuple[float, States]:
        try:
            raw = json.loads(self._file(version).read_text(encoding="utf-8"))
            return float(raw["at"]), dict(raw["states"])
        except (OSError, ValueError, LookupError, TypeError):
            return float("-inf"), {}
