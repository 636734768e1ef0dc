"""The weights that ship, held to the floor of the set on which people graded likeness."""

import json

import pytest

from recommender.cli import main
from tests.real_data import DATA, needs_real_data

pytestmark = needs_real_data


def test_lists_follow_what_people_graded_and_beat_plain_vectors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["evaluate", "related", str(DATA / "lee50"), "--judged-only", "--k", "5", "--json"]
    assert main(command) == 0
    (contest,) = json.loads(capsys.readouterr().out)["evaluation"]["contests"]
    ndcg = {one["name"]: one["metrics"]["nDCG@5"]["mean"] for one in contest["methods"]}
    assert contest["queries"]["used"] == 50
    assert ndcg["similarity"] >= 0.79
    assert ndcg["similarity"] >= ndcg["dense"] + 0.03
    assert ndcg["dense"] > ndcg["random"] + 0.3
