from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.snapshot import SnapshotStore
from recommender.articles.article import Article
from recommender.similarity import sketches as sketches_module
from recommender.similarity.overlap import Overlap, overlap
from recommender.similarity.shingles import words
from recommender.similarity.sketches import (
    SAMPLE,
    Sketches,
    joined,
    read_sketches,
    sketch,
    write_sketches,
)
from tests.index.snapshots import seal
from tests.similarity.made_up_texts import article, made_up


def _hashes(text: str) -> list[int]:
    """Of each word."""
    found = words([text])
    place = np.arange(found.ends[1])
    return [int(one) for one in found.hashes(place, place + 1)]


def _compared(left: str, right: str) -> Overlap:
    both = sketch([Article(id="l", body=left), Article(id="r", body=right)])
    return overlap(both, np.array([0]), both, np.array([1]))


def _shingles(text: str) -> set[tuple[str, ...]]:
    own = text.split()
    return set(zip(own, own[1:], own[2:], own[3:], own[4:], strict=False))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Harbour Bridge", "the harbour bridge"),
        ("“Don’t go,” he said – twice.", "Don't go he said, twice"),  # noqa: RUF001
        ("ÉCOLE Straße ΑΘΗΝΑ МОСКВА", "école straße αθηνα москва"),  # noqa: RUF001
        ("ＴＯＫＹＯ　２０２０ ﬁsh", "tokyo 2020 fish"),  # noqa: RUF001
        ("price 1,000 up\n\n5 %", "price 1 000 up 5"),
        ("great 👍️ news", "great news"),
    ],
)
def test_case_punctuation_and_width_make_no_difference(one: str, other: str) -> None:
    # a ligature is one character and stays so
    assert _hashes(one.replace("ﬁ", "fi")) == _hashes(other)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("... -- !", 0),
        ("one two 3", 3),
        ("हिन्दी में समाचार", 3),  # vowel signs part no words
        ("서울의 새 다리", 3),
        ("東京都の橋", 5),
        ("橋 closed today 東京", 5),
        ("ข่าวท้องถิ่น", 12),
        ("ຂ່າວ", 4),
        ("မြန်မာ", 6),
        ("ព័ត៌មាន", 7),
        ("𠀀𠀁", 2),
    ],
)
def test_words_are_told_apart_and_characters_where_none_are_parted(text: str, count: int) -> None:
    assert words([text]).ends.tolist() == [0, count]


def test_the_words_of_each_text_are_its_own() -> None:
    found = words(["one two", "", "three", "四"])
    assert found.ends.tolist() == [0, 2, 2, 3, 4]


def test_the_same_words_have_one_hash_wherever_they_stand_and_only_in_that_order() -> None:
    found = words(["a b c d", "x y a b c d", "d c b a"])
    begin = np.array([0, 6, 10])
    hashes = found.hashes(begin, begin + 4)
    assert hashes[0] == hashes[1]
    assert hashes[0] != hashes[2]


@pytest.mark.parametrize("first", [0x4E00, 0x0E01, 0x1000, 0x1780, 0x0E81, 0x3041])
def test_a_shingle_of_an_unparted_script_is_eight_characters_long(first: int) -> None:
    letters = "".join(filter(str.isalpha, map(chr, range(first, first + 60))))[:30]
    changed = letters[:15] + letters[0] + letters[16:]
    found = _compared(letters, changed)
    assert (found.left.tolist(), found.shared.tolist()) == ([26], [26 - 8])


def test_an_unparted_run_ends_at_a_space() -> None:
    assert _hashes("東 京橋")[:1] == _hashes("東")
    assert _hashes("東京 橋")[:2] == _hashes("東京")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from("abcd"), min_size=20, max_size=120),
    st.lists(st.sampled_from("abcd"), min_size=20, max_size=120),
)
def test_short_texts_are_compared_exactly(one: list[str], other: list[str]) -> None:
    found = _compared(" ".join(one), " ".join(other))
    left, right = _shingles(" ".join(one)), _shingles(" ".join(other))
    assert found.shared.tolist() == [len(left & right)]
    assert (found.left.tolist(), found.right.tolist()) == ([len(left)], [len(right)])
    assert found.jaccard[0] == pytest.approx(len(left & right) / len(left | right))
    assert found.sampled.tolist() == [1]


def test_long_texts_are_compared_by_a_sample() -> None:
    long = made_up(3000, 1)
    half = _compared(" ".join(long), " ".join(long[:1500] + made_up(1500, 2)))
    assert half.jaccard[0] == pytest.approx(1 / 3, abs=0.1)
    excerpt = _compared(" ".join(long), " ".join(long[1000:1400]))
    assert excerpt.containment.tolist() == [1]
    assert (excerpt.right / excerpt.sampled)[0] == pytest.approx(396, rel=0.4)


def test_nothing_has_nothing_in_common_with_anything() -> None:
    found = _compared("", "one two three four five six")
    assert (found.jaccard.tolist(), found.containment.tolist()) == ([0], [0])


def test_a_sketch_is_bounded_however_long_the_text() -> None:
    found = sketch([article("a", made_up(300, 1)), article("b", made_up(200_000, 2))])
    assert np.diff(found.ends).tolist() == [SAMPLE, SAMPLE]
    assert found.limits[1] < found.limits[0] < 2**32 - 1
    assert found.lengths.tolist() == [300, 200_000]


def test_the_body_is_compared_without_its_title_and_a_notice_with_it() -> None:
    body = made_up(60, 3)
    plain, titled = (
        Article(id="a", title="The new bridge", body=" ".join(body)),
        Article(id="b", title="The new bridge", body="The new bridge\n\n" + " ".join(body)),
    )
    notice = Article(id="c", title="The new bridge", body=" ".join(body[:10]))
    teaser = Article(id="d", title="Another title", teaser=" ".join(body))
    found = sketch([plain, titled, notice, teaser])
    rows = [found.hashes[found.ends[at] : found.ends[at + 1]].tolist() for at in range(4)]
    assert rows[0] == rows[1] == rows[3]
    assert len(rows[2]) == 10 + 3 - 4
    assert found.digests[0] == found.digests[1] != found.digests[3]


def test_an_article_of_few_words_has_no_digest() -> None:
    few, enough = Article(id="a", title="Weather today"), Article(id="b", title="a b c d e f g h")
    assert [bool(one) for one in sketch([few, enough]).digests] == [False, True]


def test_blocks_and_parts_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    several = [article(str(size), made_up(size, size)) for size in (0, 400, 3, 90, 700, 1)]
    at_once = sketch(several)
    monkeypatch.setattr(sketches_module, "_BLOCK", 600)
    for other in (sketch(several), joined([sketch(several[:2]), sketch([]), sketch(several[2:])])):
        _assert_equal(other, at_once)
    _assert_equal(at_once.take(np.array([4, 1])), sketch([several[4], several[1]]))


def test_shingles_that_do_not_count_are_left_out() -> None:
    found = sketch([article("a", made_up(50, 1)), article("b", made_up(50, 2))])
    without = found.without(np.sort(found.hashes[: found.ends[1]]))
    assert without.ends.tolist() == [0, 0, 46]
    assert without.hashes.tolist() == found.hashes[46:].tolist()
    assert found.without(np.empty(0, dtype=np.uint32)) is found


def test_sketches_come_back_from_a_snapshot(tmp_path: Path) -> None:
    found = sketch([article("a", made_up(50, 1)), article("b", made_up(500, 2))])
    store = SnapshotStore(tmp_path)
    with store.draft() as draft:
        write_sketches(found, draft)
        version = seal(draft)
    _assert_equal(read_sketches(store.open(version)), found)


def _assert_equal(one: Sketches, other: Sketches) -> None:
    for name in ("hashes", "ends", "limits", "lengths", "digests", "times"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
        assert getattr(one, name).dtype == getattr(other, name).dtype, name
