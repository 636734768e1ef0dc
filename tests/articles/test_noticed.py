from datetime import UTC, datetime, timedelta

from recommender.articles.article import Article
from recommender.articles.noticed import Noticed, Noticing, UnusedFields
from recommender.articles.record import RecordReader

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def noticed(*records: dict[str, object]) -> Noticed:
    reader, noticing = RecordReader(), Noticing(NOON)
    for position, record in enumerate(records, start=1):
        noticing.record(position, reader.read({"title": "T", **record}))
    return noticing.noticed()


def test_fields_are_counted_and_those_that_look_like_known_ones_come_first() -> None:
    found = noticed({"own": 1}, {"own": 2, "catgory": "A"}, {"own": 3, "mine": 0, "catgory": "B"})
    assert found.unused == (
        UnusedFields("catgory", "category", 2),
        UnusedFields("own", "", 3),
        UnusedFields("mine", "", 1),
    )
    assert found.warnings() == (
        "The field 'catgory' of 2 records is not used: did you mean 'category'?",
    )
    assert noticed({"own": 1, "section": "A"}).warnings() == ()


def test_names_without_end_do_not_fill_the_memory() -> None:
    many: list[dict[str, object]] = [{f"own{n}": 1, "same": 1} for n in range(1_500)]
    found = noticed(*many)
    assert len(found.unused) == 1_000
    assert found.unused[0] == UnusedFields("same", "", 1_500)


def test_articles_that_are_in_no_slot_are_told() -> None:
    noticing = Noticing(NOON)
    for article in (
        Article(id="ends now", expires_at=NOON),
        Article(id="ended before it began", expires_at=NOON - DAY, published_at=NOON),
        Article(id="to end before it begins", expires_at=NOON + DAY, published_at=NOON + 2 * DAY),
        Article(id="fine", expires_at=NOON + DAY, published_at=NOON),
        Article(id="for ever"),
        Article(id="withdrawn anyhow", expires_at=NOON - DAY, status="withdrawn"),
    ):
        noticing.article(article)
    found = noticing.noticed()
    assert (found.expired, found.ends_early) == (2, 2)
    assert found.warnings() == (
        "2 articles have expired: expires_at is past, so no slot shows them.",
        "2 articles expire before being published: expires_at is earlier than published_at.",
    )
    assert Noticed(expired=1).warnings()[0].startswith("1 article has expired: ")
