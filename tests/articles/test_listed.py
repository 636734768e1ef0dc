from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.snapshot import SnapshotStore
from recommender.articles.article import Article
from recommender.articles.listed import Lists, ListsMaker, read_lists, same_name, write_lists
from tests.index.snapshots import seal


def lists_of(*articles: Article) -> Lists:
    maker = ListsMaker()
    maker.add(articles)
    return maker.made()


@given(st.lists(st.lists(st.sampled_from(["a", "b", "A", " b ", "c d"]), max_size=4), max_size=8))
def test_a_tag_lists_the_articles_that_have_it(tags: list[list[str]]) -> None:
    made = lists_of(*(Article(id=str(n), tags=tuple(one)) for n, one in enumerate(tags)))
    for name in ("a", "B", "c  d", "nobody"):
        expected = [
            n for n, one in enumerate(tags) if same_name(name) in {same_name(tag) for tag in one}
        ]
        assert made.tags.of(name).tolist() == expected


def test_articles_may_come_in_batches() -> None:
    maker = ListsMaker()
    maker.add([Article(id="0", authors=("Ada Berg",))])
    maker.add([])
    maker.add([Article(id="1"), Article(id="2", authors=("ADA  BERG", "Ben"))])
    made = maker.made()
    assert made.authors.of("ada berg").tolist() == [0, 2]
    assert made.tags.of("ada berg").tolist() == []


@pytest.mark.parametrize(
    "articles",
    [
        (Article(id="0", tags=("Straße", "x"), authors=("É",)), Article(id="1", tags=("X",))),
        (Article(id="0"),),
    ],
    ids=["some", "none"],
)
def test_a_snapshot_keeps_them(tmp_path: Path, articles: tuple[Article, ...]) -> None:
    made = lists_of(*articles)
    store = SnapshotStore(tmp_path)
    with store.draft() as draft:
        write_lists(made, draft)
        version = seal(draft)
    read = read_lists(store.open(version))
    for name in ("strasse", "x", "é", "nobody"):
        assert read.tags.of(name).tolist() == made.tags.of(name).tolist()
        assert read.authors.of(name).tolist() == made.authors.of(name).tolist()
