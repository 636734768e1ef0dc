from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Contest, Goal, figure
from benchmarks.missed import WHY, why
from benchmarks.raw import Machine, Raw, read, this_machine, write
from benchmarks.report import page, write_report

MACHINE = this_machine()


def machine(busy: float | None) -> Machine:
    return MACHINE.model_copy(update={"cores": 2, "busy": busy})


def raw(*, came: float = 0.5, busy: float | None = 0.1, changed: bool = False) -> Raw:
    return Raw(
        part="http",
        about="One worker.",
        taken_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        commit="0123456789abcdef",
        changed=changed,
        machine=machine(busy),
        corpus="made up",
        seed=7,
        warm_up="1 s",
        contests=(
            Contest(
                name="answers a second",
                size=12_345,
                measured_by="the product",
                measured=figure("answers/s", [[1234.0]]),
                baseline_by="a constant",
                baseline=figure("answers/s", [[2468.0]]),
                ratio=came,
                facts={"load by": "wrk"},
                stages={"read": figure("s", [[0.25]])},
            ),
        ),
        goals=(Goal(name="rate to that of a constant", at_least=0.4, came=came),),
    )


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    made = raw()
    assert read(write(made, tmp_path / "results")) == made


def test_page_has_every_figure_beside_its_baseline(tmp_path: Path) -> None:
    write(raw(), tmp_path)
    write_report(tmp_path, tmp_path / "REPORT.md")
    text = (tmp_path / "REPORT.md").read_text()
    assert "| answers a second | 12,345 | the product | 1 | 1,234 answers/s |" in text
    assert "| | | a constant | 1 | 2,468 answers/s |" in text
    assert "`0123456789ab`, measured 2026-01-02 03:04 UTC" in text
    assert "load by wrk" in text
    assert "| read | 0.25 s |" in text


def test_page_says_which_goals_were_not_reached() -> None:
    assert "| at least 0.4 | 0.5 | yes |" in page([raw()])
    assert "| at least 0.4 | 0.39 | **no** |" in page([raw(came=0.39)])


def test_page_says_why_a_goal_was_not_reached() -> None:
    assert "Why some" not in page([raw()])
    assert f"- {raw().goals[0].name}: not known yet." in page([raw(came=0.39)])
    known = next(iter(WHY))
    named = raw(came=0.39).goals[0].model_copy(update={"name": known})
    text = page([raw().model_copy(update={"goals": (named,)})])
    assert f"- {known}: {WHY[known]}." in text


def test_a_reason_may_stand_for_several_goals() -> None:
    uniform = "rate to that of an ordinary route, GET /v1/articles/{id}/related, of a million"
    assert why(uniform)
    assert why("rate to that of something else") == ""


def test_page_says_that_the_machine_was_busy_or_the_code_changed() -> None:
    quiet, busy = page([raw()]), page([raw(busy=1.5, changed=True)])
    assert "something else was running" not in quiet + page([raw(busy=None)])
    assert "not committed" not in quiet
    assert "something else was running" in busy
    assert "not committed" in busy


def test_the_published_page_is_made_of_the_published_results(tmp_path: Path) -> None:
    folder = Path(__file__).resolve().parents[2] / "benchmarks"
    write_report(folder / "results", tmp_path / "REPORT.md")
    assert (tmp_path / "REPORT.md").read_bytes() == (folder / "REPORT.md").read_bytes()
