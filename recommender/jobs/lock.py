"""One rebuild at a time, and one process that embeds what waits."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recommender.errors import RebuildBusy


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Holds the lock file where no other process does; tells whether."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def rebuild_lock(path: Path) -> Iterator[None]:
    """Holds the lock file; the kernel lets go of it when the process ends, however it ends.

    Raises:
        RebuildBusy: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise RebuildBusy(
                f"A rebuild of {path.parent} is running (process {holder}); this one changed "
                "nothing. Wait for it to end, then run it again."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
