# ruff: noqa: RUF001 - texts under test hold the characters that real ones hold
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles.article import Article
from recommender.articles.complete import TEASER_LENGTH, complete, first_sentences
from recommender.articles.languages import detect_language, language_code

FRENCH = (
    "Le conseil municipal a voté mardi soir la rénovation du marché couvert. Les travaux "
    "commenceront au printemps et dureront deux ans. Le maire promet des places en plus."
)


def test_language_and_teaser_come_from_the_text() -> None:
    done = complete(Article(id="1", title="Le marché", body="Le marché\n\n" + FRENCH))
    assert done.language == "fr"
    assert done.teaser == FRENCH[: FRENCH.index(" Le maire")]


def test_what_the_publisher_gave_stays() -> None:
    given_article = Article(id="1", title="T", body=FRENCH, language="oc", teaser="Kept")
    assert complete(given_article) is given_article


def test_completing_twice_is_completing_once() -> None:
    done = complete(Article(id="1", body=FRENCH))
    assert complete(done) is done
    assert replace(done, language="", teaser="") == Article(id="1", body=FRENCH)


def test_without_body_there_is_no_teaser_and_short_text_has_no_language() -> None:
    done = complete(Article(id="1", title="Goal!"))
    assert (done.teaser, done.language) == ("", "und")


def test_a_body_that_only_repeats_the_title_still_gives_a_teaser() -> None:
    assert complete(Article(id="1", title="Budget", body="Budget")).teaser == "Budget"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The harbour ferry returned to service on Monday after long repairs.", "en"),
        ("Die Hafenfähre fährt nach langer Reparatur seit Montag wieder nach Fahrplan.", "de"),
        ("港のフェリーは月曜日に運航を再開した。", "ja"),
        ("市政府星期二通过了新的预算案，市民表示欢迎。", "zh"),
        ("Паром снова ходит по расписанию после долгого ремонта.", "ru"),
        ("12:30 – 4 711 000", "und"),
        ("", "und"),
        ("São Paulo", "und"),
        ("日本", "und"),
    ],
)
def test_languages_are_told(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        *[("en", "en"), ("EN-us", "en"), ("pt_BR", "pt"), ("fra", "fr"), ("ger", "de")],
        *[("zh-Hant-TW", "zh"), ("pcm", "pcm"), (" iw ", "he"), ("und", "")],
    ],
)
def test_language_tags_become_codes(tag: str, code: str) -> None:
    assert language_code(tag) == code


@pytest.mark.parametrize("tag", ["English", "e", "en us", "12", "français"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="no language code"):
        language_code(tag)


def test_a_teaser_does_not_end_at_an_abbreviation() -> None:
    text = (
        "The decision was taken on Tuesday evening after a long debate of nearly nine hours in "
        "the old town hall of Port Ellen by Mr. "
        "Smith and the U.S. Senate, which meets in Washington. Nobody was surprised by it at all."
    )
    assert first_sentences(text).endswith("Washington.")


def test_a_long_sentence_is_cut_at_a_word() -> None:
    teaser = first_sentences("word " * 200)
    assert teaser.endswith("word…")
    assert len(teaser) <= TEASER_LENGTH


@given(st.text(), st.integers(min_value=20, max_value=400))
def test_a_teaser_is_one_line_within_the_limit_from_the_start(text: str, limit: int) -> None:
    teaser = first_sentences(text, limit)
    assert len(teaser) <= limit
    assert teaser.split() == teaser.split(" ") or not teaser
    assert " ".join(text.split()).startswith(teaser.removesuffix("…"))
