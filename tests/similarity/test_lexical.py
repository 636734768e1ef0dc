import math

import numpy as np
import pytest

from recommender.similarity import lexical


def test_weights_and_cosine_are_those_worked_out_by_hand() -> None:
    # two texts: "harbour" in both (df 2), "bridge" and "school" in one each
    counts = lexical.count(["harbour bridge", "harbour school school"])
    idf = lexical.fit(counts)
    terms = lexical.weigh(counts, idf)

    common, rare = 1.0, math.log(3 / 2) + 1
    first = np.array([common, rare]) / math.hypot(common, rare)
    twice = rare * (1 + math.log(2))
    second = np.array([common, twice]) / math.hypot(common, twice)
    rows = np.array([0]), np.array([1])
    found = lexical.paired_similarity(terms, rows[0], terms, rows[1])
    assert found[0] == pytest.approx(first[0] * second[0], abs=1e-6)


def test_a_text_is_like_itself_and_unlike_one_without_a_common_word() -> None:
    counts = lexical.count(["the old harbour bridge", "Schwimmbad öffnet wieder", "", "a 1 !"])
    terms = lexical.weigh(counts, lexical.fit(counts))
    everyone = np.arange(4)
    assert lexical.paired_similarity(terms, everyone, terms, everyone) == pytest.approx(
        [1, 1, 0, 0], abs=1e-6
    )
    assert lexical.paired_similarity(terms, np.array([0]), terms, np.array([1]))[0] == 0


@pytest.mark.parametrize("text", ["東京都の橋", "ข่าวท้องถิ่น", "地方新闻"])
def test_a_script_without_spaces_is_compared_by_its_characters(text: str) -> None:
    half = text[: len(text) // 2 + 1]
    counts = lexical.count([text, half])
    terms = lexical.weigh(counts, lexical.fit(counts))
    found = lexical.paired_similarity(terms, np.array([0]), terms, np.array([1]))[0]
    assert 0.3 < found < 1


def test_no_text_has_no_terms() -> None:
    assert lexical.no_terms().shape == (0, lexical.FEATURES)
