"""What is left in a text by one conversion too many or too few: entities and backslashes."""

import re
from html import unescape
from html.entities import html5

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# "&amp;amp;amp;" in one step, so that deep nesting takes no more passes
_NESTED = re.compile(r"&(?:(?:amp|AMP|#0*38|#[xX]0*26);)+")

# "Oscar #39;s", "AT amp;T", "the  #36;10 prize": a converter put a space in the ampersand's
# place. Only references that news text cannot mean in earnest ("ranked #12;" stays).
_LOST_AMPERSAND = re.compile(
    r"(?:^| )(#0?(?:3[4689]|14[5-8]|15[01]|160|82(?:1[1267]|2[01]))|amp|quot|apos);", re.MULTILINE
)

_PATH = re.compile(r"\b[A-Za-z]:\\|(?<!\S)\\\\[\w.-]+\\\w")
_WRITTEN_NEWLINE = re.compile(r"(?:\\r)?\\n(?=[A-Z\s\\]|$)")
_PARAGRAPH_MARK = re.compile(r"\\{2,}")
_ESCAPE = re.compile(r"\\(?=[^\w\s\\]|\s|$)")
_LINE_MARK = re.compile(r"""(?<=[\w.,;:!?%)"'\u2019\u201d])\\(?=\w)""")
_BETWEEN_CAPITALS = re.compile(r"(?<=[A-Z])\\(?=[A-Z])")


def decode_entities(text: str) -> str:
    """HTML's character references decoded, also doubly escaped ones.

    Only those with their semicolon: "AT&T", "R&D" and "?a=1&copy=2" are no references.
    """
    text = _NESTED.sub("&amp;", text)
    return _ENTITY.sub(_decoded, text)


def mend_lost_ampersands(text: str) -> str:
    """References whose ampersand became a space: "Oscar #39;s" -> "Oscar's"."""
    return _LOST_AMPERSAND.sub(lambda match: unescape(f"&{match[1]};"), text)


def mend_backslashes(text: str) -> str:
    r"""Backslashes that stood for a line's end or an escape: "second\team" -> "second team".

    Texts with file paths are left alone, and so are "AC\DC" and a backslash before a word.
    """
    if _PATH.search(text):
        return text
    text = _WRITTEN_NEWLINE.sub("\n", text)
    text = _PARAGRAPH_MARK.sub("\n\n", text)
    text = _ESCAPE.sub("", text)
    return _LINE_MARK.sub(
        lambda match: match[0] if _BETWEEN_CAPITALS.match(text, match.start()) else " ", text
    )


def _decoded(match: re.Match[str]) -> str:
    reference = match[0]
    if reference[1] != "#" and reference[1:] not in html5:
        return reference  # unescape would take "&notit;" for "&not" and "it;"
    return unescape(reference)
