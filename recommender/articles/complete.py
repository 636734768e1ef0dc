"""What an article lacks and its own text can tell: language and teaser."""

import re
from dataclasses import replace

from recommender.articles.article import Article
from recommender.articles.languages import detect_language
from recommender.articles.text import body_without_title

TEASER_LENGTH = 280
"""Characters that a derived teaser has at most, the ellipsis included."""

_ENOUGH = 120  # a teaser shorter than this takes the next sentence too

_SENTENCE_END = re.compile(
    r"""[.!?\u2026\u061f\u06d4\u0964]["'\u2019\u201d\u00bb)\]]*(?=\s|$)"""
    r"""|[\u1362\u3002\uff01\uff1f]["'\u2019\u201d\u300d\u300f\uff09]*"""
)
_ABBREVIATION = re.compile(
    r"(?:\b[^\W\d_]|\b(?:Mr|Mrs|Ms|Dr|St|Gov|Sen|Rep|Reps|Sens|Gen|Lt|Col|Capt|Sgt|Maj|Jr|Sr|No|"
    r"vs|Inc|Corp|Co|Ltd|Prof|Rev|Hon|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec|Ave|Mt|Ft|Nr|Bros|"
    r"Mme|Mlle|Sra?|bzw|ca|usw))\.$"
)


def complete(article: Article) -> Article:
    """`article` with language and teaser filled in where they are empty.

    The language is "und" where the text is too short to tell; the teaser stays empty where
    there is no body.
    """
    language, teaser = article.language, article.teaser
    if not language:
        language = detect_language(f"{article.title}\n{article.body or article.teaser}")
    if not teaser and article.body:
        teaser = first_sentences(body_without_title(article) or article.body)
    if language == article.language and teaser == article.teaser:
        return article
    return replace(article, language=language, teaser=teaser)


def first_sentences(text: str, limit: int = TEASER_LENGTH) -> str:
    """Whole sentences from the start of `text`, in one line of at most `limit` characters.

    Where the first sentence alone is longer it is cut at a word and ends in an ellipsis.
    """
    # a slice is enough, and long bodies are common
    line = " ".join(text[: 4 * limit].split())
    if len(line) <= min(limit, _ENOUGH):
        return line
    end = 0
    for match in _SENTENCE_END.finditer(line, 0, limit + 1):
        if match.end() > limit or _ABBREVIATION.search(line[: match.end()][-12:]):
            continue
        end = match.end()
        if end >= _ENOUGH:
            break
    if end >= min(_ENOUGH, limit) // 2:
        return line[:end]
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    word_end = cut.rfind(" ")
    if line[limit - 1] != " " and word_end > limit // 2:  # otherwise a script without spaces
        cut = cut[:word_end]
    return cut.rstrip(" ,;:-\u2013\u2014(") + "\u2026"
