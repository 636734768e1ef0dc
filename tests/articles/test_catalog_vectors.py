from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles.article import Article
from recommender.articles.catalog import Catalog, Counts
from recommender.articles.vectors import Vectors
from recommender.errors import CatalogError, EmbedderError

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MODEL = "small@1"


def unfinished(article: Article) -> Article:
    return article


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "catalog.sqlite") as opened:
        yield opened


def put(catalog: Catalog, *articles: Article) -> None:
    catalog.upsert(articles, complete=unfinished)


def unit_rows(count: int, dim: int = 4, seed: int = 0) -> Vectors:
    rows = np.random.default_rng(seed).standard_normal((count, dim))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def embed_all(catalog: Catalog, embedder: str = MODEL, seed: int = 0) -> Sequence[str]:
    digests = [text.text_digest for text in catalog.pending(embedder)]
    catalog.store_vectors(embedder, digests, unit_rows(len(digests), seed=seed))
    return digests


def exported(catalog: Catalog, embedder: str = MODEL) -> dict[str, list[float]]:
    with catalog.export(embedder) as export:
        return {
            stored.article.id: vector.tolist()
            for batch, its in zip(export.articles, export.vectors, strict=True)
            for stored, vector in zip(batch, its.vectors, strict=True)
        }


def test_the_same_text_under_two_ids_is_pending_once_longest_first(catalog: Catalog) -> None:
    put(
        catalog,
        Article(id="short", title="T", body="b"),
        Article(id="long", title="T", body="b" * 50),
        Article(id="long too", title="T", body="b" * 50, section="other"),
        Article(id="gone", title="T", body="b" * 99, status="withdrawn"),
    )
    texts = catalog.pending(MODEL)
    assert [text.length for text in texts] == [53, 4]
    digests = [text.text_digest for text in texts]
    assert list(catalog.texts(digests).values()) == ["T\n\n" + "b" * 50, "T\n\nb"]
    catalog.store_vectors(MODEL, digests, unit_rows(2))
    assert catalog.pending(MODEL) == []
    assert catalog.counts(MODEL) == Counts(published=3, withdrawn=1, with_vector=3)
    assert catalog.counts("other@1").with_vector == 0
    found = exported(catalog)
    assert found["long"] == found["long too"] != found["short"]


def test_what_somebody_waits_for_comes_first_then_the_shortest(catalog: Catalog) -> None:
    many = [Article(id=f"m{n}", title="T", body="b" * n) for n in (9, 2, 5)]
    catalog.upsert(many, complete=unfinished, patient=True)
    put(
        catalog, Article(id="one", title="T", body="o" * 20), Article(id="two", title="T", body="o")
    )
    put(catalog, Article(id="same", title="T", body="o"), Article(id="", title="x"))
    catalog.withdraw([""], at=NOON)
    digests = catalog.next_pending(MODEL, 10)
    assert [len(text) for text in catalog.texts(digests).values()] == [4, 23, 5, 8, 12]
    assert set(digests) == {one.text_digest for one in catalog.pending(MODEL)}
    catalog.store_vectors(MODEL, digests[:2], unit_rows(2))
    assert catalog.next_pending(MODEL, 2) == digests[2:4]


def test_a_text_that_changed_meanwhile_is_left_out(catalog: Catalog) -> None:
    put(catalog, Article(id="a", title="before"))
    (before,) = catalog.pending(MODEL)
    put(catalog, Article(id="a", title="after"))
    (after,) = catalog.pending(MODEL)
    assert catalog.texts([before.text_digest, after.text_digest]) == {after.text_digest: "after"}


def test_a_changed_text_needs_a_vector_and_its_former_text_has_it_still(catalog: Catalog) -> None:
    put(catalog, Article(id="a", title="one"))
    embed_all(catalog)
    put(catalog, Article(id="a", title="two"))
    assert len(catalog.pending(MODEL)) == 1
    assert exported(catalog) == {}
    put(catalog, Article(id="a", title="one"))
    assert catalog.pending(MODEL) == []


def test_vectors_of_two_embedders_never_mix(catalog: Catalog) -> None:
    put(catalog, Article(id="a", title="one"), Article(id="b", title="two"))
    embed_all(catalog, "small@1", seed=1)
    assert len(catalog.pending("large@1")) == 2
    embed_all(catalog, "large@1", seed=2)
    small, large = exported(catalog, "small@1"), exported(catalog, "large@1")
    assert small.keys() == large.keys() == {"a", "b"}
    assert small["a"] != large["a"]
    with pytest.raises(EmbedderError, match="another name"):
        catalog.store_vectors("small@1", ["f" * 32], unit_rows(1, dim=5))


@pytest.mark.parametrize(
    ("vectors", "complaint"),
    [
        (np.array([[np.nan, 1, 0, 0]], np.float32), "length"),
        (np.array([[np.inf, 0, 0, 0]], np.float32), "length"),
        (np.array([[0, 0, 0, 0]], np.float32), "length"),
        (np.array([[1, 0, 0.1, 0]], np.float32), "length"),
        (np.array([[1, 0, 0, 0]], np.float64), "float32"),
        (np.array([1, 0, 0, 0], np.float32), "shape"),
        (np.array([[1, 0, 0, 0]] * 2, np.float32), "shape"),
        (np.empty((1, 0), np.float32), "shape"),
    ],
)
def test_what_is_no_unit_vector_is_refused_and_nothing_kept(
    catalog: Catalog, vectors: Vectors, complaint: str
) -> None:
    put(catalog, Article(id="a", title="one"))
    (text,) = catalog.pending(MODEL)
    before = catalog.revision
    with pytest.raises(EmbedderError, match=complaint):
        catalog.store_vectors(MODEL, [text.text_digest], vectors)
    assert catalog.pending(MODEL) == [text]
    assert catalog.revision == before


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), count=st.integers(1, 20), size=st.integers(1, 7))
def test_vectors_come_out_as_they_went_in_by_ascending_row(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, size: int
) -> None:
    path = tmp_path_factory.mktemp("catalog") / "catalog.sqlite"
    with Catalog.open(path) as catalog:
        put(catalog, *(Article(id=str(number), title=str(number)) for number in range(count)))
        digests = [
            stored.text_digest for stored in catalog.get_many(list(map(str, range(count)))).values()
        ]
        vectors = unit_rows(count, seed=seed)
        # neither contiguous nor in the order of the rows
        order = np.random.default_rng(seed).permutation(count)
        catalog.store_vectors(
            MODEL, [digests[one] for one in order], np.asfortranarray(vectors[order])
        )
        with catalog.export(MODEL, batch_size=size) as export:
            batches, found = list(export.articles), list(export.vectors)
        assert (export.count, export.dim) == (count, 4)
        assert max(map(len, batches)) <= size
        assert max(len(one.rows) for one in found) <= size
        rows = [stored.row for batch in batches for stored in batch]
        assert rows == list(range(1, count + 1))
        assert np.concatenate([one.rows for one in found]).tolist() == rows
        np.testing.assert_array_equal(np.concatenate([one.vectors for one in found]), vectors)
        wanted = np.array([count, 10_000, 1])
        some = catalog.vectors_of(MODEL, wanted)
        assert some.rows.tolist() == [count, 1]
        np.testing.assert_array_equal(some.vectors, vectors[[count - 1, 0]])


def test_an_empty_catalog_exports_nothing(catalog: Catalog) -> None:
    with catalog.export(MODEL) as export:
        assert (export.count, export.dim) == (0, 0)
        assert [*export.articles, *export.vectors] == []
    assert catalog.vectors_of(MODEL, np.array([1])).vectors.shape == (0, 0)
    assert catalog.drop_orphan_vectors(catalog.revision) == 0


def test_an_export_shows_one_moment_while_others_write(catalog: Catalog, tmp_path: Path) -> None:
    put(catalog, *(Article(id=str(number), title=str(number)) for number in range(30)))
    embed_all(catalog)
    with (
        catalog.export(MODEL, batch_size=10) as export,
        Catalog.open(tmp_path / "catalog.sqlite") as other,
    ):
        seen = list(next(export.articles))
        other.withdraw([str(number) for number in range(30)], at=NOON)
        put(other, Article(id="new", title="new"))
        embed_all(other)
        seen.extend(stored for batch in export.articles for stored in batch)
        assert [stored.article.id for stored in seen] == [str(number) for number in range(30)]
        assert {stored.article.status for stored in seen} == {"published"}
    changed = catalog.changed_since(export.revision, MODEL)
    assert len(changed.changes) == 31
    assert changed.revision == catalog.revision


def test_changes_are_what_happened_after_a_revision(catalog: Catalog) -> None:
    put(catalog, *(Article(id=name, title=name) for name in ("kept", "edited", "gone")))
    embed_all(catalog)
    before = catalog.revision
    assert catalog.changed_since(before, MODEL).changes == []
    put(catalog, Article(id="new", title="new"), Article(id="edited", title="edited", section="s"))
    catalog.withdraw(["gone"], at=NOON)
    changes = catalog.changed_since(before, MODEL).changes
    assert [
        (change.stored.article.id, change.stored.article.status, change.vector is not None)
        for change in changes
    ] == [("edited", "published", True), ("gone", "withdrawn", True), ("new", "published", False)]


def test_a_vector_that_comes_later_than_its_article_is_a_change(catalog: Catalog) -> None:
    put(catalog, Article(id="a", title="a"), Article(id="b", title="b"))
    with catalog.export(MODEL) as export:
        assert export.count == 0
    digests = embed_all(catalog)
    changes = catalog.changed_since(export.revision, MODEL).changes
    assert {change.stored.article.id for change in changes} == {"a", "b"}
    assert all(change.vector is not None for change in changes)
    # but no change to who serves another embedder's vectors
    before = catalog.revision
    catalog.store_vectors("other@1", digests, unit_rows(2))
    assert catalog.changed_since(before, MODEL).changes == []
    assert len(catalog.changed_since(before, "other@1").changes) == 2


def test_a_vector_that_is_there_stays(catalog: Catalog) -> None:
    put(catalog, Article(id="a", title="a"))
    digests = embed_all(catalog, seed=1)
    first = exported(catalog)
    catalog.store_vectors(MODEL, digests, unit_rows(1, seed=2))
    assert exported(catalog) == first


def test_only_vectors_of_texts_that_nobody_has_are_dropped(catalog: Catalog) -> None:
    put(catalog, *(Article(id=name, title=name) for name in ("kept", "edited", "gone")))
    embed_all(catalog)
    put(catalog, Article(id="edited", title="another text"))
    catalog.withdraw(["gone"], at=NOON)
    before = catalog.revision
    # of an article that is on its way: its vector comes first
    catalog.store_vectors(MODEL, ["on its way"], unit_rows(1))
    assert catalog.drop_orphan_vectors(before) == 1
    assert catalog.drop_orphan_vectors(catalog.revision) == 1
    assert catalog.counts(MODEL) == Counts(published=2, withdrawn=1, with_vector=1)
    # what was withdrawn may be reinstated, and then needs no embedding
    catalog.upsert([Article(id="gone", title="gone")], complete=unfinished, reinstate=True)
    assert catalog.counts(MODEL).with_vector == 2


def test_a_stored_vector_of_another_length_is_damage(catalog: Catalog) -> None:
    put(catalog, Article(id="a", title="a"), Article(id="b", title="b"))
    embed_all(catalog)
    with catalog._database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE vectors SET vector = x'0000' WHERE rowid = (SELECT max(rowid) FROM vectors)"
        )
    with pytest.raises(CatalogError, match="damaged"):
        exported(catalog)
