"""What is damaged or foreign is refused with the reason, and the last good one serves."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from index.errors import SnapshotDamaged, SnapshotForeign
from index.manifest import write_manifest
from index.snapshot import SnapshotStore
from tests.index.snapshots import flip, published, sealed


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda part: flip(part, 3), "altered"),
        (lambda part: part.write_bytes(b"conten"), "expected 7 bytes, got 6"),
        (lambda part: part.write_bytes(b"content "), "expected 7 bytes, got 8"),
        (lambda part: part.unlink(), "missing"),
        (lambda part: (part.unlink(), part.mkdir(), part.joinpath("a").touch()), "vectors.bin"),
    ],
    ids=["flipped", "cut", "longer", "missing", "a folder"],
)
def test_a_damaged_part_is_refused_by_name(
    store: SnapshotStore, damage: object, reason: str
) -> None:
    version = published(store)
    assert callable(damage)
    damage(store.open(version).path / "vectors.bin")
    for doing in (store.open, store.publish):
        with pytest.raises(SnapshotDamaged, match=reason) as refused:
            doing(version)
        assert "vectors.bin" in str(refused.value)
        assert "recommender rebuild" in str(refused.value)


def test_any_flipped_byte_of_a_manifest_is_noticed(store: SnapshotStore) -> None:
    version = sealed(store)
    path = store.open(version).path / "manifest.json"
    sound = path.read_bytes()
    for at in range(len(sound)):
        flip(path, at)
        with pytest.raises((SnapshotDamaged, SnapshotForeign)):
            store.open(version)
        path.write_bytes(sound)
    for broken in (b"", b"[]", b"{}", b'{"manifest": 1, "checksum": 2}', sound[:-9], b"\xff"):
        path.write_bytes(broken)
        with pytest.raises(SnapshotDamaged, match=r"manifest\.json"):
            store.open(version)
    path.unlink()
    with pytest.raises(SnapshotDamaged, match=r"manifest\.json"):
        store.open(version)


def test_a_folder_under_another_name_is_refused(store: SnapshotStore) -> None:
    path = store.open(sealed(store)).path
    path.rename(path.with_name("00000009-00000000"))
    with pytest.raises(SnapshotDamaged, match="folder named 00000009"):
        store.open("00000009-00000000")


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        ({"embedder": "bge@2"}, "embedder model@1; expected bge@2"),
        ({"dim": 384}, "dimension 8; expected 384"),
    ],
)
def test_a_foreign_snapshot_is_refused(
    store: SnapshotStore, expected: Mapping[str, str | int], reason: str
) -> None:
    version = published(store)
    with pytest.raises(SnapshotForeign, match=reason):
        store.open(version, **expected)  # type: ignore[arg-type] # one of the two keywords
    snapshot, refused = store.open_last_good(**expected)  # type: ignore[arg-type] # as above
    assert snapshot is None
    assert reason in refused[0]


def test_another_format_is_foreign(store: SnapshotStore) -> None:
    snapshot = store.open(sealed(store))
    write_manifest(snapshot.path, replace(snapshot.manifest, format=99))
    with pytest.raises(SnapshotForeign, match="format 99; this program reads 1"):
        store.open(snapshot.manifest.version)


def test_the_last_good_one_serves_where_the_published_is_refused(store: SnapshotStore) -> None:
    first, second, third = (published(store, bytes([n])) for n in range(3))
    sealed(store)  # newer, never published: nobody asked for it
    flip(store.open(third).path / "vectors.bin", 0)
    (store.open(second).path / "manifest.json").unlink()
    snapshot, refused = store.open_last_good()
    assert snapshot is not None
    assert snapshot.manifest.version == first
    assert len(refused) == 2
    assert third in refused[0]
    assert second in refused[1]
    assert store.current_version() == third, "reading changes nothing"
