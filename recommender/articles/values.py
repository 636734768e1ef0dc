"""One value of a record as one field of an article: taken, or refused with the reason.

Each function gets the field's name, as the publisher wrote it, for its message, and a value as
JSON or CSV gives it. None and "" mean: nothing there.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from recommender.articles.article import Status
from recommender.articles.languages import language_code
from recommender.articles.text import clean_text
from recommender.articles.times import parse_expiry, parse_time
from recommender.articles.urls import web_url
from recommender.errors import InputError

MAX_ID = 512
_SHOWN = 60
_MANY = 1000

_TRUE = frozenset({"true", "1", "yes", "y", "on", "t"})
_FALSE = frozenset({"false", "0", "no", "n", "off", "f"})
_PUBLISHED = frozenset({"published", "publish", "live", "public"})
_WITHDRAWN = frozenset(
    {
        *("withdrawn", "retracted", "deleted", "removed", "unpublished"),
        # WordPress's and others' for what readers may not see (any more, or yet)
        *("draft", "auto-draft", "pending", "private", "trash", "trashed", "future", "scheduled"),
    }
)
_NAMES = ("name", "title", "label", "term", "rendered", "value")  # "rendered" is WordPress's
_BODIES = ("rendered", "value", "html", "text")
_ADDRESSES = ("url", "href", "src", "contentUrl")


def shortened(value: object) -> str:
    """`value` as an error message shows it: on one line, at most about 60 characters."""
    if isinstance(value, Mapping):
        return f"an object with {', '.join(map(repr, list(value)[:5])) or 'nothing in it'}"
    text = repr(value[: _SHOWN + 1] if isinstance(value, (str, list)) else value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def text_value(name: str, value: object) -> str:
    """Clean text of a string, a number, or an object with a name."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Mapping):
        inner = _inner(value, _NAMES)
        if isinstance(inner, str):
            return clean_text(inner)
    raise _refused(name, "text", value)


def body_value(name: str, value: object) -> str:
    """Clean text of a string, or of a list of paragraphs."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "\n\n".join(filter(None, map(clean_text, value)))
    inner = _inner(value, _BODIES) if isinstance(value, Mapping) else value
    if isinstance(inner, str):
        return clean_text(inner)
    raise _refused(name, "text or a list of paragraphs", value)


def names_value(name: str, value: object) -> tuple[str, ...]:
    """Names out of a list, or a string that parts them by comma or semicolon; each once."""
    if isinstance(value, str):
        # entities first: the semicolon of "AT&amp;T" parts nothing
        clean = clean_text(value)
        parts: list[object] = list(clean.split(";" if ";" in clean else ","))
    elif isinstance(value, list):
        parts = value
    else:
        parts = [value]
    if len(parts) > _MANY:
        raise InputError(f"{name}: expected at most {_MANY} names, got {len(parts)}.")
    texts = (text_value(name, part) for part in parts if part is not None and part != "")
    return tuple(dict.fromkeys(filter(None, texts)))


def url_value(name: str, value: object) -> str:
    """An absolute http(s) address; of a list or an object (pictures come so) the first one."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, Mapping):
        value = _inner(value, _ADDRESSES)
    if value is None or (isinstance(value, str) and not value.strip()):
        return ""
    if not isinstance(value, str):
        raise _refused(name, "an address that starts with https:// or http://", value)
    try:
        return web_url(value)
    except ValueError as error:
        raise InputError(
            f"{name}: expected an address that starts with https:// or http://, "
            f"got {shortened(value)}: {error}. Leave it out, on the command line with "
            "--map url= or --map image_url= ."
        ) from None


def time_value(name: str, value: object) -> datetime | None:
    """An aware UTC time; a naive one is taken as UTC."""
    return _time(name, value, parse_time)


def expiry_value(name: str, value: object) -> datetime | None:
    """As `time_value`; None too of the year 9999 and the like, by which systems mean never."""
    return _time(name, value, parse_expiry)


def _time(
    name: str, value: object, parse: Callable[[str | float], datetime | None]
) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _refused(name, "a time", value)
    if isinstance(value, str) and not value.strip():
        return None
    try:
        return parse(value)
    except ValueError as error:
        raise InputError(
            f"{name}: expected a time such as 2024-05-31T08:00:00Z, got {shortened(value)}: "
            f"{error}."
        ) from None


def language_value(name: str, value: object) -> str:
    """A language code; "" where it is to be detected."""
    if not isinstance(value, str):
        raise _refused(name, "a language code", value)
    if not value.strip():
        return ""
    try:
        return language_code(value)
    except ValueError:
        raise InputError(
            f"{name}: expected a language code such as en or pt-BR, got {shortened(value)}; "
            "leave it out to have it detected, on the command line with --map language= ."
        ) from None


def flag_value(name: str, value: object) -> bool:
    """A boolean, 0 or 1, or a word for one of them."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, (str, int)) else None
    if word in _TRUE:
        return True
    if word in _FALSE or word == "":
        return False
    raise _refused(name, "true or false", value)


def status_value(name: str, value: object) -> Status:
    """Published, or withdrawn: what the publisher does not show is not shown here either.

    A state of another name is refused.
    """
    word = value.strip().lower() if isinstance(value, str) else None
    if word in _PUBLISHED or word == "":
        return "published"
    if word in _WITHDRAWN:
        return "withdrawn"
    raise _refused(name, "published or withdrawn", value)


def id_value(name: str, value: object) -> str:
    """A string without control characters, or an integer."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _refused(name, "a string or an integer", value)
    text = str(value).strip()
    if len(text) > MAX_ID:
        raise InputError(
            f"{name}: expected at most {MAX_ID} characters, got {len(text)}: {shortened(text)}."
        )
    if not text.isprintable():
        raise InputError(f"{name}: expected no control characters, got {shortened(text)}.")
    return text


def _inner(value: Mapping[str, object], keys: tuple[str, ...]) -> object:
    return next((value[key] for key in keys if value.get(key) is not None), None)


def _refused(name: str, expected: str, value: object) -> InputError:
    return InputError(f"{name}: expected {expected}, got {shortened(value)}.")
