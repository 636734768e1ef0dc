"""Stories of real articles, by their words alone; skipped where that data is not at hand."""

import csv
import gzip
import json
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import pytest
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.linear_model import LogisticRegression

from recommender.articles.times import parse_time
from recommender.similarity import lexical
from recommender.similarity.stories import find_stories
from tests.real_data import DATA, needs_real_data

pytestmark = needs_real_data

_CANDIDATES = 100
_BLOCK = 500


@dataclass(frozen=True)
class _Set:
    """Articles with their candidates.

    Attributes:
        positions: shape (n, _CANDIDATES).
        near: of each candidate, the cosine of the words, less half of what either of the two has
            with its own ten nearest on average.
        published_at: shape (n,).
        known: shape (n,): equal where the set's own judgements say that it is one story.
    """

    positions: npt.NDArray[np.int32]
    near: npt.NDArray[np.float64]
    published_at: npt.NDArray[np.float64]
    known: npt.NDArray[np.int32]


def _read(name: str, most: int | None = None) -> _Set:
    with gzip.open(DATA / name / "articles.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in islice(file, most)]
    counts = lexical.count([f"{row['title']}\n\n{row['body']}" for row in rows])
    positions, near = _candidates(lexical.weigh(counts, lexical.fit(counts)))
    stamps = [row.get("published_at") for row in rows]
    when = [parse_time(stamp).timestamp() if stamp else np.nan for stamp in stamps]
    return _Set(positions, near, np.array(when), _known(name, [row["id"] for row in rows]))


def _candidates(terms: lexical.Terms) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    positions = np.empty((terms.shape[0], _CANDIDATES), dtype=np.int32)
    near = np.empty(positions.shape)
    for start in range(0, len(positions), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(positions)))
        cosine = (terms[block] @ terms.T).toarray()
        cosine[np.arange(len(block)), block] = -1  # no article is its own candidate
        positions[block] = np.argpartition(-cosine, _CANDIDATES, axis=1)[:, :_CANDIDATES]
        near[block] = np.take_along_axis(cosine, positions[block], axis=1)
    crowd = -np.sort(-near, axis=1)[:, :10].mean(axis=1)
    return positions, near - (crowd[:, None] + crowd[positions]) / 2


def _known(name: str, ids: list[str]) -> npt.NDArray[np.int32]:
    path = DATA / name / "qrels.tsv"
    if not path.exists():
        return np.arange(len(ids), dtype=np.int32)
    place = {one: position for position, one in enumerate(ids)}
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    ends = [place[row["query_id"]] for row in rows], [place[row["doc_id"]] for row in rows]
    links = sparse.coo_array((np.ones(len(rows)), ends), (len(ids), len(ids)))
    return connected_components(links, directed=False)[1]


def _fitted(learnt_from: _Set) -> LogisticRegression:
    same = learnt_from.known[:, None] == learnt_from.known[learnt_from.positions]
    return LogisticRegression(C=1e6).fit(learnt_from.near.reshape(-1, 1), same.ravel())


def _likeness(some: _Set, model: LogisticRegression) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float64] = model.predict_proba(some.near.reshape(-1, 1))[:, 1]
    return found.astype(np.float32).reshape(some.near.shape)


def _b_cubed(found: npt.NDArray[np.integer], known: npt.NDArray[np.integer]) -> tuple[float, float]:
    """Precision and recall: of an article's story, what belongs to it, and the other way round."""
    _, both, count = np.unique(
        np.stack([found, known]), axis=1, return_inverse=True, return_counts=True
    )
    shared = count[both]
    precision = (shared / np.bincount(found)[found]).mean()
    recall = (shared / np.bincount(known)[known]).mean()
    return float(precision), float(recall)


@pytest.fixture(scope="module")
def allsides() -> _Set:
    """7,798 headlines with excerpts; later stories of one affair are judged as not the same."""
    return _read("allsides")


@pytest.fixture(scope="module")
def basil() -> _Set:
    """100 events, each told by three outlets, within ten years of politics."""
    return _read("basil")


def test_three_outlets_on_an_event_are_one_story(allsides: _Set, basil: _Set) -> None:
    likeness = _likeness(basil, _fitted(allsides))
    of = find_stories(basil.positions, likeness, basil.published_at)
    precision, recall = _b_cubed(of, basil.known)
    assert precision >= 0.97
    assert recall >= 0.9
    whole = [
        np.array_equal(of == own, basil.known == known)
        for own, known in zip(of, basil.known, strict=True)
    ]
    assert np.mean(whole) >= 0.85


def test_years_of_headlines_are_many_stories_and_no_giant(allsides: _Set, basil: _Set) -> None:
    likeness = _likeness(allsides, _fitted(basil))
    of = find_stories(allsides.positions, likeness, allsides.published_at)
    precision, recall = _b_cubed(of, allsides.known)
    assert precision >= 0.8
    assert recall >= 0.7
    assert np.bincount(of).max() <= 15


def test_an_archive_of_reports_that_recur_daily_is_no_giant(basil: _Set) -> None:
    archive = _read("reuters21578", 4000)
    of = find_stories(archive.positions, _likeness(archive, _fitted(basil)), archive.published_at)
    sizes = np.bincount(of)
    assert sizes.max() <= 40
    assert sizes[sizes > 1].sum() >= 1000


def test_new_articles_leave_the_stories_that_were_there_whole(allsides: _Set, basil: _Set) -> None:
    likeness = _likeness(allsides, _fitted(basil))
    when = allsides.published_at
    new = np.arange(len(when)) % 50 == 0
    known = np.where(new[allsides.positions] | new[:, None], 0, likeness).astype(np.float32)
    before = find_stories(allsides.positions, known, when)
    after = find_stories(allsides.positions, likeness, when, np.where(new, -1, before))
    pairs = np.stack([before[~new], after[~new]])
    assert len(np.unique(pairs, axis=1).T) == len(np.unique(before[~new]))  # none was split
    joined = len(np.unique(before[~new])) - len(np.unique(after[~new]))
    assert joined <= new.sum() / 4
    anew = find_stories(allsides.positions, likeness, when)
    assert min(_b_cubed(after, anew)) >= 0.97
