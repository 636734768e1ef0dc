import gzip
import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.cli.ended_command import Run
from tests.cli.village_paper import records

HOME = ("--home", "recommender-data")  # has the articles embedded already
STORIES = 10


@pytest.fixture
def judged(place: Path) -> Path:
    """The village paper with its judgements: 2 for the same story, 1 for the same section."""
    folder = place / "truth"
    folder.mkdir()
    articles = records()
    lines = "".join(json.dumps(one) + "\n" for one in articles)
    (folder / "articles.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    rows = ["query_id\tdoc_id\tgrade"]
    for number, one in enumerate(articles):
        for other_number, other in enumerate(articles):
            if one is other:
                continue
            same_story = number % STORIES == other_number % STORIES
            grade = 2 if same_story else int(one["section"] == other["section"])
            rows.append(f"{one['id']}\t{other['id']}\t{grade}")
    rows += ["hp-0001\tunwritten\t1", "nobody\thp-0001\t1"]
    (folder / "qrels.tsv").write_text("\n".join(rows) + "\n")
    return folder


def report(run: Run, *options: str) -> dict[str, Any]:
    ended = run("evaluate", "truth", *HOME, "--json", *options)
    assert ended.status == 0, ended.err
    evaluation: dict[str, Any] = json.loads(ended.out)["evaluation"]
    return evaluation


def means(contest: dict[str, Any], method: str) -> dict[str, float]:
    found = next(one for one in contest["methods"] if one["name"] == method)
    return {name: estimate["mean"] for name, estimate in found["metrics"].items()}


@pytest.mark.usefixtures("judged")
def test_the_figures_are_those_of_what_the_pipeline_shows(run: Run) -> None:
    evaluation = report(run, "--k", "4")

    (contest,) = evaluation["contests"]
    grades: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for line in Path("truth/qrels.tsv").read_text().splitlines()[1:]:
        query, other, grade = line.split("\t")
        grades[query][other] = int(grade)
    scored = ("score", "--output", "s.jsonl", "--limit", "4", "--pipeline", "similarity")
    assert run(*scored).status == 0
    shown: defaultdict[str, list[str]] = defaultdict(list)
    for row in map(json.loads, Path("s.jsonl").read_text().splitlines()):
        shown[row["article_id"]].append(row["related_id"])
    assert len(shown) == 30
    del grades["hp-0001"]["unwritten"]
    gains = {one: [grades[one][other] for other in shown[one]] for one in shown}
    ideals = {one: sorted(grades[one].values(), reverse=True)[:4] for one in shown}
    ndcg = [_dcg(gains[one]) / _dcg(ideals[one]) for one in shown]
    first = [one[0] > 0 for one in gains.values()]
    found = means(contest, "similarity")
    assert found["nDCG@4"] == pytest.approx(sum(ndcg) / 30)
    assert found["P@1"] == pytest.approx(sum(first) / 30)
    assert found["nDCG@4"] > 0.8 > means(contest, "random")["nDCG@4"]


def _dcg(gains: list[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


@pytest.mark.usefixtures("judged")
def test_what_cannot_be_asked_is_counted(run: Run) -> None:
    evaluation = report(run)

    (contest,) = evaluation["contests"]
    assert evaluation["articles"] == 30
    assert contest["queries"] == {
        "judged": 31,
        "used": 30,
        "absent": 1,
        "nothing_related": 0,
        "absent_documents": 1,
        "later_documents": 0,
    }
    names = ["similarity", "random", "latest", "same section", "BM25", "TF-IDF", "dense"]
    assert [one["name"] for one in contest["methods"]] == names
    assert contest["left_out"] == []
    assert means(contest, "same section")["P@2"] > 0.7
    assert evaluation["metric_names"][:3] == ["nDCG@2", "nDCG@5", "nDCG@10"]


@pytest.mark.usefixtures("judged")
def test_a_pipeline_that_knows_now_is_judged_as_of_each_articles_date(run: Run) -> None:
    timeless, dated = report(run, "--pipeline", "similarity", "--pipeline", "default")["contests"]

    assert timeless["later_too"]
    assert not dated["later_too"]
    # the paper's first articles have nothing related behind them
    assert timeless["queries"]["used"] == 30
    assert dated["queries"]["used"] == 30 - dated["queries"]["nothing_related"] < 30
    assert dated["queries"]["later_documents"] > 100
    assert means(dated, "default")["P@1"] > 0.8
    (at_end,) = report(run, "--pipeline", "default", "--as-of", "2025-12-01")["contests"]
    assert at_end["queries"]["used"] == 30
    (at_start,) = report(run, "--pipeline", "default", "--as-of", "2025-09-01")["contests"]
    # of every pair judged in thirty articles the ten of August are candidates
    assert at_start["queries"]["later_documents"] == 10 * 20 + 20 * 19


@pytest.mark.usefixtures("judged")
def test_judged_only_ranks_nothing_else(run: Run, judged: Path) -> None:
    # neither is of the story, which fills the first places unless only these are ranked
    (judged / "qrels.tsv").write_text(
        "query_id\tdoc_id\tgrade\nhp-0001\thp-0003\t1\nhp-0001\thp-0002\t0\n"
    )

    everything, alone = report(run), report(run, "--judged-only")
    assert (everything["judged_only"], alone["judged_only"]) == (False, True)
    assert means(everything["contests"][0], "similarity")["P@2"] == 0
    (contest,) = alone["contests"]
    for method in ("similarity", "random", "BM25"):
        assert means(contest, method)["P@2"] == pytest.approx(1 / 2)
        assert means(contest, method)["MRR"] >= 1 / 2


@pytest.mark.usefixtures("judged")
def test_tables_hold_every_method_with_intervals_and_p_values(run: Run) -> None:
    shown = run("evaluate", "truth", *HOME)

    assert shown.status == 0, shown.err
    assert "30 of 30 articles were asked about" in shown.out
    assert "Left out: 1 query ids that are no article's." in shown.out
    assert "p: nDCG@2 against dense" in shown.out
    for title in ("mean and its 95 % interval", "nDCG@2 less that", "first 10 places"):
        table = shown.out[shown.out.index(title) :]
        for method in ("random", "latest", "same section", "BM25", "TF-IDF", "dense"):
            assert f"\n {method} " in table
    assert max(map(len, shown.out.splitlines())) <= 160


@pytest.mark.usefixtures("judged")
def test_narrow_tables_lose_no_metric(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("evaluate", "truth", *HOME).out

    for name in ("nDCG@2", "nDCG@10", "P@1", "P@10", "MRR", "R@10", "R@100", "MAP"):
        assert f" {name} " in shown
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.usefixtures("judged")
def test_the_slot_may_be_named_and_the_report_is_the_same_again(run: Run) -> None:
    short = run("evaluate", *HOME, "truth", "--json", "--k", "3")
    named = run("evaluate", "related", "truth", *HOME, "--k", "3", "--json")

    assert short.status == named.status == 0
    assert json.loads(short.out) == json.loads(named.out)


@pytest.mark.usefixtures("judged")
def test_without_a_home_nothing_is_left_behind(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = place / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("RECOMMENDER_HOME", str(place / "untouched"))
    before = sorted(place.iterdir())
    ended = run("evaluate", "truth", "--json")

    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["home"] is None
    assert sorted(place.iterdir()) == before
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("judged")
def test_records_that_are_no_articles_are_told(run: Run, judged: Path) -> None:
    (judged / "articles.jsonl").write_text(
        '{"id": "hp-0001"}\n' + "".join(json.dumps(one) + "\n" for one in records())
    )
    ended = run("evaluate", "truth", *HOME, "--json")

    assert ended.status == 0
    assert json.loads(ended.out)["rejected"] == 1
    assert "1 records of truth/articles.jsonl are no articles" in ended.err


BAD = {
    "evaluate": (2, "DIR"),
    "evaluate absent": (1, "absent is no folder"),
    "evaluate recommender-data": (1, "articles.jsonl.gz"),
    "evaluate .": (1, "qrels.tsv"),
    "evaluate truth --k 0": (2, "--k"),
    "evaluate truth --as-of yesterday": (2, "2025-05-01T08:00:00Z"),
    "evaluate truth --pipeline defualt": (1, "similarity"),
    "evaluate truth --limit 3": (2, "evaluate related --help"),
}


@pytest.mark.parametrize("command", BAD)
@pytest.mark.usefixtures("judged")
def test_what_is_wrong_is_told_in_one_line(command: str, run: Run) -> None:
    ended = run(*command.split(), *HOME) if "truth" in command else run(*command.split())
    status, way_out = BAD[command]

    assert ended.status == status
    assert ended.err.count("\n") == 1
    assert way_out in ended.err


@pytest.mark.usefixtures("judged")
def test_a_wrong_judgement_is_told_by_its_line(run: Run, judged: Path) -> None:
    (judged / "qrels.tsv").write_text("query_id\tdoc_id\tgrade\nhp-0001\thp-0011\tyes\n")
    ended = run("evaluate", "truth", *HOME)

    assert ended.status == 1
    assert ended.err.count("\n") == 1
    assert "line 2" in ended.err
    assert "'yes'" in ended.err


@pytest.mark.usefixtures("judged")
def test_judgements_of_other_articles_are_refused_before_anything_is_embedded(
    run: Run, judged: Path
) -> None:
    (judged / "qrels.tsv").write_text("query_id\tdoc_id\tgrade\nwp-1\thp-0011\t1\n")
    ended = run("evaluate", "truth", "--home", "fresh")

    assert ended.status == 1
    # no step of a rebuild was begun
    assert ended.err.count("\n") == 1
    assert "None of the 1 query ids is the id of an article; the first is 'wp-1'" in ended.err
    assert json.loads(run("status", "--home", "fresh", "--json").out)["articles"]["published"] == 0


def test_help_of_the_group_lists_its_commands(run: Run) -> None:
    shown = run("evaluate", "--help")

    assert shown.status == 0
    assert "recommender evaluate DIR" in shown.out
    assert "related" in shown.out
