"""A server asks for the files that answers are made of."""

import mmap
import os
from ctypes import CDLL, POINTER, c_ubyte, c_void_p, get_errno
from pathlib import Path

import numpy as np
import pytest

from index.snapshot import SnapshotStore
from recommender.slots.warming import warm
from tests.waiting import until

_BYTES = 8 << 20


def _in_memory(path: Path) -> float:
    """Share of a file's pages that the system has in memory."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        pages = -(-len(mapped) // mmap.PAGESIZE)
        found = (c_ubyte * pages)()
        view = np.frombuffer(mapped, dtype=np.uint8)
        at = c_void_p(view.ctypes.data)
        mincore = CDLL(None, use_errno=True).mincore
        mincore.argtypes = [c_void_p, np.ctypeslib.c_intp, POINTER(c_ubyte)]
        assert mincore(at, len(mapped), found) == 0, get_errno()
        del view
        return sum(one & 1 for one in found) / pages


def test_what_pages_touch_is_read_ahead_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SnapshotStore(tmp_path)
    with store.draft() as draft:
        for name in ("cards.text.npy", "vectors.npy"):
            draft.path(name).write_bytes(b"x" * _BYTES)
        version = draft.seal(
            created_at="2020-01-01T00:00:00Z", embedder="e", dim=1, count=1, revision=1, facts={}
        )
    snapshot = store.open(version)
    for name in snapshot.manifest.parts:
        with (snapshot.path / name).open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    asked: list[int] = []
    real = os.posix_fadvise

    def told(file: int, offset: int, length: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_WILLNEED
        asked.append(os.fstat(file).st_ino)
        real(file, offset, length, advice)

    monkeypatch.setattr(os, "posix_fadvise", told)
    cards = snapshot.path / "cards.text.npy"
    warm(snapshot)
    until(lambda: asked != [] and _in_memory(cards) == 1, "the file in memory")
    assert asked == [cards.stat().st_ino]
