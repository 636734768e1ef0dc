import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from index.errors import SnapshotBusy, SnapshotDamaged, SnapshotError
from index.snapshot import Draft, SnapshotStore
from tests.index.snapshots import environment, flip, published, seal, sealed


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
    assert {one.created_at for one in store.versions()} == {"2020-01-01T00:00:00Z"}
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
    flip(store.open(first).path / "vectors.bin", 0)
    assert store.open_last_good()[0] is None


def test_a_rollback_passes_over_damaged_ones(store: SnapshotStore) -> None:
    first, second, _ = (published(store) for _ in range(3))
    flip(store.open(second).path / "vectors.bin", 0)
    assert store.rollback() == first


def test_a_rollback_to_a_version_serves_it_whatever_became_of_it(store: SnapshotStore) -> None:
    first, second, third = (published(store) for _ in range(3))
    assert store.rollback(first) == first
    with pytest.raises(SnapshotError, match="nothing to roll back to"):
        store.rollback()  # it went back two, so nothing is before it
    assert store.rollback(third) == third  # forward again, past what it was rolled back from
    assert store.rollback() == first
    never = sealed(store)
    assert store.rollback(never) == never
    flip(store.open(second).path / "vectors.bin", 0)
    with pytest.raises(SnapshotDamaged, match=second):
        store.rollback(second)
    with pytest.raises(SnapshotError, match="no snapshot 'latest'"):
        store.rollback("latest")
    assert store.current_version() == never


def test_where_nothing_sound_is_before_it_the_sound_ones_are_named(store: SnapshotStore) -> None:
    with pytest.raises(SnapshotError) as nothing:
        store.rollback()
    assert str(nothing.value) == (
        "No snapshot is served, so there is nothing to roll back to. Run: recommender rebuild"
    )
    first, second, third = (published(store) for _ in range(3))
    store.rollback(second)
    for damaged in (first, second):
        flip(store.open(damaged).path / "vectors.bin", 0)
    with pytest.raises(SnapshotError) as told:
        store.rollback()
    reason = str(told.value)
    assert reason.startswith(f"No sound snapshot was published before {second}; nothing to roll")
    assert first in reason
    assert reason.endswith(
        f"Sound, but not published before it: {third}. "
        f"Run: recommender snapshots rollback --to {third}"
    )
    assert "recommender snapshots rollback." not in reason  # which is what failed
    flip(store.open(third).path / "vectors.bin", 0)
    with pytest.raises(SnapshotError, match=r"Run: recommender rebuild$"):
        store.rollback()


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
        [sys.executable, "-c", program, str(root)], stdout=subprocess.PIPE, env=environment()
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
