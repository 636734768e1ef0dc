"""What rises and what is clicked, out of a real log, for the articles of a corpus."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from recommender.editors.rule import Rule, Target
from recommender.readers.event import Event
from recommender.readers.events import EventLog
from recommender.readers.trend import Trends
from recommender.slots.charts import NO_CHARTS, Charts, Readership, charts_of, counted
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import BUILT_IN, Chart, SlotDefinition, Supply, defined
from recommender.slots.filled import render
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline, Weights
from recommender.slots.readership import LiveReadership
from recommender.slots.slot import Filters, Slot, SlotQuery
from tests.slots.ruled_corpus import ids, rules_of
from tests.slots.small_corpus import NOW, article, corpus_of, no_rules, slots_of, unit

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PIPELINE = Pipeline("plain", Weights(dense=1))
RISING = Chart("trending", DAY)
CLICKED = Chart("most_clicked", 7 * DAY)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog.open(tmp_path / "events.sqlite") as opened:
        yield opened


@pytest.fixture
def live(log: EventLog) -> LiveReadership:
    return LiveReadership(log, DAY)


def read(log: EventLog, article_id: str, hours: range, readers: int) -> None:
    log.append(
        [
            Event(
                type="view",
                article_id=article_id,
                reader=f"{article_id}-{hour}-{reader}",
                at=NOW - hour * HOUR,
            )
            for hour in hours
            for reader in range(readers)
        ]
    )


def show(log: EventLog, article_id: str, shown: int, clicked: int) -> None:
    """So many impressions on as many pages, of which the first are clicked."""
    names = [f"{article_id}-{number}" for number in range(shown)]
    at = NOW - HOUR
    log.append(
        [
            Event(type="impression", article_id="", at=at, impression_id=one, shown=(article_id,))
            for one in names
        ]
    )
    log.append(
        [
            Event(type="click", article_id=article_id, at=at, impression_id=one, reader=one)
            for one in names[:clicked]
        ]
    )


def a_rise(log: EventLog) -> None:
    """The club is read as ever; the school of late, and what is in no corpus."""
    read(log, "club", range(1, 200), 3)
    for one in ("school", "nowhere"):
        read(log, one, range(20, 200, 5), 1)
        read(log, one, range(1, 6), 12)


def filled(
    corpus: Corpus,
    charts: Charts,
    name: str,
    filters: Filters | None = None,
    definitions: dict[str, SlotDefinition] | None = None,
) -> Slot:
    query = SlotQuery(name, 5, 0, filters or Filters())
    slot = defined(query, {**BUILT_IN, **(definitions or {})})
    readers = np.zeros(len(corpus), dtype=np.float32)
    readers[3:5] = 7, 8  # the school and the club
    page = PageQuery((slot,), None, NOW)
    (found,) = fill_page(
        corpus, page, PIPELINE, Readership(readers, readers), no_rules(corpus), charts=charts
    )
    return render(corpus, found, PIPELINE, None)


def test_what_rises_says_by_how_much(town: Corpus, log: EventLog, live: LiveReadership) -> None:
    a_rise(log)
    slot = filled(town, live.charts(town, NOW, [RISING]), "trending")
    assert ([one.id for one in slot], slot.fallback) == (["school"], None)
    (reason,) = slot[0].because
    assert reason.startswith("read ")
    assert reason.endswith(" times as often as usual")
    told = {one.signal: one for one in slot[0].reasons}
    assert set(told) == {"rising", "times_usual"}
    assert told["rising"].contribution == slot[0].score > 1.25
    assert told["times_usual"].value > told["rising"].value
    assert f"{told['times_usual'].value:.1f}".removesuffix(".0") in reason


def test_what_is_clicked_says_of_how_many(
    town: Corpus, log: EventLog, live: LiveReadership
) -> None:
    show(log, "school", 100, 12)
    show(log, "club", 100, 3)
    show(log, "guide", 50, 0)
    show(log, "nowhere", 10, 5)
    slot = filled(town, live.charts(town, NOW, [CLICKED]), "most_clicked")
    assert [one.id for one in slot] == ["school", "club"]  # and not what nobody clicked
    assert slot[0].because == ("clicked 12 of the 100 times it was shown",)
    assert slot[0].score < 0.12  # that it is clicked so often is not yet sure
    assert {one.signal for one in slot[0].reasons} == {"click_rate", "clicks", "shown"}


@pytest.mark.parametrize("name", ["trending", "most_clicked"])
def test_a_cold_start_is_filled_by_something_else_and_says_so(
    town: Corpus, live: LiveReadership, name: str
) -> None:
    charts = live.charts(town, NOW, [RISING, CLICKED])
    slot = filled(town, charts, name)
    assert ([one.id for one in slot], slot.fallback) == (["club", "school"], "popular")
    assert slot[0].because == ("read by 8 readers of late",)


def test_a_site_that_is_read_as_ever_has_nothing_that_rises(
    town: Corpus, log: EventLog, live: LiveReadership
) -> None:
    for one in ("club", "school", "guide"):
        read(log, one, range(1, 200), 3)
    assert filled(town, live.charts(town, NOW, [RISING]), "trending").fallback == "popular"


def test_the_same_readers_every_day_are_no_rise(log: EventLog) -> None:
    for name, comes_again in (("school", True), ("club", False), ("guide", False)):
        log.append(
            [
                Event(
                    type="view",
                    article_id=name,
                    reader=f"{name}-{reader}" if comes_again else f"{name}-{reader}-{day}",
                    at=NOW - day * DAY,
                )
                for day in range(21)
                for reader in range(30)
            ]
        )
    found = counted(log, RISING, NOW, DAY)
    assert isinstance(found, Trends)
    assert found.rising.times.tolist() == pytest.approx([1] * 3, abs=0.2)


def test_filters_hold_for_charts_and_their_fallbacks(
    town: Corpus, log: EventLog, live: LiveReadership
) -> None:
    a_rise(log)
    charts = live.charts(town, NOW, [RISING])
    school = filled(town, charts, "trending", Filters(sections=("Education",)))
    assert [one.id for one in school] == ["school"]
    sport = filled(town, charts, "trending", Filters(sections=("Sport",)))
    assert ([one.id for one in sport], sport.fallback) == (["club"], "popular")


def test_a_least_score_leaves_out_what_rises_less(
    town: Corpus, log: EventLog, live: LiveReadership
) -> None:
    a_rise(log)
    charts = live.charts(town, NOW, [RISING])
    (score,) = (one.score for one in filled(town, charts, "trending"))
    for least, shown in ((score - 0.01, "school"), (score + 0.01, None)):
        strict = SlotDefinition(Supply("trending", min_score=least, window=DAY))
        slot = filled(town, charts, "strict", definitions={"strict": strict})
        assert [one.id for one in slot] == ([shown] if shown else [])


def test_charts_are_counted_once_in_five_minutes(
    town: Corpus, log: EventLog, live: LiveReadership
) -> None:
    a_rise(log)
    assert live.kept_charts(town, NOW, [RISING]) is None
    before = live.charts(town, NOW, [RISING])[RISING]
    read(log, "guide", range(1), 500)
    assert live.charts(town, NOW + timedelta(minutes=4), [RISING])[RISING] is before
    kept = live.kept_charts(town, NOW, [RISING])
    assert kept is not None
    assert kept[RISING] is before
    after = live.charts(town, NOW + timedelta(minutes=5), [RISING])[RISING]
    assert len(after.order) == len(before.order) + 1
    assert live.kept_charts(town, NOW, [RISING, CLICKED]) is None


def test_only_slots_of_readers_need_charts() -> None:
    names = ("related", "popular", "latest", "editors_choice", "story")
    assert charts_of(slots_of(*map(SlotQuery, names))) == ()
    assert charts_of(slots_of(SlotQuery("trending"), SlotQuery("most_clicked"))) == (
        RISING,
        CLICKED,
    )
    fallen = slots_of(SlotQuery("latest"), fallbacks=("trending",))
    assert charts_of(fallen) == (RISING,)


@pytest.mark.parametrize("collapse", [True, False])
def test_of_a_long_chart_as_much_is_looked_at_as_is_shown(*, collapse: bool) -> None:
    rng = np.random.default_rng(3)
    articles = [
        article(f"c{n}", f"Story number {n}", days_old=-1 if n % 7 == 0 else 1) for n in range(300)
    ]
    corpus = corpus_of(articles, [unit(*rng.normal(size=16)) for _ in articles])
    groups, canonical = corpus.groups.copy(), corpus.canonical.copy()
    for n in range(0, 300, 3):  # three copies each, the last of which stands for them
        groups[n : n + 3], canonical[n : n + 3] = n, n + 2
    corpus = replace(corpus, groups=groups, canonical=canonical)
    readers = rng.permutation(300).astype(np.float32)
    pipeline = replace(PIPELINE, collapse_copies=collapse)

    def shown(limit: int, offset: int = 0, *rules: Rule) -> list[str]:
        page = PageQuery(slots_of(SlotQuery("popular", limit, offset)), None, NOW, ("c9", "c100"))
        read, made = Readership(readers, readers), rules_of(corpus, *rules)
        return ids(corpus, fill_page(corpus, page, pipeline, read, made, charts=NO_CHARTS)[0])

    whole = shown(300)
    assert len(whole) > 60
    for limit, offset in ((1, 0), (5, 0), (7, 13), (50, 0), (20, 30)):
        assert shown(limit, offset) == whole[offset : offset + limit]
    last = whole[-1]
    boost = Rule(action="pin", target=Target("article", (last,)), position=1)
    assert shown(5, 0, boost) == [last, *whole[:4]]
