"""Long work over all articles, a block at a time, on all cores: numpy and scipy let threads run."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

_WAVE = 8  # blocks for each core between two calls of the progress

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many are done and how many there are."""


def usable_cores() -> int:
    """That this process may run on, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def on_cores(
    work: Callable[[slice], None], total: int, block: int, progress: Progress | None = None
) -> None:
    """Calls `work` with slices of up to `block` articles, in any order, that are `total` together.

    Args:
        work: changes what no other call of it does.
        total: articles.
        block: at least 1.
        progress: called by this thread alone.
    """
    workers = usable_cores()
    with ThreadPoolExecutor(workers) as pool:
        wave = _WAVE * workers * block
        for start in range(0, total, wave):
            end = min(start + wave, total)
            blocks = (slice(at, min(at + block, end)) for at in range(start, end, block))
            for _ in pool.map(work, blocks):  # what it raises is raised here
                pass
            if progress is not None:
                progress(end, total)
