"""Arrays as parts of a snapshot."""

import mmap
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from index.snapshot import Snapshot

_LARGE = 1 << 24
_AT_ONCE = 1 << 24  # bytes: some thousand pages, in a millisecond in which nobody else computes
_STATM = Path("/proc/self/statm")

_mapped: WeakSet[mmap.mmap] = WeakSet()


def read_array(snapshot: Snapshot, name: str) -> npt.NDArray[Any]:
    """The part `name`.npy, memory-mapped and read-only."""
    mapped: npt.NDArray[Any] = np.load(snapshot.path / f"{name}.npy", mmap_mode="r")
    if mapped.nbytes >= _LARGE and isinstance(mapped, np.memmap):
        _mapped.add(mapped._mmap)  # type: ignore[attr-defined]  # noqa: SLF001 - no other door to it
    # a plain array over the same pages: each touch of a numpy.memmap costs a microsecond more
    return mapped.view(np.ndarray)


def let_go(most: int) -> Iterator[None]:
    """Takes large arrays out of this process, where more than `most` bytes of files are in it.

    They stay in the system's memory, which other processes read from, and come back page by page
    as they are touched: what grew page by page while articles were asked for at random is
    counted as this process's no more. In steps, between which others can compute.
    """
    if not sys.platform.startswith("linux") or resident_files() <= most:
        return
    for one in list(_mapped):
        for start in range(0, len(one), _AT_ONCE):
            # pages of a file that is only read: nothing is lost
            one.madvise(mmap.MADV_DONTNEED, start, min(_AT_ONCE, len(one) - start))
            yield


def resident_files() -> int:
    """Bytes of mapped files that are resident in this process; 0 where the system does not tell."""
    try:
        return int(_STATM.read_text().split()[2]) * mmap.PAGESIZE
    except OSError:
        return 0
