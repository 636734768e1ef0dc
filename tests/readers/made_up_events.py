"""Events of an invented paper, around one noon."""

from datetime import UTC, datetime, timedelta

from recommender.readers.event import Aside, Event, EventType

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def happened(  # noqa: PLR0917 - most tests name the first three
    article_id: str,
    ago: timedelta = timedelta(0),
    reader: str = "",
    kind: EventType = "view",
    event_id: str = "",
    aside: Aside | None = None,
) -> Event:
    """What a reader did so long before noon."""
    return Event(
        type=kind, article_id=article_id, reader=reader, at=NOON - ago, id=event_id, aside=aside
    )


def shown(impression_id: str, *articles: str, ago: timedelta = timedelta(0)) -> Event:
    """An impression of these articles on a page of no article."""
    return Event(
        type="impression",
        article_id="",
        at=NOON - ago,
        impression_id=impression_id,
        shown=articles,
    )


def clicked(article_id: str, impression_id: str = "", reader: str = "") -> Event:
    """A click at noon."""
    return Event(
        type="click",
        article_id=article_id,
        at=NOON,
        reader=reader,
        impression_id=impression_id,
    )
