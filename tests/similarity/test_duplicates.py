import numpy as np

from recommender.similarity.duplicates import are_copies, copy_groups
from recommender.similarity.pairs import PairSignals


def _array(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


def test_a_copy_keeps_both_its_subject_and_its_words() -> None:
    signals = PairSignals(
        dense=_array(0.99, 0.95, 0.6), lexical=_array(0.97, 0.3, 0.95), title=_array(0, 1, 1)
    )
    assert are_copies(signals).tolist() == [True, False, False]


def test_copies_of_copies_are_one_group_named_by_its_first() -> None:
    groups = copy_groups(np.array([4, 2]), np.array([2, 1]), 6)
    assert groups.tolist() == [0, 1, 1, 3, 1, 5]


def test_without_copies_everyone_is_alone() -> None:
    nobody = np.empty(0, dtype=np.int64)
    assert copy_groups(nobody, nobody, 3).tolist() == [0, 1, 2]
