from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.slots.candidates import subject_of
from recommender.slots.corpus import Corpus
from recommender.slots.filled import render
from recommender.slots.pipeline import Pipeline, Weights
from recommender.slots.slot import Filters, SlotQuery, Source
from tests.slots.plain_page import DEFAULT, SIMILARITY, filled, ids
from tests.slots.small_corpus import NOW, article, corpus_of, unit


def test_related_is_ordered_by_the_weighted_sum_and_says_why(town: Corpus) -> None:
    (slot,) = filled(town, "bridge-1", SlotQuery("related", 10), pipeline=SIMILARITY)
    assert ids(town, slot)[:2] == ["bridge-copy", "bridge-2"]
    for one in render(town, slot, SIMILARITY, None):
        assert sum(reason.contribution for reason in one.reasons) == pytest.approx(
            one.score, abs=1e-5
        )
        assert {reason.signal for reason in one.reasons} <= {"dense", "lexical", "title"}
    scores = slot.ranked.scores
    assert (np.diff(scores) <= 0).all()


def test_the_similarity_pipeline_is_the_sum_worked_out_from_the_vectors(town: Corpus) -> None:
    only_dense = Pipeline("dense", Weights(dense=2), collapse_copies=False, as_of_now=False)
    (slot,) = filled(town, "bridge-1", SlotQuery("related", 1), pipeline=only_dense)
    expected = 2 * float(unit(1, 0.1) @ unit(1, 0.1, 0.01))
    assert float(slot.ranked.scores[0]) == pytest.approx(
        expected, abs=2e-3
    )  # kept in half precision


def test_a_copy_never_stands_beside_its_original(town: Corpus) -> None:
    (slot,) = filled(town, "bridge-1", SlotQuery("related", 10))
    assert "bridge-copy" not in ids(town, slot)
    (slot,) = filled(town, "bridge-2", SlotQuery("related", 10))
    assert len({"bridge-1", "bridge-copy"} & set(ids(town, slot))) == 1


def test_tomorrows_article_is_not_shown_today_but_the_undated_one_is(town: Corpus) -> None:
    (slot,) = filled(town, "bridge-1", SlotQuery("related", 10))
    assert "tomorrow" not in ids(town, slot)
    assert "undated" in ids(town, slot)


def test_what_is_not_related_is_not_shown(town: Corpus) -> None:
    (slot,) = filled(town, "bridge-1", SlotQuery("related", 10))
    strict = Pipeline("strict", DEFAULT.weights, min_score=0.9)
    (stricter,) = filled(town, "bridge-1", SlotQuery("related", 10), pipeline=strict)
    assert 0 < len(ids(town, stricter)) < len(ids(town, slot))
    assert "club" not in ids(town, stricter)


def test_popular_is_ordered_by_readers_and_leaves_out_the_article_itself(town: Corpus) -> None:
    slots = filled(town, "school", SlotQuery("popular", 3), club=2, guide=7.5, school=99)
    assert ids(town, slots[0]) == ["guide", "club"]
    assert slots[0].fallback is None
    assert slots[0].ranked.scores.tolist() == [7.5, 2.0]


def test_popular_of_a_section_has_that_section_only(town: Corpus) -> None:
    only = Filters(sections=("Sport",))
    (slot,) = filled(town, None, SlotQuery("popular", 5, 0, only), club=1, guide=9)
    assert ids(town, slot) == ["club"]


def test_an_empty_slot_falls_back_and_says_to_what(town: Corpus) -> None:
    (popular,) = filled(town, "school", SlotQuery("popular", 2))
    assert popular.fallback == "editors_choice"
    assert ids(town, popular) == ["guide"]
    (read,) = filled(town, None, SlotQuery("related", 2), club=1)
    assert (read.fallback, ids(town, read)) == ("popular", ["club"])
    german = Filters(languages=("de",))
    (latest,) = filled(town, None, SlotQuery("popular", 2, 0, german))
    assert (latest.fallback, ids(town, latest)) == ("latest", ["undated"])
    (none,) = filled(town, None, SlotQuery("popular", 2), fallbacks=())
    assert (none.fallback, ids(town, none)) == (None, [])


def test_latest_is_the_newest_first_without_the_future(town: Corpus) -> None:
    (slot,) = filled(town, None, SlotQuery("latest", 20))
    assert ids(town, slot) == ["bridge-2", "bridge-copy", "school", "club", "guide", "undated"]


def test_what_the_reader_has_seen_is_left_out_with_its_copies(town: Corpus) -> None:
    slots = filled(town, "bridge-2", SlotQuery("related", 10), seen=("bridge-1", "nobody"))
    assert not {"bridge-1", "bridge-copy"} & set(ids(town, slots[0]))


def test_an_offset_goes_on_where_the_first_page_ended(town: Corpus) -> None:
    def page(offset: int, limit: int) -> list[str]:
        slots = filled(town, "bridge-1", SlotQuery("related", limit, offset), pipeline=SIMILARITY)
        return ids(town, slots[0])

    assert page(0, 2) + page(2, 2) == page(0, 4)


@pytest.mark.parametrize("diversity", [0.0, 0.1, 0.6])
def test_pages_join_up_to_the_long_list(diversity: float) -> None:
    varied = Pipeline("varied", DEFAULT.weights, diversity=diversity)
    for corpus in RANDOM:

        def page(offset: int, limit: int, corpus: Corpus = corpus) -> list[str]:
            slot = SlotQuery("related", limit, offset)
            return ids(corpus, filled(corpus, "r0", slot, pipeline=varied)[0])

        assert page(0, 4) + page(4, 4) + page(8, 7) == page(0, 15)


def test_two_articles_without_a_section_do_not_share_one() -> None:
    titles = ("Harbour bridge", "School roof", "Rowing club")
    articles = [article(f"s{n}", title, section="") for n, title in enumerate(titles)]
    corpus = corpus_of(articles, [unit(1, n / 10) for n in range(3)])
    (slot,) = filled(corpus, "s0", SlotQuery("related", 2))
    assert len(ids(corpus, slot)) == 2
    assert "section" not in {reason.signal for reason in slot.reasons(0)}


def test_past_the_end_of_a_list_there_is_nothing(town: Corpus) -> None:
    (slot,) = filled(town, "bridge-1", SlotQuery("related", 5, 100))
    assert (ids(town, slot), slot.fallback) == ([], None)


def test_filters_that_leave_few_of_the_kept_neighbours_search_the_whole_corpus() -> None:
    rng = np.random.default_rng(1)
    articles = [
        article(f"a{n}", f"Story number {n}", section="Rare" if n % 40 == 0 else "Town")
        for n in range(400)
    ]
    vectors = [unit(*rng.normal(size=16)) for _ in articles]
    corpus = corpus_of(articles, vectors, neighbours=10)
    rare = Filters(sections=("Rare",))
    (slot,) = filled(corpus, "a1", SlotQuery("related", 10, 0, rare), pipeline=SIMILARITY)
    assert len(ids(corpus, slot)) == 10
    best = sorted((n for n in range(0, 400, 40)), key=lambda n: -float(vectors[n] @ vectors[1]))
    only_dense = Pipeline("dense", Weights(dense=1), collapse_copies=False, as_of_now=False)
    (slot,) = filled(corpus, "a1", SlotQuery("related", 3, 0, rare), pipeline=only_dense)
    assert ids(corpus, slot) == [f"a{n}" for n in best[:3]]
    between = Filters(published_after=NOW - timedelta(hours=1))
    (slot,) = filled(
        corpus, "a1", SlotQuery("related", 3, 0, between), pipeline=only_dense, fallbacks=()
    )
    assert ids(corpus, slot) == []


def test_at_full_diversity_a_story_stands_once_before_it_stands_twice(town: Corpus) -> None:
    plain = Pipeline("plain", Weights(dense=1), collapse_copies=False, as_of_now=False)
    (before,) = filled(town, "school", SlotQuery("related", 10), pipeline=plain)
    stories = town.stories[before.ranked.positions].tolist()
    assert len(set(stories)) < len(stories)  # otherwise there is nothing to see here
    varied = replace(plain, diversity=1.0)
    (after,) = filled(town, "school", SlotQuery("related", 10), pipeline=varied)
    assert sorted(ids(town, after)) == sorted(ids(town, before))
    assert ids(town, after)[0] == ids(town, before)[0]
    told = town.stories[after.ranked.positions].tolist()
    assert len(set(told[: len(set(stories))])) == len(set(stories))


def test_a_little_diversity_moves_only_what_is_nearly_as_good(town: Corpus) -> None:
    plain = Pipeline("plain", Weights(dense=1), collapse_copies=False, as_of_now=False)
    (before,) = filled(town, "school", SlotQuery("related", 6), pipeline=plain)
    (after,) = filled(
        town, "school", SlotQuery("related", 6), pipeline=replace(plain, diversity=1e-6)
    )
    assert ids(town, after) == ids(town, before)


def test_only_older_leaves_out_what_came_after_the_article(town: Corpus) -> None:
    backward = replace(DEFAULT, only_older=True, min_score=0.0)
    (slot,) = filled(town, "bridge-2", SlotQuery("related", 10), pipeline=backward)
    found = ids(town, slot)
    published = dict(zip(found, town.columns_at(slot.ranked.positions).published_at, strict=True))
    own = town.columns_at(np.array([town.position("bridge-2")])).published_at[0]
    assert found
    assert "undated" in found  # an unknown date is no later one
    assert not any(date > own for date in published.values())


SOURCES: tuple[Source, ...] = ("related", "popular", "latest", "editors_choice")


@settings(max_examples=60, deadline=None)
@given(
    wanted=st.lists(
        st.tuples(st.sampled_from(SOURCES), st.integers(1, 12)), min_size=1, max_size=5
    ),
    seed=st.integers(0, 3),
    seen=st.sets(st.integers(0, 39), max_size=8),
    blocked=st.sets(st.integers(0, 39), max_size=8),
)
def test_no_article_and_no_copy_stands_twice_on_a_page(
    wanted: list[tuple[Source, int]], seed: int, seen: set[int], blocked: set[int]
) -> None:
    corpus = RANDOM[seed]
    exclude = Filters(exclude=tuple(f"r{n}" for n in blocked))
    queries = tuple(SlotQuery(name, limit, 0, exclude) for name, limit in wanted)
    known = tuple(f"r{n}" for n in seen)
    slots = filled(corpus, "r0", *queries, seen=known, r3=4, r7=2, r11=1)
    shown = [int(position) for slot in slots for position in slot.ranked.positions]
    groups = [int(corpus.groups[position]) for position in shown]
    assert len(set(shown)) == len(shown)
    assert len(set(groups)) == len(groups)
    assert not {f"r{n}" for n in blocked | seen | {0}} & {corpus.id_at(one) for one in shown}
    for slot, (_, limit) in zip(slots, wanted, strict=True):
        assert len(slot.ranked.positions) <= limit
    free = set(map(int, corpus.groups)) - set(groups)
    free -= {int(corpus.groups[n]) for n in seen | {0}}
    eligible = {int(corpus.groups[n]) for n in range(40) if n not in blocked}
    if any(not len(slot.ranked.positions) for slot in slots):
        assert not free & eligible  # empty only where nothing is left


def _random(seed: int) -> Corpus:
    rng = np.random.default_rng(seed)
    words = ["harbour", "bridge", "school", "roof", "club", "cup", "council", "vote", "storm"]
    articles = [
        article(
            f"r{n}",
            " ".join(rng.choice(words, 6)),
            days_old=float(rng.integers(0, 400)),
            editors_choice=bool(rng.random() < 0.1),
        )
        for n in range(30)
    ]
    vectors = [unit(*rng.normal(size=16)) for _ in articles]
    for n in range(30, 40):  # ten are copies of earlier ones
        articles.append(article(f"r{n}", articles[n - 20].title, days_old=5))
        vectors.append(vectors[n - 20])
    return corpus_of(articles, vectors)


RANDOM = [_random(seed) for seed in range(4)]


def test_a_story_slot_shows_the_other_pieces_newest_first(town: Corpus) -> None:
    (slot,) = filled(town, "bridge-1", SlotQuery("story", 10))
    # the copy counts as the article itself, and tomorrow's piece is not published yet
    assert ids(town, slot) == ["bridge-2", "undated"]
    assert slot.fallback is None
    apart = replace(DEFAULT, collapse_copies=False, as_of_now=False)
    (slot,) = filled(town, "bridge-1", SlotQuery("story", 10), pipeline=apart)
    assert ids(town, slot)[:3] == ["tomorrow", "bridge-2", "bridge-copy"]
    told = render(town, slot, apart, subject_of(town, 0))
    assert told[1].because[0] == "same story, 2 days later"


def test_an_article_without_a_story_has_an_empty_timeline(town: Corpus) -> None:
    (slot,) = filled(town, "club", SlotQuery("story", 10), fallbacks=())
    assert ids(town, slot) == []


def test_a_section_may_age_faster_than_others(town: Corpus) -> None:
    only_new = Pipeline("new", Weights(recency=1), recency_half=timedelta(days=2))
    faster = replace(only_new, recency_half_of={"Education": timedelta(hours=1)})
    (before,) = filled(town, "club", SlotQuery("related", 10), pipeline=only_new)
    (after,) = filled(town, "club", SlotQuery("related", 10), pipeline=faster)
    scores = dict(zip(ids(town, before), before.ranked.scores.tolist(), strict=True))
    found = dict(zip(ids(town, after), after.ranked.scores.tolist(), strict=True))
    assert scores["school"] == pytest.approx(0.5)
    assert found["school"] == pytest.approx(1 / (1 + 48))
    assert found["bridge-2"] == pytest.approx(scores["bridge-2"])


def test_articles_are_counted_as_their_dates_come(town: Corpus) -> None:
    now = NOW.timestamp()
    dated = len(town) - 1
    assert town.come(now) == town.come(now + 3600) == dated - 1
    assert town.come(now + 25 * 3600) == dated  # "tomorrow" too
