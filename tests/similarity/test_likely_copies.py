from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest

from recommender.similarity import likely_copies as room
from recommender.similarity.likely_copies import boilerplate_above, likely_copies
from recommender.similarity.sketches import Sketches, joined


def _sketch(shingles: set[int]) -> Sketches:
    return Sketches(
        hashes=np.array(sorted(shingles), dtype=np.uint32),
        ends=np.array([0, len(shingles)]),
        limits=np.array([2**32 - 1], dtype=np.uint32),
        lengths=np.array([len(shingles)], dtype=np.int32),
        digests=np.zeros(1, dtype=np.uint64),
        times=np.zeros(1),
    )


def _texts() -> list[set[int]]:
    """Some 120 texts out of few shingles, so that most pairs share some."""
    rng = np.random.default_rng(0)
    common = set(range(3))
    return [
        {int(one) for one in rng.integers(10, 900, rng.integers(0, 60))} | common
        for _ in range(120)
    ]


def _counted_one_by_one(texts: list[set[int]]) -> tuple[list[tuple[int, int]], list[int]]:
    articles: dict[int, list[int]] = {}
    for at, text in enumerate(texts):
        for shingle in text:
            articles.setdefault(shingle, []).append(at)
    shared: Counter[tuple[int, int]] = Counter()
    boilerplate = []
    for shingle, those in articles.items():
        if len(those) > boilerplate_above(len(texts)):
            boilerplate.append(shingle)
        else:
            shared.update(combinations(those, 2) if len(those) <= 8 else pairwise(those))
    return sorted(pair for pair, times in shared.items() if times >= 4), sorted(boilerplate)


@pytest.mark.parametrize("part", [1 << 23, 100], ids=["all at once", "in many parts"])
def test_pairs_are_those_that_share_enough_however_few_are_counted_at_once(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_PART", part)
    monkeypatch.setattr(room, "_BLOCK", part)
    texts = _texts()
    (left, right), boilerplate = likely_copies(
        joined([_sketch(one) for one in texts]), boilerplate_above(len(texts))
    )
    pairs, common = _counted_one_by_one(texts)
    assert len(pairs) > 10
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == pairs
    assert boilerplate.tolist() == common == [0, 1, 2]


def test_sketches_without_some_shingles_keep_the_others_of_each_text() -> None:
    texts = _texts()
    few = joined([_sketch(one) for one in texts]).without(np.array([1, 2, 50], dtype=np.uint32))
    left = [few.take(np.array([at])).hashes.tolist() for at in range(len(few))]
    assert left == [sorted(one - {1, 2, 50}) for one in texts]
