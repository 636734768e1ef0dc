import math
import re
from collections import Counter

import numpy as np
import pytest

from recommender.evaluation.baselines import baselines
from recommender.evaluation.collection import Collection
from recommender.evaluation.run import Positions, Scorer
from tests.evaluation.made_up import DAY, TEXTS, UNKNOWN, collection

WORDS = [Counter(re.findall(r"\w{2,}", text)) for text in TEXTS]
EVERYONE: Positions = np.arange(len(TEXTS))


def scorers(articles: Collection) -> dict[str, Scorer]:
    made, _ = baselines(articles, np.random.default_rng(0))
    return {one.name: one.scorer for one in made}


def in_how_many(word: str) -> int:
    return sum(word in words for words in WORDS)


def bm25(query: Counter[str], text: Counter[str]) -> float:
    """As Lucene: k1 1.5, b .75, idf ln(1 + (n - df + .5) / (df + .5))."""
    average = sum(words.total() for words in WORDS) / len(WORDS)
    total = 0.0
    for word, times in query.items():
        idf = math.log(1 + (len(WORDS) - in_how_many(word) + 0.5) / (in_how_many(word) + 0.5))
        length = 1.5 * (1 - 0.75 + 0.75 * text.total() / average)
        total += times * idf * text[word] / (text[word] + length)
    return total


def tf_idf(words: Counter[str]) -> dict[str, float]:
    weights = {
        word: (1 + math.log(times)) * (math.log((1 + len(WORDS)) / (1 + in_how_many(word))) + 1)
        for word, times in words.items()
    }
    length = math.hypot(*weights.values()) or 1.0
    return {word: weight / length for word, weight in weights.items()}


def test_bm25_is_that_of_the_formula() -> None:
    found = scorers(collection())["BM25"](EVERYONE)

    expected = [[bm25(query, text) for text in WORDS] for query in WORDS]
    assert found == pytest.approx(np.array(expected), abs=1e-5)
    assert found[0, 3] > 0
    assert (found[4] == 0).all()


def test_tf_idf_is_the_cosine_of_the_formula() -> None:
    found = scorers(collection())["TF-IDF"](EVERYONE)

    weights = [tf_idf(words) for words in WORDS]
    expected = [
        [sum(one[word] * other.get(word, 0) for word in one) for other in weights]
        for one in weights
    ]
    assert found == pytest.approx(np.array(expected), abs=1e-6)


def test_dense_is_the_cosine_of_the_vectors() -> None:
    articles = collection(vectors=np.random.default_rng(1).normal(size=(5, 3)).tolist())
    found = scorers(articles)["dense"](np.array([3, 1]))

    expected = [
        [float(np.dot(articles.vectors[a], one)) for one in articles.vectors] for a in (3, 1)
    ]
    assert found == pytest.approx(np.array(expected), abs=1e-6)


def ordered(scores: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> list[int]:
    return [int(one) for one in np.argsort(-scores, kind="stable")]


def test_latest_is_by_date_ties_by_position_the_undated_last() -> None:
    articles = collection(published_at=[2 * DAY, UNKNOWN, 3 * DAY, 2 * DAY, -5 * DAY])
    found = scorers(articles)["latest"](np.array([0, 4]))

    assert ordered(found[0]) == ordered(found[1]) == [2, 0, 3, 4, 1]


def test_same_section_is_the_newest_of_it_before_all_others() -> None:
    articles = collection(
        published_at=[1 * DAY, 5 * DAY, 3 * DAY, 4 * DAY, 2 * DAY], section=[0, 1, 0, -1, -1]
    )
    found = scorers(articles)["same section"](np.array([0, 1, 3]))

    assert ordered(found[0]) == [2, 0, 1, 3, 4]
    assert ordered(found[1]) == [1, 3, 2, 4, 0]
    # no section is no shared section
    assert ordered(found[2]) == [1, 3, 2, 4, 0]


def test_random_is_another_order_each_time_and_the_same_for_the_same_source() -> None:
    asked: Positions = np.zeros(200, dtype=np.int64)
    found = scorers(collection())["random"](asked)

    assert scorers(collection())["random"](asked).tolist() == found.tolist()
    first = np.bincount(found.argmax(axis=1), minlength=5)
    assert first.min() > 20  # of 200 lists each of five begins about 40
    assert first.max() < 60


def test_what_says_nothing_about_a_collection_is_left_out() -> None:
    made, left_out = baselines(collection(), np.random.default_rng(0))

    assert [one.name for one in made] == ["random", "BM25", "TF-IDF", "dense"]
    assert [(one.name, one.reason) for one in left_out] == [
        ("latest", "no article has a date"),
        ("same section", "no article has a section"),
    ]
    dated = collection(published_at=[UNKNOWN] * 4 + [DAY], section=[-1, -1, -1, -1, 0])
    assert baselines(dated, np.random.default_rng(0))[1] == ()


def test_articles_without_a_word_do_not_stop_bm25() -> None:
    assert scorers(collection(["", "!"]))["BM25"](np.array([1])).tolist() == [[0, 0]]
