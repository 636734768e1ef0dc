from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from recommender.slots.candidates import Subject, subject_of
from recommender.slots.corpus import Corpus
from recommender.slots.words import alike_with, because
from tests.slots.small_corpus import NOW, article, corpus_of, unit

ALIKE = {"expanded": 0.9}


def because_alike(
    corpus: Corpus,
    subject: Subject | None,
    position: int,
    values: Mapping[str, float],
    *,
    relevance: float | None = None,
    at: float | None = None,
) -> tuple[str, ...]:
    (alike,) = alike_with(corpus, subject, np.array([position]))
    return because(corpus, subject, position, values, alike, relevance=relevance, at=at)


def told(town: Corpus, about: str, other: str, **values: float) -> tuple[str, ...]:
    position, subject = town.position(other), town.position(about)
    assert position is not None
    assert subject is not None
    at = NOW.timestamp()
    return because_alike(town, subject_of(town, subject), position, {**ALIKE, **values}, at=at)


def test_a_piece_of_the_same_story_says_how_far_apart(town: Corpus) -> None:
    assert told(town, "bridge-1", "bridge-2")[0] == "same story, 2 days later"
    assert told(town, "bridge-2", "bridge-1")[0] == "same story, 2 days earlier"


def test_what_shares_words_names_them(town: Corpus) -> None:
    (phrase,) = (one for one in told(town, "bridge-1", "bridge-2") if one.startswith("shares"))
    assert "bridge" in phrase.lower()


def test_what_shares_no_word_is_on_a_similar_subject() -> None:
    articles = [
        article("tide", "Tide tables", body="When the water comes and goes.", days_old=90),
        article("chess", "Chess results", body="Queens were lost on every board.", days_old=1),
    ]
    corpus = corpus_of(articles, [unit(1, 0), unit(0, 1)])
    subject = subject_of(corpus, 0)
    assert because_alike(corpus, subject, 1, ALIKE) == ("on a similar subject",)
    assert because_alike(corpus, subject, 1, ALIKE, relevance=0.2) == ("on a similar subject",)
    assert because_alike(corpus, subject, 1, ALIKE, relevance=0.19) == ("the nearest there is",)


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (-1, "the same day"),
        (23, "the same day"),
        (-25, "1 day earlier"),
        (24 * 40, "1 month later"),
        (-24 * 800, "2 years earlier"),
    ],
)
def test_time_is_told_in_the_greatest_whole_unit(town: Corpus, hours: int, said: str) -> None:
    bridge = town.position("bridge-1")
    assert bridge is not None
    subject = subject_of(town, bridge)
    published = (NOW - timedelta(days=3) - timedelta(hours=hours)).timestamp()
    moved = replace(subject, published_at=published)
    assert because_alike(town, moved, bridge, ALIKE)[0] == f"same story, {said}"


def test_only_what_is_telling_gets_a_word(town: Corpus) -> None:
    assert "new" in told(town, "bridge-1", "school", recency=0.9)
    assert "new" not in told(town, "bridge-1", "school", recency=0.2)
    assert "much read" in told(town, "school", "guide", popularity=0.8)
    assert "also in Town" in told(town, "bridge-1", "bridge-2", section=1.0)


def test_new_is_what_was_published_within_a_week_and_no_evergreen() -> None:
    articles = [
        article("news", "The flood", days_old=6.9),
        article("old", "The drought", days_old=7.1),
        article("guide", "How to stack sandbags", days_old=1, evergreen=True),
        article("undated", "A picture of the flood", published_at=None),
    ]
    corpus = corpus_of(articles, [unit(*(one == n for n in range(4))) for one in range(4)])
    said = [
        because_alike(corpus, None, place, {"recency": 1.0}, at=NOW.timestamp())
        for place in range(4)
    ]
    assert said == [("new",), (), (), ()]
    later = NOW.timestamp() + timedelta(hours=3).total_seconds()
    assert because_alike(corpus, None, 0, {"recency": 1.0}, at=later) == ()
    assert because_alike(corpus, None, 0, {"recency": 1.0}) == ()


def test_a_slot_without_a_subject_says_what_filled_it(town: Corpus) -> None:
    assert because_alike(town, None, 0, {"readers": 1234.0}) == ("read by 1,234 readers of late",)
    assert because_alike(town, None, 0, {"readers": 1.0}) == ("read by a reader of late",)
    assert because_alike(town, None, 0, {"readers": 0.0}) == ()
    assert because_alike(town, Subject(), 0, {"latest": 1.0}) == ("among the latest",)
