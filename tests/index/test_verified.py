"""Checksums are compared once; then as long as nobody touches the files."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from index import snapshot as snapshots
from index.errors import SnapshotDamaged
from index.manifest import verify_parts
from index.snapshot import SnapshotStore
from index.verified import states_of
from tests.index.snapshots import flip, published, sealed
from tests.waiting import until


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The versions whose checksums were compared."""
    seen: list[str] = []
    real = verify_parts

    def told(folder: Path, *more: object) -> None:
        seen.append(folder.name)
        real(folder, *more)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(snapshots, "verify_parts", told)
    return seen


def known(store: SnapshotStore) -> str:
    """A published version that is known to be sound; its files were not touched a moment ago."""
    version = published(store)
    parts = store.open(version).path
    until(
        lambda: (store.open(version), list(parts.parent.parent.glob("verified/*.json")))[1] != [],
        "a snapshot old enough",
    )
    return version


def decayed(store: SnapshotStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """A known version of which the disk has lost something since: no time says so."""
    version = known(store)
    part = store.open(version).path / "vectors.bin"
    sound = states_of(part.parent, store.open(version).manifest)
    flip(part, 2)
    monkeypatch.setattr(snapshots, "states_of", lambda *_: sound)
    return version


def test_what_nobody_touched_is_compared_once(store: SnapshotStore, compared: list[str]) -> None:
    version = known(store)
    compared.clear()
    store.open(version)
    assert store.open_last_good()[0] is not None
    assert compared == []
    store.open(version, anew=True)
    store.publish(version)
    assert compared == [version, version]


def _same_bytes(part: Path) -> None:
    part.write_bytes(part.read_bytes())


def _another_file(part: Path) -> None:
    aside = part.with_suffix(".aside")
    aside.write_bytes(part.read_bytes())
    os.utime(aside, ns=(part.stat().st_atime_ns, part.stat().st_mtime_ns))
    aside.replace(part)


@pytest.mark.parametrize("touch", [_same_bytes, _another_file])
def test_files_that_were_touched_are_compared_again(
    store: SnapshotStore, compared: list[str], touch: Callable[[Path], None]
) -> None:
    version = known(store)
    compared.clear()
    touch(store.open(version).path / "vectors.bin")
    store.open(version)
    assert compared == [version]


def test_a_changed_file_with_its_old_times_is_refused(store: SnapshotStore) -> None:
    version = known(store)
    part = store.open(version).path / "vectors.bin"
    before = part.stat()
    flip(part, 2)
    os.utime(part, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert part.stat().st_mtime_ns == before.st_mtime_ns
    for _ in range(2):
        with pytest.raises(SnapshotDamaged, match="altered"):
            store.open(version)


def test_where_nothing_can_be_noted_all_is_compared_each_time(
    store: SnapshotStore, compared: list[str]
) -> None:
    version = sealed(store)
    (store.open(version).path.parent.parent / "verified").write_text("no folder")
    compared.clear()
    for _ in range(3):
        store.open(version)
    assert compared == [version] * 3
    # but for what this process has just seen
    assert not store.check(version, after=3600)
    assert compared == [version] * 3
    assert store.check(version, after=0)
    assert compared == [version] * 4


def test_what_was_refused_is_not_believed_for_an_old_note(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = decayed(store, monkeypatch)
    # as where notes lie in a folder of somebody else's
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    with pytest.raises(SnapshotDamaged, match="altered"):
        store.check(version, after=0)
    with pytest.raises(SnapshotDamaged, match="altered"):
        store.open(version)


def test_a_note_of_a_time_to_come_is_no_reason_to_wait(
    store: SnapshotStore, compared: list[str]
) -> None:
    version = known(store)
    root = store.open(version).path.parent.parent
    (note,) = root.glob("verified/*.json")
    told = json.loads(note.read_text())
    note.write_text(json.dumps({**told, "at": told["at"] + 1e6}))
    compared.clear()
    assert SnapshotStore(root).check(version, after=3600)
    assert compared == [version]


def test_a_note_that_cannot_be_read_is_none(store: SnapshotStore, compared: list[str]) -> None:
    version = known(store)
    (note,) = store.open(version).path.parent.parent.glob("verified/*.json")
    for broken in ("", "[]", "{}", '{"at": "x", "states": 1}'):
        note.write_text(broken)
        compared.clear()
        store.open(version)
        assert compared == [version]


def test_a_check_compares_what_nobody_compared_for_long(
    store: SnapshotStore, compared: list[str]
) -> None:
    version = known(store)
    compared.clear()
    assert not store.check(version, after=3600)
    assert compared == []
    assert store.check(version, after=0)
    assert compared == [version]


def test_what_a_check_refuses_is_refused_from_then_on(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = decayed(store, monkeypatch)
    assert store.open(version)
    with pytest.raises(SnapshotDamaged, match="altered"):
        store.check(version, after=0)
    with pytest.raises(SnapshotDamaged, match="altered"):
        store.open(version)


def test_of_several_processes_one_checks(store: SnapshotStore, compared: list[str]) -> None:
    version = known(store)
    other = SnapshotStore(store.open(version).path.parent.parent)
    compared.clear()
    with other._verified.alone() as alone:  # as another process would hold it
        assert alone
        assert not store.check(version, after=0)
    assert compared == []


def test_what_is_pruned_leaves_no_note(store: SnapshotStore) -> None:
    first = known(store)
    notes = store.open(first).path.parent.parent / "verified"
    published(store, b"another")
    store.prune(keep=1)
    assert first not in {note.stem for note in notes.glob("*.json")}
