"""Whatever moment a writer is killed at, what is published is whole."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.snapshot import SnapshotStore
from tests.index.snapshots import environment, published

WRITER = Path(__file__).with_name("snapshot_writer.py")


def test_readers_never_see_half_a_publication(store: SnapshotStore) -> None:
    """While one thread publishes and prunes, what readers open is whole."""
    published(store, bytes([0]) * 100)

    def write() -> None:
        for mark in range(1, 60):
            published(store, bytes([mark]) * 100)
            store.prune(keep=3)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        seen = set()
        while not writing.done():
            snapshot, refused = store.open_last_good()
            assert snapshot is not None, refused
            seen.add(snapshot.manifest.version)
        writing.result()
    assert len(seen) > 1


def test_killed_before_any_single_file_operation_leaves_the_published_as_it_was(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, str(WRITER), "step", str(tmp_path / "snapshots")],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30, "every step on the way to disk was tried"


@pytest.fixture
def moments() -> Iterator[float]:
    rng = np.random.default_rng(20)
    return (float(moment) for moment in rng.uniform(0.0, 0.12, size=20))


def test_killed_at_random_moments_leaves_a_whole_published_snapshot(
    tmp_path: Path, moments: Iterator[float]
) -> None:
    root = tmp_path / "snapshots"
    store = SnapshotStore(root)
    versions = set()
    for moment in moments:
        with subprocess.Popen(
            [sys.executable, str(WRITER), "loop", str(root)],
            stdout=subprocess.PIPE,
            env=environment(),
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()  # it writes
            time.sleep(moment)
            process.kill()
            process.wait()
        snapshot, refused = store.open_last_good()
        assert snapshot is not None
        assert refused == ()
        assert snapshot.manifest.version == store.current_version()
        for part in range(3):
            content = (snapshot.path / f"part{part}.bin").read_bytes()
            assert set(content) == {snapshot.manifest.facts["mark"]}
        versions.add(snapshot.manifest.version)
    assert len(versions) > 10
    assert published(store) == store.current_version(), "the next writer goes on"
