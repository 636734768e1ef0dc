import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from recommender.slots.learned import Learned, read_learned, write_learned
from tests.cli.ended_command import Run
from tests.cli.village_paper import records

HOME = Path("recommender-data")
WEIGHTS = HOME / "weights.toml"
IDS = [one["id"] for one in records()]
STORIES = 10


def labelled(path: Path, pairs: Iterable[tuple[str, str]]) -> str:
    rows = ["query_id\tdoc_id\tgrade", *(f"{one}\t{other}\t1" for one, other in pairs)]
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def days(count: int = len(IDS)) -> str:
    """By an editor for whom only what came out the day before or after is related."""
    pairs = [
        (IDS[one], IDS[other])
        for one in range(count)
        for other in (one - 1, one + 1)
        if one // STORIES == other // STORIES
    ]
    return labelled(Path("days.tsv"), pairs)


def told(run: Run, *arguments: str) -> dict[str, Any]:
    ended = run("tune", *arguments, "--json")
    assert ended.status == 0, ended.err
    answer: dict[str, Any] = json.loads(ended.out)
    return answer


def related(run: Run, article_id: str) -> set[str]:
    asked = ("related", article_id, "--limit", "2", "--pipeline", "similarity", "--json")
    return {card["id"] for card in json.loads(run(*asked).out)["data"]}


@pytest.mark.usefixtures("place")
def test_what_is_learned_is_written_and_then_ranks(run: Run) -> None:
    assert related(run, "hp-0015") == {"hp-0005", "hp-0025"}
    answer = told(run, days())

    tuned = answer["tuned"]
    assert answer["outcome"] == "written"
    assert answer["written"] == str(WEIGHTS)
    assert answer["kind"] == "judgements"
    assert tuned["better"]
    assert tuned["queries"]["used"] == len(IDS)
    assert tuned["ndcg"]["before"] < 0.5
    assert tuned["ndcg"]["after"] > 0.9
    weight = tuned["learned"]["weights"]["time_between"]
    assert weight > 1
    written = read_learned(WEIGHTS)
    assert written.weights == tuned["learned"]["weights"]
    assert written.related.slope == tuned["learned"]["related"]["slope"]
    assert "days.tsv: judgements of 30 articles" in WEIGHTS.read_text()

    settings = {one["name"]: one for one in json.loads(run("settings", "--json").out)}
    of_default = settings["pipelines.default.weights.time_between"]
    assert (of_default["value"], of_default["source"]) == (weight, "weights.toml")
    assert related(run, "hp-0015") == {"hp-0014", "hp-0016"}


@pytest.mark.usefixtures("place")
def test_the_next_rebuild_tells_stories_apart_by_the_new_weights(run: Run) -> None:
    def rebuilt() -> bool:
        report = json.loads(run("rebuild", "articles.jsonl", "--json").out)["report"]
        return bool(report["published"])

    assert not rebuilt()
    told(run, days())
    assert rebuilt()


@pytest.mark.usefixtures("place")
def test_a_second_run_learns_the_same_and_says_so(run: Run) -> None:
    first = told(run, days())
    second = told(run, days())

    assert second["outcome"] == "unchanged"
    assert second["written"] is None
    assert second["tuned"]["learned"] == first["tuned"]["learned"]
    shown = run("tune", days()).out
    assert "Nothing was written: what was learned are the weights in force." in shown
    assert f"before: of {WEIGHTS}; what it was learned from may be among these labels" in shown


@pytest.mark.usefixtures("place")
def test_a_dry_run_leaves_no_file(run: Run) -> None:
    before = sorted(HOME.iterdir())
    shown = run("tune", days(), "--dry-run")

    assert shown.status == 0, shown.err
    assert "Nothing was written: this was a dry run." in shown.out
    assert told(run, days(), "--dry-run")["outcome"] == "dry run"
    assert sorted(HOME.iterdir()) == before


@pytest.mark.usefixtures("place")
def test_the_table_tells_weights_figures_and_probabilities(run: Run) -> None:
    answer = told(run, days(), "--dry-run")
    shown = run("tune", days()).out

    rows = {cells[0]: cells[1:] for line in shown.splitlines() if (cells := line.split())}
    learned, ndcg = answer["tuned"]["learned"], answer["tuned"]["ndcg"]
    assert rows["time_between"] == ["0.250", f"{learned['weights']['time_between']:.3f}"]
    assert rows["expanded"] == ["1.000", "1.000"]
    assert rows["nDCG@5"] == [f"{ndcg['before']:.3f}", f"{ndcg['after']:.3f}"]
    story = read_learned().same_story
    assert f"same story: slope, intercept  {story.slope:.2f}, {story.intercept:.2f}" in shown
    assert (
        f"{learned['same_story']['slope']:.2f}, {learned['same_story']['intercept']:.2f}" in shown
    )
    assert "30 of 30 labelled articles were learned from." in shown
    assert "(5 parts). p 0.0001.\n" in shown
    assert "Slots will be shorter" in shown
    assert f"Written: {WEIGHTS}. " in shown
    assert shown.endswith("after: recommender rebuild\n")


@pytest.mark.usefixtures("place")
def test_clicks_rank_only_what_was_shown(run: Run) -> None:
    log = [
        {"article_id": one, "related_id": other, "clicked": clicked}
        for place, one in enumerate(IDS)
        # the next day's article was clicked, those of other weeks were passed over
        for other, clicked in (
            (IDS[(place + 1) % len(IDS)], True),
            (IDS[(place + 7) % len(IDS)], False),
            (IDS[(place + 15) % len(IDS)], False),
        )
    ]
    log += [{"article_id": "hp-0001", "related_id": "hp-0002", "clicked": False}]
    Path("log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in log))
    answer = told(run, "log.jsonl", "--k", "3")

    tuned = answer["tuned"]
    assert answer["kind"] == "clicks"
    assert tuned["k"] == 3
    assert tuned["queries"]["used"] == len(IDS)
    # one of three is related, so it is found at the third place at the worst
    assert 0.5 < tuned["ndcg"]["before"] < 0.9
    assert tuned["ndcg"]["after"] > 0.93
    assert answer["outcome"] == "written"


@pytest.mark.usefixtures("place")
def test_only_the_judged_are_ranked_where_that_is_asked(run: Run) -> None:
    labels = Path("few.tsv")
    labelled(labels, ((IDS[one], IDS[(one + 3) % len(IDS)]) for one in range(len(IDS))))
    refused = "".join(f"{one}\t{IDS[(place + 5) % 30]}\t0\n" for place, one in enumerate(IDS))
    labels.write_text(labels.read_text() + refused)

    everything = told(run, str(labels), "--dry-run")["tuned"]
    judged = told(run, str(labels), "--dry-run", "--judged-only")["tuned"]
    assert everything["ndcg"]["before"] < 0.6 < judged["ndcg"]["before"]


@pytest.mark.usefixtures("place")
def test_weights_that_rank_better_are_kept(run: Run) -> None:
    shipped = read_learned()
    odd = {**shipped.weights, "lexical": 0.83, "title": 0.37, "names": 1.91, "time_between": 0.61}
    write_learned(Learned(odd, shipped.related, shipped.same_story), WEIGHTS, source="a whim")
    before = WEIGHTS.read_bytes()
    asked = ("score", "--output", "s.jsonl", "--limit", "5", "--pipeline", "similarity")
    assert run(*asked).status == 0
    rows = map(json.loads, Path("s.jsonl").read_text().splitlines())
    # what the odd weights show is what the editor wants
    labels = labelled(Path("odd.tsv"), ((row["article_id"], row["related_id"]) for row in rows))
    shown = run("tune", labels)

    assert shown.status == 0, shown.err
    assert "Nothing was written: what was learned ranks worse" in shown.out
    answer = told(run, labels)
    assert (answer["outcome"], answer["tuned"]["ndcg"]["before"]) == ("worse", 1.0)
    assert WEIGHTS.read_bytes() == before


@pytest.mark.usefixtures("place")
def test_weights_that_were_there_are_kept_aside(run: Run) -> None:
    shipped = read_learned()
    write_learned(shipped, WEIGHTS, source="an editor")
    before = WEIGHTS.read_bytes()
    answer = told(run, days())

    aside = HOME / "weights.before.toml"
    assert (answer["outcome"], answer["replaced"]) == ("written", str(aside))
    assert aside.read_bytes() == before != WEIGHTS.read_bytes()
    # and only the file in force counts
    assert read_learned(WEIGHTS).weights == answer["tuned"]["learned"]["weights"]


@pytest.mark.usefixtures("place")
def test_what_settings_overrule_is_told(run: Run) -> None:
    (HOME / "recommender.toml").write_text("[pipelines.default.weights]\nlexical = 1.0\n")
    assert told(run, days(), "--dry-run")["overruled"] == {"default": ["lexical"]}

    shown = run("tune", days(), "--dry-run").out
    assert "The settings of pipelines.default have weights of their own: lexical." in shown


@pytest.mark.usefixtures("place")
def test_what_is_left_out_is_counted(run: Run) -> None:
    path = days()
    with Path(path).open("a") as file:
        file.write("nobody\thp-0001\t1\n")
    assert run("withdraw", "hp-0030").status == 0

    shown = run("tune", path, "--dry-run").out
    assert "29 of 31 labelled articles were learned from." in shown
    assert "Left out: 2 not in the snapshot." in shown


WRONG = {
    "tune": (2, "LABELS"),
    "tune labels.tsv --k 0": (2, "--k"),
    "tune absent.tsv": (1, "There is no file absent.tsv"),
    "tune absent.jsonl": (1, "There is no file absent.jsonl"),
    "tune articles.jsonl": (1, "line 1: article_id: expected"),
    "tune export.csv": (1, "expected the header query_id doc_id grade"),
    "tune labels.tsv --home absent": (1, "recommender rebuild"),
    "tune few.tsv": (1, "from 19 of the 19 labelled articles; 20 are needed"),
}


@pytest.mark.parametrize("command", WRONG)
@pytest.mark.usefixtures("place")
def test_what_is_wrong_is_told_in_one_line(command: str, run: Run) -> None:
    Path(days(19)).rename("few.tsv")
    ended = run(*command.split())
    status, expected = WRONG[command]

    lines = [line for line in ended.err.splitlines() if line != "measure signals"]
    assert ended.status == status
    assert len(lines) == 1
    assert expected in lines[0]
    assert not WEIGHTS.exists()
    assert not Path("absent").exists()
