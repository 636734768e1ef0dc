from datetime import UTC, datetime

import numpy as np

from recommender.evaluation.judgements import Judgements
from recommender.evaluation.queries import QueryCounts, ask
from tests.evaluation.made_up import DAY, UNKNOWN, collection, queries

NOW = datetime.fromtimestamp(100 * DAY, UTC)
ARTICLES = collection(published_at=[10 * DAY, 20 * DAY, 30 * DAY, UNKNOWN, 200 * DAY])
JUDGED = Judgements(
    {
        "a1": {"a0": 1, "a2": 2, "a3": 0, "a1": 3, "nobody": 1},
        "a0": {"a2": 1},
        "a3": {"a4": 1, "a0": 2},
        "a2": {"a1": 0},
        "ghost": {"a1": 1},
    }
)


def test_any_article_is_a_candidate_for_a_pipeline_without_a_now() -> None:
    asked, counts = ask(JUDGED, ARTICLES, as_of="own", now=NOW, later_too=True)

    assert asked.positions.tolist() == [1, 0, 3]
    # neither the article itself nor one that is not there
    assert asked.grades == ({0: 1, 2: 2, 3: 0}, {2: 1}, {4: 1, 0: 2})
    assert np.isinf(asked.not_after).all()
    # the undated one is asked about now
    assert asked.moments.tolist() == [20 * DAY, 10 * DAY, 100 * DAY]
    assert counts == QueryCounts(
        judged=5, used=3, absent=1, nothing_related=1, absent_documents=1, later_documents=0
    )


def test_as_of_its_own_date_an_article_has_no_later_ones() -> None:
    asked, counts = ask(JUDGED, ARTICLES, as_of="own", now=NOW, later_too=False)

    # of a1 the article a2 comes later, of a0 all that is related, of a3 what is dated after now
    assert asked.positions.tolist() == [1, 3]
    assert asked.grades == ({0: 1, 3: 0}, {0: 2})
    assert asked.not_after.tolist() == asked.moments.tolist() == [20 * DAY, 100 * DAY]
    assert counts == QueryCounts(
        judged=5, used=2, absent=1, nothing_related=2, absent_documents=1, later_documents=3
    )


def test_one_moment_for_all() -> None:
    now, _ = ask(JUDGED, ARTICLES, as_of="now", now=NOW, later_too=False)
    then, _ = ask(
        JUDGED, ARTICLES, as_of=datetime.fromtimestamp(15 * DAY, UTC), now=NOW, later_too=False
    )

    assert now.positions.tolist() == [1, 0, 3]
    assert now.not_after.tolist() == [100 * DAY] * 3
    assert then.grades == ({0: 1, 3: 0}, {0: 2})


def test_candidates_are_all_others_published_by_then() -> None:
    asked = queries([1, 3], moments=[20 * DAY, 100 * DAY])

    assert asked.candidates(np.array([0, 1]), ARTICLES).tolist() == [
        [True, False, False, True, False],  # an unknown date is no later one
        [True, True, True, False, False],
    ]
    assert asked.candidates(np.array([1]), ARTICLES).tolist() == [
        [True, True, True, False, False],
    ]
    everything = queries([4]).candidates(np.array([0]), ARTICLES)
    assert everything.tolist() == [[True, True, True, True, False]]
