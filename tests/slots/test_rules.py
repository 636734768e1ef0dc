"""Editors' rules on a page, one at a time; `test_rules_hold.py` has all of them together."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from recommender.editors.rule import Action, Rule, Target
from recommender.slots.candidates import subject_of
from recommender.slots.corpus import Corpus
from recommender.slots.filled import render
from recommender.slots.pipeline import Pipeline, Weights
from recommender.slots.ranking import rank_by
from recommender.slots.rules import weighed
from recommender.slots.slot import SOURCES, Filters, SlotQuery
from tests.slots.ruled_corpus import (
    FUTURE,
    HIDDEN,
    PIPELINE,
    RELATED,
    ids,
    of,
    only,
    page,
    pin,
    recorded,
    rules_of,
    shown,
)
from tests.slots.small_corpus import NOW, article, corpus_of, unit

DENSE = Pipeline("dense", Weights(dense=1), collapse_copies=False, as_of_now=False)


def test_without_a_rule_nothing_is_different(corpus: Corpus) -> None:
    before = page(corpus, "r0", RELATED)[0]
    elsewhere = page(corpus, "r0", RELATED, pin("r9", 1, page="r1"))[0]
    assert ids(corpus, before) == ids(corpus, elsewhere)
    assert before.ranked.signals == elsewhere.ranked.signals
    assert before.placed == ()


def test_a_pin_stands_at_its_place_and_the_others_keep_their_order(corpus: Corpus) -> None:
    before = shown(corpus)
    for place in range(1, 7):
        after = shown(corpus, pin("r25", place))
        assert after[place - 1] == "r25"
        kept = [one for one in before if one != "r25"]
        assert [one for one in after if one != "r25"] == kept[:5]


def test_what_is_pinned_low_does_not_stand_higher_as_well(corpus: Corpus) -> None:
    best = shown(corpus)[0]
    assert shown(corpus, pin(best, 4)).index(best) == 3
    assert best not in shown(corpus, pin(best, 20))


def test_in_a_slot_that_is_shorter_a_pin_stands_last(corpus: Corpus) -> None:
    few = [SlotQuery("related", 50, 0, Filters(sections=("Culture",)))]
    without = shown(corpus, slots=few)
    best = without[0]
    assert shown(corpus, pin(best, 50), slots=few) == [*without[1:], best]


def test_an_article_that_is_no_candidate_is_pinned_with_its_true_score(corpus: Corpus) -> None:
    strict = replace(PIPELINE, min_score=0.7)
    long = page(corpus, "r0", [SlotQuery("related", 50)])[0]
    unlike = ids(corpus, long)[-1]
    at = ids(corpus, long).index(unlike)
    assert unlike not in ids(corpus, page(corpus, "r0", RELATED, pipeline=strict)[0])
    slot = page(corpus, "r0", RELATED, pin(unlike, 1), pipeline=strict)[0]
    assert (ids(corpus, slot)[0], slot.fallback) == (unlike, None)
    assert slot.ranked.scores[0] == pytest.approx(float(long.ranked.scores[at]), abs=2e-3)
    assert slot.placed[:2] == ("pinned", "")


def test_the_reason_of_a_pin_is_told(corpus: Corpus) -> None:
    slot = page(corpus, "r0", RELATED, pin("r25", 2))[0]
    position = corpus.position("r0")
    assert position is not None
    cards = render(corpus, slot, PIPELINE, subject_of(corpus, position))
    told = [one.because[:1] for one in cards]
    assert told[1] == ("pinned by an editor",)
    assert ("pinned by an editor",) not in (told[0], *told[2:])
    for one in cards:
        total = sum(reason.contribution for reason in one.reasons)
        assert total == pytest.approx(one.score, abs=1e-5)


@pytest.mark.parametrize("reason", ["hidden", "seen", "itself", "tomorrow", "copy", "filtered"])
def test_what_may_not_be_shown_is_not_pinned(corpus: Corpus, reason: str) -> None:
    town = corpus.vocabularies.sections.index("Town")
    other = set(np.flatnonzero(corpus.base.columns.section != town).tolist())
    elsewhere = min(other - {0, 10, *HIDDEN, *FUTURE})
    unshown = {
        "hidden": "r5",
        "seen": "r25",
        "itself": "r0",
        "tomorrow": "r8",
        "copy": "r30",  # of r10, which the reader has read
        "filtered": f"r{elsewhere}",
    }[reason]
    filters = Filters(sections=("Town",)) if reason == "filtered" else Filters()
    slots = [SlotQuery("related", 6, 0, filters)]
    slot = page(corpus, "r0", slots, pin(unshown, 1), seen=("r25", "r10"))[0]
    assert len(slot.ranked.positions)
    assert unshown not in ids(corpus, slot)


def test_of_two_pins_the_latest_counts(corpus: Corpus) -> None:
    assert shown(corpus, pin("r25", 1), pin("r9", 1))[0] == "r9"
    both = shown(corpus, pin("r25", 1), pin("r25", 3))
    assert both.index("r25") == 2
    # where the latest cannot stand, the one before it does
    assert shown(corpus, pin("r25", 1), pin("r5", 1))[0] == "r25"


def test_what_must_be_older_is_older_where_it_is_pinned_too(corpus: Corpus) -> None:
    older = replace(PIPELINE, only_older=True)
    published = corpus.base.columns.published_at
    newer = next(n for n in range(1, 20) if published[n] > published[0] and n not in FUTURE)
    orders = (pin(f"r{newer}", 1), Rule(action="promote", target=of(f"r{newer}"), share=1.0))
    for order in orders:
        slot = page(corpus, "r0", RELATED, order, pipeline=older)[0]
        assert f"r{newer}" not in ids(corpus, slot)
        assert f"r{newer}" in ids(corpus, page(corpus, "r0", RELATED, order)[0])


@pytest.mark.parametrize("named", ["r12", "r32"])
def test_what_is_said_of_an_article_is_said_of_its_copies(corpus: Corpus, named: str) -> None:
    everyone = [SlotQuery("related", 30)]
    plain = shown(corpus, slots=everyone)
    (stands,) = {"r12", "r32"} & set(plain)
    assert {"r12", "r32"}.isdisjoint(
        shown(corpus, Rule(action="block", target=of(named)), slots=everyone)
    )
    buried = shown(corpus, Rule(action="bury", target=of(named), factor=0), slots=everyone)
    assert buried[-1] == stands
    boosted = shown(corpus, Rule(action="boost", target=of(named), factor=10), slots=everyone)
    assert boosted[0] == stands
    pair = Target("pair", ("r0", named))
    assert stands not in shown(corpus, Rule(action="block", target=pair), slots=everyone)


def test_two_copies_are_not_both_pinned(corpus: Corpus) -> None:
    after = shown(corpus, pin("r10", 1), pin("r30", 2))
    assert after[1] == "r30"
    assert "r10" not in after


def test_a_section_is_pinned_by_its_best_placed_article(corpus: Corpus) -> None:
    culture = set(ids(corpus, page(corpus, "r0", only("Culture", 50))[0]))
    before = shown(corpus, slots=[SlotQuery("related", 50)])
    best = next(one for one in before if one in culture)
    rule = Rule(action="pin", target=Target("section", ("CULTURE",)), position=1)
    assert shown(corpus, rule)[0] == best


def test_where_nothing_else_stands_pins_do(corpus: Corpus) -> None:
    rule = Rule(action="block", target=Target("section", ("Town",)))
    others = [
        Rule(action="block", target=Target("section", (one,))) for one in ("Sport", "Culture")
    ]
    assert shown(corpus, rule, *others) == []
    alone = Filters(exclude=tuple(f"r{n}" for n in range(40) if n != 25))
    slots = [SlotQuery("related", 5, 0, alone)]
    slot = page(corpus, "r0", slots, pin("r25", 4))[0]
    assert (ids(corpus, slot), slot.fallback) == (["r25"], None)


@pytest.mark.parametrize(
    "target", [of("r25"), Target("tag", ("river",)), Target("author", ("ada  BERG",))], ids=str
)
def test_a_block_beats_everything(corpus: Corpus, target: Target) -> None:
    rules = rules_of(corpus, Rule(action="block", target=target))
    (matched,) = rules.everywhere
    blocked = {corpus.id_at(int(one)) for one in matched.positions}
    assert blocked
    later = [pin(one, place) for place, one in enumerate(sorted(blocked)[:3], 1)]
    boost = Rule(action="boost", target=target, factor=10)
    promote = Rule(action="promote", target=target, share=1)
    block = Rule(action="block", target=target)
    for slot in SOURCES:
        slots = [SlotQuery(slot, 50)]
        assert not blocked & set(shown(corpus, block, *later, boost, promote, slots=slots))
        assert not blocked & set(shown(corpus, *later, boost, promote, block, slots=slots))


def test_a_block_on_one_page_or_in_one_slot_holds_there_only(corpus: Corpus) -> None:
    best = shown(corpus)[0]
    assert best not in shown(corpus, Rule(action="block", target=of(best), page="r0"))
    assert best in shown(corpus, Rule(action="block", target=of(best), page="r1"))
    assert best not in shown(corpus, Rule(action="block", target=of(best), slot="related"))
    assert best in shown(corpus, Rule(action="block", target=of(best), slot="popular"))
    elsewhere = page(
        corpus, None, [SlotQuery("latest", 50)], Rule(action="block", target=of(best), page="r0")
    )
    assert best in ids(corpus, elsewhere[0])


def test_a_pair_is_kept_apart_on_both_pages(corpus: Corpus) -> None:
    best = shown(corpus)[0]
    block = Rule(action="block", target=Target("pair", (best, "r0")))
    assert best not in shown(corpus, block)
    assert "r0" in ids(corpus, page(corpus, best, [SlotQuery("latest", 50)])[0])
    assert "r0" not in ids(corpus, page(corpus, best, [SlotQuery("latest", 50)], block)[0])
    assert best in ids(corpus, page(corpus, "r1", [SlotQuery("latest", 50)], block)[0])


@pytest.mark.parametrize("factor", [1.0, 2.0, 10.0])
def test_a_boost_multiplies_the_score_and_says_so(corpus: Corpus, factor: float) -> None:
    boost = Rule(action="boost", target=of("r25"), factor=factor)
    _check_multiplied(corpus, boost, factor)


@pytest.mark.parametrize("factor", [0.0, 0.5, 0.9])
def test_a_bury_multiplies_the_score(corpus: Corpus, factor: float) -> None:
    _check_multiplied(corpus, Rule(action="bury", target=of("r25"), factor=factor), factor)


def _check_multiplied(corpus: Corpus, rule: Rule, factor: float) -> None:
    slots = [SlotQuery("related", 50)]
    (before,) = page(corpus, "r0", slots, pipeline=DENSE)
    (after,) = page(corpus, "r0", slots, rule, pipeline=DENSE)
    low = min(0.0, float(before.ranked.scores.min()))
    old = dict(zip(ids(corpus, before), before.ranked.scores.tolist(), strict=True))
    new = dict(zip(ids(corpus, after), after.ranked.scores.tolist(), strict=True))
    assert new.pop("r25") == pytest.approx(low + (old.pop("r25") - low) * factor, abs=1e-5)
    assert new == pytest.approx(old)
    totals = after.ranked.contributions.sum(axis=0)
    assert totals == pytest.approx(after.ranked.scores, abs=1e-5)


def test_a_boost_never_takes_an_article_down_even_below_zero(corpus: Corpus) -> None:
    ranked = rank_by(np.array([1, 2, 3]), "made up", np.array([-2.0, -1.0, 0.5], dtype=np.float32))

    def scores(action: Action, factor: float, article_id: str) -> list[float]:
        rule = Rule(action=action, target=of(article_id), factor=factor)
        ruling = rules_of(corpus, rule).on(None, "latest", "latest")
        assert ruling is not None
        return [float(one) for one in weighed(ranked, ruling).scores]

    assert scores("boost", 3, "r2") == [-2.0, 1.0, 0.5]
    assert scores("bury", 0, "r3") == [-2.0, -1.0, -2.0]
    assert scores("boost", 10, "r1") == [-2.0, -1.0, 0.5]


def test_of_boosts_and_buries_the_latest_counts_wherever_it_holds(corpus: Corpus) -> None:
    old = _score(corpus)
    everywhere = Rule(action="boost", target=of("r25"), factor=10)
    here = Rule(action="bury", target=of("r25"), factor=0.5, page="r0")
    section = Rule(action="boost", target=Target("tag", ("nobody",)), factor=3)
    assert _score(corpus, everywhere) == pytest.approx(10 * old, rel=1e-4)
    assert _score(corpus, everywhere, here, section) == pytest.approx(old / 2, rel=1e-4)
    assert _score(corpus, here, everywhere) == pytest.approx(10 * old, rel=1e-4)


def _score(corpus: Corpus, *rules: Rule) -> float:
    only = Filters(exclude=tuple(f"r{n}" for n in range(40) if n != 25))
    slot = page(corpus, "r0", [SlotQuery("related", 1, 0, only)], *rules)[0]
    return float(slot.ranked.scores[0])


def test_an_ignored_section_is_no_signal_but_its_articles_stay(corpus: Corpus) -> None:
    position = corpus.position("r0")
    assert position is not None
    own = corpus.vocabularies.sections[subject_of(corpus, position).section]
    ignore = Rule(action="ignore_section", target=Target("section", (own.upper(),)))
    slots = [SlotQuery("related", 50)]
    (before,) = page(corpus, "r0", slots)
    (after,) = page(corpus, "r0", slots, ignore)
    row = before.ranked.signals.index("section")
    assert before.ranked.values[row].any()
    assert not after.ranked.values[row].any()
    assert sorted(ids(corpus, after)) == sorted(ids(corpus, before))
    other = next(one for one in corpus.vocabularies.sections if one != own)
    ignore = Rule(action="ignore_section", target=Target("section", (other,)))
    (after,) = page(corpus, "r0", slots, ignore)
    assert after.ranked.values[row].any()


def test_a_slot_that_is_a_timeline_is_only_blocked_by_rules_for_all_slots(corpus: Corpus) -> None:
    story = [SlotQuery("story", 5)]
    assert "r25" not in shown(corpus, pin("r25", 1), slots=story)[:1]
    assert shown(corpus, pin("r25", 1, slot="story"), slots=story)[0] == "r25"


def test_a_rule_holds_in_its_time_only(corpus: Corpus) -> None:
    hour = timedelta(hours=1)
    rule = replace(pin("r25", 1), valid_from=NOW, valid_to=NOW + hour)
    at = {minutes: NOW + timedelta(minutes=minutes) for minutes in (-1, 0, 59, 60)}
    found = {minutes: rules_of(corpus, rule, at=one) for minutes, one in at.items()}
    assert [bool(found[one].everywhere) for one in at] == [False, True, True, False]


def test_rules_about_what_is_not_there_are_passed_over(corpus: Corpus) -> None:
    rules = (
        pin("nobody", 1),
        pin("r25", 1, page="nobody"),
        Rule(action="block", target=Target("pair", ("r0", "nobody"))),
        Rule(action="block", target=Target("section", ("Nowhere",))),
        Rule(action="boost", target=Target("tag", ("nothing",)), factor=2),
    )
    assert shown(corpus, *rules) == shown(corpus)
    assert len(recorded(*rules)) == 5


def test_where_copies_may_stand_a_pin_still_stands_once(corpus: Corpus) -> None:
    slots = [SlotQuery("related", 10)]
    best = ids(corpus, page(corpus, "r0", slots, pipeline=DENSE)[0])[0]
    after = ids(corpus, page(corpus, "r0", slots, pin(best, 4), pipeline=DENSE)[0])
    assert [place for place, one in enumerate(after) if one == best] == [3]
    assert best not in ids(corpus, page(corpus, "r0", slots, pin(best, 20), pipeline=DENSE)[0])


def test_where_most_is_blocked_the_rest_is_found_by_a_search() -> None:
    near = [article(f"n{n}", f"Harbour bridge {n}") for n in range(90)]
    far = [article(f"f{n}", f"Rowing club {n}", section="Far") for n in range(10)]
    vectors = [unit(1, n / 100) for n in range(90)] + [unit(0, 1, n / 100) for n in range(10)]
    many = corpus_of([*near, *far], vectors, neighbours=4)
    slots = [SlotQuery("related", 4)]
    for where in (None, "n0"):
        block = Rule(action="block", target=Target("section", ("Town",)), page=where)
        slot = page(many, "n0", slots, block, pipeline=DENSE)[0]
        assert (len(ids(many, slot)), slot.fallback) == (4, None)


def test_a_timeline_of_any_name_keeps_its_order(corpus: Corpus) -> None:
    rules = rules_of(corpus, Rule(action="pin", target=of("r25"), position=1))
    for slot, source, pins in (
        ("latest", "latest", 1),
        ("timeline", "story", 0),
        ("more", "latest", 1),
        ("story", "story", 0),
    ):
        ruling = rules.on(None, slot, source)
        assert ruling is not None
        assert len(ruling.pins) == pins
