"""Promotions: a share of a slot for chosen content, beside pins and what ranks."""

import numpy as np

from recommender.editors.rule import Rule, Target
from recommender.slots.corpus import Corpus
from recommender.slots.slot import SlotQuery
from tests.slots.ruled_corpus import (
    READ,
    ids,
    of,
    only,
    page,
    pin,
    rules_of,
    shown,
)


def test_a_promotion_has_its_share_of_every_beginning(corpus: Corpus) -> None:
    rule = Rule(action="promote", target=Target("author", ("Ben Cole",)), share=0.4)
    (matched,) = rules_of(corpus, rule).everywhere
    promoted = {corpus.id_at(int(one)) for one in matched.positions}
    slot = page(corpus, "r0", [SlotQuery("related", 10)], rule)[0]
    stands = [one in promoted for one in ids(corpus, slot)]
    for length in range(1, 11):
        assert sum(stands[:length]) >= int(0.4 * length + 1e-9)
    assert "promoted" in slot.placed
    by_rank = [one for one, how in zip(ids(corpus, slot), slot.placed, strict=True) if not how]
    assert by_rank == [
        one for one in shown(corpus, slots=[SlotQuery("related", 50)]) if one in by_rank
    ]


def test_a_promotion_that_ranks_high_enough_moves_nothing(corpus: Corpus) -> None:
    best = shown(corpus)[0]
    assert shown(corpus, Rule(action="promote", target=of(best), share=0.5)) == shown(corpus)


def test_what_is_pinned_to_a_place_is_not_taken_for_another(corpus: Corpus) -> None:
    culture = Target("section", ("Culture",))
    best = ids(corpus, page(corpus, "r0", only("Culture", 1))[0])[0]
    for other in (
        Rule(action="pin", target=culture, position=1),
        Rule(action="promote", target=culture, share=1),
    ):
        after = shown(corpus, pin(best, 5), other)
        assert [place for place, one in enumerate(after) if one == best] == [4]
    river = Rule(action="promote", target=Target("tag", ("river",)), share=1)
    popular = [SlotQuery("popular", 9)]
    newest = shown(corpus, river, slots=popular)[6]
    after = shown(corpus, river, pin(newest, 9), slots=popular)
    assert [place for place, one in enumerate(after) if one == newest] == [8]


def test_a_promotion_takes_no_place_before_it_is_owed_one(corpus: Corpus) -> None:
    rule = Rule(action="promote", target=Target("author", ("Ben Cole",)), share=0.4)
    promoted = set(rules_of(corpus, rule).everywhere[0].positions.tolist())
    slot = page(corpus, "r0", [SlotQuery("related", 10)], rule)[0]
    before = 0
    for place, (how, position) in enumerate(
        zip(slot.placed, slot.ranked.positions.tolist(), strict=True)
    ):
        assert how != "promoted" or before < int(0.4 * (place + 1) + 1e-9)
        before += position in promoted


def test_of_what_is_not_ranked_the_newest_is_promoted_first(corpus: Corpus) -> None:
    rule = Rule(action="promote", target=Target("tag", ("river",)), share=1)
    slot = page(corpus, None, [SlotQuery("popular", 30)], rule)[0]
    unread = [n for n in range(40) if n not in READ]
    first = [n for n in slot.ranked.positions.tolist() if n in unread]
    published = corpus.columns_at(np.array(first)).published_at
    assert len(first) > 3
    assert (np.diff(published) <= 0).all()
    assert set(slot.placed) == {"promoted", ""}
