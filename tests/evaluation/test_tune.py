from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from recommender.articles.stored import StoredArticle
from recommender.articles.vector_queries import Change
from recommender.errors import InputError
from recommender.evaluation import labels as reading
from recommender.evaluation import tune as flow
from recommender.evaluation.evaluate import Watch
from recommender.evaluation.examples import examples_of
from recommender.evaluation.judgements import Judgements
from recommender.evaluation.labels import Labels, labelled_queries
from recommender.evaluation.tune import Tuned, carried_over, texts_alone, tune
from recommender.evaluation.tuning import Examples, calibrate, learn
from recommender.slots.corpus import Corpus
from recommender.slots.learned import LEARNED_SIGNALS, Calibration, Learned
from tests.slots.small_corpus import DIM, article, corpus_of, laid_over, unit

CURRENT = Learned(
    {
        "expanded": 1.0,
        "dense": 0.0,
        "lexical": 0.5,
        "title": 0.0,
        "names": 0.25,
        "density": -0.25,
        "time_between": 0.25,
    },
    related=Calibration(3.2, -2.36),
    same_story=Calibration(11.5, -11.9),
)
HALF = timedelta(days=7)
COUNT = 40
WORDS = ("bees", "clock", "bridge", "weir", "otter", "choir", "tunnel", "ridge", "mill", "eight")


@pytest.fixture(scope="module")
def archive() -> Corpus:
    """Forty articles of drawn words and vectors, a week apart."""
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(COUNT, DIM)).astype(np.float32)
    return corpus_of(
        [
            article(f"a{one}", " ".join(rng.choice(WORDS, size=4)), days_old=7 * one)
            for one in range(COUNT)
        ],
        list(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)),
    )


def judged(grades: Mapping[int, Mapping[int, int]], *, judged_only: bool = False) -> Labels:
    by_id = {
        f"a{one}": {f"a{other}": grade for other, grade in others.items()}
        for one, others in grades.items()
    }
    return Labels("judgements", Judgements(by_id), judged_only)


def neighbours_in_time(articles: Iterable[int] = range(COUNT)) -> dict[int, dict[int, int]]:
    return {
        one: {other: 1 for other in (one - 1, one + 1) if 0 <= other < COUNT} for one in articles
    }


def best_by(weights: Mapping[str, float], corpus: Corpus, count: int) -> dict[int, dict[int, int]]:
    """As labelled by somebody who thinks in exactly these weights."""
    everything: list[Mapping[int, int]] = [
        {other: 1 for other in range(COUNT) if other != one} for one in range(COUNT)
    ]
    examples = measured(corpus, range(COUNT), everything, judged_only=True)
    scores = np.einsum(
        "qsc,s->qc", examples.values, [weights.get(one, 0.0) for one in LEARNED_SIGNALS]
    )
    best = np.argsort(-scores, axis=1)[:, :count]
    others = [[other for other in range(COUNT) if other != one] for one in range(COUNT)]
    return {one: {others[one][place]: 1 for place in best[one].tolist()} for one in range(COUNT)}


def measured(
    corpus: Corpus,
    positions: Sequence[int],
    grades: Sequence[Mapping[int, int]],
    *,
    judged_only: bool,
) -> Examples:
    return examples_of("made", corpus, positions, grades, k=2, judged_only=judged_only, half=HALF)


def tuned(
    corpus: Corpus,
    labels: Labels,
    current: Learned = CURRENT,
    *,
    k: int = 2,
    min_score: float = 0.0,
    watch: Watch | None = None,
) -> Tuned:
    return tune(
        corpus,
        labels,
        current,
        start=CURRENT.weights,
        k=k,
        half=HALF,
        min_score=min_score,
        rng=np.random.default_rng(0),
        watch=watch,
    )


def test_what_decides_gets_its_weight_and_held_out_articles_are_ranked_by_it(
    archive: Corpus,
) -> None:
    found = tuned(archive, judged(neighbours_in_time()))

    assert found.better
    assert found.learned.weights["time_between"] > 1
    assert found.ndcg.before < 0.5
    assert found.ndcg.after > 0.85
    assert found.p_value < 0.001
    assert found.current == CURRENT
    assert found.queries.used == COUNT


def test_labels_that_the_weights_already_satisfy_change_nothing(archive: Corpus) -> None:
    found = tuned(archive, judged(best_by(CURRENT.weights, archive, 2)))

    assert found.learned == CURRENT
    assert found.ndcg.before == found.ndcg.after == 1.0
    assert found.p_value == 1.0
    assert not found.better


def test_the_same_labels_give_the_same_again_whatever_weights_are_in_force(
    archive: Corpus,
) -> None:
    labels = judged(neighbours_in_time())
    once = tuned(archive, labels)

    assert tuned(archive, labels) == once
    again = tuned(archive, labels, once.learned)
    assert again.learned == once.learned
    assert not again.better


def test_what_ranks_worse_than_the_weights_in_force_is_no_better(archive: Corpus) -> None:
    odd = {**CURRENT.weights, "lexical": 0.9, "title": 0.61, "names": 1.3, "time_between": 0.13}
    found = tuned(archive, judged(best_by(odd, archive, 2)), replace(CURRENT, weights=odd))

    assert found.ndcg.before == 1.0
    assert found.ndcg.after < 1.0
    assert found.learned.weights != odd
    assert not found.better


def test_every_article_is_ranked_by_weights_learned_without_it(
    archive: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[float]] = []

    def watched(
        sets: Sequence[Examples], signals: Sequence[str], start: Mapping[str, float]
    ) -> dict[str, float]:
        # a query is known by the values of its candidates
        seen.append({float(one) for one in sets[0].values.sum(axis=(1, 2))})
        return learn(sets, signals, start)

    monkeypatch.setattr(flow, "learn", watched)
    tuned(archive, judged(neighbours_in_time()))

    *folds, everything = seen
    assert len(everything) == COUNT
    assert len(folds) == flow.FOLDS
    left_out = [everything - one for one in folds]
    assert [len(one) for one in left_out] == [COUNT // flow.FOLDS] * flow.FOLDS
    assert set().union(*left_out) == everything


def test_what_cannot_be_learned_from_is_counted(archive: Corpus) -> None:
    grades = neighbours_in_time(range(25))
    grades |= {30: {31: 0}, 31: {31: 1}, 32: {99: 1}, 99: {1: 1}}

    counts = tuned(archive, judged(grades)).queries
    assert (counts.labelled, counts.used) == (29, 25)
    assert (counts.absent, counts.undecided, counts.spare) == (1, 3, 0)


def test_what_was_withdrawn_or_came_after_the_snapshot_is_absent(archive: Corpus) -> None:
    gone = article("a0", "Bees in the clock", status="withdrawn")
    changed, new = article("a2", "Otters at the weir"), article("late", "Choir in the tunnel")
    changes = [
        Change(StoredArticle(row, revision=2, article=one, text_digest=one.id), vector)
        for row, one, vector in (
            (10, gone, None),
            (30, changed, unit(1, 2)),
            (10 * COUNT + 10, new, unit(2, 1)),
        )
    ]
    labels = judged(neighbours_in_time())
    labels.judgements.grades["late"] = {"a7": 1}

    counts = tuned(laid_over(archive, changes, learned=CURRENT).corpus, labels).queries
    assert counts.absent == 3
    assert counts.undecided == 1  # both neighbours of a1 are absent
    assert counts.used == COUNT - 3


def test_where_only_what_was_judged_is_known_all_alike_decides_nothing(archive: Corpus) -> None:
    grades = {
        one: {(one + 1) % COUNT: 1, (one + 2) % COUNT: 1 if one % 4 == 0 else 0}
        for one in range(COUNT)
    }

    counts = tuned(archive, judged(grades, judged_only=True)).queries
    assert (counts.used, counts.undecided) == (30, 10)
    assert tuned(archive, judged(grades)).queries.undecided == 0


def test_what_was_not_judged_is_ranked_unless_only_the_judged_is_known(archive: Corpus) -> None:
    grades = {one: {(one + 1) % COUNT: 1, (one + 20) % COUNT: 0} for one in range(COUNT)}

    # of two that are ranked both are in the first two places
    assert tuned(archive, judged(grades, judged_only=True)).ndcg.before > 0.63
    assert tuned(archive, judged(grades)).ndcg.before < 0.5


def test_too_few_labels_are_refused_with_their_number(archive: Corpus) -> None:
    with pytest.raises(InputError) as told:
        tuned(archive, judged(neighbours_in_time(range(19)) | {98: {1: 1}, 30: {31: 0}}))

    assert "from 19 of the 21 labelled articles; 20 are needed" in str(told.value)
    assert "1 are not in the snapshot, 1 have nothing related" in str(told.value)


def test_of_many_labelled_articles_a_sample_is_learned_from(
    archive: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_QUERIES", 22)
    labels = judged(neighbours_in_time())

    positions, grades, counts = labelled_queries(archive, labels, np.random.default_rng(0))
    assert (counts.used, counts.spare) == (22, COUNT - 22)
    assert len(set(positions)) == 22
    assert grades == [neighbours_in_time()[one] for one in positions]
    other, _, _ = labelled_queries(archive, labels, np.random.default_rng(1))
    assert other != positions


def test_shown_are_the_first_places_that_are_probable_enough(archive: Corpus) -> None:
    labels = judged(neighbours_in_time())

    assert tuned(archive, labels, min_score=0.0).shown.before == 1
    assert tuned(archive, labels, min_score=0.999).shown.before == 0
    # all count alike where only time counts, so every place has the probability of a score of 0
    timely = Learned({"time_between": 1.0}, Calibration(2.0, -1.0), Calibration(1.0, 0.0))
    sure = 1 / (1 + np.exp(1.0))
    assert tuned(archive, labels, timely, min_score=sure - 0.01).shown.before == 1
    assert tuned(archive, labels, timely, min_score=sure + 0.01).shown.before == 0


def test_a_calibration_carried_over_gives_every_pair_its_probability_again(
    archive: Corpus,
) -> None:
    grades = neighbours_in_time()
    examples = measured(archive, list(grades), list(grades.values()), judged_only=False)
    before = {"expanded": 1.0, "lexical": 0.5, "time_between": 0.25}
    twice = {"expanded": 2.0, "lexical": 1.0, "time_between": 3.0}  # time is no signal of the texts

    found = carried_over(Calibration(3.0, -1.0), examples, before, twice)
    assert found.slope == pytest.approx(1.5)
    assert found.intercept == pytest.approx(-1.0)


def test_pairs_whose_probability_hangs_in_the_balance_count_most() -> None:
    values = np.zeros((1, len(LEARNED_SIGNALS), 5), dtype=np.float32)
    values[0, LEARNED_SIGNALS.index("expanded")] = [-0.5, 0, 0.5, 20, 7]
    values[0, LEARNED_SIGNALS.index("title")] = [-1, 0, 1, 2, -9]
    usable = np.array([[True, True, True, True, False]])
    nothing = np.zeros(len(LEARNED_SIGNALS), dtype=np.float32)
    grades = np.zeros((1, 5), dtype=np.float32)
    examples = Examples("made", values, grades, usable, np.ones(1), 2, nothing)

    found = carried_over(Calibration(1.0, 0.25), examples, {"expanded": 1.0}, {"title": 1.0})
    # the line through the first three; the fourth is certain either way
    assert found.slope == pytest.approx(0.5, abs=1e-3)
    assert found.intercept == pytest.approx(0.25, abs=1e-3)


def test_where_nothing_is_left_to_go_by_all_pairs_have_the_mean_odds(archive: Corpus) -> None:
    grades = neighbours_in_time()
    examples = measured(archive, list(grades), list(grades.values()), judged_only=False)

    found = carried_over(Calibration(3.0, -1.0), examples, {"expanded": 1.0}, {})
    assert found.slope == 0.1
    assert -1.0 < found.intercept < 2.0


CLICKS = {one: {(one + 1) % COUNT: 1, (one + 9) % COUNT: 0} for one in range(COUNT)}


def test_clicks_move_no_probability_and_judged_refusals_do(archive: Corpus) -> None:
    refused = judged(CLICKS, judged_only=True)
    clicked = replace(refused, kind="clicks")
    examples = measured(archive, list(CLICKS), list(CLICKS.values()), judged_only=True)
    by_editors, by_readers = tuned(archive, refused).learned, tuned(archive, clicked).learned

    weights = by_readers.weights
    assert weights == by_editors.weights != CURRENT.weights
    kept = carried_over(CURRENT.related, examples, CURRENT.weights, weights)
    assert by_readers.related.slope == pytest.approx(kept.slope)
    assert by_readers.related.intercept == pytest.approx(kept.intercept)
    assert by_editors.related == calibrate([examples], LEARNED_SIGNALS, texts_alone(weights))
    assert by_editors.related != by_readers.related
    assert by_editors.same_story == by_readers.same_story


def test_what_editors_did_not_name_moves_no_probability(archive: Corpus) -> None:
    grades = neighbours_in_time()
    examples = measured(archive, list(grades), list(grades.values()), judged_only=False)
    learned = tuned(archive, judged(grades)).learned

    assert texts_alone(learned.weights) != texts_alone(CURRENT.weights)
    for name in ("related", "same_story"):
        kept = carried_over(getattr(CURRENT, name), examples, CURRENT.weights, learned.weights)
        assert getattr(learned, name) == kept


def test_where_the_texts_count_as_before_probabilities_are_the_same_to_the_last_digit(
    archive: Corpus,
) -> None:
    timely = {**CURRENT.weights, "time_between": 1.25}
    learned = tuned(archive, judged(best_by(timely, archive, 2))).learned

    assert learned.weights == timely
    assert (learned.related, learned.same_story) == (CURRENT.related, CURRENT.same_story)


def test_it_tells_how_it_goes(archive: Corpus) -> None:
    steps: list[str] = []
    done: list[tuple[int, int]] = []
    watch = Watch(steps.append, lambda *counts: done.append(counts))
    tuned(archive, judged(neighbours_in_time()), watch=watch)

    assert steps == ["measure signals", "learn"]
    assert done == [(one, 6) for one in range(7)]
