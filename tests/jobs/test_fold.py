from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from recommender import Recommender
from recommender.articles.article import Article
from recommender.jobs.rebuild import RebuildReport
from recommender.settings import Settings
from recommender.settings_tables import RebuildSettings
from recommender.slots.corpus import Corpus
from recommender.slots.shelving import read_corpus
from recommender.wiring import assemble
from tests.jobs.home import NOW, WordEmbedder, articles, view


def folding(home: Path, *, least: int = 1, share: float = 0.5, neighbours: int = 20) -> Recommender:
    """A home where few articles are enough to fold changes into."""
    chosen = RebuildSettings(fold_from=least, fold_share=share, neighbours=neighbours)
    made = assemble(home, Settings(rebuild=chosen))
    return Recommender(replace(made, embedder=WordEmbedder()))


def corpus(engine: Recommender, report: RebuildReport) -> Corpus:
    return read_corpus(engine.parts.store.open(report.version))


def place(made: Corpus, article_id: str) -> int:
    found = made.base.ids.position(article_id)
    assert found is not None
    return found


def candidates(made: Corpus) -> list[set[int]]:
    return [set(row[row >= 0].tolist()) for row in made.relations.neighbours.positions]


def overlap(one: Corpus, other: Corpus) -> float:
    pairs = zip(candidates(one), candidates(other), strict=True)
    return float(np.mean([len(mine & theirs) / max(1, len(theirs)) for mine, theirs in pairs]))


def nearest(made: Corpus) -> npt.NDArray[np.int64]:
    ids: npt.NDArray[np.int64] = made.index.search(made.base.texts.vectors, 7).ids
    return ids


def changed(one: Article, words: str) -> Article:
    return replace(one, title=f"{one.title} {words}", body=f"{one.body} {words}")


@pytest.mark.parametrize("seed", range(2))
def test_changes_folded_in_make_what_a_whole_rebuild_makes(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    every = list(articles(160))
    copy = replace(every[41], id="reprint")
    with folding(tmp_path) as engine:
        first = engine.rebuild(every[10:140])
        assert first.folded == 0
        for coming in (every[:10], [*every[140:], copy]):
            gone = rng.choice(np.arange(20, 130), 5, replace=False)
            engine.withdraw([f"n{one}" for one in gone.tolist()])
            others = rng.choice(np.arange(20, 130), 4, replace=False)
            corrected = [changed(every[one], f"more{seed} of it") for one in others.tolist()]
            report = engine.rebuild([*corrected, *coming])
            assert report.folded > 0
        folded = corpus(engine, report)
        whole = corpus(engine, again := engine.rebuild(whole=True))
    assert again.folded == 0
    mine, theirs = folded.base, whole.base
    assert [mine.ids.at(at) for at in range(len(mine))] == [
        theirs.ids.at(at) for at in range(len(theirs))
    ]
    assert [mine.cards[at] for at in range(len(mine))] == [
        theirs.cards[at] for at in range(len(theirs))
    ]
    for one, other in (
        (mine.columns.rows, theirs.columns.rows),
        (mine.columns.published_at, theirs.columns.published_at),
        (mine.texts.vectors, theirs.texts.vectors),
        (mine.texts.terms.indices, theirs.texts.terms.indices),
        (mine.texts.name_terms.indptr, theirs.texts.name_terms.indptr),
        (mine.sketches.hashes, theirs.sketches.hashes),
        (mine.sketches.times, theirs.sketches.times),
        (folded.groups, whole.groups),
        (folded.canonical, whole.canonical),
        (nearest(folded), nearest(whole)),
    ):
        np.testing.assert_array_equal(one, other)
    sections = [folded.vocabularies.sections[one] for one in mine.columns.section]
    assert sections == [whole.vocabularies.sections[one] for one in theirs.columns.section]
    assert overlap(folded, whole) > 0.85


def test_what_comes_is_found_by_others_and_what_went_by_none(tmp_path: Path) -> None:
    every = list(articles(80))
    with folding(tmp_path) as engine:
        engine.rebuild(every[:60])
        engine.withdraw(["n8"])
        made = corpus(engine, report := engine.rebuild(every[60:]))
        assert report.folded == 21
        assert report.articles == 79
        assert made.base.ids.position("n8") is None
        found = candidates(made)
        came = {place(made, f"n{number}") for number in range(60, 80)}
        assert all(len(found[one]) == 20 for one in came)
        assert {one for row in found[:59] for one in row} & came
        # signals are those of the pair, whichever of the two asks
        kept = made.relations.neighbours
        texts = made.base.texts
        for one in came:
            row = kept.positions[one]
            dense = texts.vectors[row] @ texts.vectors[one]
            np.testing.assert_allclose(kept.signals[one, 1], dense, atol=2e-3)
        assert len(engine.related("n61", limit=5).recommendations) == 5


def test_beyond_its_share_or_below_its_size_all_is_made_anew(tmp_path: Path) -> None:
    every = list(articles(120))
    with folding(tmp_path, share=0.1) as engine:
        assert engine.rebuild(every[:100]).folded == 0
        assert engine.rebuild(every[100:106]).folded == 6
        assert engine.rebuild(every[106:110]).folded == 10
        assert engine.rebuild().published is False
        assert engine.rebuild(every[110:112]).folded == 0
        assert engine.rebuild(every[112:114]).folded == 2
    with folding(tmp_path, least=115) as engine:
        assert engine.rebuild(every[114:115]).folded == 0
        assert engine.rebuild(every[115:116]).folded == 1
    with folding(tmp_path, neighbours=30) as engine:  # another snapshot than the one before
        assert engine.rebuild(every[116:117]).folded == 0


def test_a_damaged_snapshot_is_no_base(tmp_path: Path) -> None:
    every = list(articles(60))
    with folding(tmp_path) as engine:
        first = engine.rebuild(every[:50])
        part = engine.parts.store.open(first.version).path / "neighbours.nearest.npy"
        part.write_bytes(part.read_bytes()[:-8])
        second = engine.rebuild(every[50:])
        assert (second.folded, second.articles, second.published) == (0, 60, True)


def test_a_catalog_out_of_a_backup_is_no_base(tmp_path: Path) -> None:
    every = list(articles(60))
    catalog, copy = tmp_path / "catalog.sqlite", tmp_path / "backup.sqlite"
    with folding(tmp_path) as engine:
        engine.rebuild(every[:40])
    copy.write_bytes(catalog.read_bytes())
    with folding(tmp_path) as engine:
        assert engine.rebuild(every[40:45]).folded == 5
    for beside in ("catalog.sqlite-wal", "catalog.sqlite-shm"):
        (tmp_path / beside).unlink(missing_ok=True)
    catalog.write_bytes(copy.read_bytes())
    with folding(tmp_path) as engine:
        engine.put(every[50:51])
        report = engine.rebuild(every[51:53])
        assert (report.folded, report.articles) == (0, 43)


def test_stories_go_on_and_copies_are_counted_anew(tmp_path: Path) -> None:
    every = list(articles(40))
    twin = replace(every[5], id="twin", published_at=NOW)
    third = replace(every[5], id="third", published_at=NOW + timedelta(hours=1))
    with folding(tmp_path) as engine:
        engine.rebuild([*every, twin])
        made = corpus(engine, engine.rebuild([third]))
        places = [place(made, one) for one in ("n5", "twin", "third")]
        assert {int(made.groups[one]) for one in places} == {places[0]}
        assert made.canonical[places[0]] == places[2]
        engine.withdraw(["n5", "third"])
        made = corpus(engine, engine.rebuild())
        left = place(made, "twin")
        assert (made.groups[left], made.canonical[left]) == (left, left)
        stories = made.relations.stories
        assert np.array_equal(np.sort(stories.order), np.arange(len(made)))


def test_what_was_read_together_has_its_signals(tmp_path: Path) -> None:
    every = list(articles(60))
    with folding(tmp_path, neighbours=3) as engine:
        engine.rebuild(every[:50])
        for reader in range(12):
            for number, name in enumerate(("n3", "n45")):
                engine.record([view(name, f"r{reader}", NOW + timedelta(minutes=reader + number))])
        made = corpus(engine, report := engine.rebuild(every[50:]))
        assert report.folded == 10
        one, other = place(made, "n3"), place(made, "n45")
        read, _ = made.relations.together.of(one)
        assert other in read
        assert other in candidates(made)[one]
        at = made.relations.neighbours.positions[one].tolist().index(other)
        dense = made.base.texts.vectors[one] @ made.base.texts.vectors[other]
        assert made.relations.neighbours.signals[one, 1, at] == pytest.approx(dense, abs=2e-3)


def test_the_order_of_candidates_ascends(tmp_path: Path) -> None:
    every: Sequence[Article] = list(articles(70))
    with folding(tmp_path, neighbours=5) as engine:
        engine.rebuild(every[20:])
        engine.withdraw(["n30", "n31"])
        made = corpus(engine, engine.rebuild(every[:20]))
    for row in made.relations.neighbours.positions:
        there = row[row >= 0]
        assert (np.diff(there) > 0).all()
        assert (row[len(there) :] == -1).all()
