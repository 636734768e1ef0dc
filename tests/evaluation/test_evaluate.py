from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from recommender.errors import InputError
from recommender.evaluation.contestants import Contestant
from recommender.evaluation.evaluate import Options, Watch, evaluate
from recommender.evaluation.judgements import Judgements
from recommender.evaluation.report import Contest, Evaluation
from tests.evaluation.made_up import DAY, collection

NOW = datetime.fromtimestamp(1000 * DAY, UTC)
STORIES = 12
# three articles of each of twelve stories, one story after the other, a day apart
ARTICLES = collection(
    [f"story{number // 3} part{number}" for number in range(3 * STORIES)],
    published_at=[DAY * number for number in range(3 * STORIES)],
)
JUDGED = Judgements(
    {
        f"a{one}": {
            f"a{other}": 1 for other in range(one - one % 3, one - one % 3 + 3) if other != one
        }
        for one in range(3 * STORIES)
    }
)


class Oracle:
    """Knows the stories; remembers when it was asked about what."""

    def __init__(self, *, knows_now: bool) -> None:
        self.knows_now = knows_now
        self.asked: list[tuple[tuple[str, ...], datetime, int]] = []

    def related(self, ids: Sequence[str], at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        self.asked.append((tuple(ids), at, limit))
        for one in ids:
            for other in JUDGED.grades.get(one, ()):
                later = ARTICLES.published_at[ARTICLES.positions[other]] > at.timestamp()
                if not (self.knows_now and later):
                    yield one, other

    def contestant(self, name: str = "oracle") -> Contestant:
        return Contestant(name, self.knows_now, self.related)


def nothing(_ids: Sequence[str], _at: datetime, _limit: int) -> Iterator[tuple[str, str]]:
    return iter(())


def evaluated(*contestants: Contestant, options: Options | None = None) -> Evaluation:
    return evaluate(
        ARTICLES,
        JUDGED,
        contestants,
        options or Options(),
        now=NOW,
        rng=np.random.default_rng(0),
    )


def mean(contest: Contest, method: str, metric: str) -> float:
    return next(one for one in contest.methods if one.name == method).metrics[metric].mean


def test_a_perfect_and_an_empty_pipeline_beside_the_baselines() -> None:
    found = evaluated(
        Oracle(knows_now=False).contestant(), Contestant("empty", knows_now=False, related=nothing)
    )

    assert (found.articles, found.depth, found.as_of) == (36, 100, "own")
    (contest,) = found.contests
    assert [(one.name, one.kind) for one in contest.methods] == [
        ("oracle", "pipeline"),
        ("empty", "pipeline"),
        *((name, "baseline") for name in ("random", "latest", "BM25", "TF-IDF", "dense")),
    ]
    perfect, empty = contest.methods[0].metrics, contest.methods[1].metrics
    assert perfect["nDCG@2"].mean == perfect["nDCG@2"].low == perfect["nDCG@2"].high == 1
    assert set(perfect) == set(found.metric_names)
    assert all(one.mean == 0 for one in empty.values())
    assert contest.methods[1].shown.filled == 0
    assert mean(contest, "TF-IDF", "nDCG@2") == mean(contest, "BM25", "nDCG@2") == 1
    # two of 35 others are related
    assert mean(contest, "random", "P@1") < 0.3


def test_differences_are_those_of_the_means_and_their_p_values_fit() -> None:
    (contest,) = evaluated(Oracle(knows_now=False).contestant()).contests

    compared = contest.compared("oracle", "random")
    assert compared is not None
    difference = compared.metrics["P@1"]
    assert difference.mean == pytest.approx(1 - mean(contest, "random", "P@1"))
    assert difference.low <= difference.mean <= difference.high
    assert difference.p < 0.001
    same = contest.compared("oracle", "TF-IDF")
    assert same is not None
    assert (same.metrics["MAP"].mean, same.metrics["MAP"].p) == (0, 1)
    assert {one.against for one in contest.comparisons if one.method == "oracle"} == {
        "random",
        "latest",
        "BM25",
        "TF-IDF",
        "dense",
    }
    assert contest.compared("BM25", "dense") is not None
    assert contest.compared("dense", "oracle") is None


def test_a_pipeline_that_knows_now_is_asked_at_each_articles_own_date() -> None:
    oracle = Oracle(knows_now=True)
    (contest,) = evaluated(oracle.contestant()).contests

    # the first article of a story has nothing earlier to show
    assert (contest.queries.used, contest.queries.nothing_related) == (24, 12)
    assert contest.queries.later_documents == 12 * (2 + 1)
    assert not contest.later_too
    assert oracle.asked[0] == (("a1",), datetime.fromtimestamp(DAY, UTC), 100)
    assert len(oracle.asked) == 24
    assert mean(contest, "oracle", "nDCG@2") == 1
    # what is newest by then is the story's article of the day before
    assert mean(contest, "latest", "P@1") == 1
    assert contest.methods[0].shown.age_days == pytest.approx(1)


def test_at_one_moment_all_are_asked_together() -> None:
    oracle = Oracle(knows_now=True)
    (contest,) = evaluated(oracle.contestant(), options=Options(as_of="now")).contests

    assert [(len(ids), at) for ids, at, _ in oracle.asked] == [(36, NOW)]
    assert contest.queries.used == 36


def test_pipelines_with_and_without_a_now_do_not_meet() -> None:
    found = evaluated(
        Oracle(knows_now=True).contestant("dated"),
        Oracle(knows_now=False).contestant("timeless"),
        Oracle(knows_now=True).contestant("dated too"),
    )

    dated, timeless = found.contests
    assert [one.name for one in dated.methods[:3]] == ["dated", "dated too", "random"]
    assert [one.name for one in timeless.methods[:2]] == ["timeless", "random"]
    assert (dated.queries.used, timeless.queries.used) == (24, 36)
    assert dated.compared("dated", "dated too") is not None


def test_judged_only_measures_the_judged_and_shows_the_rest_too() -> None:
    options = Options(judged_only=True)
    found = evaluated(Contestant("empty", knows_now=False, related=nothing), options=options)

    (contest,) = found.contests
    assert found.depth == 1_000
    # all that was judged here is related, and what a list lacks stands last
    assert mean(contest, "empty", "nDCG@2") == mean(contest, "random", "nDCG@2") == 1
    assert contest.methods[0].shown.filled == 0
    assert contest.methods[1].shown.filled == 1


def test_a_pipeline_may_have_the_name_of_a_baseline() -> None:
    (contest,) = evaluated(Oracle(knows_now=False).contestant("dense")).contests

    assert [one.name for one in contest.methods if one.name.startswith("dense")] == [
        "dense (pipeline)",
        "dense",
    ]
    assert mean(contest, "dense (pipeline)", "nDCG@2") == 1
    assert mean(contest, "dense", "nDCG@2") < 1


def test_the_same_source_of_chance_gives_the_same_report() -> None:
    once, again = (evaluated(Oracle(knows_now=False).contestant()) for _ in range(2))

    assert once == again


def test_every_step_is_told() -> None:
    steps: list[str] = []
    done: list[tuple[int, int]] = []
    evaluate(
        ARTICLES,
        JUDGED,
        [Oracle(knows_now=True).contestant()],
        Options(as_of="now"),
        now=NOW,
        rng=np.random.default_rng(0),
        watch=Watch(steps.append, lambda *counts: done.append(counts)),
    )

    assert steps[:3] == ["prepare baselines", "rank by pipeline oracle", "rank by random"]
    assert steps[-1] == "compare"
    assert done == [(36, 36)]


@pytest.mark.parametrize(
    ("judged", "told"),
    [
        (Judgements({"x1": {"a1": 1}, "x2": {"a1": 1}}), "the first is 'x1'"),
        (Judgements({"a1": {"a2": 0}, "x2": {"a1": 1}}), "1 are no article's"),
    ],
)
def test_nothing_to_ask_is_an_error(judged: Judgements, told: str) -> None:
    with pytest.raises(InputError, match=told):
        evaluate(
            ARTICLES,
            judged,
            [Oracle(knows_now=False).contestant()],
            Options(),
            now=NOW,
            rng=np.random.default_rng(0),
        )
