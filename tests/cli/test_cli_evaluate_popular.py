import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.ended_command import Run


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two days of a made-up paper: each hour has its favourite, which three of four click."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(2)
    lines = []
    for minute in range(0, 2880, 20):
        favourite = f"a{minute // 180}"
        others = [f"a{one}" for one in rng.choice(40, 5, replace=False)]
        shown = list(dict.fromkeys([*others, favourite]))
        clicked = favourite if rng.random() < 0.75 else shown[0]
        hour, rest = divmod(minute, 60)
        time = f"2024-05-{1 + hour // 24:02}T{hour % 24:02}:{rest:02}:00Z"
        lines.append({"timestamp": time, "shown": shown, "clicked": [clicked], "history": ["a1"]})
    path = tmp_path / "impressions.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def report(run: Run, *options: str) -> dict[str, Any]:
    ended = run("evaluate", "popular", "impressions.jsonl", "--json", *options)
    assert ended.status == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


@pytest.mark.usefixtures("log")
def test_the_report_has_every_ranker_with_intervals_and_days(run: Run) -> None:
    found = report(run)["replay"]

    assert (found["impressions"], found["judged"], found["hours"]) == (144, 144, 48)
    assert (found["since"], found["undecided"]) == (None, 0)
    assert found["metric_names"] == ["AUC", "MRR", "nDCG@5"]
    names = [one["name"] for one in found["rankers"]]
    assert names == ["appeal", "random", "decayed clicks", "click rate"]
    appeal, chance = found["rankers"][:2]
    assert appeal["metrics"]["AUC"]["mean"] > 0.7 > chance["metrics"]["AUC"]["mean"] == 0.5
    assert chance["lead"]["AUC"]["low"] > 0
    assert [one["day"] for one in appeal["days"]] == ["2024-05-01", "2024-05-02"]
    assert appeal["lead"] is None


@pytest.mark.usefixtures("log")
def test_from_judges_later_lists_and_learns_from_all(run: Run) -> None:
    whole, late = (report(run, *one)["replay"] for one in ((), ("--from", "2024-05-02")))
    assert (late["impressions"], late["judged"]) == (144, 72)
    assert late["since"] == "2024-05-02T00:00:00+00:00"
    # the second day is judged as it was with the first, which was learned from in both
    for first, second in zip(whole["rankers"], late["rankers"], strict=True):
        assert second["days"] == first["days"][1:]


@pytest.mark.usefixtures("log")
def test_sections_come_out_of_the_articles_file(run: Run, tmp_path: Path) -> None:
    sections = [{"id": f"a{one}", "title": f"Title {one}", "section": "x"} for one in range(12)]
    lines = [*map(json.dumps, sections), json.dumps({"id": "a13", "title": "None"}), '{"id": ""}']
    (tmp_path / "articles.jsonl").write_text("\n".join(lines) + "\n")
    found = report(run, "--articles", "articles.jsonl")
    assert (found["sections"], found["rejected"]) == (12, 1)
    assert found["articles"] == "articles.jsonl"
    assert found["replay"]["rankers"][0] != report(run)["replay"]["rankers"][0]
    ended = run("evaluate", "popular", "impressions.jsonl", "--articles", "articles.jsonl")
    assert "1 records of articles.jsonl are no articles" in ended.err


@pytest.mark.usefixtures("log")
def test_tables_say_the_same(run: Run) -> None:
    shown = run("evaluate", "popular", "impressions.jsonl", "--from", "2024-05-02T06:00")
    assert shown.status == 0, shown.err
    assert "144 lists from 2024-05-01 00:00 to 2024-05-02 23:40 UTC" in shown.out
    assert "54 lists from 2024-05-02 06:00 UTC on were judged" in shown.out
    found = report(run, "--from", "2024-05-02T06:00")["replay"]["rankers"]
    for one in found:
        auc = one["metrics"]["AUC"]
        cells = " ".join([one["name"], f"{auc['mean']:.3f}".removeprefix("0")])
        assert cells in " ".join(shown.out.split())
    assert "appeal less that of another" in shown.out
    assert "2024-05-02 54" in " ".join(shown.out.split())
    assert max(map(len, shown.out.splitlines())) <= 120


@pytest.mark.usefixtures("log")
def test_lists_that_cannot_be_judged_are_counted(run: Run, log: Path) -> None:
    first = json.loads(log.read_text().splitlines()[0])
    log.write_text(json.dumps(first | {"clicked": []}) + "\n" + log.read_text())
    shown = run("evaluate", "popular", "impressions.jsonl")
    assert "Not judged: 1 lists of which all or nothing was clicked." in shown.out


BAD = {
    "popular": (2, "IMPRESSIONS"),
    "popular absent.jsonl": (1, "There is no file absent.jsonl"),
    "popular impressions.jsonl --from yesterday": (2, "2025-05-01T08:00:00Z"),
    "popular impressions.jsonl --from 2025-01-01": (1, "Judge earlier"),
    "popular impressions.jsonl --articles absent.jsonl": (1, "There is no file absent.jsonl"),
    "popular wrong.jsonl": (1, "wrong.jsonl, line 2: shown: expected a list of article ids"),
}


@pytest.mark.parametrize("command", BAD)
@pytest.mark.usefixtures("log")
def test_what_is_wrong_is_told_in_one_line(command: str, run: Run, log: Path) -> None:
    good = log.read_text().splitlines()[0]
    (log.parent / "wrong.jsonl").write_text(good + "\n" + good.replace('"shown"', '"seen"') + "\n")
    status, told = BAD[command]
    ended = run("evaluate", *command.split())
    assert ended.status == status
    assert ended.err.count("\n") == 1
    assert told in ended.err


def test_help_has_the_format_of_the_file(run: Run) -> None:
    shown = " ".join(run("evaluate", "popular", "--help").out.split())
    for word in ('"timestamp":', '"shown":', '"clicked":', '"history"', '"positions"', "--from"):
        assert word in shown
    assert "popular" in run("evaluate", "--help").out
