"""Slots by name, and what may stand in them."""

from datetime import timedelta

import numpy as np
import pytest

from recommender.errors import InputError
from recommender.slots.candidates import subject_of
from recommender.slots.charts import NO_CHARTS, Readership
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import BUILT_IN, Chart, SlotDefinition, Supply, defined
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline, Weights
from recommender.slots.slot import SOURCES, Filters, SlotQuery
from tests.slots.ruled_corpus import HIDDEN, SECTIONS, TAGS, ruled_corpus
from tests.slots.small_corpus import NOW, article, changes_of, laid_over, no_rules, unit

PLAIN = Pipeline("plain", Weights(dense=1), collapse_copies=False, as_of_now=False)
SPORT = SlotDefinition(
    Supply("latest"),
    limit=3,
    filters=Filters(sections=("Sport", "Town")),
    fallbacks=(BUILT_IN["popular"].supply, BUILT_IN["latest"].supply),
)


def shown(
    corpus: Corpus,
    query: SlotQuery,
    definition: SlotDefinition | None = None,
    about: int | None = 0,
    pipeline: Pipeline = PLAIN,
) -> list[str]:
    slot = defined(query, BUILT_IN if definition is None else {query.slot: definition})
    subject = None if about is None else subject_of(corpus, about)
    nobody = np.zeros(len(corpus), dtype=np.float32)
    readers = Readership(nobody, nobody)
    page = PageQuery((slot,), subject, NOW)
    (filled,) = fill_page(corpus, page, pipeline, readers, no_rules(corpus), charts=NO_CHARTS)
    return [corpus.id_at(int(one)) for one in filled.ranked.positions]


def test_every_source_is_a_slot_of_its_name() -> None:
    assert tuple(BUILT_IN) == SOURCES
    assert all(one.supply.source == name for name, one in BUILT_IN.items())


def test_a_question_without_a_limit_takes_that_of_the_definition() -> None:
    assert defined(SlotQuery("sport"), {"sport": SPORT}).limit == 3
    assert defined(SlotQuery("sport", 7, 2), {"sport": SPORT}).wanted == 9


def test_a_source_is_no_fallback_of_itself() -> None:
    assert [one.source for one in defined(SlotQuery("x"), {"x": SPORT}).fallbacks] == ["popular"]


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"'sprot'.*related, popular.*sport.*\[slots.NAME\]"):
        defined(SlotQuery("sprot"), {**BUILT_IN, "sport": SPORT})


def test_a_window_that_is_asked_for_is_that_of_charts() -> None:
    hours = timedelta(hours=3)
    for name, window in (("trending", hours), ("popular", None), ("latest", None)):
        assert defined(SlotQuery(name), BUILT_IN, window=hours).supply.window == window
    days = timedelta(days=7)
    week = SlotDefinition(Supply("popular", window=days))
    # what is not asked is as it is defined
    for asked, expected in (
        ({}, (days, None)),
        ({"window": hours}, (hours, None)),
        ({"half_life": hours}, (days, hours)),
    ):
        chart = defined(SlotQuery("week"), {"week": week}, **asked).supply.chart
        assert chart == Chart("popular", *expected)
    # the page counts its own readership for what is asked
    assert defined(SlotQuery("popular"), BUILT_IN, half_life=hours).supply.chart is None


def test_filters_of_question_and_definition_both_hold() -> None:
    corpus = ruled_corpus(0)
    for asked in SECTIONS:
        found = shown(corpus, SlotQuery("sport", 40, 0, Filters(sections=(asked,))), SPORT)
        sections = {section_of(corpus, one) for one in found}
        assert sections == ({asked} if asked in {"Sport", "Town"} else set())


def section_of(corpus: Corpus, article_id: str) -> str:
    position = corpus.position(article_id)
    assert position is not None
    shelf, row = corpus.shelf(position)
    return corpus.vocabularies.sections[int(shelf.columns.section[row])]


@pytest.mark.parametrize("source", ["related", "latest"])
def test_tags_are_any_of_those_asked_for_in_any_case(source: str) -> None:
    corpus = ruled_corpus(0)
    having = {tag: {f"r{n}" for n in corpus.base.lists.tags.of(tag).tolist()} for tag in TAGS}
    never = {"r0", *(f"r{n}" for n in HIDDEN)}
    one = shown(corpus, SlotQuery(source, 40, 0, Filters(tags=("RIVER",))))
    assert set(one) == having["river"] - never
    two = shown(corpus, SlotQuery(source, 40, 0, Filters(tags=("river", "vote"))))
    assert set(two) == (having["river"] | having["vote"]) - never
    both = SlotDefinition(Supply("latest"), filters=Filters(tags=("river",)))
    found = shown(corpus, SlotQuery("x", 40, 0, Filters(tags=("vote",))), both)
    assert set(found) == (having["river"] & having["vote"]) - never
    assert set(found) < set(one)
    assert shown(corpus, SlotQuery("latest", 5, 0, Filters(tags=("nothing",)))) == []


def test_a_new_article_is_found_by_its_tag(town: Corpus) -> None:
    new = article("ferry", "Ferry sails again", tags=("Boats",))
    corpus = laid_over(town, changes_of(((new, unit(0, 1)),))).corpus
    assert shown(corpus, SlotQuery("latest", 5, 0, Filters(tags=("boats",)))) == ["ferry"]


def test_in_this_section_is_the_section_of_the_page() -> None:
    corpus = ruled_corpus(0)
    here = SlotDefinition(Supply("latest"), limit=40, filters=Filters(same_section=True))
    for about in range(3):
        found = shown(corpus, SlotQuery("here"), here, about)
        assert len(found) > 2
        assert {section_of(corpus, one) for one in found} == {section_of(corpus, f"r{about}")}
    other = next(one for one in SECTIONS if one != section_of(corpus, "r0"))
    elsewhere = Filters(sections=(other,))
    assert shown(corpus, SlotQuery("here", 5, 0, elsewhere), here) == []


def test_an_age_limit_spares_evergreens_and_no_article_of_unknown_date(town: Corpus) -> None:
    everything = shown(town, SlotQuery("latest", 40))
    young = shown(town, SlotQuery("latest", 40, 0, Filters(max_age=timedelta(days=10))))
    assert "guide" in young  # 900 days old, and evergreen
    assert "undated" in set(everything) - set(young)
    ages = {one: NOW.timestamp() - published(town, one) for one in everything}
    assert set(young) - {"guide"} == {one for one in everything if ages[one] <= 10 * 86_400}
    assert 2 < len(young) < len(everything)


def published(corpus: Corpus, article_id: str) -> float:
    position = corpus.position(article_id)
    assert position is not None
    return float(corpus.columns_at(np.array([position])).published_at[0])


def test_a_page_of_no_section_has_nothing_in_this_section() -> None:
    query = SlotQuery("latest", 5, 0, Filters(same_section=True))
    assert shown(ruled_corpus(0), query, about=None) == []


def test_the_least_score_of_a_related_slot_is_its_own(town: Corpus) -> None:
    strict = SlotDefinition(Supply("related", min_score=0.7))
    lax = SlotDefinition(Supply("related", min_score=0.0))
    asked = Pipeline("p", Weights(dense=1), min_score=0.6, as_of_now=False)
    counts = [
        len(shown(town, SlotQuery("r", 20), one, pipeline=asked))
        for one in (strict, SlotDefinition(Supply("related")), lax)
    ]
    assert counts == sorted(counts)
    assert len(set(counts)) == 3


def test_only_a_slot_that_reaches_far_or_is_filtered_is_heavy() -> None:
    assert defined(SlotQuery("related"), BUILT_IN).light
    assert not defined(SlotQuery("related", 40, 20), BUILT_IN).light
    assert not defined(SlotQuery("latest", 5, 0, Filters(tags=("river",))), BUILT_IN).light
    assert not defined(SlotQuery("sport"), {"sport": SPORT}).light
