from collections import Counter

import pytest

from recommender.similarity.words import first_words, words


def test_words_begin_with_a_letter_and_have_three() -> None:
    text = "The 20th of May: G20 leaders, 1980s style, met in a bar on 3 May. COVID19 is on"
    assert words(text) == Counter(
        ["The", "May", "G20", "leaders", "style", "met", "bar", "May", "COVID19"]
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Tromsø og Ålesund", ["Tromsø", "Ålesund"]),
        ("मुंबई में हिन्दी", ["मुंबई", "में", "हिन्दी"]),  # vowel signs are inside words
        ("می\u200cخواهم بروم", ["می\u200cخواهم", "بروم"]),  # noqa: RUF001 - Persian
        ("서울 시장은", ["서울", "시장은"]),  # two syllables are a word
        ("ῥόδον ἐν ᾗ", ["ῥόδον"]),
    ],
)
def test_words_of_other_alphabets_are_whole(text: str, found: list[str]) -> None:
    assert words(text) == Counter(found)


def test_addresses_have_no_words() -> None:
    text = "Ask press@example.org or see https://www.example.com/story and www.example.net today"
    assert words(text) == Counter(["Ask", "see", "and", "today"])


def test_without_spaces_a_word_is_what_the_text_repeats() -> None:
    assert words("挪威首相访问奥斯陆。挪威首相说奥斯陆很美。挪威的雪") == {
        "挪威": 3,
        "挪威首相": 2,
        "奥斯陆": 2,
    }
    assert words("他的文件。我的文件") == {"文件": 2}, "not with the particle before it"
    assert words("甲乙丙丁戊己庚辛。甲乙丙丁戊己庚辛") == {}, "a sentence is no word"
    thai = "นายกรัฐมนตรีไปเชียงใหม่ คนเชียงใหม่ดีใจ"
    assert words(thai) == {"เชียงใหม่": 2}


def test_a_japanese_name_in_katakana_counts_where_it_stands_once() -> None:
    assert words("ノルウェーの首相が東京を訪れた") == {"ノルウェー": 1}


def test_first_words_are_those_with_a_capital_for_their_place() -> None:
    text = "Here is Oslo. Here it rains!\nSnow falls; “Snow again”, said Kari - Kari only (Ola not)"
    assert first_words(text) == Counter(["Here", "Here", "Snow", "Snow", "Kari", "Ola"])
