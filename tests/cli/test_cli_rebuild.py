import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recommender.cli.progress import line_watch
from tests.cli.ended_command import Run
from tests.cli.village_paper import records, write_articles
from tests.waiting import LONG

SCRIPT = Path(__file__).parents[2] / "scripts" / "rebuild_index.py"
CLI = [sys.executable, "-c", "import sys; from recommender.cli import main; sys.exit(main())"]

pytestmark = pytest.mark.usefixtures("place")


def scheduled(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False
    )


def test_nothing_new_embeds_nothing_and_keeps_the_snapshot(run: Run) -> None:
    done = json.loads(run("rebuild", "articles.jsonl", "--json").out)

    assert done["report"]["ingested"]["unchanged"] == 30
    assert done["report"]["embedded"] == 0
    assert done["report"]["published"] is False


def test_rejected_records_are_counted_told_and_give_status_3(run: Run, place: Path) -> None:
    wrong = ['{"id": "w-1"}', '{"id": "w-2"}', "no JSON", json.dumps(records()[0])]
    (place / "mixed.jsonl").write_text("\n".join(wrong))
    ended = run("rebuild", "mixed.jsonl")

    assert ended.status == 3
    assert "read 4: 0 added, 0 changed, 1 unchanged" in ended.out
    assert "3 rejected" in ended.out
    assert "rejected 2: " in ended.out  # two for the same reason
    rejects = place / "recommender-data" / "rejects.jsonl"
    assert str(rejects.relative_to(place)) in ended.out
    told = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [one["position"] for one in told] == [1, 2, 3]


def test_what_is_odd_about_records_that_were_taken_is_told(run: Run) -> None:
    record = {"id": "odd", "title": "Odd", "catgory": "village", "own": 1, "mine": 2}
    ended = {"id": "ended", "title": "Ended", "expires_at": "2020-01-01"}
    Path("odd.jsonl").write_text("\n".join(map(json.dumps, (record, record, ended))))
    done = run("rebuild", "odd.jsonl")

    assert done.status == 0
    assert done.out.splitlines()[1:5] == [
        "  1 record with an id that came before in them",
        "  The field 'catgory' of 2 records is not used: did you mean 'category'?",
        "  1 article has expired: expires_at is past, so no slot shows it.",
        "  other fields that are not used: 2",
    ]
    status = json.loads(run("status", "--json").out)["articles"]
    assert (status["published"], status["withdrawn"], status["expired"]) == (31, 0, 1)
    assert "31 published, 0 withdrawn, 1 expired" in run("status").out
    assert "'ended' was withdrawn: its time ended" in run("related", "ended").err

    record |= {"title": "Older", "updated_at": "2020-01-01"}
    newer = record | {"title": "Newer", "updated_at": "2020-01-02"}
    Path("odd.jsonl").write_text("\n".join(map(json.dumps, (newer, record))))
    assert (
        "  outdated: of this article another version has a later" in run("rebuild", "odd.jsonl").out
    )


def test_a_source_that_cannot_be_read_does_not_stop_the_others(run: Run) -> None:
    ended = run("rebuild", "absent.jsonl", "export.csv", "--map", "title=headline")

    assert ended.status == 3
    assert "1 added" in ended.out
    assert "There is no file absent.jsonl" in ended.out
    assert run("related", "csv-1").status == 0


def test_no_readable_source_is_an_error_that_changes_nothing(run: Run) -> None:
    before = run("snapshots", "list").out
    ended = run("rebuild", "absent.jsonl", "gone.csv")

    assert ended.status == 1
    assert run("snapshots", "list").out == before


def test_standard_input_is_a_source() -> None:
    article = json.dumps({**records()[0], "section": "village"})
    ended = subprocess.run(
        [*CLI, "rebuild", "-"], input=article, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert "read 1: 0 added, 1 changed" in ended.stdout


FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Village</title>
<item><guid>feed-1</guid><link>https://www.village.example/f1</link>
<title>Clock keeps time</title><description>The clock works without bees.</description>
</item></channel></rss>"""


@contextmanager
def feed_server() -> Iterator[tuple[str, list[str | None]]]:
    """A feed's address, and the ETag that each visitor brought."""
    visits: list[str | None] = []

    class Feed(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visits.append(self.headers["If-None-Match"])
            known = self.headers["If-None-Match"] == '"one"'
            self.send_response(304 if known else 200)
            self.send_header("ETag", '"one"')
            self.send_header("Content-Type", "application/rss+xml")
            self.end_headers()
            if not known:
                self.wfile.write(FEED)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the library
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Feed) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/feed", visits
        finally:
            server.shutdown()
            thread.join()


def test_a_feed_is_fetched_again_only_if_it_changed(run: Run) -> None:
    with feed_server() as (address, visits):
        first = run("rebuild", address)
        second = run("rebuild", address)

    assert (first.status, second.status) == (0, 0), first.err + second.err
    assert visits == [None, '"one"']
    assert "1 added" in first.out
    assert "read 0" in second.out


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_loses_nothing_and_says_so(run: Run, place: Path) -> None:
    many = [
        {"id": f"n-{number}", "title": f"Report {number}", "body": f"The {number} bees."}
        for number in range(130)
    ]
    write_articles(place / "many.jsonl", many)
    before = run("snapshots", "list").out
    with subprocess.Popen(
        [*CLI, "rebuild", "many.jsonl"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.strip() == "embed":
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONG)

    assert process.returncode == 130, err
    assert out == ""
    assert err.count("\n") == 1
    assert "nothing that was embedded is lost" in err
    assert run("snapshots", "list").out == before
    assert run("slots", "hp-0021").status == 0
    done = json.loads(run("rebuild", "many.jsonl", "--json").out)
    assert done["report"]["ingested"]["unchanged"] == 130
    # it stopped after a chunk at the earliest, while the model was loaded
    assert done["report"]["embedded"] <= 130 - 64


def test_the_script_logs_each_step_with_its_time(place: Path) -> None:
    changed = json.dumps({**records()[0], "section": "village"})
    (place / "one.jsonl").write_text(f"{changed}\n{{}}")
    ended = scheduled("one.jsonl", "--home", "recommender-data")

    lines = ended.stderr.splitlines()
    assert ended.returncode == 3
    assert ended.stdout == ""
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO ", line) for line in lines)
    steps = [line.split(" INFO ")[1] for line in lines]
    assert [one for one in steps if " " not in one] == [
        *(
            "read",
            "embed",
            "vectors",
            "gather",
            "postings",
            "together",
            "neighbours",
            "copies",
            "stories",
        ),
        *("recall", "write", "publish"),
    ]
    assert any("1 changed" in one and "1 rejected" in one for one in steps)


def test_a_second_rebuild_is_refused_while_one_runs(run: Run, place: Path) -> None:
    with (place / "recommender-data" / "rebuild.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(str(os.getpid()))
        lock.flush()
        by_hand = run("rebuild", "articles.jsonl")
        by_script = scheduled("articles.jsonl", "--home", "recommender-data")

    assert by_hand.status == by_script.returncode == 1
    assert f"process {os.getpid()}" in by_hand.err
    assert "ERROR A rebuild of recommender-data is running" in by_script.stderr
    assert by_script.stderr.count("ERROR") == 1
    assert run("rebuild", "articles.jsonl").status == 0


def test_lines_come_with_each_step_and_then_now_and_then() -> None:
    said: list[str] = []
    times = iter([0.0, 0.0, 5.0, 20.0, 21.0, 40.0, 55.0])
    watch = line_watch(said.append, clock=lambda: next(times))
    watch.step("embed")
    watch.progress(100, 1_000)  # after 5 s: too early for a line
    watch.progress(400, 1_000)
    watch.progress(500, 1_000)
    watch.step("write")
    watch.progress(30, 0)

    assert said == ["embed", "embed: 400 of 1,000, 20/s, 30 s left", "write", "write: 30, 2/s"]


def test_no_rate_is_told_where_nothing_was_done_and_a_slow_one_with_two_digits() -> None:
    said: list[str] = []
    times = iter([0.0, 0.0, 20.0, 40.0])
    watch = line_watch(said.append, clock=lambda: next(times))
    watch.step("embed")
    watch.progress(0, 100)
    watch.progress(10, 100)

    assert said == ["embed", "embed: 0 of 100", "embed: 10 of 100, 0.25/s, 360 s left"]
