"""Snapshots to test with: small ones, sealed and published."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from index.snapshot import Draft, SnapshotStore


def seal(draft: Draft, facts: Mapping[str, str | float] | None = None) -> str:
    return draft.seal(
        created_at="2020-01-01T00:00:00Z",
        embedder="model@1",
        dim=8,
        count=3,
        revision=7,
        facts=facts or {},
    )


def sealed(store: SnapshotStore, content: bytes = b"content") -> str:
    with store.draft() as draft:
        draft.path("vectors.bin").write_bytes(content)
        draft.path("empty").write_bytes(b"")
        return seal(draft)


def published(store: SnapshotStore, content: bytes = b"content") -> str:
    version = sealed(store, content)
    store.publish(version)
    return version


def flip(path: Path, at: int) -> None:
    """Changes one bit of a file that nobody may write."""
    path.chmod(path.stat().st_mode | stat.S_IWUSR)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def environment() -> dict[str, str]:
    """Of a process that imports the project."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
