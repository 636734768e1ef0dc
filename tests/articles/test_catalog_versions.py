from collections.abc import Iterator
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles.article import Article
from recommender.articles.catalog import Catalog, Upserted
from recommender.articles.stored import StoredArticle

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def unfinished(article: Article) -> Article:
    return article


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "catalog.sqlite") as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with Catalog.open(tmp_path_factory.mktemp("shared") / "catalog.sqlite") as opened:
        yield opened


def stored(catalog: Catalog, article_id: str) -> StoredArticle:
    found = catalog.get(article_id)
    assert found is not None
    return found


FULL = Article(
    id="a-1",
    url="https://example.org/a-1",
    title="Bridge reopens",
    teaser="After two years",
    body="First paragraph.\n\nSecond, with a NUL\x00 and Ünïcödé 🚲.",
    section="Local",
    tags=("traffic", 'quo"ted'),
    authors=("A. Person",),
    language="en",
    published_at=NOON,
    updated_at=datetime(2024, 5, 2, 1, 2, 3, 45, tzinfo=timezone(timedelta(hours=2))),
    image_url="https://example.org/a-1.jpg",
    editors_choice=True,
    evergreen=True,
    status="published",
    source="Example Post",
)


def test_every_field_comes_back_as_it_went_in(catalog: Catalog) -> None:
    bare = Article(id="a-2")
    catalog.upsert([FULL, bare], complete=unfinished)
    assert stored(catalog, "a-1").article == FULL
    assert stored(catalog, "a-2").article == bare
    assert list(catalog.get_many(["a-2", "unknown", "a-1"])) == ["a-2", "a-1"]
    assert catalog.get("unknown") is None


def test_an_unchanged_article_is_neither_completed_nor_written(catalog: Catalog) -> None:
    completed: list[str] = []

    def complete(article: Article) -> Article:
        completed.append(article.id)
        return replace(article, language="en", teaser="made up")

    article = Article(id="a", title="T", body="B")
    assert catalog.upsert([article], complete=complete) == Upserted(added=1)
    before, version = catalog.revision, catalog.data_version()
    assert catalog.upsert([article], complete=complete) == Upserted(unchanged=1)
    assert completed == ["a"]
    assert (catalog.revision, catalog.data_version()) == (before, version)
    assert stored(catalog, "a").article.teaser == "made up"


def test_a_changed_article_keeps_its_row_and_gets_a_higher_revision(catalog: Catalog) -> None:
    article = Article(id="a", title="T", body="B")
    catalog.upsert([article, Article(id="b")], complete=unfinished)
    before = stored(catalog, "a")
    changed = replace(article, section="Sport")
    assert catalog.upsert([changed], complete=unfinished) == Upserted(changed=1)
    after = stored(catalog, "a")
    assert after.article == changed
    assert after.row == before.row
    assert after.revision > before.revision
    assert after.text_digest == before.text_digest
    assert stored(catalog, "b").revision == before.revision


def test_the_later_version_wins_whatever_the_order(catalog: Catalog) -> None:
    old = Article(id="a", title="old", published_at=NOON)
    new = replace(old, title="new", updated_at=NOON + HOUR)
    assert catalog.upsert([old], complete=unfinished) == Upserted(added=1)
    assert catalog.upsert([new], complete=unfinished) == Upserted(changed=1)
    assert catalog.upsert([old], complete=unfinished) == Upserted(outdated=1)
    assert stored(catalog, "a").article.title == "new"


def test_without_times_the_later_in_reading_order_wins(catalog: Catalog) -> None:
    dated = Article(id="a", title="dated", published_at=NOON)
    undated = Article(id="a", title="undated")
    catalog.upsert([dated, undated], complete=unfinished)
    assert stored(catalog, "a").article.title == "undated"
    catalog.upsert([dated], complete=unfinished)
    assert stored(catalog, "a").article.title == "dated"


def test_of_equal_times_the_last_wins_as_in_a_log_that_is_appended_to(catalog: Catalog) -> None:
    first = Article(id="a", title="first", published_at=NOON)
    last = replace(first, title="last")
    catalog.upsert([first, last], complete=unfinished)
    assert stored(catalog, "a").article.title == "last"
    catalog.upsert([first], complete=unfinished)
    assert stored(catalog, "a").article.title == "first"


def test_the_same_id_twice_in_a_batch_is_written_once(catalog: Catalog) -> None:
    first, second = Article(id="a", title="1"), Article(id="a", title="2")
    assert catalog.upsert([first, second, second], complete=unfinished) == Upserted(
        added=1, outdated=1, unchanged=1
    )
    # the first beats the stored version and is beaten by it: nothing is left to write
    before = catalog.revision
    assert catalog.upsert([first, second], complete=unfinished) == Upserted(outdated=1, unchanged=1)
    assert catalog.revision == before


def test_an_error_while_completing_leaves_everything_as_it_was(catalog: Catalog) -> None:
    def fails(article: Article) -> Article:
        if article.id == "b":
            raise RuntimeError("no")
        return article

    with pytest.raises(RuntimeError):
        catalog.upsert([Article(id="a"), Article(id="b")], complete=fails)
    assert catalog.revision == 0
    assert catalog.get("a") is None


def test_a_withdrawn_article_stays_withdrawn_when_the_feed_is_read_again(catalog: Catalog) -> None:
    article = Article(id="a", title="T", updated_at=NOON)
    catalog.upsert([article], complete=unfinished)
    published = catalog.revision
    assert catalog.withdraw(["unknown", "a", "a"], at=NOON + HOUR) == ["a"]
    assert stored(catalog, "a").article.status == "withdrawn"
    assert stored(catalog, "a").revision > published

    edited_before = replace(article, title="T2", updated_at=NOON + HOUR)
    undated = Article(id="a", title="T3")
    assert catalog.upsert([article, edited_before, undated], complete=unfinished) == Upserted(
        withheld=3
    )
    assert stored(catalog, "a").article == replace(article, status="withdrawn")


def test_a_version_made_after_the_withdrawal_reinstates(catalog: Catalog) -> None:
    article = Article(id="a", title="T", updated_at=NOON)
    catalog.upsert([article], complete=unfinished)
    catalog.withdraw(["a"], at=NOON + HOUR)
    later = replace(article, updated_at=NOON + 2 * HOUR)
    # the publisher's last word counts
    catalog.withdraw(["a"], at=NOON + 3 * HOUR)
    assert catalog.upsert([later], complete=unfinished) == Upserted(withheld=1)
    latest = replace(article, updated_at=NOON + 4 * HOUR)
    assert catalog.upsert([latest], complete=unfinished) == Upserted(changed=1)
    assert stored(catalog, "a").article == latest


def test_an_explicit_put_reinstates_the_same_record(catalog: Catalog) -> None:
    article = Article(id="a", title="T", updated_at=NOON)
    catalog.upsert([article], complete=unfinished)
    catalog.withdraw(["a"], at=NOON + HOUR)
    assert catalog.upsert([article], complete=unfinished, reinstate=True) == Upserted(changed=1)
    assert stored(catalog, "a").article == article
    assert catalog.upsert([article], complete=unfinished) == Upserted(unchanged=1)
    older = replace(article, updated_at=NOON - HOUR)
    catalog.withdraw(["a"], at=NOON + HOUR)
    assert catalog.upsert([older], complete=unfinished, reinstate=True) == Upserted(outdated=1)


def test_a_record_that_says_withdrawn_is_replaced_by_one_that_does_not(catalog: Catalog) -> None:
    article = Article(id="a", title="T")
    catalog.upsert([replace(article, status="withdrawn")], complete=unfinished)
    assert stored(catalog, "a").article.status == "withdrawn"
    assert catalog.upsert([article], complete=unfinished) == Upserted(changed=1)
    assert stored(catalog, "a").article.status == "published"


def test_withdrawing_again_is_no_change(catalog: Catalog) -> None:
    catalog.upsert([Article(id="a")], complete=unfinished)
    catalog.withdraw(["a"], at=NOON)
    before = catalog.revision
    assert catalog.withdraw(["a"], at=NOON) == ["a"]
    assert catalog.withdraw(["unknown"], at=NOON) == []
    assert catalog.revision == before


def test_batches_longer_than_a_query_takes_parameters(catalog: Catalog) -> None:
    many = [Article(id=f"a-{n}", title=str(n)) for n in range(1_234)]
    assert catalog.upsert(many, complete=unfinished) == Upserted(added=1_234)
    assert catalog.upsert(many, complete=unfinished) == Upserted(unchanged=1_234)
    ids = [article.id for article in many]
    assert [found.row for found in catalog.get_many(ids).values()] == list(range(1, 1_235))
    assert catalog.withdraw(ids, at=NOON) == ids


def test_nearest_ids_are_published_and_most_similar_first(catalog: Catalog) -> None:
    ids = ["seed-1", "seed-12", "seed-2", "Seed-1", "zebra", "seed-l"]
    catalog.upsert([Article(id=one) for one in ids], complete=unfinished)
    catalog.withdraw(["seed-l"], at=NOON)
    near = catalog.nearest_ids("seed-1x", 3)
    assert set(near) == {"seed-1", "seed-12", "Seed-1"}
    assert near == catalog.nearest_ids("seed-1x", 3)
    assert catalog.nearest_ids("", 3) == []
    assert catalog.nearest_ids("entirely else", 3) == []


def test_feed_states(catalog: Catalog) -> None:
    address = "https://example.org/feed"
    assert catalog.feed_state(address) == ("", "")
    catalog.keep_feed_state(address, etag='"1"', last_modified="")
    catalog.keep_feed_state(address, etag='"2"', last_modified="Wed, 01 May 2024 12:00:00 GMT")
    assert catalog.feed_state(address) == ('"2"', "Wed, 01 May 2024 12:00:00 GMT")
    assert catalog.revision == 0


records = st.lists(
    st.builds(
        Article,
        id=st.sampled_from(["a", "b"]),
        title=st.sampled_from(["1", "2", "3"]),
        updated_at=st.none() | st.sampled_from([NOON, NOON + HOUR, NOON + 2 * HOUR]),
    ),
    max_size=12,
)


examples = count()


def contents(
    catalog: Catalog, batches: list[list[Article]], *, withdraw_first: bool
) -> dict[str, Article]:
    """What is stored of "a" and "b", under ids of their own for each call."""
    call = next(examples)
    if withdraw_first:
        first = Article(id=f"{call}a", title="0", updated_at=NOON)
        catalog.upsert([first], complete=unfinished)
        catalog.withdraw([first.id], at=NOON + HOUR)
    for batch in batches:
        renamed = [replace(article, id=f"{call}{article.id}") for article in batch]
        done = catalog.upsert(renamed, complete=unfinished)
        assert sum(astuple(done)) == len(batch)
    found = catalog.get_many([f"{call}{one}" for one in "ab"])
    return {one[-1]: replace(kept.article, id=one[-1]) for one, kept in found.items()}


@settings(max_examples=60, deadline=None)
@given(records, st.integers(0, 12), st.booleans())
def test_how_a_source_is_cut_into_batches_makes_no_difference(
    shared: Catalog, articles: list[Article], cut: int, withdraw_first: bool
) -> None:
    whole = contents(shared, [articles], withdraw_first=withdraw_first)
    parts = [articles[:cut], articles[cut:]]
    singles = [[article] for article in articles]
    assert contents(shared, parts, withdraw_first=withdraw_first) == whole
    assert contents(shared, singles, withdraw_first=withdraw_first) == whole


@settings(max_examples=40, deadline=None)
@given(records)
def test_what_is_stored_is_never_older_than_what_came(
    shared: Catalog, articles: list[Article]
) -> None:
    dated = [article for article in articles if article.updated_at is not None]
    for one, kept in contents(shared, [dated], withdraw_first=False).items():
        times = [article.updated_at for article in dated if article.id == one]
        assert kept.updated_at == max(time for time in times if time is not None)


def test_ids_that_no_article_ever_had_are_told(catalog: Catalog) -> None:
    catalog.upsert([Article(id="a"), Article(id="b")], complete=unfinished)
    catalog.withdraw(["b"], at=NOON)
    many = [f"x{number}" for number in range(1_200)]
    assert catalog.unknown(["b", "z", "a", "z", *many]) == ["z", *many]
    assert catalog.unknown([]) == []
