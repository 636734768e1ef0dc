"""Snapshots are listed, verified, rolled back and pruned by command."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from index.manifest import read_manifest, write_manifest
from tests.cli.ended_command import Run


@pytest.mark.usefixtures("place")
def test_snapshots_roll_back_prune_and_verify(run: Run, place: Path) -> None:
    first, second = (one["version"] for one in json.loads(run("snapshots", "list", "--json").out))

    assert json.loads(run("snapshots", "rollback", "--json").out) == {"version": first}
    assert json.loads(run("status", "--json").out)["served"]["version"] == first
    assert json.loads(run("snapshots", "prune", "--keep", "1", "--json").out)["removed"] == [second]

    part = max(
        (place / "recommender-data" / "snapshots" / "versions" / first).iterdir(),
        key=lambda path: path.stat().st_size,
    )
    part.write_bytes(part.read_bytes()[:-1] + b"?")
    damaged = run("snapshots", "verify")
    assert damaged.status == 1
    assert part.name in damaged.out


@pytest.mark.usefixtures("place")
def test_what_was_rolled_back_from_is_served_again_by_name(run: Run) -> None:
    first, second = (one["version"] for one in json.loads(run("snapshots", "list", "--json").out))
    run("snapshots", "rollback")
    assert f"{second}  " in run("snapshots", "list").out
    assert run("snapshots", "list").out.splitlines()[1].endswith("set aside")
    nothing = run("snapshots", "rollback")
    assert nothing.status == 1
    assert f"before {first}; nothing to roll back to" in nothing.err
    assert nothing.err.endswith(f"Run: recommender snapshots rollback --to {second}\n")
    assert run("snapshots", "rollback", "--to", second).out == f"serving {second}\n"
    assert run("snapshots", "rollback").out == f"serving {first}\n"


def test_a_home_without_snapshots_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for command in ("list", "verify"):
        ended = run("snapshots", command, "--home", str(tmp_path / "empty"))
        assert (ended.status, ended.out) == (
            0,
            "There is no snapshot yet. Run: recommender rebuild SOURCE...\n",
        )
    ended = run("snapshots", "rollback", "--home", str(tmp_path / "empty"))
    assert ended.status == 1
    assert "No snapshot is served, so there is nothing to roll back to." in ended.err


@pytest.mark.usefixtures("place")
def test_a_snapshot_of_an_earlier_version_is_verified_with_the_way_out(
    run: Run, place: Path
) -> None:
    first, _ = (one["version"] for one in json.loads(run("snapshots", "list", "--json").out))
    folder = place / "recommender-data" / "snapshots" / "versions" / first
    manifest = read_manifest(folder)
    (folder / "columns.expires_at.npy").unlink()
    left = {name: one for name, one in manifest.parts.items() if name != "columns.expires_at.npy"}
    write_manifest(folder, replace(manifest, parts=left))

    verified = run("snapshots", "verify", first, "--json")
    assert verified.status == 1
    (checked,) = json.loads(verified.out)
    assert checked["refused"] == (
        f"Snapshot {first} was made by an earlier version of this program. Run: recommender rebuild"
    )


@pytest.mark.usefixtures("place")
def test_snapshots_are_listed_with_when_they_were_made(run: Run, place: Path) -> None:
    first, second = json.loads(run("snapshots", "list", "--json").out)
    made = [datetime.fromisoformat(one["created_at"]) for one in (first, second)]
    assert made == sorted(made)
    assert made[0].tzinfo is not None
    versions = place / "recommender-data" / "snapshots" / "versions"
    (versions / first["version"] / "manifest.json").write_text("{}")
    unread, read = run("snapshots", "list").out.splitlines()
    assert unread.split(maxsplit=1)[1].split() == ["not", "readable", "published", "before"]
    assert read.split() == [second["version"], f"{made[1]:%Y-%m-%dT%H:%M:%SZ}", "served"]
