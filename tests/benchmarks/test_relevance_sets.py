"""A run over some sets alone, and what each signal adds on one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.relevance.run import HERE, main
from benchmarks.relevance.signals import ablation, ladder, time_between
from recommender.evaluation.tuning import Examples
from recommender.similarity.pairs import TEXT_SIGNALS
from tests.benchmarks.small_sets import RELEVANCE, write_sets

WHOLE = ("relevance.json", "RELEVANCE.md", "pictures/ndcg.svg")


def test_some_sets_alone_leave_the_report_of_all_of_them_as_it_is(tmp_path: Path) -> None:
    before = [(HERE / name).read_bytes() for name in WHOLE]
    data = write_sets(tmp_path / "data", RELEVANCE)
    out = tmp_path / "some.md"
    where = ["--data", str(data), "--homes", str(tmp_path / "homes"), "--page", str(out)]
    main([*where, "--sets", "basil", "reuters21578"])
    assert [(HERE / name).read_bytes() for name in WHOLE] == before
    page = out.read_text(encoding="utf-8")
    assert "\n## basil\n" in page
    assert "\n## allsides\n" not in page
    assert "| signals | basil | reuters21578 |" in page
    assert "| weight | basil | reuters21578 |" in page
    assert "| without | " in page
    assert "pictures/" not in page


def test_some_sets_need_data(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--sets", "basil"])
    assert "--sets needs --data" in capsys.readouterr().err


def examples(*candidates: tuple[float, float, float, int]) -> Examples:
    """One query at k = 1; of each candidate expanded, lexical, closeness in time, and grade."""
    values = np.zeros((1, len(TEXT_SIGNALS) + 1, len(candidates)), dtype=np.float32)
    for place, (expanded, lexical, near, _) in enumerate(candidates):
        values[0, TEXT_SIGNALS.index("expanded"), place] = expanded
        values[0, TEXT_SIGNALS.index("lexical"), place] = lexical
        values[0, -1, place] = near
    grades = np.array([[grade for *_, grade in candidates]], dtype=np.float32)
    usable = np.ones((1, len(candidates)), dtype=np.bool_)
    nothing = np.zeros(values.shape[1], dtype=np.float32)
    return Examples("made up", values, grades, usable, np.array([1.0]), 1, nothing)


def test_closeness_in_time_counts_from_the_weight_on_that_makes_up_for_the_texts() -> None:
    # 0.2 nearer by its text, 1 nearer in time: worth it from a weight above 0.2 on
    timed = examples((0.8, 0, 0, 0), (0.6, 0, 1, 1))
    found = time_between(timed, {"expanded": 1.0, "time_between": 0.25})
    assert found == {0.0: 0.0, 0.1: 0.0, 0.25: 1.0, 0.4: 1.0, 1.0: 1.0}
    assert time_between(None, {"expanded": 1.0}) == {}


def test_ablation_tells_the_change_and_the_ladder_the_figure() -> None:
    one = examples((0.8, 0, 0, 0), (0.6, 1, 0, 1))
    texts = replace(one, values=one.values[:, :-1], background=one.background[:-1])
    changes = dict(ablation(texts, {"expanded": 1.0, "lexical": 0.5}))
    assert changes["without lexical"] == -1.0
    assert changes["names at 0.5"] == 0.0
    steps = ladder(texts)
    assert (steps["expanded"], steps["expanded, lexical"]) == (0.0, 1.0)
