"""Copies among real articles; skipped where that data is not at hand."""

import csv
from collections.abc import Sequence
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from recommender.articles.complete import complete
from recommender.similarity.duplicates import Copies, copies_of, find_copies
from recommender.similarity.sketches import Sketches, sketch
from tests.real_data import DATA, needs_real_data, real_articles

pytestmark = needs_real_data


@cache
def _read(name: str) -> tuple[dict[str, int], Sketches, Copies]:
    """Positions of the articles by their ids; what is kept of them; the copies."""
    articles = [complete(one) for one in real_articles(name)]
    sketches = sketch(articles)
    return {one.id: at for at, one in enumerate(articles)}, sketches, find_copies(sketches)


def _pairs(name: str, file: str) -> list[tuple[int, int, float]]:
    """Positions and what the set says of each pair."""
    positions, *_ = _read(name)
    with (DATA / name / file).open() as lines:
        rows = list(csv.reader(lines, delimiter="\t"))[1:]
    return [(positions[row[0]], positions[row[1]], float(row[-1])) for row in rows]


def _share(copies: Copies, pairs: Sequence[tuple[int, int, float]]) -> float:
    """Of the pairs that stand in one group."""
    return float(np.mean([copies.groups[one] == copies.groups[other] for one, other, _ in pairs]))


@pytest.mark.parametrize("low", [0.5, 0.6, 0.7, 0.8, 0.9])
def test_texts_that_share_half_of_their_phrases_stand_in_one_group(low: float) -> None:
    _, _, copies = _read("extractor_neardup")
    pairs = _pairs("extractor_neardup", "duplicate_pairs.tsv")
    alike = [pair for pair in pairs if low <= pair[2] < low + 0.1 or low <= pair[2] == 1]
    assert len(alike) > 200
    assert _share(copies, alike) >= 0.95


def test_excerpts_stand_in_one_group_with_the_whole() -> None:
    _, _, copies = _read("extractor_neardup")
    pairs = _pairs("extractor_neardup", "duplicate_pairs.tsv")
    parts = [pair for pair in pairs if 0.1 <= pair[2] < 0.5]
    assert _share(copies, parts) >= 0.85


def test_different_pages_do_not_stand_in_one_group() -> None:
    positions, _, copies = _read("extractor_neardup")
    pairs = _pairs("extractor_neardup", "duplicate_pairs.tsv")
    known = {(one, other) for one, other, _ in pairs} | {(other, one) for one, other, _ in pairs}
    together = [
        pair
        for pair in combinations(range(len(positions)), 2)
        if copies.groups[pair[0]] == copies.groups[pair[1]]
    ]
    wrong = [pair for pair in together if pair not in known]
    assert len(together) > 3000
    assert len(wrong) <= 0.01 * len(together)


@pytest.mark.parametrize("name", ["basil", "allsides"])
def test_other_reports_of_the_same_story_are_no_copies(name: str) -> None:
    _, _, copies = _read(name)
    pairs = _pairs(name, "qrels.tsv")
    assert len(pairs) >= 600
    assert _share(copies, pairs) <= 0.01


@pytest.mark.parametrize(("name", "groups"), [("reuters21578", 346), ("bbc", 138)])
def test_every_group_of_equal_bodies_is_found(name: str, groups: int) -> None:
    positions, _, copies = _read(name)
    lines = (DATA / name / "exact_duplicates.tsv").read_text().splitlines()
    equal = [[positions[one] for one in line.split("\t")] for line in lines]
    assert len(equal) == groups
    assert [group for group in equal if len(set(copies.groups[group])) > 1] == []
    # most of what is found beyond them are corrected and shortened versions, few are mistakes
    assert np.bincount(copies.groups).max() <= 6
    assert (copies.groups != np.arange(len(positions))).sum() <= 2.5 * groups


def test_one_article_at_a_time_is_judged_as_at_the_rebuild() -> None:
    positions, sketches, copies = _read("bbc")
    everyone = np.arange(len(positions))
    for one in np.flatnonzero(copies.groups != everyone)[:100].tolist():
        found = copies_of(sketches.take(np.array([one])), sketches, copies.boilerplate)
        assert found.tolist() == (copies.groups == copies.groups[one]).tolist()
