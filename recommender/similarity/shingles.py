"""Texts as hashes of their words, and of several words in a row (shingles)."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

SHINGLE = 5
"""Words in a shingle."""

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

# Where no space parts words (Thai and Lao, Burmese, Khmer, kana, Han), each character begins one
# "word" of so many: a shingle then is 8 characters long.
_RUN = 4
_UNPARTED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
)
_VARIATION_SELECTORS = slice(0xFE00, 0xFE10)  # marks by their category, but of emoji
_PLANES = 0x20000  # all above are rare Han characters, or marks of no language
_IS_UNPARTED = np.uint32(1 << 31)

_FACTOR = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64


@dataclass(frozen=True, slots=True)
class Words:
    """The words of n texts, one text after the other.

    Letter case, punctuation and white space make no difference, nor do wide or ligated letters.

    Attributes:
        ends: shape (n + 1,): where each text begins and ends, in words.
        rolling: over the hash of each word.
    """

    ends: Places
    rolling: "_Rolling"

    def hashes(self, begin: Places, end: Places) -> Hashes:
        """Of the words from each `begin` up to before `end`, in their order."""
        return self.rolling.hashes(begin, end)


def words(texts: Sequence[str]) -> Words:
    """What the texts consist of; takes some 50 bytes of memory a character."""
    joined = "\n".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32)
    letters = _alphabet()[np.minimum(codes, _PLANES)]
    begin, end = _bounds(letters)
    hashes = _Rolling.over(letters & ~_IS_UNPARTED).hashes(begin, end)
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    ends = np.zeros(len(texts) + 1, dtype=np.int64)
    ends[1:] = np.searchsorted(begin, np.cumsum(sizes + 1))
    return Words(ends, _Rolling.over(hashes))


@dataclass(frozen=True, slots=True)
class _Rolling:
    """Hashes of any part of a sequence (Karp and Rabin 1987), modulo 2**64.

    Attributes:
        sums: shape (n + 1,), the polynomial of all values before each place.
    """

    sums: Hashes

    @classmethod
    def over(cls, values: npt.NDArray[np.unsignedinteger]) -> "_Rolling":
        powers, _ = _powers(_room(len(values)))
        sums = np.zeros(len(values) + 1, dtype=np.uint64)
        np.cumsum(values * powers[: len(values)], out=sums[1:])
        return cls(sums)

    def hashes(self, begin: Places, end: Places) -> Hashes:
        """Of the values from `begin` up to before `end`, whatever stands before them."""
        _, inverses = _powers(_room(len(self.sums)))
        return _mixed((self.sums[end] - self.sums[begin]) * inverses[begin])


def _bounds(letters: npt.NDArray[np.uint32]) -> tuple[Places, Places]:
    """Where words begin and end; those of unparted characters overlap."""
    single = letters >= _IS_UNPARTED
    plain = (letters != 0) & ~single
    begins, ends = plain.copy(), plain.copy()
    begins[1:] &= ~plain[:-1]
    ends[:-1] &= ~plain[1:]
    if not single.any():
        return np.flatnonzero(begins), np.flatnonzero(ends) + 1
    begin, end = np.flatnonzero(begins | single), np.flatnonzero(ends | single) + 1
    alone = np.flatnonzero(single[begin])
    padded = np.append(single, np.zeros(_RUN, dtype=np.bool_))
    goes_on = np.ones(len(alone), dtype=np.bool_)
    for further in range(1, _RUN):
        goes_on &= padded[begin[alone] + further]
        end[alone] += goes_on
    return begin, end


@cache
def _alphabet() -> npt.NDArray[np.uint32]:
    """For each character the one that it counts as, marked where unparted; 0 parts words."""
    table = np.zeros(_PLANES + 1, dtype=np.uint32)
    for code in range(_PLANES):
        character = chr(code)
        if unicodedata.category(character)[0] in "LMN":
            folded = unicodedata.normalize("NFKC", character).casefold()
            table[code] = ord(folded) if len(folded) == 1 else code
    table[_VARIATION_SELECTORS] = 0
    for first, last in _UNPARTED:
        table[(table >= first) & (table <= last)] |= _IS_UNPARTED
    table[_PLANES] = _IS_UNPARTED | np.uint32(_PLANES)
    return table


def _room(size: int) -> int:
    """A power of two, so that few tables of powers are made."""
    return 1 << max(16, size.bit_length())


@lru_cache(maxsize=4)
def _powers(count: int) -> tuple[Hashes, Hashes]:
    """The first `count` powers of the factor and of its inverse."""
    return _geometric(_FACTOR, count), _geometric(pow(_FACTOR, -1, 1 << 64), count)


def _geometric(factor: int, count: int) -> Hashes:
    series = np.full(count, factor, dtype=np.uint64)
    series[0] = 1
    np.multiply.accumulate(series, out=series)
    return series


def _mixed(values: Hashes) -> Hashes:
    """Every bit of the result depends on every bit of the value (SplitMix64)."""
    mixed = values ^ (values >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
