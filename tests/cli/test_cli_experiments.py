import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.ended_command import Run

NOW = datetime.now(UTC)
SETTINGS = """
[events]
salt_days = "never"
[experiments.look]
arms = {default = 0.5, similarity = 0.5}
"""


def write_log(path: Path, *, uneven: int = 0) -> None:
    """Two days of 150 readers an arm; similarity is clicked far more often."""
    events: list[dict[str, object]] = []
    for arm, readers, clicks in (("default", 150 + uneven, 25), ("similarity", 150, 90)):
        for reader in range(readers):
            name = f"{arm}{reader}"
            at = (NOW - timedelta(days=reader % 2)).isoformat()
            of_list = {"impression_id": name, "reader": name, "at": at}
            told = {"experiment": {"name": "look", "arm": arm}, "shown": ["hp-0001", "hp-0002"]}
            events.append({"type": "impression", "article_id": "hp-0021", **of_list, **told})
            if reader < clicks:
                events.append({"type": "click", "article_id": "hp-0002", **of_list})
    path.write_text("\n".join(map(json.dumps, events)))


@pytest.fixture
def home(place: Path) -> Path:
    home = place / "recommender-data"
    with (home / "recommender.toml").open("a") as file:
        file.write(SETTINGS)
    return home


@pytest.mark.usefixtures("home")
def test_a_report_tells_which_arm_is_better(run: Run) -> None:
    assert run("experiments", "report").out == "no impressions of an experiment yet\n"
    write_log(Path("log.jsonl"))
    assert run("events", "log.jsonl").status == 0

    shown = run("experiments", "report", "look")
    told = json.loads(run("experiments", "report", "--json").out)

    assert shown.status == 0
    assert "WARNING" not in shown.out
    assert "16.667%" in shown.out
    assert "+43.333%" in shown.out
    (found,) = told["experiments"]
    assert [one["name"] for one in found["arms"]] == ["default", "similarity"]
    assert found["arms"][1]["rate"] == pytest.approx(0.6)
    verdict = found["contrasts"][0]["verdict"]
    assert verdict["p"] < 0.001
    assert 0 < verdict["low"] < 0.4333 < verdict["high"]
    assert not found["balance"]["mismatch"]
    day = (NOW + timedelta(days=1)).date().isoformat()
    assert run("experiments", "report", "--from", day).out.startswith("no impressions")


@pytest.mark.usefixtures("home")
def test_a_mismatch_is_a_warning(run: Run) -> None:
    write_log(Path("log.jsonl"), uneven=150)
    run("events", "log.jsonl")
    shown = run("experiments", "report")
    assert "WARNING: readers are not dealt out as the settings say" in shown.out
    assert json.loads(run("experiments", "report", "--json").out)["experiments"][0]["balance"][
        "mismatch"
    ]


def test_names_that_change_meanwhile_are_a_warning(run: Run, home: Path) -> None:
    """The same readers a week later: for the log they are others."""
    settings = home / "recommender.toml"
    settings.write_text(settings.read_text().replace('salt_days = "never"', "salt_days = 7"))
    impressions = [
        {
            "type": "impression",
            "at": (NOW - timedelta(days=days)).isoformat(),
            "impression_id": f"{days} {reader}",
            "reader": f"r{reader}",
            "shown": ["hp-0001"],
            "experiment": {"name": "look", "arm": ("default", "similarity")[reader % 2]},
        }
        for days in (8, 1)
        for reader in range(40)
    ]
    Path("log.jsonl").write_text("\n".join(map(json.dumps, impressions)))
    assert run("events", "log.jsonl").status == 0
    shown = " ".join(run("experiments", "report").out.split())
    assert "WARNING: readers' names changed with events.salt_days, 1 times" in shown
    assert "Set events.salt_days to 'never' before you start one" in shown
    (found,) = json.loads(run("experiments", "report", "--json").out)["experiments"]
    assert found["periods"] == 2
    assert [one["readers"] for one in found["arms"]] == [40, 40]
    assert found["balance"] == {"p": 1.0, "mismatch": False, "crossed": 0}
    # the same log, read as if names had stayed
    settings.write_text(settings.read_text().replace("salt_days = 7", 'salt_days = "never"'))
    assert "WARNING" not in run("experiments", "report").out


@pytest.mark.usefixtures("home")
def test_an_unknown_experiment_is_refused_with_those_there_are(run: Run) -> None:
    ended = run("experiments", "report", "lok")
    assert ended.status == 1
    assert "no experiment 'lok'; the settings and the log have: look." in ended.err


@pytest.mark.usefixtures("home")
def test_the_logged_pipeline_is_estimated_as_it_was_clicked(run: Run) -> None:
    """Lists that default itself shows, of which the second was clicked in every third."""
    at = "2025-11-01T08:00:00Z"
    answer = run("related", "hp-0021", "--limit", "3", "--at", at, "--pipeline", "similarity")
    assert answer.status == 0
    cards = json.loads(
        run(
            *("related", "hp-0021", "--limit", "3", "--at", at),
            *("--pipeline", "similarity", "--json"),
        ).out
    )["data"]
    shown = [one["id"] for one in cards]
    lists = [
        {
            "timestamp": at,
            "article_id": "hp-0021" if number else "gone",
            "shown": shown,
            "clicked": shown[1:2] if number % 3 == 0 else [],
        }
        for number in range(31)
    ]
    Path("lists.jsonl").write_text("\n".join(map(json.dumps, lists)))
    estimate = ("experiments", "estimate", "lists.jsonl", "--pipeline", "similarity")

    found = json.loads(run(*estimate, "--examined", "1,0.5,0.4", "--json").out)
    table = run(*estimate, "--examined", "1,0.5,0.4")

    assert found["left_out"] == 1
    assert found["estimate"]["lists"] == 30
    for kind in ("logged", "weighted", "normalised"):
        assert found["estimate"][kind]["value"] == pytest.approx(1 / 3)
    assert found["estimate"]["covered"] == 1
    assert found["estimate"]["examined"] == [1, 0.5, 0.4]
    assert "0.3333" in table.out
    assert "Assumed" in table.out
    assert "1 lists of unknown pages" in table.err
    unknown = run(*estimate)
    assert unknown.status == 1
    assert "--examined" in unknown.err


@pytest.mark.usefixtures("home")
def test_the_homes_own_log_is_estimated_from(run: Run) -> None:
    write_log(Path("log.jsonl"))
    run("events", "log.jsonl")
    ended = run(
        *("experiments", "estimate", "log", "--pipeline", "default", "--examined", "1,0.8"),
        "--json",
    )
    found = json.loads(ended.out)["estimate"]
    assert (found["lists"], found["clicks"]) == (300, 115)
    assert found["logged"]["value"] == pytest.approx(115 / 300)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--examined", "1,no"), "then numbers above 0 such as 1,0.7,0.5, got '1,no'"),
        (("--examined", "2,1"), "Expected 1 and then numbers above 0 such as 1,0.7,0.5, got '2,1'"),
        (("--examined", "1,0"), "Expected 1 and then numbers above 0 such as 1,0.7,0.5, got '1,0'"),
        (("--examined", "1,0.5"), "Expected 3 numbers of --examined, got 2"),
        (("--examined", "1,0.5,0.2", "--pipeline", "nope"), "There is no pipeline 'nope'"),
        (("--examined", "1,0.5,0.2", "--from", "2030-01-01"), "There is no impression in"),
        (("--from", "2030-01-01"), "There is no impression in impressions.jsonl"),
    ],
)
@pytest.mark.usefixtures("home")
def test_what_cannot_be_estimated_is_told(run: Run, options: tuple[str, ...], told: str) -> None:
    ended = run("experiments", "estimate", "impressions.jsonl", "--pipeline", "default", *options)
    assert ended.status != 0
    assert told in " ".join(ended.err.split())


@pytest.mark.usefixtures("home")
def test_that_nothing_was_shown_is_told_before_how_places_are_looked_at(run: Run) -> None:
    estimate = ("experiments", "estimate", "log", "--pipeline", "default")
    assert "There is no impression in the event log" in run(*estimate).err
    gone = {"type": "impression", "article_id": "gone", "shown": ["hp-0001"], "impression_id": "i"}
    Path("log.jsonl").write_text(json.dumps({**gone, "reader": "r", "at": NOW.isoformat()}))
    assert run("events", "log.jsonl").status == 0
    ended = run(*estimate)
    assert ended.status == 1
    assert "Of 1 impression in the event log none stood on the page" in ended.err


def test_settings_tell_of_experiments(run: Run, home: Path) -> None:
    told = run("settings", "--json")
    assert "experiments.look.arms.similarity" in told.out
    (home / "recommender.toml").write_text("[experiments.x]\narms = {default = 0.5, nope = 0.5}\n")
    wrong = run("status")
    assert wrong.status == 1
    assert "experiments.x.arms: there is no pipeline 'nope'" in wrong.err
    (home / "recommender.toml").write_text("[experiments.x]\nams = {default = 0.5}\n")
    assert "'experiments.x.arms' is wrong: it should be given" in run("status").err
    (home / "recommender.toml").write_text(f"{SETTINGS}slots = 'related'\n")
    assert "Did you mean experiments.look.slot" in run("status").err
    (home / "recommender.toml").write_text(f"{SETTINGS}starts = 2026-01-05\nends = 'soon'\n")
    assert "'experiments.look.ends' is wrong" in run("status").err
