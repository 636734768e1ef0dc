"""What holds whatever rules meet on a page."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.editors.rule import Rule, Target
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import BUILT_IN, SlotDefinition
from recommender.slots.filled import FilledSlot
from recommender.slots.rule_matching import positions_of
from recommender.slots.slot import SOURCES, Filters, SlotName, SlotQuery
from tests.slots.ruled_corpus import (
    AUTHORS,
    COUNT,
    FUTURE,
    HIDDEN,
    SECTIONS,
    TAGS,
    ids,
    page,
    ruled_corpus,
)
from tests.slots.small_corpus import NOW

CORPORA = [ruled_corpus(seed, neighbours=kept) for seed, kept in ((0, 100), (1, 12), (2, 100))]
SLOTS = SOURCES
LIMIT = 8

article_ids = st.integers(0, COUNT - 1).map("r{}".format)
articles = article_ids.map(lambda one: Target("article", (one,)))
groups = st.one_of(
    st.sampled_from(SECTIONS).map(lambda one: Target("section", (one,))),
    st.sampled_from(TAGS).map(lambda one: Target("tag", (one,))),
    st.sampled_from(AUTHORS).map(lambda one: Target("author", (one,))),
)
pairs = (
    st.tuples(article_ids, article_ids)
    .filter(lambda two: two[0] != two[1])
    .map(lambda two: Target("pair", two))
)
targets = st.one_of(articles, articles, pairs, groups)
slot_names = st.none() | st.sampled_from(SLOTS)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    target = draw(targets)
    pages = st.none() | st.sampled_from(["r0", "r0", "r1"])
    where = None if target.kind == "pair" else draw(pages)
    where = None if where in target.names else where
    slot = draw(slot_names)
    action = draw(st.sampled_from(["pin", "pin", "boost", "bury", "block", "promote"]))
    match action:
        case "pin":
            number = draw(st.integers(1, LIMIT + 2))
            return Rule(action="pin", target=target, position=number, page=where, slot=slot)
        case "boost":
            factor = draw(st.floats(1, 10))
            return Rule(action="boost", target=target, factor=factor, page=where, slot=slot)
        case "bury":
            factor = draw(st.floats(0, 0.9))
            return Rule(action="bury", target=target, factor=factor, page=where, slot=slot)
        case "promote":
            share = draw(st.floats(0.01, 1))
            return Rule(action="promote", target=target, share=share, page=where, slot=slot)
    return Rule(action="block", target=target, page=where, slot=slot)


orders = st.lists(rules(), max_size=8)


def about(rule: Rule, slot: str) -> bool:
    """Whether a rule holds in a slot of the page of r0."""
    here = rule.page in (None, "r0") and (rule.target.kind != "pair" or "r0" in rule.target.names)
    by_date = rule.slot is None and slot == "story" and rule.action != "block"
    return here and rule.slot in (None, slot) and not by_date


def named(corpus: Corpus, rule: Rule) -> set[str]:
    """What a rule is about on the page of r0."""
    return {corpus.id_at(int(one)) for one in positions_of(corpus, rule.target)} - {"r0"}


def blocked(corpus: Corpus, order: list[Rule], slot: str) -> set[str]:
    """An article with its copies, a section, tag or author without."""
    found: set[str] = set()
    for rule in order:
        if rule.action != "block" or not about(rule, slot):
            continue
        names = named(corpus, rule)
        if rule.target.kind in ("article", "pair"):
            barred = {group(corpus, one) for one in names}
            names |= {f"r{n}" for n in range(COUNT) if group(corpus, f"r{n}") in barred}
        found |= names
    return found


def group(corpus: Corpus, article_id: str) -> int:
    return int(corpus.groups[int(article_id[1:])])


@settings(max_examples=150, deadline=None)
@given(
    order=orders,
    wanted=st.lists(
        st.tuples(st.sampled_from(SLOTS), st.integers(1, LIMIT)), min_size=1, max_size=4
    ),
    which=st.integers(0, 2),
    seen=st.sets(article_ids, max_size=4),
)
def test_whatever_editors_order_the_page_stays_sound(
    order: list[Rule], wanted: list[tuple[SlotName, int]], which: int, seen: set[str]
) -> None:
    corpus = CORPORA[which]
    queries = [SlotQuery(name, limit) for name, limit in wanted]
    slots = page(corpus, "r0", queries, *order, seen=tuple(seen))
    shown = [one for slot in slots for one in ids(corpus, slot)]
    assert len({group(corpus, one) for one in shown}) == len(shown)
    never = {"r0", *seen, *(f"r{n}" for n in (*HIDDEN, *FUTURE))}
    assert not never & set(shown)
    # what is hidden was never there to be read
    met = {group(corpus, one) for one in {"r0", *seen} - {f"r{n}" for n in HIDDEN}}
    for slot, (name, limit) in zip(slots, wanted, strict=True):
        found = ids(corpus, slot)
        barred = blocked(corpus, order, name)
        assert not barred & set(found)
        assert len(found) <= limit
        if not found:
            everyone = {f"r{n}" for n in range(COUNT)} - never - barred
            assert all(group(corpus, one) in met for one in everyone)
        met |= {group(corpus, one) for one in found}
        _adds_up(slot)


filters = st.builds(
    Filters,
    sections=st.lists(st.sampled_from(SECTIONS), max_size=2).map(tuple),
    tags=st.lists(st.sampled_from(TAGS), max_size=2).map(tuple),
    same_section=st.booleans(),
    max_age=st.sampled_from([None, timedelta(days=100)]),
)
definitions = st.builds(
    SlotDefinition,
    supply=st.sampled_from(SLOTS).map(lambda one: BUILT_IN[one].supply),
    filters=filters,
    fallbacks=st.lists(st.sampled_from(SLOTS), max_size=4).map(
        lambda names: tuple(BUILT_IN[one].supply for one in names)
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    order=orders,
    made=st.lists(definitions, min_size=1, max_size=3),
    asked=filters,
    which=st.integers(0, 2),
)
def test_what_the_settings_define_holds_whatever_editors_order(
    order: list[Rule], made: list[SlotDefinition], asked: Filters, which: int
) -> None:
    corpus = CORPORA[which]
    names = {f"own_{number}": one for number, one in enumerate(made)}
    queries = [SlotQuery(name, LIMIT, 0, asked) for name in names]
    slots = page(corpus, "r0", queries, *order, definitions=names)
    shown = [one for slot in slots for one in ids(corpus, slot)]
    assert len({group(corpus, one) for one in shown}) == len(shown)
    for slot, one in zip(slots, made, strict=True):
        assert slot.fallback in {None, *(each.source for each in one.fallbacks)}
        assert not blocked(corpus, order, slot.name) & set(ids(corpus, slot))
        assert all(fits(corpus, each, one.filters, asked) for each in ids(corpus, slot))


def fits(corpus: Corpus, article_id: str, *filters: Filters) -> bool:
    place = int(article_id[1:])
    sections = corpus.base.columns.section
    section = corpus.vocabularies.sections[int(sections[place])]
    published = corpus.base.columns.published_at[place]
    return all(
        (not one.sections or section in one.sections)
        and (not one.tags or any(place in corpus.base.lists.tags.of(tag) for tag in one.tags))
        and (not one.same_section or sections[place] == sections[0])
        and (one.max_age is None or published >= (NOW - one.max_age).timestamp())
        for one in filters
    )


def _adds_up(slot: FilledSlot) -> None:
    ranked = slot.ranked
    assert ranked.contributions.sum(axis=0) == pytest.approx(ranked.scores, abs=1e-4)
    assert len(slot.placed) in (0, len(ranked.positions))
    assert np.isfinite(ranked.scores).all()


@settings(max_examples=150, deadline=None)
@given(order=orders, which=st.integers(0, 2), name=st.sampled_from(SLOTS))
def test_pins_stand_where_they_should(order: list[Rule], which: int, name: SlotName) -> None:
    corpus = CORPORA[which]
    slot = page(corpus, "r0", [SlotQuery(name, LIMIT)], *order)[0]
    found = ids(corpus, slot)
    expected = _expected(corpus, order, name)
    for place, article_id in expected.items():
        if article_id in found:
            at = found.index(article_id)
            # before its place only where nothing but pins is left
            assert at == place or (at < place and set(slot.placed[at:]) == {"pinned"})
        else:
            assert place >= LIMIT or len(found) == LIMIT
            assert place >= LIMIT
    sections = {one.target.kind for one in order if one.action == "pin"}
    if not sections - {"article", "pair"}:
        pinned = [one for one, how in zip(found, slot.placed, strict=False) if how == "pinned"]
        assert set(pinned) <= set(expected.values())


def _expected(corpus: Corpus, order: list[Rule], slot: str) -> dict[int, str]:
    """Which article is pinned to which place, from 0: one by one, the latest first."""
    never = {"r0", *(f"r{n}" for n in (*HIDDEN, *FUTURE)), *blocked(corpus, order, slot)}
    places: dict[int, str] = {}
    taken: set[int] = {group(corpus, "r0")}
    filled: set[int] = set()
    for rule in reversed(order):
        if rule.action != "pin" or not about(rule, slot) or rule.position is None:
            continue
        place = rule.position - 1
        if place in filled:
            continue
        if rule.target.kind not in ("article", "pair"):
            filled.add(place)
            continue
        (article_id,) = set(rule.target.names) - {"r0"} or {"r0"}
        if article_id in never or group(corpus, article_id) in taken:
            continue
        filled.add(place)
        places[place] = article_id
        taken.add(group(corpus, article_id))
    return places


@settings(max_examples=60, deadline=None)
@given(
    order=orders,
    which=st.sampled_from([0, 2]),  # all neighbours are kept there: no part of the list searches
    name=st.sampled_from(SLOTS),
    first=st.integers(1, 6),
)
def test_pages_join_up_under_rules(
    order: list[Rule], which: int, name: SlotName, first: int
) -> None:
    corpus = CORPORA[which]

    def part(offset: int, limit: int) -> FilledSlot:
        return page(corpus, "r0", [SlotQuery(name, limit, offset)], *order)[0]

    whole, begun, rest = part(0, 12), part(0, first), part(first, 12 - first)
    if whole.fallback is None:  # no other list goes on where a slot of its own is empty
        assert ids(corpus, whole) == ids(corpus, begun) + ids(corpus, rest)
    else:
        assert ids(corpus, begun) == ids(corpus, whole)[:first]


@settings(max_examples=60, deadline=None)
@given(
    share=st.floats(0.05, 1), target=groups, which=st.integers(0, 2), name=st.sampled_from(SLOTS)
)
def test_a_promotion_has_its_share_while_there_is_something_to_promote(
    share: float, target: Target, which: int, name: SlotName
) -> None:
    corpus = CORPORA[which]
    rule = Rule(action="promote", target=target, share=share, slot=name)
    found = ids(corpus, page(corpus, "r0", [SlotQuery(name, LIMIT)], rule)[0])
    chosen = named(corpus, rule)
    for length in range(1, len(found) + 1):
        here = found[:length]
        if len(chosen & set(here)) < int(round(share * length, 9)):
            never = {"r0", *(f"r{n}" for n in (*HIDDEN, *FUTURE))}
            met = {group(corpus, one) for one in ("r0", *here)}
            assert {group(corpus, one) for one in chosen - never} <= met
