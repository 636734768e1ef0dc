"""The machine under a contestant: its cores, what processes hold in memory, how fast that is."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil

_BANDWIDTH_FLOATS = 128 << 20  # far more than any cache holds
_HELD = ("Pss_Anon", "Pss_Shmem")


def last_core() -> int | None:
    """The one that contestants keep to; None where a process cannot be told to."""
    return max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def pin(core: int | None, pids: Sequence[int]) -> None:
    """Keeps all threads of this process and of those, with all that they started, to one core."""
    if core is None:
        return
    for pid in _with_children(pids):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(ProcessLookupError):  # it has just ended
                os.sched_setaffinity(int(thread.name), {core})


def memory_of(pids: Sequence[int]) -> int:
    """Bytes that this process and those hold, with their children; a mapped file does not count.

    What several of them share is counted once. Where the system does not tell (it is no Linux),
    all that is resident counts.
    """
    return sum(_held(pid) for pid in _with_children(pids))


def bytes_below(folder: Path) -> int:
    """Of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def bandwidth() -> float:
    """Bytes a second that one core reads from memory."""
    floats = np.ones(_BANDWIDTH_FLOATS, dtype=np.float32)
    floats.max()
    took = []
    for _ in range(3):
        start = time.perf_counter()
        floats.max()
        took.append(time.perf_counter() - start)
    return floats.nbytes / float(np.median(took))


def _with_children(pids: Sequence[int]) -> Iterator[int]:
    yield from (os.getpid(), *pids)
    for pid in pids:
        for child in psutil.Process(pid).children(recursive=True):
            yield child.pid


def _held(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    if not rollup.exists():
        return int(psutil.Process(pid).memory_info().rss)
    lines = (line.split() for line in rollup.read_text(encoding="ascii").splitlines()[1:])
    return 1024 * sum(int(value) for name, value, *_ in lines if name.rstrip(":") in _HELD)
