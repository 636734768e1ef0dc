import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.ended_command import Run

BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def line(**changes: object) -> str:
    now = datetime.now(UTC).isoformat()
    return json.dumps({"type": "view", "article_id": "a", "at": now, "reader": "ann"} | changes)


def count(run: Run) -> int:
    events: int = json.loads(run("status", "--home", "new", "--json").out)["events"]
    return events


@pytest.mark.usefixtures("place")
def test_files_of_several_kinds_are_read_once(run: Run) -> None:
    lines = [line(), line(reader="bob"), line(reader="bob", user_agent=BOT), "no event"]
    Path("log.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    Path("log.csv").write_text("type;article_id;at\nview;b;2024-05-01\nview;b;now\n")
    Path("late.csv").write_text(f"type,article_id,timestamp\nclick,b,{datetime.now(UTC)}\n")

    ended = run("events", "log.jsonl.gz", "late.csv", "log.csv", "--home", "new")

    assert ended.status == 3
    assert "3 events added, 1 set aside, 0 known already, 3 rejected" in ended.out
    assert "set aside 1: bot" in ended.out
    written = Path("new/rejected-events.jsonl").read_text().splitlines()
    rejects = [json.loads(one) for one in written]
    assert [(one["source"], one["position"]) for one in rejects] == [
        ("log.jsonl.gz", 4),
        ("log.csv", 2),
        ("log.csv", 3),
    ]
    assert "older" in rejects[1]["reason"]
    assert "log.csv 3: at" in ended.err

    again = run("events", "import", "log.jsonl.gz", "--home", "new", "--json")
    counts = json.loads(again.out)["counts"]
    assert (counts["kept"], counts["known"], counts["rejected"]) == (0, 3, 1)
    assert count(run) == 4
    assert run("events", "late.csv", "--home", "new").status == 0
    assert not Path("new/rejected-events.jsonl").exists()


@pytest.mark.usefixtures("place")
def test_quality_tells_what_was_set_aside_and_why(run: Run) -> None:
    assert run("events", "quality", "--home", "new").status == 1  # a mistyped home is not made
    assert run("events", "/dev/null", "--home", "new").status == 0
    assert run("events", "quality", "--home", "new").out == "no events yet\n"
    lines = [line(), line(type="click"), line(prefetch=True), line(user_agent=BOT)]
    Path("log.jsonl").write_text("\n".join([*lines, line(user_agent=BOT, reader="cyd")]))
    run("events", "log.jsonl", "--home", "new")

    shown = run("events", "quality", "--home", "new")
    found = json.loads(run("events", "quality", "--home", "new", "--json").out)

    assert shown.status == 0
    assert "bot: the user agent is that of a bot" in " ".join(shown.out.split())
    assert (found["events"], found["counted"]) == (5, {"view": 1, "click": 1})
    assert [(one["aside"], one["events"]) for one in found["set_aside"]] == [
        ("bot", {"view": 2}),
        ("prefetch", {"view": 1}),
    ]
    assert found["set_aside"][0]["share"] == pytest.approx(0.4)
    assert found["first_day"] == found["last_day"] == datetime.now(UTC).date().isoformat()


@pytest.mark.usefixtures("place")
def test_erasing_readers(run: Run) -> None:
    lines = [line(), line(article_id="b"), line(reader="bob"), line(reader="cyd")]
    Path("log.jsonl").write_text("\n".join(lines))
    run("events", "log.jsonl", "--home", "new")

    assert run("readers", "erase", "nobody", "--home", "new").out == "erased 0 events\n"
    ended = run("readers", "erase", "ann", "bob", "--home", "new", "--json")

    assert json.loads(ended.out) == {"events": 3}
    assert count(run) == 1
    assert run("readers", "erase", "cyd", "--home", "new").out == "erased 1 event\n"
    assert run("readers", "erase", "ann", "--home", "absent").status == 1
    nobody = run("readers", "erase", "", "--home", "new")
    assert (nobody.status, "got an empty one" in nobody.err) == (2, True)


@pytest.mark.usefixtures("place")
def test_a_log_in_the_way_of_retention_is_pruned_by_a_rebuild(run: Run) -> None:
    Path("new").mkdir()
    Path("log.jsonl").write_text("\n".join([line(), line(at="2024-05-01")]))
    Path("new/recommender.toml").write_text("[events]\nretention_days = 10000\n")
    run("events", "log.jsonl", "--home", "new")
    assert count(run) == 2
    Path("new/recommender.toml").write_text('[events]\nsalt_days = "never"\n')
    assert run("rebuild", "articles.jsonl", "--home", "new").status == 0
    assert count(run) == 1


def test_what_is_no_table_is_quoted_in_short_and_without_what_moves_a_cursor(
    run: Run, tmp_path: Path
) -> None:
    binary = tmp_path / "picture.csv"
    binary.write_bytes(b"\x1b[2Jred,\x07bell,\x00" + bytes(range(128, 256)) * 400)
    ended = run("events", str(binary), "--home", str(tmp_path / "new"))
    assert ended.status == 1
    assert "needs a header with a column article_id" in ended.err
    assert "\\x1b[2Jred, \\x07bell" in ended.err
    assert ended.err.removesuffix("\n").isprintable()
    assert len(ended.err) < 2_100


@pytest.mark.usefixtures("place")
def test_events_about_articles_that_nobody_knows_are_told(run: Run) -> None:
    Path("log.jsonl").write_text(
        "\n".join((line(article_id="hp-0001"), line(article_id="hp-1"), line(article_id="hp-2")))
    )
    imported = run("events", "log.jsonl")
    assert imported.status == 0
    told = "2 events name 2 articles that are not in the catalog: hp-1, hp-2\n"
    assert imported.out.endswith(f"  {told}")
    assert run("events", "quality").out.endswith(told)
    found = json.loads(run("events", "quality", "--json").out)["unknown_articles"]
    assert found == {"events": 2, "articles": 2, "examples": ["hp-1", "hp-2"]}

    Path("log.jsonl").write_text(line(article_id="hp-0002"))
    assert run("events", "log.jsonl").out == (
        "1 event added, 0 set aside, 0 known already, 0 rejected\n"
    )


@pytest.mark.usefixtures("place")
def test_of_a_file_that_is_cut_off_what_was_kept_is_told(run: Run) -> None:
    whole = gzip.compress("\n".join(line(reader=f"r{n}") for n in range(5_000)).encode())
    Path("log.jsonl.gz").write_bytes(whole[:-1_000])
    Path("more.jsonl").write_text(line(reader="more"))
    ended = run("events", "log.jsonl.gz", "more.jsonl", "--home", "new")
    assert ended.status == 3
    kept = count(run)
    assert 1_000 < kept < 5_001
    assert ended.out.startswith(f"{kept:,} events added, ")
    assert "log.jsonl.gz " in ended.err
    assert "the file was cut off here; what stands before it is kept" in ended.err

    Path("log.jsonl.gz").write_bytes(whole[:15])
    nothing = run("events", "log.jsonl.gz", "--home", "new")
    assert nothing.status == 1
    assert "recommender: log.jsonl.gz: the compressed data ends early" in nothing.err
