import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from index.errors import SnapshotBusy, SnapshotDamaged, SnapshotError, SnapshotForeign
from index.manifest import write_manifest
from index.snapshot import Draft, SnapshotStore

WRITER = Path(__file__).with_name("snapshot_writer.py")


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


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "snapshots")


def test_a_store_that_was_never_written(store: SnapshotStore, tmp_path: Path) -> None:
    assert store.current_version() is None
    assert store.versions() == ()
    assert store.open_last_good() == (None, ())
    with pytest.raises(SnapshotError, match="there are: none"):
        store.open("00000001-00000000")
    assert not (tmp_path / "snapshots").exists(), "reading makes nothing"


def test_what_was_sealed_comes_back(store: SnapshotStore) -> None:
    with store.draft() as draft:
        draft.path("vectors.bin").write_bytes(b"\x00\x01")
        version = seal(draft, {"recall": 0.9917, "kind": "flat"})
    snapshot = store.open(version, embedder="model@1", dim=8)
    manifest = snapshot.manifest
    assert (manifest.version, manifest.embedder, manifest.dim) == (version, "model@1", 8)
    assert (manifest.count, manifest.revision, manifest.created_at[:4]) == (3, 7, "2020")
    assert manifest.facts == {"recall": 0.9917, "kind": "flat"}
    assert {name: part.size for name, part in manifest.parts.items()} == {"vectors.bin": 2}
    assert (snapshot.path / "vectors.bin").read_bytes() == b"\x00\x01"
    assert store.current_version() is None, "sealed is not published"


def test_versions_sort_by_age_and_tell_which_is_served(store: SnapshotStore) -> None:
    first, second, third = published(store), published(store), sealed(store)
    assert first < second < third
    listed = [(one.version, one.current, one.published) for one in store.versions()]
    assert listed == [(first, False, True), (second, True, True), (third, False, False)]


def _fail_halfway(draft: Draft) -> None:
    draft.path("half").write_bytes(b"half")
    raise RuntimeError("the writer failed")


def test_an_unsealed_draft_leaves_nothing(store: SnapshotStore, tmp_path: Path) -> None:
    with store.draft() as draft:
        draft.path("half").write_bytes(b"half")
    with pytest.raises(RuntimeError), store.draft() as draft:
        _fail_halfway(draft)
    assert store.versions() == ()
    assert list((tmp_path / "snapshots" / "drafts").iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../out", "a/b", "/etc/passwd", "Upper", "é", "a\n", ".hidden", "manifest.json",
     "a\x00", "x" * 101],
)  # fmt: skip
def test_a_part_stands_in_the_folder_and_nowhere_else(store: SnapshotStore, name: str) -> None:
    with store.draft() as draft, pytest.raises(SnapshotError, match="part's name"):
        draft.path(name)


@pytest.mark.parametrize("version", ["", "..", "../versions", "/", "00000001-00000000/..", "x\x00"])
def test_a_version_is_a_name_and_no_path(store: SnapshotStore, version: str) -> None:
    published(store)
    for doing in (store.open, store.publish):
        with pytest.raises(SnapshotError, match="There is no snapshot"):
            doing(version)


def test_what_is_no_part_cannot_be_sealed(store: SnapshotStore) -> None:
    with store.draft() as draft:
        draft.path("folder").mkdir()
        with pytest.raises(SnapshotError, match="part folder"):
            seal(draft)
    with store.draft() as draft:
        draft.path("link").symlink_to("/etc/hostname")
        with pytest.raises(SnapshotError, match="part link"):
            seal(draft)
    with store.draft() as draft:
        draft.path("a").with_name("Not A Part").write_bytes(b"")
        with pytest.raises(SnapshotError, match="Not A Part"):
            seal(draft)
    with store.draft() as draft, pytest.raises(SnapshotError, match="finite"):
        seal(draft, {"recall": float("nan")})
    assert store.versions() == ()


def test_a_disk_that_refuses_is_told(store: SnapshotStore, tmp_path: Path) -> None:
    with store.draft() as draft:
        seal(draft)
        with pytest.raises(SnapshotError, match="Cannot seal"):
            seal(draft)
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(SnapshotError, match="Check space and permissions"),
        SnapshotStore(tmp_path / "file").draft(),
    ):
        pass


def _flip(path: Path, at: int) -> None:
    path.chmod(path.stat().st_mode | stat.S_IWUSR)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda part: _flip(part, 3), "altered"),
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
        _flip(path, at)
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
    _flip(store.open(third).path / "vectors.bin", 0)
    (store.open(second).path / "manifest.json").unlink()
    snapshot, refused = store.open_last_good()
    assert snapshot is not None
    assert snapshot.manifest.version == first
    assert len(refused) == 2
    assert third in refused[0]
    assert second in refused[1]
    assert store.current_version() == third, "reading changes nothing"


def test_rolling_back_twice_goes_back_two_and_a_publication_goes_on_top(
    store: SnapshotStore,
) -> None:
    first, second, third = (published(store) for _ in range(3))
    assert store.rollback() == second
    assert store.current_version() == second
    assert store.rollback() == first
    with pytest.raises(SnapshotError, match="nothing to roll back to"):
        store.rollback()
    assert store.current_version() == first
    fourth = published(store)
    assert fourth > third
    assert store.rollback() == first
    store.publish(third)  # forward again, by name
    assert store.rollback() == first


def test_what_was_rolled_away_does_not_come_back_by_itself(store: SnapshotStore) -> None:
    first = published(store)
    published(store)
    store.rollback()
    _flip(store.open(first).path / "vectors.bin", 0)
    assert store.open_last_good()[0] is None


def test_a_rollback_passes_over_damaged_ones(store: SnapshotStore) -> None:
    first, second, _ = (published(store) for _ in range(3))
    _flip(store.open(second).path / "vectors.bin", 0)
    assert store.rollback() == first


def test_history_counts_up_to_what_is_served(store: SnapshotStore, tmp_path: Path) -> None:
    """As a writer leaves it that is killed between the two files."""
    first, _, _ = (published(store) for _ in range(3))
    current = tmp_path / "snapshots" / "current"
    current.unlink()
    current.symlink_to(f"versions/{first}")
    with pytest.raises(SnapshotError, match="nothing to roll back to"):
        store.rollback()
    assert [one.published for one in store.versions()] == [True, False, False]


def test_a_lost_history_still_serves(store: SnapshotStore, tmp_path: Path) -> None:
    first, second = published(store), published(store)
    (tmp_path / "snapshots" / "history").unlink()
    snapshot, _ = store.open_last_good()
    assert snapshot is not None
    assert snapshot.manifest.version == second
    assert [one.version for one in store.versions()] == [first, second]


def test_prune_keeps_what_is_served_and_what_a_rollback_reaches(store: SnapshotStore) -> None:
    first, second, third, fourth = (published(store) for _ in range(4))
    loose = sealed(store)
    mapped = np.memmap(store.open(first).path / "vectors.bin", mode="r")
    assert store.prune(keep=3) == (first, loose)
    assert bytes(mapped) == b"content", "whoever has it mapped goes on reading"
    assert [one.version for one in store.versions()] == [second, third, fourth]
    store.rollback()
    assert store.prune(keep=1) == (second, fourth)
    assert store.current_version() == third
    assert store.prune(keep=0) == ()
    assert store.open(third)
    assert published(store) > third


def test_leftovers_of_a_killed_run_go_with_the_next_draft(
    store: SnapshotStore, tmp_path: Path
) -> None:
    left = tmp_path / "snapshots" / "drafts" / "removed-00000001-00000000"
    left.mkdir(parents=True)
    (left / "part").write_bytes(b"half")
    (tmp_path / "snapshots" / "current.part").symlink_to("nowhere")
    version = published(store)
    assert not left.exists()
    assert store.current_version() == version


def test_one_writer_at_a_time(store: SnapshotStore, tmp_path: Path) -> None:
    first, version = published(store), published(store)
    other = SnapshotStore(tmp_path / "snapshots")
    with store.draft() as draft:
        draft.path("mine").write_bytes(b"mine")
        with pytest.raises(SnapshotBusy, match="nothing was changed"), other.draft():
            pass
        for doing in (other.rollback, lambda: other.publish(first), lambda: other.prune(keep=1)):
            with pytest.raises(SnapshotBusy):
                doing()
        with ThreadPoolExecutor(1) as pool, pytest.raises(SnapshotBusy):
            pool.submit(store.rollback).result()
        assert other.open_last_good()[0] is not None, "reading goes on"
        assert draft.path("mine").exists(), "the draft in use was left alone"
        third = seal(draft)
        store.publish(third)
    assert other.current_version() == third
    assert other.rollback() == version


def test_another_process_is_kept_out_until_it_dies(store: SnapshotStore, tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    program = (
        "import sys, time; from pathlib import Path; from index.snapshot import SnapshotStore\n"
        "with SnapshotStore(Path(sys.argv[1])).draft() as draft:\n"
        "    draft.path('half').write_bytes(b'half'); print('writing', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(root)], stdout=subprocess.PIPE, env=_environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        with pytest.raises(SnapshotBusy), store.draft():
            pass
        process.kill()
        process.wait()
        version = published(store)
    assert store.current_version() == version
    assert [one.version for one in store.versions()] == [version]


def test_polling_is_cheap(store: SnapshotStore) -> None:
    published(store)
    start = time.perf_counter()
    for _ in range(1000):
        store.current_version()
    assert time.perf_counter() - start < 0.5, "far below a millisecond each"


def test_a_current_that_is_no_link_says_the_way_out(store: SnapshotStore, tmp_path: Path) -> None:
    published(store)
    current = tmp_path / "snapshots" / "current"
    current.unlink()
    current.write_bytes(b"")
    with pytest.raises(SnapshotDamaged, match="Remove it"):
        store.current_version()


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


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(WRITER.parents[2])}


def test_killed_before_any_single_file_operation_leaves_the_published_as_it_was(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, str(WRITER), "step", str(tmp_path / "snapshots")],
        capture_output=True,
        text=True,
        check=False,
        env=_environment(),
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
            env=_environment(),
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


class Histories(RuleBasedStateMachine):
    """Any order of publishing, rolling back and pruning, beside a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = SnapshotStore(Path(self.folder.name))
        self.stack: list[str] = []

    @rule()
    def publish_new(self) -> None:
        self.stack.append(published(self.store))

    @rule(data=st.data())
    @precondition(lambda self: bool(self.stack))
    def publish_again(self, data: st.DataObject) -> None:
        version = data.draw(st.sampled_from([one.version for one in self.store.versions()]))
        self.store.publish(version)
        self.stack.append(version)

    @rule()
    @precondition(lambda self: len(set(self.stack)) > 1)
    def roll_back(self) -> None:
        current = self.stack[-1]
        while self.stack[-1] == current:
            self.stack.pop()
            if not self.stack:
                return
        assert self.store.rollback() == self.stack[-1]

    @rule(keep=st.integers(1, 4))
    def prune(self, keep: int) -> None:
        self.store.prune(keep=keep)
        kept = list(dict.fromkeys(reversed(self.stack)))[:keep]
        self.stack = [one for one in self.stack if one in kept]
        assert {one.version for one in self.store.versions()} == set(kept)

    @rule()
    def look(self) -> None:
        assert self.store.current_version() == (self.stack[-1] if self.stack else None)
        snapshot, refused = self.store.open_last_good()
        assert refused == ()
        assert (snapshot.manifest.version if snapshot else None) == self.store.current_version()

    def teardown(self) -> None:
        self.folder.cleanup()


Histories.TestCase.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
TestHistories = Histories.TestCase


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers() | st.floats()))
def test_facts_come_back_or_are_refused(facts: dict[str, str | float]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SnapshotStore(Path(folder))
        with store.draft() as draft:
            try:
                version = seal(draft, facts)
            except SnapshotError:
                assert any(isinstance(fact, float) and fact - fact != 0 for fact in facts.values())
                return
        assert store.open(version).manifest.facts == facts
