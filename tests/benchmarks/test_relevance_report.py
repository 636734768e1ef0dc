"""The published page is made of the published results, and they reach what was asked for."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.relevance.pictures import draw
from benchmarks.relevance.report import page
from benchmarks.relevance.sets import SETS

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "relevance"


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((FOLDER / "relevance.json").read_text(encoding="utf-8"))
    return raw


def test_the_page_is_made_of_the_results_alone(found: dict[str, Any]) -> None:
    assert (FOLDER / "RELEVANCE.md").read_text(encoding="utf-8") == page(found)


def test_the_pictures_are_drawn_and_shown(found: dict[str, Any], tmp_path: Path) -> None:
    draw(found, tmp_path)
    drawn = sorted(one.name for one in tmp_path.iterdir())
    assert drawn == ["candidates.svg", "ndcg.svg", "reliability.svg"]
    assert all(f"pictures/{name}" in page(found) for name in drawn)


def test_each_set_is_above_the_best_plain_combination(found: dict[str, Any]) -> None:
    floors = {one.name: one.best_baseline for one in SETS if one.quoted}
    assert [one["name"] for one in found["sets"]] == list(floors)
    for one in found["sets"]:
        methods = one["left_out"]["contests"][0]["methods"]
        came = {method["name"]: method["metrics"][f"nDCG@{one['k']}"] for method in methods}
        assert came["similarity"]["mean"] > floors[one["name"]]
        assert came["similarity"]["mean"] > came["dense"]["mean"]
