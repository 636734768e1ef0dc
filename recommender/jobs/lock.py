"""One process at a time: for a rebuild, for what waits to be embedded, for a file of scores."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recommender.errors import RebuildBusy


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Holds the lock file where no other process does; tells whether.

    The kernel lets go of it when the process ends, however it ends.
    """
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def rebuild_lock(path: Path) -> Iterator[None]:
    """Holds the lock file, and writes into it who does.

    Raises:
        RebuildBusy: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path) as mine:
        if not mine:
            holder = path.read_text().strip() or "another process"
            raise RebuildBusy(
                f"A rebuild of {path.parent} is running (process {holder}); this one changed "
                "nothing. Wait for it to end, then run it again."
            )
        path.write_text(str(os.getpid()))
        yield
