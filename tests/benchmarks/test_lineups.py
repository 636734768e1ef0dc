"""What the report makes of several that did the same."""

from pathlib import Path

import pytest

from benchmarks.figures import figure
from benchmarks.lineup import Entry, Lineup, Point, by_name, growth
from benchmarks.lineup_report import PICTURED, beside_each_other, pictured
from benchmarks.pictures import draw


def entry(who: str, ms: float, quality: float, memory: float) -> Entry:
    return Entry(
        who=who,
        name=f"{who} (graph)",
        version="1.2",
        took=figure("ms", [[ms]]),
        quality=quality,
        ratio=ms / 2,
        breadth=20,
        built_s=ms,
        memory_mib=memory,
        disk_mib=0,
        limit_ms=ms / 4,
        curve=(
            Point(breadth=10, quality=quality / 2, rate=2e3 / ms),
            Point(breadth=20, quality=quality, rate=1e3 / ms),
        ),
    )


def lineup(size: int = 1_000, times: float = 1.0, name: str = "nearest") -> Lineup:
    return Lineup(
        name=name,
        size=size,
        quality_is="recall@10",
        wanted=0.99,
        bandwidth=12.5,
        entries=(
            entry("ours", 2 * times, 0.995, 100),
            entry("quick", 1 * times, 0.99, 300),
            entry("careless", 0.5 * times, 0.9, 50),
            Entry(who="absent", name="absent", failed="ModuleNotFoundError: no absent"),
        ),
    )


def test_report_says_how_widely_ours_looks_by_itself() -> None:
    some = lineup()
    first, *others = some.entries
    assert "itself looks" not in "\n".join(beside_each_other(some))
    tuned = Point(breadth=25, quality=0.997, rate=400)
    some = some.model_copy(update={"entries": (first.model_copy(update={"tuned": tuned}), *others)})
    text = "\n".join(beside_each_other(some))
    assert "ours (graph) itself looks as widely as 25" in text
    assert "recall@10 0.997, 2.5 ms." in text


def test_report_says_who_is_ahead_who_missed_the_recall_and_who_failed() -> None:
    text = "\n".join(beside_each_other(lineup()))
    assert "nearest, 1,000, recall@10 0.99 wanted; a core reads 12.5 GB/s:" in text
    row = "| quick (graph) | 1.2 | 0.99 | 1 | 1 | 1 | 0 | 1 | 0.5 | 0.25 | 4 | 20 | 1 | 300 | 0 |"
    assert row in text
    assert "| careless (graph) | 1.2 | 0.9 **not reached** | 0.5 |" in text
    assert "Quicker than ours (graph): quick (graph)." in text
    assert "In less memory than ours (graph): none." in text
    assert "Not measured: absent, ModuleNotFoundError: no absent." in text
    assert "| absent" not in text


def test_growth_is_the_power_of_the_size() -> None:
    grown = growth([lineup(100), lineup(1_000, 10**0.5), lineup(10_000, 10)])
    assert grown == {who: pytest.approx(0.5) for who in ("ours", "quick", "careless")}
    assert growth([lineup(100), lineup(100, 3)]) == {}


def test_what_several_parts_ask_stands_where_it_is_first() -> None:
    small, large, other = lineup(10), lineup(1_000), lineup(10, name="by words")
    assert by_name([[small], [other], [large], []]) == [[small, large], [other], [], []]


def test_every_picture_of_the_page_is_drawn(tmp_path: Path) -> None:
    both = [lineup(100), lineup(1_000, 3)]
    draw(both, tmp_path, "part")
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(
        f"part-{one}.svg" for one in PICTURED
    )
    text = "\n".join(pictured(both, "pictures/part"))
    assert all(f"(pictures/part-{one}.svg)" in text for one in PICTURED)
    assert "power of the size: ours 0.48, quick 0.48" in text
    assert list(pictured([], "pictures/part")) == []
