import math
from pathlib import Path

import numpy as np
import pytest

from index.snapshot import SnapshotStore
from recommender.similarity import lexical
from tests.index.snapshots import seal


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


def test_batches_are_stacked_as_if_all_had_been_counted_at_once() -> None:
    texts = ["harbour bridge closed", "", "bridge bridge painted", "school opens"]
    stacked = lexical.Stacked()
    assert stacked.made().shape == (0, lexical.FEATURES)
    for batch in (texts[:1], texts[1:]):
        stacked.add(lexical.count(batch))
    made, at_once = stacked.made(), lexical.count(texts)
    assert made.shape == at_once.shape
    for part in ("data", "indices", "indptr"):
        assert np.array_equal(getattr(made, part), getattr(at_once, part))
    assert stacked.made().shape == (0, lexical.FEATURES), "they are given once"


def test_what_a_snapshot_keeps_is_read_without_a_copy(tmp_path: Path) -> None:
    terms = lexical.count(["the old harbour bridge", "", "harbour school"])
    store = SnapshotStore(tmp_path)
    with store.draft() as draft:
        lexical.write_terms(terms, draft, "terms")
        version = seal(draft)
    read = lexical.read_terms(store.open(version), "terms")
    np.testing.assert_array_equal(read.toarray(), terms.toarray())
    assert _is_mapped(read.data)
    assert _is_mapped(read.indices)


def _is_mapped(array: object) -> bool:
    while isinstance(array, np.ndarray) and not isinstance(array, np.memmap):
        array = array.base
    return isinstance(array, np.memmap)


def test_names_are_words_of_a_capital_and_numbers() -> None:
    text = "In 2.5km x2 the 3rd A4 of _Abc, A. Ab; 1,000.5 Élan ǅ eLAN 9 99, ² end"
    assert lexical._name_tokens(text) == ["In", "2", "A4", "Ab", "1,000.5", "Élan", "9", "99"]
    assert lexical._word_tokens("Ab 東京 x ééé") == ["ab", "東", "京", "ééé"]
    assert lexical._word_tokens("Ab x ééé_1") == ["ab", "ééé_1"]
