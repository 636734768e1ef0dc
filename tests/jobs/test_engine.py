import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import recommender
from recommender import (
    Article,
    Filters,
    InputError,
    NotReady,
    Recommender,
    SettingsError,
    SlotQuery,
    UnknownArticle,
    UnpublishedText,
)
from recommender.articles.cards import card_of
from recommender.errors import CatalogError
from tests.jobs.home import NOW, WordEmbedder, articles, opened, view


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Recommender]:
    with opened(tmp_path) as made:
        made.rebuild(articles(40))
        yield made


def test_everything_exported_is_there_and_documented() -> None:
    for name in recommender.__all__:
        assert getattr(recommender, name).__doc__, name


def test_related_finds_the_same_subject(engine: Recommender) -> None:
    slot = engine.related("n0", limit=5, at=NOW)
    assert {int(one.id[1:]) % 4 for one in slot} == {0}
    assert [one.position for one in slot] == [1, 2, 3, 4, 5]
    assert slot.pipeline == "default"
    assert slot.fallback is None


def test_cards_come_as_they_were_made_ready_too(engine: Recommender) -> None:
    engine.put([Article(id="late", title="harbour bridge repair", body="harbour bridge repair")])
    page = engine.fill([SlotQuery("related", 40), SlotQuery("latest", 3)], "n0", at=NOW)
    ready, told = page.cards(), page.rendered()
    assert "late" in [one.id for one in told[0]]  # of the overlay, the others of the snapshot
    assert len(told[0]) > 1
    for slot, cards in zip(told, ready, strict=True):
        assert [card_of(one) for one in cards] == [one.card for one in slot]


def test_a_text_finds_what_an_article_of_that_text_would(engine: Recommender) -> None:
    text = UnpublishedText(title="rowing club cup", body="The rowing club cup goes on")
    assert {int(one.id[1:]) % 4 for one in engine.related(text, limit=4, at=NOW)} == {2}
    plain = engine.related("The rowing club cup goes on", limit=4, at=NOW)
    assert {int(one.id[1:]) % 4 for one in plain} == {2}


def test_an_unknown_id_is_refused_with_the_nearest(engine: Recommender) -> None:
    with pytest.raises(UnknownArticle, match="n39"):
        engine.related("n399")


def test_parameters_out_of_range_are_refused(engine: Recommender) -> None:
    with pytest.raises(InputError, match="limit from 1 to 1000, got 0"):
        engine.related("n0", limit=0)
    with pytest.raises(InputError, match="time with a zone"):
        engine.related("n0", at=datetime(2020, 1, 1))  # noqa: DTZ001 - the fault under test
    with pytest.raises(SettingsError, match="default, similarity"):
        engine.related("n0", pipeline="defualt")
    with pytest.raises(InputError, match="got nothing"):
        engine.related(UnpublishedText(" "))


def test_without_a_snapshot_it_says_what_to_run(tmp_path: Path) -> None:
    with opened(tmp_path) as empty, pytest.raises(NotReady, match="recommender rebuild"):
        empty.related("n0")


def test_a_new_article_is_served_at_once_and_found_by_others(engine: Recommender) -> None:
    new = Article(
        id="new", title="harbour bridge repair", body="The harbour bridge repair", section="harbour"
    )
    assert engine.put([new]).added == 1
    assert {int(one.id[1:]) % 4 for one in engine.related("new", limit=4, at=NOW)} == {0}
    assert "new" in [one.id for one in engine.related("n0", limit=40, at=NOW)]
    report = engine.rebuild()
    assert report.articles == 41
    assert "new" in [one.id for one in engine.related("n0", limit=40, at=NOW)]


def test_a_changed_article_is_served_as_changed(engine: Recommender) -> None:
    engine.put([Article(id="n0", title="rowing club cup final", body="rowing club cup")])
    assert {int(one.id[1:]) % 4 for one in engine.related("n0", limit=4, at=NOW)} == {2}
    titles = [one.card.title for one in engine.related("n2", limit=40, at=NOW)]
    assert "rowing club cup final" in titles
    assert "harbour bridge repair part 0" not in titles


def test_a_copy_put_in_later_never_stands_beside_its_original(engine: Recommender) -> None:
    original, *_ = articles(1)
    engine.put([Article(id="copy", title=original.title, body=original.body)])
    assert "copy" not in [one.id for one in engine.related("n0", limit=40, at=NOW)]


def test_a_withdrawn_article_is_gone_from_every_path_of_every_open_engine(
    engine: Recommender,
) -> None:
    home = engine.parts.home
    with opened(home) as other:
        shown = other.related("n0", limit=3, at=NOW)[0].id
        assert engine.withdraw([shown, "nobody"]) == [shown]
        for one in (engine, other):
            everything = [
                *one.related("n0", limit=100, at=NOW),
                *one.related("harbour bridge repair", limit=100, at=NOW),
                *one.popular(limit=100, at=NOW),
            ]
            assert shown not in {each.id for each in everything}
            with pytest.raises(UnknownArticle, match="withdrawn"):
                one.related(shown)
            scored = {each for batch in one.score(limit=50) for each in batch.related_ids}
            assert shown not in scored
        engine.rebuild(articles(40))  # the feed still has it: it stays withdrawn
        assert shown not in {each.id for each in engine.related("n0", limit=100, at=NOW)}
        engine.put([one for one in articles(40) if one.id == shown])
        assert shown in {each.id for each in engine.related("n0", limit=100, at=NOW)}


def test_popular_counts_readers_once_and_forgets_after_the_window(engine: Recommender) -> None:
    hour = timedelta(hours=1)
    engine.record([view("n5", "anna", NOW - n * hour) for n in range(5)])
    engine.record([view("n6", name, NOW - hour) for name in ("anna", "ben")])
    engine.record([view("n7", name, NOW - 300 * hour) for name in ("a", "b", "c")])
    slot = engine.popular(at=NOW)
    assert [one.id for one in slot] == ["n6", "n5"]
    long = engine.popular(at=NOW, window=timedelta(days=20))
    assert "n7" in [one.id for one in long]
    only = engine.popular(at=NOW, filters=Filters(sections=("school",)))
    assert [one.id for one in only] == ["n5"]


def test_an_event_of_the_future_counts_as_of_now_and_makes_no_other_one_old(
    engine: Recommender,
) -> None:
    now = datetime.now(UTC)
    engine.record([view("n5", "anna", now - timedelta(days=20))])
    engine.record([view("n6", "ben", now + timedelta(days=4_000))])
    newest = engine.parts.events.newest()
    assert newest is not None
    assert now <= newest <= datetime.now(UTC)
    engine.parts.events.prune()
    assert len(engine.parts.events) == 2


def test_both_slots_of_a_page_share_no_article(engine: Recommender) -> None:
    engine.record([view(f"n{n}", "anna", NOW) for n in (0, 4, 8, 12)])
    related, popular = engine.slots("n0", limit=10, at=NOW)
    ids = [one.id for one in (*related, *popular)]
    assert len(set(ids)) == len(ids)
    assert "n0" not in ids


def test_score_is_related_of_everyone(engine: Recommender) -> None:
    batches = list(engine.score(limit=3, pipeline="similarity", at=NOW))
    assert sum(map(len, batches)) == 40 * 3
    (batch,) = engine.score(["n7"], limit=3, pipeline="similarity", at=NOW)
    slot = engine.related("n7", limit=3, pipeline="similarity", at=NOW)
    assert list(batch.related_ids) == [one.id for one in slot]
    assert batch.scores == pytest.approx([one.score for one in slot])
    assert batch.positions.tolist() == [1, 2, 3]
    longest = next(iter(engine.score(["n7"], limit=1000, pipeline="similarity")))
    assert len(longest) == 39


def test_similarity_does_not_depend_on_now_or_on_readers(engine: Recommender) -> None:
    def answer(at: datetime) -> list[tuple[str, float]]:
        slot = engine.related("n0", limit=20, at=at, pipeline="similarity")
        return [(one.id, one.score) for one in slot]

    before = answer(NOW)
    engine.record([view("n39", "anna", NOW)])
    assert answer(NOW) == before == answer(datetime(1999, 1, 1, tzinfo=UTC))


def test_similarity_of_a_text_does_not_depend_on_now(engine: Recommender) -> None:
    early, late = (
        [one.score for one in engine.related("harbour bridge", at=at, pipeline="similarity")]
        for at in (datetime(1999, 1, 1, tzinfo=UTC), NOW)
    )
    assert early == late


def test_an_article_without_an_id_is_refused(engine: Recommender) -> None:
    with pytest.raises(InputError, match="id for every article"):
        engine.put([Article(id="", title="harbour")])
    assert engine.parts.catalog.counts("words@1").published == 40


def test_a_filter_finds_the_new_article_among_many_nearer_ones(engine: Recommender) -> None:
    near = [Article(id=f"x{n}", title=f"harbour bridge repair {n}", section="x") for n in range(80)]
    engine.put([*near, Article(id="far", title="council vote", section="rare")])
    text = UnpublishedText(title="harbour bridge repair", body="harbour bridge repair")
    rare = Filters(sections=("rare",))
    plain = engine.related(text, limit=5, filters=rare, pipeline="similarity")
    assert ([one.id for one in plain], plain.fallback) == (["far"], None)


def test_a_rollback_is_taken_up_by_an_open_engine(engine: Recommender) -> None:
    before = engine.related("n0").index_version
    after = engine.rebuild(articles(44)).version
    assert engine.related("n0").index_version == after
    engine.parts.store.rollback()
    assert engine.related("n0").index_version == before


def test_a_damaged_snapshot_is_refused_and_the_last_good_one_serves(
    engine: Recommender, caplog: pytest.LogCaptureFixture
) -> None:
    before = engine.related("n0").index_version
    after = engine.rebuild(articles(44)).version
    damage(engine, after)
    with opened(engine.parts.home) as fresh:
        assert fresh.related("n0").index_version == before
        assert fresh.related("n41").index_version == before  # of the newer one, by the overlay
    assert "vectors.npy" in caplog.text
    assert "altered" in caplog.text


def damage(engine: Recommender, version: str) -> None:
    part = engine.parts.home / "snapshots" / "versions" / version / "vectors.npy"
    content = bytearray(part.read_bytes())
    content[-1] ^= 1
    part.write_bytes(content)


def test_what_is_served_is_looked_at_again(
    engine: Recommender, caplog: pytest.LogCaptureFixture
) -> None:
    before = engine.related("n0").index_version
    after = engine.rebuild(articles(44)).version
    assert engine.related("n41").index_version == after
    engine.check(after=timedelta(0))
    assert engine.related("n41").index_version == after
    damage(engine, after)
    engine.check(after=timedelta(0))
    assert engine.related("n41").index_version == before
    assert "vectors.npy" in caplog.text
    assert "altered" in caplog.text


def test_a_snapshot_that_is_damaged_is_served_for_want_of_another(
    engine: Recommender, caplog: pytest.LogCaptureFixture
) -> None:
    version = engine.related("n0").index_version
    damage(engine, version)
    engine.check(after=timedelta(0))
    assert engine.related("n0").index_version == version
    assert "altered" in caplog.text


def test_many_threads_share_one_engine_while_articles_come_and_go(engine: Recommender) -> None:
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            ids = [one.id for one in engine.related("n0", limit=50, at=NOW)]
            if len(set(ids)) != len(ids) or "n0" in ids:
                wrong.append(ids)

    threads = [threading.Thread(target=read, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(10):
        engine.put([Article(id=f"x{number}", title="harbour bridge", body=f"repair {number}")])
        engine.withdraw([f"x{number - 3}"])
    engine.rebuild()
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert np.all(engine.corpus().hidden == False)  # noqa: E712 - an array, compared by element


def test_what_the_same_people_read_stands_beside_it_and_says_so(engine: Recommender) -> None:
    before = engine.related("n0", limit=40, at=NOW)
    assert not any(phrase.startswith("read together") for one in before for phrase in one.because)
    # a school story, which shares no word with the bridge of n0
    for reader in range(8):
        engine.record([view("n0", f"r{reader}", NOW), view("n33", f"r{reader}", NOW)])
    assert engine.rebuild().published
    assert not engine.rebuild().published
    slot = engine.related("n0", limit=40, at=NOW)
    (found,) = (one for one in slot if one.id == "n33")
    assert "read together by 8 readers" in found.because
    (reason,) = (one for one in found.reasons if one.signal == "read_together")
    assert reason.value == pytest.approx(8 / (8 + 10))
    assert sum(one.contribution for one in found.reasons) == pytest.approx(found.score, abs=1e-3)
    similar = engine.related("n0", limit=40, at=NOW, pipeline="similarity")
    assert not any(one.signal == "read_together" for each in similar for one in each.reasons)


def test_one_damaged_file_leaves_none_of_the_others_open(tmp_path: Path) -> None:
    (tmp_path / "rules.sqlite").write_bytes(b"no rules at all " * 100)
    with pytest.raises(CatalogError, match="rules"):
        Recommender.open(tmp_path)
    held = [one.readlink() for one in Path("/proc/self/fd").iterdir() if one.exists()]
    assert not [one for one in held if one.is_relative_to(tmp_path)]


def test_popular_may_be_what_rises_and_says_what_stands_in(engine: Recommender) -> None:
    hour = timedelta(hours=1)
    assert engine.popular(by="trending", at=NOW).fallback == "latest"
    engine.record([view("n5", f"r{n}", NOW - n * hour) for n in range(20, 200)])
    assert engine.popular(by="trending", at=NOW + hour).fallback == "popular"
    engine.record([view("n5", f"late{n}", NOW) for n in range(60)])
    # another five minutes, so counted anew
    slot = engine.popular(by="trending", at=NOW + 2 * hour)
    assert ([one.id for one in slot], slot.fallback) == (["n5"], None)
    assert engine.popular(by="most_clicked", at=NOW + 2 * hour).fallback == "popular"


def test_slots_are_asked_for_by_name_and_unknown_ones_refused(engine: Recommender) -> None:
    latest, related = engine.slots("n0", slots=("latest", SlotQuery("related", 3)), at=NOW)
    assert (len(latest), len(related)) == (5, 3)
    (front,) = engine.slots(None, slots=("latest",), limit=2, at=NOW)
    assert len(front) == 2
    with pytest.raises(InputError, match="no slot 'newest'"):
        engine.slots("n0", slots=("newest",))


def test_what_is_taken_away_by_a_put_waits_for_no_model(tmp_path: Path) -> None:
    embedder = WordEmbedder()
    with opened(tmp_path, embedder) as engine:
        engine.rebuild(articles(20))
        embedder.embedded.clear()
        first, second, third = list(articles(3))
        with engine._embedding:
            engine.put([Article(id=first.id, status="withdrawn")])
            engine.put(
                [replace(second, body="Other words", expires_at=NOW - timedelta(days=9_000))]
            )
        assert embedder.embedded == []
        shown = {one.id for one in engine.related("n4", limit=20)}
        assert not shown & {first.id, second.id}
        engine.put([replace(third, body="Other words")])
        assert len(embedder.embedded) == 1
