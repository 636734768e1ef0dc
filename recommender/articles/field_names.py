"""Which field of a publisher's record stands for which field of `Article`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from rapidfuzz import process
from rapidfuzz.distance import OSA

from recommender.articles.article import Article
from recommender.errors import InputError
from recommender.meant import in_passing, nearest

FieldMap: TypeAlias = Mapping[str, str]
"""Field of `Article` -> the publisher's name for it; "" there leaves the field out."""

NO_MAP: FieldMap = MappingProxyType({})

FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Article))

_OTHER_NAMES: dict[str, tuple[str, ...]] = {
    # as people, JSON-LD, JSON Feed and content systems write them, case and punctuation aside;
    # the first that a record has wins. Names that mean now this, now that (created, name,
    # photo, timestamp, featured) are left to --map.
    "id": ("guid", "articleid", "uuid"),
    "url": ("link", "permalink", "canonicalurl", "articleurl", "href"),
    "title": ("headline",),
    "teaser": ("summary", "description", "abstract", "standfirst", "excerpt", "lede"),
    "body": (
        *("text", "content", "articlebody", "fulltext", "bodytext"),
        *("contenthtml", "contenttext", "bodyhtml"),
    ),
    "section": ("category", "rubric", "articlesection"),
    "tags": ("keywords", "tag", "categories"),
    "authors": ("author", "byline", "creator"),
    "language": ("lang", "inlanguage", "locale"),
    "published_at": (
        *(
            "published",
            "dategmt",
            "date",
            "pubdate",
            "datepublished",
            "publicationdate",
            "publishdate",
        ),
        *("publisheddate", "publishedon", "publishedtime", "articlepublishedtime"),
    ),
    "updated_at": (
        *(
            "updated",
            "modifiedgmt",
            "modified",
            "lastmodified",
            "datemodified",
            "modifiedat",
            "updateddate",
        ),
        *("modifieddate", "lastmod", "modifiedtime", "articlemodifiedtime"),
    ),
    "image_url": ("image", "thumbnail", "thumbnailurl", "leadimage", "photourl"),
    "editors_choice": ("editorspick", "editorchoice"),
    "source": ("outlet", "publisher", "sitename"),
    "expires_at": ("expires", "expirationdate", "expirydate"),
}


_SHORTEST = 4
"""Letters of a name that is compared with others: nearly everything looks like a shorter one."""
_LONG = 8
"""Letters of a name of which two may be wrong, not one."""


@dataclass(frozen=True, slots=True)
class UnusedField:
    """A field of a record that says nothing about its article.

    Attributes:
        name: as the record has it.
        meant: a name that is read, that looks like it and that the record lacks; "" if none is so.
    """

    name: str
    meant: str = ""


def parse_map(options: Iterable[str]) -> dict[str, str]:
    """`["title=headline", "tags="]` -> `{"title": "headline", "tags": ""}`.

    Raises:
        InputError: no "=", a field named twice, or a field that no article has.
    """
    mapping: dict[str, str] = {}
    for option in options:
        field, equals, name = (part.strip() for part in option.partition("="))
        if not equals:
            raise InputError(f"--map expects FIELD=NAME, such as title=headline; got {option!r}.")
        if mapping.setdefault(field, name) != name:
            raise InputError(f"--map names {field!r} twice: {mapping[field]!r} and {name!r}.")
    check_map(mapping)
    return mapping


def check_map(mapping: FieldMap) -> None:
    """Raise `InputError` where `mapping` names a field that no article has."""
    for field in mapping:
        if field not in FIELDS:
            raise InputError(
                f"An article has no field {field!r}{in_passing(field, FIELDS)}. "
                f"Fields to map: {', '.join(FIELDS)}."
            )


class FieldNames:
    """The names to try for each field, given the names that a record has."""

    def __init__(self, mapping: FieldMap = NO_MAP) -> None:
        check_map(mapping)
        self._mapping = dict(mapping)
        # records of one source mostly share their names: worked out once for each set of names
        self._of = lru_cache(maxsize=256)(self._work_out)
        self._unused = lru_cache(maxsize=256)(self._left_over)

    def of(self, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """Field of `Article` -> the record's own names for it, best first; only fields it has."""
        return self._of(names)

    def unused(self, names: tuple[str, ...]) -> tuple[UnusedField, ...]:
        """Those of a record's names that stand for no field, in their order.

        What the mapping passes over on purpose is none of them.
        """
        return self._unused(names)

    def value(self, record: Mapping[str, object], name: str) -> object:
        """What `record` has under `name`; a name with dots also reaches into nested objects."""
        if name in record:
            return record[name]
        found: object = record
        for part in name.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return None
            found = found[part]
        return found

    def missing(self, field: str, names: Iterable[str]) -> str:
        """How to mend a record that has nothing for `field`."""
        if mapped := self._mapping.get(field):
            return f"--map {field}={mapped} finds nothing{in_passing(mapped, names)}"
        near = nearest(field, names, 1)
        example = f"--map {field}={near[0] if near else 'headline'}"
        return f"call the field {field}, or on the command line say what it is called: {example}"

    def _work_out(self, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        mapped_names = set(self._mapping.values())
        # of --map body=content.full, "content" is taken too
        taken = mapped_names | {name.partition(".")[0] for name in mapped_names - set(names)}
        by_folded: dict[str, list[str]] = {}
        for name in names:
            if name not in taken:
                by_folded.setdefault(_folded(name), []).append(name)
        plan: dict[str, tuple[str, ...]] = {}
        for field in FIELDS:
            if field in self._mapping:
                mapped = self._mapping[field]
                found = [mapped] if mapped else []
            else:
                wanted = (_folded(field), *_OTHER_NAMES.get(field, ()))
                found = [field] if field in names and field not in taken else []
                found += [n for w in wanted for n in by_folded.get(w, ()) if n != field]
            if found:
                plan[field] = tuple(found)
        return plan

    def _left_over(self, names: tuple[str, ...]) -> tuple[UnusedField, ...]:
        plan = self.of(names)
        taken = {name for found in plan.values() for name in found}
        taken |= {name.partition(".")[0] for name in self._mapping.values()}
        lacking = [field for field in FIELDS if field not in plan and field not in self._mapping]
        # fields by their own names first, which win where two are equally near
        near = {_folded(field): field for field in lacking}
        near |= {name: name for field in lacking for name in _OTHER_NAMES.get(field, ())}
        return tuple(
            UnusedField(name, _meant(_folded(name), near))
            for name in names
            if name not in taken and _folded(name) not in _KNOWN
        )


def _folded(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


_KNOWN = frozenset(
    name for field in FIELDS for name in (_folded(field), *_OTHER_NAMES.get(field, ()))
)


def _meant(name: str, near: Mapping[str, str]) -> str:
    if len(name) < _SHORTEST:
        return ""
    most = 2 if len(name) >= _LONG else 1
    found = process.extractOne(name, list(near), scorer=OSA.distance, score_cutoff=most)
    return near[found[0]] if found else ""
