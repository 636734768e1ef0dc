import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from index.graph import knn_graph
from index.protocol import Vectors
from index.snapshot import SnapshotStore
from recommender import Recommender
from recommender.articles.catalog import Counts
from recommender.articles.sources.reject import Reject
from recommender.errors import NotReady, RebuildBusy, SettingsError
from recommender.jobs.lock import rebuild_lock
from recommender.settings import Settings
from recommender.settings_tables import RebuildSettings
from recommender.similarity.neighbours import read_going_on
from tests.jobs.home import NOW, WordEmbedder, articles, opened, parts, view


def test_a_second_run_embeds_nothing_and_publishes_nothing(tmp_path: Path) -> None:
    embedder = WordEmbedder()
    with opened(tmp_path, embedder) as engine:
        first = engine.rebuild(articles(20))
        again = engine.rebuild(articles(20))
    assert (first.ingested.added, first.embedded, first.published) == (20, 20, True)
    assert (again.ingested.unchanged, again.embedded, again.published) == (20, 0, False)
    assert again.version == first.version
    assert len(embedder.embedded) == 20


def test_only_what_changed_is_embedded_again(tmp_path: Path) -> None:
    embedder = WordEmbedder()
    with opened(tmp_path, embedder) as engine:
        engine.rebuild(articles(20))
        embedder.embedded.clear()
        corrected, *_ = articles(1)
        changed = type(corrected)(
            id=corrected.id, title="Another title", body=corrected.body, section="new"
        )
        report = engine.rebuild([changed, *list(articles(21))[20:]])
        assert (report.ingested.changed, report.ingested.added) == (1, 1)
        assert len(embedder.embedded) == 2
        assert engine.related("n4", limit=20).index_version == report.version


def test_the_same_text_under_two_ids_is_embedded_once(tmp_path: Path) -> None:
    embedder = WordEmbedder()
    first, *_ = articles(1)
    twin = type(first)(id="twin", title=first.title, body=first.body)
    with opened(tmp_path, embedder) as engine:
        assert engine.rebuild([first, twin, *articles(6)]).embedded == 6
    assert len(embedder.embedded) == 6


def test_another_embedder_embeds_everything_again(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        before = engine.rebuild(articles(10))
    other = WordEmbedder("others@2")
    with opened(tmp_path, other) as engine:
        after = engine.rebuild()
        assert (after.embedded, after.published) == (10, True)
        assert after.version != before.version
        assert engine.corpus().embedder == "others@2"


def test_killed_in_the_middle_of_embedding_nothing_embedded_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.jobs.embedding._CHUNK", 8)
    monkeypatch.setattr("recommender.jobs.embedding._MOST", 8)

    class Stopped(WordEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            if len(self.embedded) >= 16:
                raise KeyboardInterrupt
            return super().embed(texts)

    with opened(tmp_path, Stopped()) as engine, pytest.raises(KeyboardInterrupt):
        engine.rebuild(articles(40))
    embedder = WordEmbedder()
    with opened(tmp_path, embedder) as engine:
        assert engine.rebuild(articles(40)).articles == 40
    assert len(embedder.embedded) == 24


def test_what_embeds_quickly_gets_twice_as_many_texts_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.jobs.embedding._CHUNK", 2)
    monkeypatch.setattr("recommender.jobs.embedding._MOST", 8)
    together: list[int] = []

    class Counting(WordEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            together.append(len(texts))
            return super().embed(texts)

    with opened(tmp_path, Counting()) as engine:
        engine.rebuild(articles(30))
    assert together == [2, 4, 8, 8, 8]


def test_rejects_are_written_with_their_reason(tmp_path: Path) -> None:
    bad = Reject(source="feed.jsonl", position=7, reason="no title", excerpt='{"id": 1}')
    with opened(tmp_path) as engine:
        report = engine.rebuild([*articles(3), bad])
    assert (report.ingested.read, report.ingested.rejected) == (4, 1)
    (line,) = (tmp_path / "rejects.jsonl").read_text().splitlines()
    assert json.loads(line)["position"] == 7
    assert json.loads(line)["reason"] == "no title"


def test_a_second_rebuild_at_the_same_time_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        before = engine.rebuild(articles(5))
        refused: list[BaseException] = []

        def second() -> None:
            with opened(tmp_path) as other:
                try:
                    other.rebuild(articles(9))
                except RebuildBusy as error:
                    refused.append(error)

        with rebuild_lock(tmp_path / "rebuild.lock"):
            thread = threading.Thread(target=second)
            thread.start()
            thread.join()
        assert "is running" in str(refused[0])
        assert engine.related("n0").index_version == before.version
        assert engine.rebuild(articles(9)).articles == 9


def test_nothing_to_rebuild_says_what_to_do(tmp_path: Path) -> None:
    with opened(tmp_path) as engine, pytest.raises(NotReady, match="recommender rebuild SOURCE"):
        engine.rebuild()


def test_a_damaged_snapshot_is_made_again(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        first = engine.rebuild(articles(12))
        part = tmp_path / "snapshots" / "versions" / first.version / "columns.rows.npy"
        part.write_bytes(part.read_bytes()[:-1])
        second = engine.rebuild(articles(12))
        assert second.published
        assert second.embedded == 0


def test_a_snapshot_of_another_catalog_is_neither_kept_nor_served(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        engine.rebuild(articles(5))
    for file in tmp_path.glob("catalog.sqlite*"):
        file.unlink()
    with opened(tmp_path) as engine:
        with pytest.raises(NotReady, match=r"Run: recommender rebuild\..*another catalog"):
            engine.related("n0")
        report = engine.rebuild(list(articles(9))[4:])
        assert (report.published, report.articles) == (True, 5)
        assert engine.related("n8").index_version == report.version


def test_where_every_snapshot_is_damaged_it_says_so_once_and_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path) as engine:
        versions = [engine.rebuild(articles(count)).version for count in (5, 6)]
    for version in versions:
        (tmp_path / "snapshots" / "versions" / version / "manifest.json").unlink()
    with opened(tmp_path) as engine:
        with pytest.raises(NotReady, match=r"None of the published.*\(2 tried\)") as told:
            engine.related("n0")
        assert all(str(told.value).count(version) == 1 for version in versions)
        assert "Run: recommender rebuild." in str(told.value)
        assert str(tmp_path) not in str(told.value)
        assert not caplog.records
        assert engine.rebuild().published
        assert engine.related("n0")


def test_a_wrong_factory_string_is_told_by_the_name_of_its_setting(tmp_path: Path) -> None:
    made = parts(tmp_path)
    settings = Settings(rebuild=RebuildSettings(index_factory="HNWS32"))
    with (
        Recommender(replace(made, settings=settings)) as engine,
        pytest.raises(SettingsError, match=r"rebuild\.index_factory.*'HNWS32'.*such as Flat"),
    ):
        engine.rebuild(articles(5))
    with opened(tmp_path) as engine:  # refused before a record was read
        assert engine.parts.catalog.counts("words@1") == Counts(0, 0, 0)


def test_a_factory_string_that_wants_more_vectors_is_told_when_it_is_built(tmp_path: Path) -> None:
    settings = Settings(rebuild=RebuildSettings(index_factory="IVF500,Flat"))
    with (
        Recommender(replace(parts(tmp_path), settings=settings)) as engine,
        pytest.raises(SettingsError, match=r"rebuild\.index_factory.*over 5 vectors"),
    ):
        engine.rebuild(articles(5))


def test_nearest_articles_go_on_from_the_snapshot_before_as_if_found_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_up = []

    def told(vectors: Vectors, k: int, **asked: Any) -> npt.NDArray[np.int32]:
        taken_up.append(asked["before"] is not None)
        return knn_graph(vectors, k, **asked)

    monkeypatch.setattr("recommender.similarity.neighbours.knn_graph", told)
    with opened(tmp_path / "grown") as engine:
        engine.rebuild(articles(80))
        engine.withdraw(["n7"])
        engine.rebuild(articles(85))
        grown = engine.corpus().version
    with opened(tmp_path / "anew") as engine:
        engine.rebuild(articles(85))
        engine.withdraw(["n7"])
        engine.rebuild()
        (tmp_path / "anew" / "snapshots" / "current").unlink()
        engine.rebuild()
        anew = engine.corpus().version
    assert taken_up == [False, True, False, True, False]
    one, other = (
        SnapshotStore(tmp_path / home / "snapshots").open(version)
        for home, version in (("grown", grown), ("anew", anew))
    )
    np.testing.assert_array_equal(read_going_on(one).nearest, read_going_on(other).nearest)
    assert one.manifest.facts["nearest_recall"] == 1.0
    assert one.manifest.facts["recall_asked"] == 0.99


def test_another_recall_makes_another_snapshot(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        before = engine.rebuild(articles(5))
    settings = Settings(rebuild=RebuildSettings(recall=0.9, index_megabytes=1))
    with Recommender(replace(parts(tmp_path), settings=settings)) as engine:
        after = engine.rebuild(articles(5))
    assert after.published
    assert after.version != before.version


def test_old_snapshots_are_pruned_and_the_last_ones_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        versions = [engine.rebuild(articles(count)).version for count in (5, 6, 7, 8, 9)]
        kept = [one.version for one in engine.parts.store.versions()]
        assert kept == versions[-3:]
        assert engine.parts.store.rollback() == versions[-2]
        assert engine.related("n0").index_version == versions[-2]


def test_readers_make_a_new_snapshot_when_enough_of_them_say_something_new(tmp_path: Path) -> None:
    def read(engine: Recommender, first: int, pairs: int) -> None:
        engine.record(
            [
                view(name, f"r{pair}-{reader}", NOW)
                for pair in range(first, first + pairs)
                for reader in range(4)
                for name in (f"n{pair}", f"n{pair + 20}")
            ]
        )

    with opened(tmp_path) as engine:
        engine.rebuild(articles(40))
        read(engine, 0, 12)
        first = engine.rebuild()
        assert first.published
        assert not engine.rebuild().published
        read(engine, 12, 1)  # one pair of thirteen
        assert not engine.rebuild().published
        read(engine, 13, 2)
        assert engine.rebuild().published
        assert engine.rebuild().version != first.version
