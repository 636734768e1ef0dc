"""The words of a text, of any script, as it writes them: what a reader would call a word."""

import re
import unicodedata
from collections import Counter
from functools import cache

# no space between words: Thai and Lao, Burmese, Khmer; Japanese and Chinese
_SOUTH_EAST = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_HAN = "\u3400-\u9fff"
_SPACELESS = f"{_SOUTH_EAST}\u3040-\u30ff{_HAN}"
_ANY_SPACELESS = re.compile(f"[{_SPACELESS}]")
_RUNS = (  # with the fewest and the most characters of a word
    (re.compile(f"(?:(?![的了])[{_HAN}]){{2,}}"), 2, 6),  # not across "of" and "done"
    (re.compile(f"[{_SOUTH_EAST}]{{4,}}"), 4, 12),
)
_SAMPLE = 4000  # characters of such a text that are looked at
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc]{3,}")
_SYLLABLES = re.compile("[\u1200-\u137f\uac00-\ud7a3]{2}")  # two are a word, as 서울 is
_LEAST_LETTERS = 3
_PLAIN_WORD = "[A-Za-z][A-Za-z0-9]{2,}"
_ADDRESS = re.compile(r"\S*(?:://|www\.|@)\S*")
# full stop and its like, line, quotation mark, bracket, dash, bullet
_BEFORE_FIRST = '(?:^|[.!?:\n"\u00ab\u00bb\u2018-\u201f(\\[\u2022*\u2013\u2014-])'
_SIGNS_END = 0x20000  # no combining mark of a script stands behind it


def words(text: str) -> Counter[str]:
    """How often each word stands in `text`, letter by letter as it is written there.

    A word begins with a letter and has three and more; addresses of the web have none. Where a
    script puts no space between words it is what the text repeats, as it does names, and in
    Japanese what is written in katakana.
    """
    text = _without_addresses(text)
    found = _found(text)
    if not text.isascii() and _ANY_SPACELESS.search(text):
        found.update(_repeated(text[:_SAMPLE]))
    return found


def first_words(text: str) -> Counter[str]:
    """How often a word begins a sentence, a line or a quotation, where any has a capital."""
    return _found(_without_addresses(text), first=True)


def _without_addresses(text: str) -> str:
    # looked for first: few texts have any, and the pattern tries every word
    if "@" in text or "://" in text or "www." in text:
        return _ADDRESS.sub(" ", text)
    return text


def _found(text: str, *, first: bool = False) -> Counter[str]:
    plain = text.isascii()
    found = Counter(_pattern(plain=plain, first=first).findall(text))
    if plain:  # its pattern finds no shorter ones
        return found
    for word in [word for word in found if len(word) < _LEAST_LETTERS]:
        if not _SYLLABLES.fullmatch(word):
            del found[word]
    return found


@cache
def _pattern(*, plain: bool, first: bool = False) -> re.Pattern[str]:
    word = _PLAIN_WORD if plain else _word()
    return re.compile(rf"{_BEFORE_FIRST}\s*({word})" if first else word)


def _word() -> str:
    # vowel signs and joiners stand inside the words of many scripts, and \w knows neither
    signs = "".join(
        one
        for one in map(chr, range(_SIGNS_END))
        if unicodedata.category(one) in {"Mn", "Mc"} and not _ANY_SPACELESS.match(one)
    )
    return rf"[^\W\d_{_SPACELESS}](?:[^\W_{_SPACELESS}]+|[{signs}\u200c\u200d]+)*"


def _repeated(text: str) -> Counter[str]:
    found = Counter(_KATAKANA.findall(text))
    for runs, least, most in _RUNS:
        grams = Counter(
            run[start : start + length]
            for run in runs.findall(text)
            for length in range(least, most + 2)
            for start in range(len(run) - length + 1)
        )
        repeated = {gram: count for gram, count in grams.items() if count > 1}
        inner = {
            part
            for gram, count in repeated.items()
            for part in (gram[1:], gram[:-1])
            if repeated.get(part) == count  # never without what is around it
        }
        for gram, count in repeated.items():
            if gram not in inner and len(gram) <= most:
                found[gram] = count
    return found
