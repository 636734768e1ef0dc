"""A publisher's record, as JSON or CSV gives it, to an `Article`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from xxhash import xxh3_64_hexdigest

from recommender.articles.article import Article, Status
from recommender.articles.field_names import NO_MAP, FieldMap, FieldNames, UnusedField
from recommender.articles.urls import canonical_url
from recommender.articles.values import (
    body_value,
    expiry_value,
    flag_value,
    id_value,
    language_value,
    names_value,
    shortened,
    status_value,
    text_value,
    time_value,
    url_value,
)
from recommender.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """What a record told.

    Attributes:
        article: see `RecordReader.article`.
        unused: fields that say nothing about it.
        without_id: the record had no id, and the article has a derived one.
    """

    article: Article
    unused: tuple[UnusedField, ...]
    without_id: bool


OnRead: TypeAlias = Callable[[int, ReadRecord], None]
"""Told of every record that is an article, with its position in its source, from 1."""


def nothing_said(_position: int, _found: ReadRecord) -> None:
    """An `OnRead` for those who want the articles alone."""


def article_from_record(record: Mapping[str, object], *, mapping: FieldMap = NO_MAP) -> Article:
    """The article that `record` describes; see `RecordReader.article`."""
    return RecordReader(mapping).article(record)


class RecordReader:
    """Reads records of one source."""

    def __init__(self, mapping: FieldMap = NO_MAP) -> None:
        """Raise `InputError` where `mapping` names a field that no article has."""
        self._names = FieldNames(mapping)

    def article(self, record: Mapping[str, object]) -> Article:
        """The article that `record` describes: validated, cleaned, with an id.

        Language and teaser stay empty where the record has none: see `complete`. One that is
        withdrawn needs neither title nor text, only an id or an address.
        Fields that an article does not have are ignored.

        Raises:
            InputError: names the field, what was expected, what came, and how to mend it.
        """
        return self.read(record).article

    def read(self, record: Mapping[str, object]) -> ReadRecord:
        """As `article`, with what else is worth telling of the record."""
        fields = _Fields(record, self._names)
        title = fields.get("title", text_value, "")
        teaser = fields.get("teaser", text_value, "")
        body = fields.get("body", body_value, "")
        status: Status = fields.get("status", status_value, "published")
        url = fields.get("url", url_value, "")
        identifier = fields.get("id", id_value, "")
        # to take an article away it is enough to name it
        named = status == "withdrawn" and (identifier or url)
        if not (title or body or teaser or named):
            raise InputError(self._without_text(record))
        article = Article(
            id=identifier or derived_id(url, title, body or teaser),
            url=url,
            title=" ".join(title.split()),
            teaser=teaser,
            body=body,
            section=fields.get("section", _first_name, ""),
            tags=fields.get("tags", names_value, ()),
            authors=fields.get("authors", names_value, ()),
            language=fields.get("language", language_value, ""),
            published_at=fields.get("published_at", time_value, None),
            updated_at=fields.get("updated_at", time_value, None),
            image_url=fields.get("image_url", url_value, ""),
            editors_choice=fields.get("editors_choice", flag_value, default=False),
            evergreen=fields.get("evergreen", flag_value, default=False),
            status=status,
            source=fields.get("source", text_value, ""),
            expires_at=fields.get("expires_at", expiry_value, None),
        )
        return ReadRecord(article, self._names.unused(tuple(record)), not identifier)

    def _without_text(self, record: Mapping[str, object]) -> str:
        names = [str(name) for name in record]
        plan = self._names.of(tuple(names))
        tried = [plan[field][0] for field in ("title", "body", "teaser") if field in plan]
        held = [
            f"{name} is {shortened(self._names.value(record, name))}"
            for name in tried
            if name in record
        ]
        if held:
            return f"a record needs a title or a body: {', '.join(held)}."
        has = ", ".join(names[:12]) or "nothing"
        return (
            f"a record needs a title or a body; this one has {has}: "
            f"{self._names.missing('title', names)}."
        )


def derived_id(url: str, title: str, text: str) -> str:
    """The id of an article whose publisher gave none: `u-` by its address, `c-` by its content.

    The same page or, without an address, the same text always gets the same id.
    """
    if url:
        return f"u-{xxh3_64_hexdigest(canonical_url(url).encode())}"
    return "c-" + xxh3_64_hexdigest(f"{title}\0{text}".encode())


class _Fields:
    """The values of one record, by the names of `Article`."""

    def __init__(self, record: Mapping[str, object], names: FieldNames) -> None:
        self._record = record
        self._names = names
        self._plan = names.of(tuple(record))

    def get(self, field: str, convert: Callable[[str, object], T], default: T) -> T:
        """The first of the field's names that holds something, converted."""
        for name in self._plan.get(field, ()):
            value = self._names.value(self._record, name)
            if value is not None and value != "":
                return convert(name, value)
        return default


def _first_name(name: str, value: object) -> str:
    if isinstance(value, list):
        return next(iter(names_value(name, value)), "")
    return text_value(name, value)
