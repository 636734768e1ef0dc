import numpy as np
import pytest

from recommender.evaluation import run as ranking
from recommender.evaluation.run import Positions, Run, only_judged, rank
from tests.evaluation.made_up import DAY, collection, queries


def lists(run: Run) -> list[list[int]]:
    return [one.tolist() for one in run.lists]


def test_best_first_ties_by_position_and_never_the_article_itself() -> None:
    scores = np.array([[9.0, 1, 5, 5, 1], [1, 1, 1, 1, 9]])

    run = rank("made", lambda _: scores, queries([0, 4]), collection(), depth=10)

    assert run.method == "made"
    assert lists(run) == [[2, 3, 1, 4], [0, 1, 2, 3]]


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
def test_a_cut_list_begins_as_the_whole_one(depth: int) -> None:
    scores = np.array([[1.0, 3, 3, 3, 2]])

    run = rank("made", lambda _: scores, queries([0]), collection(), depth=depth)

    assert lists(run) == [[1, 2, 3, 4][:depth]]


def test_ties_of_many_are_by_position_too() -> None:
    many = collection(["a text"] * 200)
    scores = np.tile([1.0, 2.0], 100)[None, :]

    run = rank("made", lambda _: scores, queries([0]), many, depth=150)

    assert lists(run) == [[*range(1, 200, 2), *range(2, 101, 2)]]


def test_later_articles_are_no_candidates() -> None:
    dated = collection(published_at=[3 * DAY, 1 * DAY, 4 * DAY, 3 * DAY, 2 * DAY])
    scores = np.array([[1.0, 1, 9, 2, 3]])

    run = rank("made", lambda _: scores, queries([0], moments=[3 * DAY]), dated, depth=10)

    assert lists(run) == [[4, 3, 1]]


def test_blocks_of_queries_are_ranked_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(3).random((5, 5))
    asked = queries([4, 0, 3, 1, 2])

    def scorer(positions: Positions) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return table[positions]

    at_once = lists(rank("made", scorer, asked, collection(), depth=3))
    monkeypatch.setattr(ranking, "_CELLS", 11)  # two queries of five articles at a time
    assert lists(rank("made", scorer, asked, collection(), depth=3)) == at_once
    for position, ranked in zip(asked.positions.tolist(), at_once, strict=True):
        others = [one for one in range(5) if one != position]
        assert ranked == sorted(others, key=lambda one: -table[position, one])[:3]


def test_judged_only_ranks_nothing_else() -> None:
    scores = np.array([[9.0, 1, 5, 7, 2]])
    asked = queries([0], grades=[{4: 0, 1: 2, 3: 1}])

    run = rank("made", lambda _: scores, asked, collection(), depth=10, judged_only=True)

    assert lists(run) == [[3, 4, 1]]


def test_judged_articles_that_a_list_lacks_stand_last() -> None:
    asked = queries([0, 1], grades=[{4: 0, 1: 2, 3: 1}, {0: 1}])
    run = Run("made", (np.array([2, 3]), np.array([], dtype=np.int64)))

    assert lists(only_judged(run, asked)) == [[3, 1, 4], [0]]
