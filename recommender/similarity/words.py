"""The words of a text, of any script, as it writes them: what a reader would call a word."""

import re
import sys
import unicodedata
from collections import Counter
from functools import cache

# no space between words: Thai and Lao, Burmese, Khmer; Japanese and Chinese
_SOUTH_EAST = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_EAST = "\u3040-\u30ff\u3400-\u9fff"
_SPACELESS = re.compile(f"[{_SOUTH_EAST}{_EAST}]")
_RUNS = (  # with the fewest and the most characters of a word
    (re.compile(f"[{_EAST}]{{2,}}"), 2, 6),
    (re.compile(f"[{_SOUTH_EAST}]{{4,}}"), 4, 12),
)
_SAMPLE = 4000  # characters of such a text that are looked at
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc]{3,}")
_SYLLABLES = re.compile("[\u1200-\u137f\uac00-\ud7a3]{2}")  # two are a word, as 서울 is
_LEAST_LETTERS = 3
_PLAIN_WORD = re.compile("[A-Za-z][A-Za-z0-9]{2,}")


def words(text: str) -> Counter[str]:
    """How often each word stands in `text`, letter by letter as it is written there.

    A word begins with a letter and has three and more. Where a script puts no space between words
    it is what the text repeats, which names are, and in Japanese what is written in katakana.
    """
    if text.isascii():
        return Counter(_PLAIN_WORD.findall(text))
    found = Counter(
        word
        for word in _word().findall(text)
        if len(word) >= _LEAST_LETTERS or _SYLLABLES.fullmatch(word)
    )
    if _SPACELESS.search(text):
        found.update(_repeated(text[:_SAMPLE]))
    return found


@cache
def _word() -> re.Pattern[str]:
    # vowel signs and joiners stand inside the words of many scripts, and \w knows neither
    signs = "".join(
        one
        for one in map(chr, range(sys.maxunicode))
        if unicodedata.category(one) in {"Mn", "Mc"} and not _SPACELESS.match(one)
    )
    spaceless = _SOUTH_EAST + _EAST
    return re.compile(rf"[^\W\d_{spaceless}](?:[^\W_{spaceless}]+|[{signs}\u200c\u200d]+)*")


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
        found.update(
            {
                gram: count
                for gram, count in repeated.items()
                if gram not in inner and len(gram) <= most and gram not in found
            }
        )
    return found
