"""The inverted index against a plain search through every pair."""

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from index.snapshot import SnapshotStore
from recommender.articles.text import article_text
from recommender.similarity import lexical, lexical_search
from recommender.similarity.lexical import Terms
from recommender.similarity.lexical_search import (
    Postings,
    lexical_graph,
    nearest,
    postings,
    read_postings,
    write_postings,
)
from tests.index.snapshots import seal
from tests.real_data import DATA, needs_real_data, real_articles


def weighed(texts: list[str]) -> Terms:
    counts = lexical.count(texts)
    return lexical.weigh(counts, lexical.fit(counts))


@pytest.fixture(scope="module")
def terms() -> Terms:
    """Articles of up to 30 words out of 200, some words far more common; every 40th is empty."""
    rng = np.random.default_rng(5)
    shares = 1 / np.arange(1, 201)
    texts = []
    for number in range(300):
        length = 0 if number % 40 == 0 else int(rng.integers(1, 30))
        words = rng.choice(200, size=length, p=shares / shares.sum())
        texts.append(" ".join(f"word{word}" for word in words))
    return weighed(texts)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every limit is met by a few hundred articles."""
    monkeypatch.setattr(lexical_search, "STRONGEST", 6)
    monkeypatch.setattr(lexical_search, "_READ", 10 * 300)  # lists of ten
    monkeypatch.setattr(lexical_search, "_SHORTEST", 1)
    monkeypatch.setattr(lexical_search, "_COMMON_FROM", 10)
    monkeypatch.setattr(lexical_search, "_COLUMNS", 64)
    monkeypatch.setattr(lexical_search, "MAX_ROWS", 32)


def strongest(row: npt.NDArray[np.float32], listed: set[int]) -> dict[int, np.float32]:
    found = sorted((-row[term], term) for term in np.flatnonzero(row) if int(term) in listed)
    return {int(term): -weight for weight, term in found[:6]}


def by_hand(terms: Terms) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """What should be listed of the articles, and what should be asked for; both (n, FEATURES)."""
    used = np.unique(terms.indices)
    rows = terms[:, used].toarray()
    frequencies = np.count_nonzero(rows, axis=0)
    rare = set(np.flatnonzero(frequencies <= 60).tolist())  # a fifth of 300
    assert len(rare) < len(used)
    listed = np.zeros_like(rows)
    for row, weights in zip(listed, rows, strict=True):
        for term, weight in strongest(weights, rare).items():
            row[term] = np.float16(weight)
    for column in listed.T:
        column[np.argsort(-column, kind="stable")[10:]] = 0
    assert (np.count_nonzero(listed, axis=0) == 10).any()
    asked = np.zeros_like(rows)
    in_lists = set(np.flatnonzero(listed.any(axis=0)).tolist())
    for row, weights in zip(asked, rows, strict=True):
        for term, weight in strongest(weights, in_lists).items():
            row[term] = weight
    return listed, asked


@pytest.mark.usefixtures("small")
def test_nearest_are_those_of_a_search_through_every_pair(terms: Terms) -> None:
    listed, asked = by_hand(terms)
    made = postings(terms)
    assert len(made.positions) == np.count_nonzero(listed)
    for row in range(terms.shape[0]):
        scores = listed @ asked[row]
        positions, found = nearest(made, terms, row, 10)
        assert len(positions) == min(10, np.count_nonzero(scores))
        np.testing.assert_allclose(found, np.sort(scores)[::-1][: len(found)], atol=1e-6)
        np.testing.assert_allclose(found, scores[positions], atol=1e-6)
        assert sorted(zip(-found, positions, strict=True)) == [*zip(-found, positions, strict=True)]


@pytest.mark.usefixtures("small")
def test_only_what_a_mask_allows_is_found_and_all_of_it(terms: Terms) -> None:
    made = postings(terms)
    allowed = np.random.default_rng(1).random(300) < 0.3
    for row in range(0, 300, 7):
        positions, scores = nearest(made, terms, row, 300)
        found, found_scores = nearest(made, terms, row, 300, allowed)
        np.testing.assert_array_equal(found, positions[allowed[positions]])
        np.testing.assert_array_equal(found_scores, scores[allowed[positions]])
        np.testing.assert_array_equal(nearest(made, terms, row, 3, allowed)[0], found[:3])
    assert len(nearest(made, terms, 1, 10, np.zeros(300, dtype=np.bool_))[0]) == 0


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("count", [1, 8, 400])
def test_the_graph_is_nearest_row_by_row(terms: Terms, count: int) -> None:
    made = postings(terms)
    told: list[tuple[int, int]] = []
    graph = lexical_graph(terms, made, count, progress=lambda *done: told.append(done))
    assert graph.shape == (300, count)
    assert graph.dtype == np.int32
    assert told[-1] == (300, 300)
    for row, found in enumerate(graph):
        positions, _ = nearest(made, terms, row, count + 1)
        others = positions[positions != row][:count]
        np.testing.assert_array_equal(found[: len(others)], others)
        assert (found[len(others) :] == -1).all()


def test_twins_find_each_other_in_the_order_of_their_positions() -> None:
    terms = weighed(["harbour bridge closed"] * 4 + ["school"])
    graph = lexical_graph(terms, postings(terms), 3)
    assert graph.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [-1, -1, -1]]


def test_a_new_text_finds_the_catalog_by_the_words_it_shares() -> None:
    counts = lexical.count(["harbour bridge closed", "school opens", "bridge painted"])
    idf = lexical.fit(counts)
    made = postings(lexical.weigh(counts, idf))
    text = lexical.weigh(lexical.count(["the bridge nobody crosses", "nothing"]), idf)
    assert nearest(made, text, 0, 5)[0].tolist() == [2, 0], "the shorter one is more about it"
    assert nearest(made, text, 1, 5)[0].tolist() == []


def test_no_article_and_articles_without_words() -> None:
    nothing = lexical.Stacked().made()
    assert lexical_graph(nothing, postings(nothing), 3).shape == (0, 3)
    terms = weighed(["", "1"])
    assert lexical_graph(terms, postings(terms), 3).tolist() == [[-1] * 3] * 2
    assert len(nearest(postings(terms), terms, 0, 3)[0]) == 0


def test_the_lists_come_back_from_a_snapshot_memory_mapped(terms: Terms, tmp_path: Path) -> None:
    made = postings(terms)
    store = SnapshotStore(tmp_path)
    with store.draft() as draft:
        write_postings(made, draft)
        version = seal(draft)
    read = read_postings(store.open(version))
    for part in ("features", "starts", "positions", "weights", "articles"):
        before, after = getattr(made, part), getattr(read, part)
        assert isinstance(after.base, np.memmap)
        assert after.dtype == before.dtype
        np.testing.assert_array_equal(after, before)
    assert nearest(read, terms, 7, 9)[0].tolist() == nearest(made, terms, 7, 9)[0].tolist()
    np.testing.assert_array_equal(lexical_graph(terms, read, 5), lexical_graph(terms, made, 5))


@pytest.fixture(scope="module")
def stories() -> tuple[Terms, Postings, dict[int, set[int]]]:
    """Short real articles, their lists, and which others are on the same story."""
    articles = real_articles("allsides")
    rows = {article.id: row for row, article in enumerate(articles)}
    wanted: dict[int, set[int]] = {}
    with (DATA / "allsides" / "qrels.tsv").open() as file:
        for line in csv.DictReader(file, delimiter="\t"):
            wanted.setdefault(rows[line["query_id"]], set()).add(rows[line["doc_id"]])
    terms = weighed([article_text(article) for article in articles])
    return terms, postings(terms), wanted


@needs_real_data
def test_real_stories_are_found_as_with_whole_rows(
    stories: tuple[Terms, Postings, dict[int, set[int]]],
) -> None:
    terms, made, wanted = stories
    queries = sorted(wanted)[::10]
    whole = (terms[queries] @ terms.T).toarray()
    whole[np.arange(len(queries)), queries] = -1
    found = listed = 0
    for query, scores in zip(queries, whole, strict=True):
        found += len(wanted[query] & set(np.argpartition(-scores, 50)[:50].tolist()))
        listed += len(wanted[query] & {*nearest(made, terms, query, 51)[0].tolist()})
    assert found > 0.85 * sum(len(wanted[query]) for query in queries)
    assert listed > 0.985 * found
