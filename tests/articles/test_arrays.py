"""What is mapped of a snapshot, and let go."""

import sys
from pathlib import Path

import numpy as np
import pytest

from index.snapshot import Snapshot, SnapshotStore
from recommender.articles.arrays import let_go, read_array, resident_files

_BYTES = 64 << 20


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    store = SnapshotStore(tmp_path)
    with store.draft() as draft:
        np.save(draft.path("large.npy"), np.arange(_BYTES // 8, dtype=np.int64))
        version = draft.seal(
            created_at="2020-01-01T00:00:00Z", embedder="e", dim=1, count=1, revision=1, facts={}
        )
    return store.open(version)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells that")
def test_what_was_touched_is_let_go_and_stays_readable(snapshot: Snapshot) -> None:
    array = read_array(snapshot, "large")
    before = resident_files()
    total = int(array.sum())
    grown = resident_files()
    assert grown >= before + _BYTES

    assert not list(let_go(grown + _BYTES))  # less than that is left alone
    assert resident_files() >= before + _BYTES

    assert len(list(let_go(before))) > 1
    assert resident_files() < before + _BYTES // 4
    assert int(array.sum()) == total
    assert not array.flags.writeable
