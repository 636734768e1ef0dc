"""A writer that a test kills: drafts, seals, publishes, rolls back and prunes until it is dead.

`loop ROOT` goes on for ever and prints each version once it is published. `step ROOT` does one
round per child process, each child killing itself at a later step on the way to disk than the one
before it, until one gets through; it prints how many were killed.
"""

import os
import signal
import sys
from pathlib import Path

from index.snapshot import SnapshotStore

_TO_DISK = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink"}


def write_round(store: SnapshotStore, mark: int) -> str:
    with store.draft() as draft:
        for part in range(3):
            draft.path(f"part{part}.bin").write_bytes(bytes([mark % 256]) * (1000 + 50_000 * part))
        version = draft.seal(
            created_at="2020-01-01T00:00:00Z",
            embedder="model@1",
            dim=8,
            count=1,
            revision=mark,
            facts={"mark": mark % 256},
        )
        store.publish(version)
    if mark % 5 == 4:
        store.rollback()
    store.prune(keep=3)
    return version


def loop(root: Path) -> None:
    store = SnapshotStore(root)
    mark = 0
    while True:
        mark += 1
        sys.stdout.write(write_round(store, mark) + "\n")
        sys.stdout.flush()


def die_at(step: int) -> None:
    """Kill this process without warning before the given file operation."""
    done = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal done
        if event in _TO_DISK and arguments:
            done += 1
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def step(root: Path) -> None:
    store = SnapshotStore(root)
    write_round(store, 1)
    write_round(store, 2)
    killed = 0
    while True:
        child = os.fork()
        if child == 0:
            die_at(killed + 1)
            write_round(store, 4 + 5 * killed)  # with a rollback
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            if os.WEXITSTATUS(status):
                raise SystemExit("a round failed by itself")
            break
        killed += 1
        snapshot, refused = store.open_last_good()
        if snapshot is None or refused:
            raise SystemExit(f"killed at step {killed}: {refused}")
        for part in range(3):
            content = (snapshot.path / f"part{part}.bin").read_bytes()
            if set(content) != {snapshot.manifest.facts["mark"]}:
                raise SystemExit(f"killed at step {killed}: mixed parts")
        for listed in store.versions():
            store.open(listed.version)  # whatever is listed is whole
    sys.stdout.write(f"{killed}\n")


if __name__ == "__main__":
    {"loop": loop, "step": step}[sys.argv[1]](Path(sys.argv[2]))
