"""New and changed articles over a snapshot: as they come one by one, and all at once."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.readers.together import ReadTogether
from recommender.similarity.expansion import Expansion
from recommender.slots.corpus import Corpus
from recommender.slots.overlay import Overlaid
from recommender.slots.together import together_of
from tests.slots.small_corpus import NOW, article, changes_of, laid_over, town_corpus, unit

FERRY = "Ferry timetable changes in spring"
NEW = (
    (article("ferry", FERRY, section="Travel", tags=("boats",)), unit(0, 0, 0, 0, 0, 1)),
    (article("bridge-3", "Harbour bridge repair goes on", days_old=0.5), unit(1, 0.2)),
    (article("ferry-copy", FERRY, days_old=0.5), unit(0, 0, 0, 0, 0, 1, 0.01)),
    (article("school", "School roof repaired at last", section="Schools"), unit(0.3, 0.1, 1)),
    (
        article("bridge-wire", "Harbour bridge closed for repair", updated_at=NOW),
        unit(1, 0.1, 0.02),
    ),
)


def parts(corpus: Corpus) -> list[np.ndarray]:
    shelf = corpus.overlay
    texts, sketches, expansion = shelf.texts, shelf.sketches, shelf.expansion
    return [
        *shelf.columns.arrays(),
        texts.vectors,
        *(one.toarray() for one in (texts.terms, texts.title_terms, texts.name_terms)),
        sketches.hashes,
        sketches.ends,
        sketches.lengths,
        expansion.neighbours,
        expansion.weights,
        expansion.density,
        shelf.keywords.articles.numbers,
        corpus.groups,
        corpus.stories,
        corpus.canonical,
        corpus.hidden,
        corpus.replaces,
    ]


def test_one_by_one_is_as_all_at_once(town: Corpus) -> None:
    changes = changes_of(NEW)
    whole = laid_over(town, changes).corpus
    laid: Overlaid | None = None
    for count in range(1, len(changes) + 1):
        laid = laid_over(town, changes[:count], laid)
    assert laid is not None
    for one, other in zip(parts(laid.corpus), parts(whole), strict=True):
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    for place in range(len(whole)):
        assert laid.corpus.id_at(place) == whole.id_at(place)
        assert laid.corpus.card_at(place) == whole.card_at(place)
    assert laid.corpus.overlay.lists.tags.of("Boats").tolist() == [0]
    assert laid.corpus.vocabularies == whole.vocabularies


def test_what_is_there_already_is_not_looked_at_again(town: Corpus) -> None:
    changes = changes_of(NEW)
    laid = laid_over(town, changes[:3])
    marked = laid.corpus.overlay.expansion
    marked = Expansion(marked.neighbours, marked.weights, np.full_like(marked.density, 0.125))
    shelf = replace(laid.corpus.overlay, expansion=marked)
    laid = replace(laid, corpus=replace(laid.corpus, overlay=shelf))
    more = laid_over(town, changes, laid).corpus
    assert (more.overlay.expansion.density[:3] == 0.125).all()
    assert (more.overlay.expansion.density[3:] != 0.125).all()
    changed = replace(changes[0], stored=replace(changes[0].stored, revision=40))
    again = laid_over(town, [changed, *changes[1:3]], laid).corpus
    assert [again.id_at(len(town) + row) for row in range(3)] == ["bridge-3", "ferry-copy", "ferry"]
    assert (again.overlay.expansion.density == np.array([0.125, 0.125, 0.125]))[:2].all()
    assert again.overlay.expansion.density[2] != 0.125


def test_copies_and_stories_survive_that_others_come_and_go(town: Corpus) -> None:
    changes = changes_of(NEW)
    laid = laid_over(town, changes)
    ferry, copy = (laid.corpus.position(one) for one in ("ferry", "ferry-copy"))
    assert ferry is not None
    assert copy is not None
    assert laid.corpus.groups[ferry] == laid.corpus.groups[copy]
    gone = replace(
        changes[0],
        stored=replace(
            changes[0].stored,
            revision=60,
            article=replace(changes[0].stored.article, status="withdrawn"),
        ),
    )
    fewer = laid_over(town, [gone, *changes[1:]], laid).corpus
    assert fewer.position("ferry") is None
    left = fewer.position("ferry-copy")
    assert left is not None
    assert fewer.groups[left] == left == fewer.canonical[left]
    bridge, first = fewer.position("bridge-3"), fewer.position("bridge-1")
    assert bridge is not None
    assert first is not None
    assert fewer.stories[bridge] == fewer.stories[first] == laid.corpus.stories[first]


def test_the_newest_complete_copy_stands_for_its_group_wherever_it_is(town: Corpus) -> None:
    corpus = laid_over(town, changes_of(NEW)).corpus
    wire = corpus.position("bridge-wire")
    copies = corpus.copies_of(wire or 0)
    assert [corpus.id_at(one) for one in copies.tolist()] == [
        "bridge-1",
        "bridge-copy",
        "bridge-wire",
    ]
    assert corpus.canonical[copies].tolist() == [wire] * 3
    short = replace(NEW[4][0], id="bridge-short", body="Harbour bridge closed for repair, first.")
    corpus = laid_over(town, changes_of(((short, NEW[4][1]),))).corpus
    assert [corpus.id_at(one) for one in corpus.copies_of(0).tolist()][:2] == [
        "bridge-1",
        "bridge-copy",
    ]
    assert corpus.canonical[0] == town.canonical[0]


def test_an_article_that_changed_is_still_the_one_that_was_read() -> None:
    plain = town_corpus()
    read = ReadTogether(
        ("school", "club", "guide"),
        np.array([0, 1, 0, 2]),
        np.array([1, 0, 2, 0]),
        np.array([5, 5, 4, 4], dtype=np.int32),
        np.array([0.5, 0.5, 0.4, 0.4], dtype=np.float32),
    )
    together = together_of(read, plain.base.ids, len(plain))
    town = replace(plain, relations=replace(plain.relations, together=together))
    corpus = laid_over(town, changes_of(NEW)).corpus
    school, club, ferry = (corpus.position(one) for one in ("school", "club", "ferry"))
    assert school == len(town) + 3
    assert club is not None
    assert ferry is not None
    of_school, of_club = corpus.read_with(school), corpus.read_with(club)
    assert of_school is not None
    assert [corpus.id_at(one) for one in of_school[0].tolist()] == ["club", "guide"]
    assert of_school[1].tolist() == pytest.approx([0.5, 0.4])
    assert of_club is not None
    assert [corpus.id_at(one) for one in of_club[0].tolist()] == ["school"]
    assert corpus.common_readers(club, school) == corpus.common_readers(school, club) == 5
    assert corpus.read_with(ferry) is None
    assert corpus.common_readers(club, ferry) == 0


def test_sketches_come_in_the_order_asked_for(town: Corpus) -> None:
    corpus = laid_over(town, changes_of(NEW)).corpus
    asked = np.array([9, 2, 11, 0, 8])
    found = corpus.sketches_at(asked)
    for place, position in enumerate(asked.tolist()):
        shelf, row = corpus.shelf(position)
        alone, own = found.take(np.array([place])), shelf.sketches.take(np.array([row]))
        assert alone.hashes.tolist() == own.hashes.tolist()
        assert alone.digests.tolist() == own.digests.tolist()


def test_without_changes_nothing_is_laid(town: Corpus) -> None:
    laid = laid_over(town, [], laid_over(town, changes_of(NEW)))
    assert laid.corpus.vocabularies == town.vocabularies
    assert len(laid.corpus) == len(town)
    assert not laid.corpus.hidden.any()
