from datetime import timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from index.snapshot import SnapshotStore
from recommender.similarity.stories import (
    arrange,
    find_stories,
    read_stories,
    write_stories,
)
from tests.index.snapshots import seal

_DAY = 86_400.0
_Floats = npt.NDArray[np.float64]
_Pairs = dict[tuple[int, int], float]


def _graph(
    count: int, pairs: _Pairs, *, mirrored: bool = True
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """A neighbour graph in which each pair stands in both rows, or in the first one's alone."""
    rows: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    for (one, other), likeness in pairs.items():
        rows[one].append((other, likeness))
        if mirrored:
            rows[other].append((one, likeness))
    width = max([1, *map(len, rows)])
    positions = np.full((count, width), -1, dtype=np.int32)
    values = np.zeros((count, width), dtype=np.float32)
    for row, found in enumerate(rows):
        for place, (other, likeness) in enumerate(found):
            positions[row, place] = other
            values[row, place] = likeness
    return positions, values


def _undated(count: int) -> _Floats:
    return np.full(count, np.nan)


def _stories(count: int, pairs: _Pairs, days: list[float] | None = None) -> list[int]:
    when = _undated(count) if days is None else np.array(days) * _DAY
    found: list[int] = find_stories(*_graph(count, pairs), when, least=0.5).tolist()
    return found


def _random_pairs(rng: np.random.Generator, count: int, share: float) -> _Pairs:
    chosen = [pair for pair in combinations(range(count), 2) if rng.random() < share]
    return {pair: float(rng.uniform(0.05, 1)) for pair in chosen}


def _one_after_the_other(count: int, pairs: _Pairs, least: float) -> list[int]:
    """Average linkage as it is written in the books."""
    pieces = [{one} for one in range(count)]

    def mean(one: set[int], other: set[int]) -> float:
        likenesses = [pairs.get((min(a, b), max(a, b)), 0.0) for a in one for b in other]
        return sum(likenesses) / len(likenesses)

    while len(pieces) > 1:
        best = max(combinations(pieces, 2), key=lambda two: mean(*two))
        if mean(*best) < least:
            break
        pieces = [piece for piece in pieces if piece not in best] + [best[0] | best[1]]
    return [min(next(piece for piece in pieces if one in piece)) for one in range(count)]


def test_two_pieces_are_joined_where_the_mean_of_all_their_pairs_is_enough() -> None:
    # 1 and 3 first; then 4 with them: (.8 + .3) / 2 = .55; 0 with them: (.9 + 0 + 0) / 3 = .3
    pairs = {(1, 3): 0.95, (3, 4): 0.8, (1, 4): 0.3, (0, 3): 0.9}
    assert _stories(5, pairs) == [0, 1, 2, 1, 1]
    # (.8 + .18) / 2 = .49
    assert _stories(5, pairs | {(1, 4): 0.18}) == [0, 1, 2, 1, 4]


@pytest.mark.parametrize("seed", range(8))
def test_it_is_average_linkage(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = 30
    pairs = _random_pairs(rng, count, share=0.35)
    for least in (0.2, 0.35, 0.6):
        found = find_stories(*_graph(count, pairs), _undated(count), least=least)
        assert found.dtype == np.int32
        assert found.tolist() == _one_after_the_other(count, pairs, least)
        assert len(set(found.tolist())) < count


def test_the_order_of_the_articles_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    count = 60
    pairs = _random_pairs(rng, count, share=0.2)
    when = rng.uniform(0, 200, count) * _DAY
    moved = rng.permutation(count)
    elsewhere = {
        (min(moved[a], moved[b]), max(moved[a], moved[b])): p for (a, b), p in pairs.items()
    }
    found = find_stories(*_graph(count, pairs), when)
    again = find_stories(*_graph(count, elsewhere), when[np.argsort(moved)])[moved]
    assert len(set(found.tolist())) < count
    assert (found[:, None] == found).tolist() == (again[:, None] == again).tolist()


def test_a_pair_counts_once_whether_it_stands_in_one_row_or_in_both() -> None:
    pairs = _random_pairs(np.random.default_rng(3), 30, share=0.3)
    turned = {(b, a) if (a + b) % 2 else (a, b): p for (a, b), p in pairs.items()}
    both = find_stories(*_graph(30, pairs), _undated(30))
    assert find_stories(*_graph(30, turned, mirrored=False), _undated(30)).tolist() == both.tolist()


def test_a_chain_of_similar_articles_is_not_one_story() -> None:
    # two neighbouring pairs: .9 / 4
    assert _stories(8, {(one, one + 1): 0.9 for one in range(7)}) == [0, 0, 2, 2, 4, 4, 6, 6]


def test_ties_go_by_position() -> None:
    # a ring of four: 0 with 1 and 2 with 3, then (.5 + .5) / 4 is too little
    assert _stories(4, {(0, 1): 0.5, (1, 2): 0.5, (2, 3): 0.5, (0, 3): 0.5}) == [0, 0, 2, 2]
    # 2 and 3 share more of their leading bits than 1 and 2
    assert _stories(4, {(1, 2): 0.5, (2, 3): 0.5}) == [0, 1, 2, 2]


def test_five_hundred_copies_of_one_text_are_one_story() -> None:
    count = 500
    positions = np.tile(np.arange(count, dtype=np.int32), (count, 1))
    likeness = np.where(positions == np.arange(count)[:, None], 0, 1).astype(np.float32)
    assert not find_stories(positions, likeness, _undated(count)).any()


def test_a_story_pauses_no_longer_than_some_weeks() -> None:
    pair = {(0, 1): 0.9}
    assert _stories(2, pair, [0, 28]) == [0, 0]
    assert _stories(2, pair, [28.1, 0]) == [0, 1]
    when = np.array([0, 28.1]) * _DAY
    month = timedelta(days=31)
    assert find_stories(*_graph(2, pair), when, pause=month).tolist() == [0, 0]


def test_a_pause_makes_nobody_join_what_is_less_alike() -> None:
    pairs = {(0, 1): 0.9, (2, 3): 0.9, (0, 2): 0.3}
    assert _stories(4, pairs, [0, 90, 0, 90]) == [0, 1, 2, 3]


def test_what_comes_in_between_fills_the_pause() -> None:
    # 0 and 1 are 50 days apart; 2 lies between them
    pairs = {(0, 1): 0.9, (0, 2): 0.8, (1, 2): 0.7}
    assert _stories(3, pairs, [0, 50, 25]) == [0, 0, 0]
    assert _stories(3, pairs, [0, 50, 90]) == [0, 1, 2]


def test_an_article_without_a_date_joins_by_its_likeness_alone() -> None:
    pairs = {(0, 1): 0.9, (1, 2): 0.8, (0, 2): 0.8}
    assert _stories(3, pairs, [0, np.nan, 10]) == [0, 0, 0]
    # it has no time, so it does not fill a pause either
    assert _stories(3, pairs, [0, np.nan, 90]) == [0, 0, 2]


def test_an_unchanged_catalog_keeps_its_stories() -> None:
    pairs = _random_pairs(np.random.default_rng(1), 40, share=0.3)
    graph = _graph(40, pairs)
    before = find_stories(*graph, _undated(40))
    assert find_stories(*graph, _undated(40), before).tolist() == before.tolist()
    # also where what is known of its pairs is a little different, and the numbers are others
    nearer = graph[0], np.minimum(graph[1] + np.float32(0.2), 1)
    assert find_stories(*nearer, _undated(40)).tolist() != before.tolist()
    assert find_stories(*nearer, _undated(40), 900 - before).tolist() == before.tolist()


def test_a_new_article_joins_a_story_and_leaves_the_others_alone() -> None:
    pairs = {(1, 2): 0.9, (3, 4): 0.9, (1, 3): 0.9, (1, 4): 0.9, (2, 3): 0.9, (0, 2): 0.8}
    previous = np.array([-1, 7, 7, 3, 3, 9, -1])
    # 1, 2 and 3, 4 were two stories and stay so; 0 is too little like 1 to join at .45
    found = find_stories(*_graph(7, pairs), _undated(7), previous, least=0.45)
    assert found.tolist() == [0, 1, 1, 3, 3, 5, 6]
    # at .4 it does, and its story is now named by it
    found = find_stories(*_graph(7, pairs | {(1, 3): 0.1}), _undated(7), previous, least=0.4)
    assert found.tolist() == [0, 0, 0, 3, 3, 5, 6]


def test_a_new_article_between_two_stories_makes_them_one() -> None:
    previous = np.array([0, 1, -1])
    pairs = {(0, 1): 0.45, (0, 2): 0.9, (1, 2): 0.8}
    graph = _graph(3, pairs)
    assert find_stories(*graph, _undated(3), previous, least=0.5).tolist() == [0, 0, 0]
    previous[2] = 2
    assert find_stories(*graph, _undated(3), previous, least=0.5).tolist() == [0, 1, 2]


def test_the_articles_of_each_story_stand_together() -> None:
    stories = arrange(np.array([0, 1, 0, 0, 1, 0, 6, 0], dtype=np.int32))
    starts = stories.starts.tolist()
    assert stories.order[starts[0] : starts[1]].tolist() == [0, 2, 3, 5, 7]
    assert stories.order[starts[1] : starts[2]].tolist() == [1, 4]
    assert stories.order[starts[6] : starts[7]].tolist() == [6]
    assert starts[2] == starts[6]  # no story is named by an article within another one


def test_stories_come_back_from_a_snapshot(tmp_path: Path) -> None:
    stories = arrange(np.array([0, 1, 0], dtype=np.int32))
    store = SnapshotStore(tmp_path)
    with store.draft() as draft:
        write_stories(stories, draft)
        version = seal(draft)
    again = read_stories(store.open(version))
    assert again.order.tolist() == [0, 2, 1]
    for name in ("of", "order", "starts"):
        found, wanted = getattr(again, name), getattr(stories, name)
        assert found.tolist() == wanted.tolist()
        assert found.dtype == wanted.dtype == np.int32
