"""Arrays as parts of a snapshot."""

from typing import Any

import numpy as np
import numpy.typing as npt

from index.snapshot import Snapshot


def read_array(snapshot: Snapshot, name: str) -> npt.NDArray[Any]:
    """The part `name`.npy, memory-mapped and read-only."""
    mapped: npt.NDArray[Any] = np.load(snapshot.path / f"{name}.npy", mmap_mode="r")
    # a plain array over the same pages: each touch of a numpy.memmap costs a microsecond more
    return mapped.view(np.ndarray)
