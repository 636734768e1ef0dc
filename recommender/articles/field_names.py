"""Which field of a publisher's record stands for which field of `Article`."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from rapidfuzz import process

from recommender.articles.article import Article
from recommender.errors import InputError

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
                f"An article has no field {field!r}{did_you_mean(field, FIELDS)}. "
                f"Fields to map: {', '.join(FIELDS)}."
            )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'title'?)`, or "" where no known name is near."""
    nearest = process.extractOne(name, list(known), score_cutoff=70)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


class FieldNames:
    """The names to try for each field, given the names that a record has."""

    def __init__(self, mapping: FieldMap = NO_MAP) -> None:
        check_map(mapping)
        self._mapping = dict(mapping)
        # records of one source mostly share their names: worked out once for each set of names
        self._of = lru_cache(maxsize=256)(self._work_out)

    def of(self, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """Field of `Article` -> the record's own names for it, best first; only fields it has."""
        return self._of(names)

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
            return f"--map {field}={mapped} finds nothing{did_you_mean(mapped, names)}"
        nearest = process.extractOne(field, list(names), score_cutoff=70)
        example = f"--map {field}={nearest[0] if nearest else 'headline'}"
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


def _folded(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
