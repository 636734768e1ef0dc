from collections.abc import Sequence
from math import log2

import numpy as np
import numpy.typing as npt
import pytest

from recommender.evaluation.tuning import (
    CLEAR_GAIN,
    Examples,
    calibrate,
    discounted_gain,
    learn,
    ndcg,
    scored_pairs,
)
from recommender.slots.learned import Calibration


def made(
    values: npt.NDArray[np.floating],
    grades: npt.NDArray[np.number],
    *,
    usable: npt.NDArray[np.bool_] | None = None,
    best: Sequence[float] | None = None,
    background: npt.NDArray[np.float32] | None = None,
    k: int = 2,
) -> Examples:
    """All usable, and the best lists those of `grades`, unless given."""
    ideal = [discounted_gain(sorted(one, reverse=True), k) for one in grades.tolist()]
    return Examples(
        "made",
        values.astype(np.float32),
        grades.astype(np.float32),
        np.ones(grades.shape, dtype=np.bool_) if usable is None else usable,
        np.array(ideal if best is None else best),
        k,
        np.zeros(values.shape[1], dtype=np.float32) if background is None else background,
    )


def noise(*shape: int, seed: int = 0) -> npt.NDArray[np.float64]:
    return np.random.default_rng(seed).random(shape) / 10


def one_related(queries: int, candidates: int) -> npt.NDArray[np.float64]:
    """Grades: one of the candidates, drawn for each query, is related."""
    grades = np.zeros((queries, candidates))
    chosen = np.random.default_rng(9).integers(candidates, size=queries)
    grades[np.arange(queries), chosen] = 1
    return grades


def test_ndcg_is_that_of_the_usable_candidates_against_the_best_list_of_all() -> None:
    grades = np.array([[0, 2, 3, 1], [1, 0, 0, 0]])
    usable = np.array([[True, True, False, True], [True, False, False, False]])
    scores = np.array([[0.9, 0.5, 1.0, 0.7], [0.1, 5.0, 5.0, 5.0]])
    # the candidate of grade 3 is not ranked, but a better engine would have found it
    examples = made(np.zeros((2, 1, 4)), grades, usable=usable)

    # by score 0, 1, 2: two places count
    first = (0 + 1 / log2(3)) / (3 + 2 / log2(3))
    assert ndcg(examples, scores) == pytest.approx([first, 1.0])


def test_what_is_not_usable_gains_nothing_where_places_are_left() -> None:
    examples = made(
        np.zeros((1, 1, 3)),
        np.array([[0, 5, 5]]),
        usable=np.array([[True, False, False]]),
        best=[5.0],
        k=3,
    )

    assert ndcg(examples, np.array([[1.0, 9.0, 9.0]])).tolist() == [0.0]


def test_ties_stand_in_the_order_of_the_candidates() -> None:
    examples = made(np.zeros((2, 1, 2)), np.array([[1, 0], [0, 1]]), k=1)

    assert ndcg(examples, np.zeros((2, 2))).tolist() == [1.0, 0.0]


def test_the_signal_that_decides_gets_a_weight_and_noise_stays_where_it_was() -> None:
    grades = one_related(60, 8)
    values = np.stack([noise(60, 8), grades, noise(60, 8, seed=1), noise(60, 8, seed=2)], axis=1)
    examples = made(values, grades)

    signals = ("expanded", "title", "lexical", "other")
    found = learn([examples], signals, {"expanded": 1.0, "lexical": 0.5})

    assert found == {"expanded": 1.0, "title": 0.5, "lexical": 0.5, "other": 0.0}
    row = np.array(list(found.values()))
    assert ndcg(examples, np.einsum("qsc,s->qc", values, row)).tolist() == [1.0] * 60


def test_a_signal_that_misleads_loses_its_weight() -> None:
    grades = one_related(60, 8)
    values = np.stack([grades / 10, 1 - grades], axis=1)

    assert learn([made(values, grades)], ("expanded", "names"), {"expanded": 1, "names": 0.25}) == {
        "expanded": 1.0,
        "names": 0.0,
    }


@pytest.mark.parametrize(("sign", "learned"), [(1, False), (-1, True)])
def test_density_counts_only_against_a_pair_and_others_only_for_it(
    sign: int, *, learned: bool
) -> None:
    grades = one_related(60, 8)
    values = np.stack([noise(60, 8), sign * grades], axis=1)

    assert (learn([made(values, grades)], ("expanded", "density"), {})["density"] < 0) is learned
    assert (learn([made(values, grades)], ("expanded", "title"), {})["title"] > 0) is not learned


# of 1,000 queries that gain 1 - 1 / log2(3) each
@pytest.mark.parametrize(("queries", "taken"), [(5, False), (6, True)])
def test_a_step_is_taken_only_where_it_gains_clearly(queries: int, *, taken: bool) -> None:
    grades = np.tile([1.0, 0.0], (1000, 1))
    expanded = grades / 10
    title = np.zeros_like(grades)
    expanded[:queries] = [0.0, 0.1]
    title[:queries, 0] = 1
    examples = made(np.stack([expanded, title], axis=1), grades)

    assert (queries * (1 - 1 / log2(3)) / 1000 > CLEAR_GAIN) is taken
    found = learn([examples], ("expanded", "title"), {"expanded": 1.0})
    assert (found["title"] > 0) is taken


def test_a_small_set_counts_as_much_as_a_large_one() -> None:
    helped = np.tile([0.0, 1.0], (500, 1))
    large = made(np.stack([np.zeros_like(helped), helped], axis=1), helped, k=1)
    hurt = np.tile([0.0, 1.0], (10, 1))
    small = made(np.stack([hurt / 10, 1 - hurt], axis=1), hurt, k=1)
    signals = ("expanded", "title")

    assert learn([large], signals, {"expanded": 1.0})["title"] == 0.5
    # gains one set all there is, and costs the other as much
    assert learn([large, small], signals, {"expanded": 1.0})["title"] == 0


def test_the_same_labels_give_the_same_weights_and_are_left_as_they_were() -> None:
    grades = one_related(40, 6)
    values = np.stack([noise(40, 6), grades + 9 * noise(40, 6, seed=3)], axis=1)
    examples = made(values, grades)

    once = learn([examples], ("expanded", "title"))
    assert learn([examples], ("expanded", "title")) == once
    assert (examples.values == values.astype(np.float32)).all()


def test_a_part_is_of_its_queries_alone() -> None:
    examples = made(noise(4, 2, 3), one_related(4, 3))

    part = examples.part(np.array([2, 0]))
    assert len(part) == 2
    assert (part.values == examples.values[[2, 0]]).all()
    assert (part.grades == examples.grades[[2, 0]]).all()


def test_the_calibration_recovers_known_probabilities() -> None:
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(2000, 20))
    true = Calibration(slope=3.0, intercept=-1.0)
    grades = rng.random(scores.shape) < true.probability(scores)
    examples = made(scores[:, None, :], grades.astype(float), best=[1.0] * 2000)

    found = calibrate([examples], ("expanded",), {"expanded": 1.0})
    assert found.slope == pytest.approx(3.0, rel=0.05)
    assert found.intercept == pytest.approx(-1.0, rel=0.05)
    halved = calibrate([examples], ("expanded",), {"expanded": 0.5})
    assert halved.slope == pytest.approx(2 * found.slope, rel=0.01)


def test_one_curve_serves_corpora_that_are_near_to_everything_and_those_that_are_not() -> None:
    rng = np.random.default_rng(5)
    true = Calibration(slope=3.0, intercept=-1.0)
    sets = []
    for level in (0.2, 1.7):
        beside = rng.normal(size=(2000, 20))
        grades = rng.random(beside.shape) < true.probability(beside)
        values = (beside + level)[:, None, :]
        background = np.array([level], dtype=np.float32)
        sets.append(made(values, grades.astype(float), best=[1.0] * 2000, background=background))
    for some in (sets, sets[:1], sets[1:]):
        found = calibrate(some, ("expanded",), {"expanded": 1.0})
        assert found.slope == pytest.approx(3.0, rel=0.06)
        assert found.intercept == pytest.approx(-1.0, rel=0.1)


def test_only_the_twenty_best_that_are_usable_are_calibrated_on() -> None:
    scores = np.tile(np.arange(25.0), (3, 1))
    usable = np.ones((3, 25), dtype=np.bool_)
    usable[1, 24] = False
    usable[2, 2:] = False
    grades = np.zeros((3, 25))
    grades[:, 23:] = 2
    examples = made(scores[:, None, :], grades, usable=usable)

    found, related = scored_pairs(examples, ("title",), {"title": 2.0})
    assert found.tolist() == [*range(48, 8, -2), *range(46, 6, -2), 2, 0]
    assert related.tolist() == [True, True, *[False] * 18, True, *[False] * 21]


@pytest.mark.parametrize("grade", [0.0, 1.0])
def test_where_all_are_alike_nothing_is_calibrated(grade: float) -> None:
    examples = made(noise(5, 1, 4), np.full((5, 4), grade), best=[1.0] * 5)

    assert calibrate([examples], ("expanded",), {"expanded": 1.0}) == Calibration(1.0, 0.0)
