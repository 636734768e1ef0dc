"""Clean plain text out of whatever publishers send."""

import re
import unicodedata

from recommender.articles.article import Article
from recommender.articles.debris import decode_entities, mend_backslashes, mend_lost_ampersands
from recommender.articles.markup import has_markup, markup_to_text

# Text escaped more often than this stays escaped in part; nobody does that by accident
_MAX_PASSES = 10

_CONTROLS = "\x00-\x08\x0e-\x1b\x7f"
# zero-width space, soft hyphen, direction marks, word joiner, byte order mark, half characters
_INVISIBLE = "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
_JUNK = re.compile(f"[{_CONTROLS}{_INVISIBLE}\ud800-\udfff\ufffe\uffff]")
_ASCII_JUNK = dict.fromkeys((*range(9), *range(0x0E, 0x1C), 0x7F))
# joiners shape letters in Persian, Hindi or emoji; beside ASCII, space or an end they do nothing
_IDLE_JOINER = re.compile("(?<![^\x00-\x7f\\s])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f\\s])")
_NEEDS_CARE = re.compile(r"[<&\\;]")
_BLANK_LINE = re.compile(r"\n\s*\n")
# two neighbours out of the alphabets that UTF-8 turns into when read as a one-byte encoding;
# asked first because ftfy's own test takes longer
_MAYBE_MOJIBAKE = re.compile("[\x80-\u04ff\u2010-\u2668\ufb01\ufb02\uf8ff]{2}|\u00c3 ")
_TITLE_SPACES = 3  # "Paris" may well begin a body that does not repeat the title "Paris"
_C1 = re.compile("[\x80-\x9f]")


def clean_text(markup_or_text: str) -> str:
    """Plain text: no markup, entities, control characters or mojibake; NFC.

    Paragraphs are parted by one blank line; within them all white space is one space.
    Plain text comes back as it is but for that, "a < b" and "<TICKER>" included.
    Cleaning clean text changes nothing.
    """
    text = markup_or_text
    for _ in range(_MAX_PASSES):
        if text.isascii() and not _NEEDS_CARE.search(text):
            return _folded(text.translate(_ASCII_JUNK))
        # what one step uncovers, such as a tag that was escaped, is work for the next pass
        cleaned = _cleaned_once(text)
        if cleaned == text:
            break
        text = cleaned
    return text


def article_text(article: Article) -> str:
    """What stands for an article when it is compared: title, blank line, body.

    A title that the body repeats is there once; the teaser stands in where there is no body.
    """
    body = body_without_title(article) or article.teaser
    return f"{article.title}\n\n{body}" if article.title and body else article.title or body


def body_without_title(article: Article) -> str:
    """The body, less the title where it begins by repeating it."""
    title, body = article.title.rstrip(" .:!"), article.body
    if not title or body[: len(title)].casefold() != title.casefold():
        return body
    after = body[len(title) :]
    rest = after.lstrip(" .:!")
    if not rest or rest.startswith("\n"):
        return rest.strip()
    # on the same line it is a repeated title only if it is long and a sentence starts after it
    sentence_follows = rest != after and not rest[0].islower()
    return rest if sentence_follows and title.count(" ") >= _TITLE_SPACES else body


def _cleaned_once(text: str) -> str:
    text = _JUNK.sub("", text)
    if not text.isascii():
        text = _without_mojibake(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if ";" in text:
        text = mend_lost_ampersands(text)
    if "\\" in text:
        text = mend_backslashes(text)
    if "<" in text and has_markup(text):
        text = markup_to_text(text)
    elif "&" in text:
        text = decode_entities(text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        text = _IDLE_JOINER.sub("", text)
        text = text.replace("\u2029", "\n\n")
    return _folded(text)


def _without_mojibake(text: str) -> str:
    maybe, controls = _MAYBE_MOJIBAKE.search(text), _C1.search(text)
    if not maybe and not controls:
        return text
    # imported here: it takes a tenth of a second, and most texts need none of it
    import ftfy  # noqa: PLC0415
    from ftfy.badness import is_bad  # noqa: PLC0415
    from ftfy.fixes import fix_c1_controls  # noqa: PLC0415

    if maybe and is_bad(text):
        # line by line: one line's odd character must not keep the others broken
        text = "\n".join(ftfy.fix_encoding(line) for line in text.split("\n"))
    # taken as Windows-1252, which has no character for five of them
    return _C1.sub("", fix_c1_controls(text)) if _C1.search(text) else text


def _folded(text: str) -> str:
    if "\n" not in text:
        return " ".join(text.split())
    paragraphs = (" ".join(part.split()) for part in _BLANK_LINE.split(text))
    return "\n\n".join(filter(None, paragraphs))
