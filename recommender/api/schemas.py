"""Request bodies, validated."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.config import JsonDict

from recommender.api.event_bodies import MAX_ID, MAX_SHOWN
from recommender.api.parameters import MAX_IDS, MAX_READER, SPAN, window_of
from recommender.articles.times import parse_time
from recommender.pages import DEFAULT_PIPELINE
from recommender.readers.event import MAX_POSITION, MAX_SECONDS, EventType
from recommender.slots.slot import MAX_LIMIT, SOURCES, Filters, SlotQuery

MAX_TEXT = 1_000_000
MAX_SLOTS = 10

Id = Annotated[str, Field(min_length=1, max_length=512)]
Ids = Annotated[list[Id], Field(max_length=MAX_IDS)]
Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=512)]], Field(max_length=100)]
Title = Annotated[str, Field(max_length=10_000)]
Body = Annotated[str, Field(max_length=MAX_TEXT)]


def _time(value: object) -> object:
    return parse_time(value) if isinstance(value, str) else value


Time = Annotated[datetime, BeforeValidator(_time)]
"""ISO 8601; without a zone it is UTC."""


def _span(value: object) -> timedelta:
    try:
        return window_of(value if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError(f"expected {error}, got {str(value)[:60]!r}") from None


Span = Annotated[timedelta, BeforeValidator(_span), WithJsonSchema(SPAN)]
"""Hours or days, such as 24h or 7d."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextBody(_Strict):
    """An article that is not published yet."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "title": "Harbour bridge to close for repairs",
                "body": "The council decided on Tuesday to close the bridge for six weeks.",
            }
        }
    )

    title: Title = ""
    body: Body = ""


def _or_its_name(schema: JsonDict) -> None:
    whole: JsonDict = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "string", "minLength": 1, "description": "its name alone"}, whole]


class SlotBody(_Strict):
    """One slot of a page; its name alone stands for {"slot": name}."""

    model_config = ConfigDict(json_schema_extra=_or_its_name)

    slot: Annotated[Id, Field(description=f"{', '.join(SOURCES)}, or one that the settings define")]
    limit: Annotated[
        int | None, Field(ge=1, le=MAX_LIMIT, description="else as the slot is defined")
    ] = None
    offset: Annotated[int, Field(ge=0, le=MAX_LIMIT)] = 0
    section: Names = []
    language: Names = []
    tag: Names = []
    same_section: Annotated[
        bool, Field(description="only articles of the section of what the page is about")
    ] = False
    published_after: Time | None = None
    published_before: Time | None = None
    max_age: Annotated[
        Span | None, Field(description="published so long ago at most, and evergreens: 30d")
    ] = None
    exclude: Ids = []

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: object) -> object:
        return {"slot": given} if isinstance(given, str) else given

    def query(self) -> SlotQuery:
        """As the engine takes it."""
        filters = Filters(
            sections=tuple(self.section),
            languages=tuple(self.language),
            published_after=self.published_after,
            published_before=self.published_before,
            exclude=tuple(self.exclude),
            tags=tuple(self.tag),
            same_section=self.same_section,
            max_age=self.max_age,
        )
        return SlotQuery(self.slot, self.limit, self.offset, filters)


class PageBody(_Strict):
    """Several slots of one page: of an article, of a text, or of no article at all."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "article_id": "hp-0042",
                "slots": [
                    {"slot": "related", "limit": 4},
                    {"slot": "popular", "limit": 6, "section": ["Politics"]},
                    {"slot": "trending", "tag": ["Harbour"]},
                    {"slot": "latest", "limit": 3, "same_section": True},
                ],
                "seen": ["hp-0007"],
                "shown": ["hp-0009"],
            }
        }
    )

    article_id: Id | None = None
    title: Title = ""
    body: Body = ""
    slots: list[SlotBody] = Field(
        [SlotBody(slot="related"), SlotBody(slot="popular")], min_length=1, max_length=MAX_SLOTS
    )
    seen: Annotated[Ids, Field(description="the reader knows these already")] = []
    shown: Annotated[Ids, Field(description="the page shows these elsewhere already")] = []
    pipeline: str = DEFAULT_PIPELINE
    reader: Annotated[
        str, Field(max_length=MAX_READER, description="for experiments; it is not kept")
    ] = ""
    at: Time | None = None
    window: Annotated[
        Span | None, Field(description="readers and clicks of so many hours or days count: 24h, 7d")
    ] = None
    half_life: Annotated[
        Span | None, Field(description="of what is read most: a reader of this age counts half")
    ] = None
    explain: bool = False

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if self.article_id is not None and (self.title or self.body):
            raise ValueError("expected an article_id or a text, got both; leave one out")
        names = [one.slot for one in self.slots]
        if len(set(names)) < len(names):
            raise ValueError(
                f"expected each slot once, got {', '.join(names)}; use limit for a longer one"
            )
        return self


class EventBody(_Strict):
    """What a reader did; for the documentation: `event_bodies.py` reads it, without pydantic."""

    type: EventType
    article_id: Id | None = Field(
        None, description="needed, but of an impression that lists what it showed"
    )
    id: str = Field("", max_length=MAX_ID, description="events of one id are one event")
    reader: str = Field(
        "", max_length=MAX_ID, description="under whatever name; empty where unknown"
    )
    at: Time | None = Field(
        None, description="without it the time of arrival, and no later than that"
    )
    impression_id: str = Field(
        "",
        max_length=MAX_ID,
        description="of an impression its own, made by the page for each view; "
        "the header Recommendation-Id only where no cache, a browser's neither, hands out an "
        "answer again; of a click the one it is of, which must have come before it or with it, "
        "else the click does not count",
    )
    shown: list[Id] | None = Field(
        None, min_length=1, max_length=MAX_SHOWN, description="articles of an impression, in order"
    )
    position: int | None = Field(None, ge=1, le=MAX_POSITION, description="where it stood")
    seconds: float | None = Field(
        None, ge=0, le=MAX_SECONDS, description="needed of read_time: how long"
    )
    user_agent: str = Field(
        "", description="the reader's, where a server passes the event on; bots do not count"
    )
    prefetch: bool = Field(default=False, description="fetched ahead, so it does not count")
    experiment: dict[str, str | list[str]] | None = Field(
        None, description="of an impression: meta.experiment of the answer, as it came"
    )
