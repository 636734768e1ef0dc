"""The sample that ships: what its README promises is counted here."""

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

import pytest

from recommender.articles.article import Article

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "recommender" / "sample"
FIRST = datetime(2025, 5, 1, tzinfo=UTC)
LAST = datetime(2026, 10, 31, 20, tzinfo=UTC)
HOUSE = "The Harbour Post"


class Record(TypedDict, total=False):
    id: str
    url: str
    title: str
    teaser: str
    body: str
    section: str
    tags: list[str]
    authors: list[str]
    language: str
    published_at: str
    updated_at: str
    image_url: str
    editors_choice: bool
    evergreen: bool
    source: str


class Event(TypedDict):
    type: str
    article_id: str
    reader: str
    at: str


@pytest.fixture(scope="module")
def records() -> list[Record]:
    lines = (SAMPLE / "articles.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def events() -> list[Event]:
    lines = (SAMPLE / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def shingles(text: str, length: int) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}


def overlap(one: Record, other: Record) -> float:
    """Jaccard of the bodies' word 5-grams."""
    left, right = shingles(one["body"], 5), shingles(other["body"], 5)
    return len(left & right) / len(left | right)


def wires(records: list[Record]) -> list[Record]:
    return [record for record in records if record["source"] != HOUSE]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_every_field_is_one_of_an_article(records: list[Record]) -> None:
    for record in records:
        assert set(record) <= set(Article.__slots__)
        required = (record["title"], record["teaser"], record["body"], *record["authors"])
        assert all(text.strip() == text != "" for text in required)
        assert record["tags"]


def test_counts_of_articles_sections_and_languages(records: list[Record]) -> None:
    assert len(records) >= 125
    sections = Counter(record["section"] for record in records)
    assert len(sections) == 8
    assert min(sections.values()) >= 8
    languages = Counter(record["language"] for record in records)
    assert set(languages) == {"en", "de"}
    assert 18 <= languages["de"] <= 24


def test_ids_and_addresses_are_unique_and_invented(records: list[Record]) -> None:
    for field in ("id", "url", "title"):
        assert len({record[field] for record in records}) == len(records)
    pictures = [record["image_url"] for record in records if "image_url" in record]
    assert len(pictures) > 0.8 * len(records)
    for address in [*(record["url"] for record in records), *pictures]:
        assert (urlsplit(address).hostname or "").endswith(".example")


def test_dates_are_in_order_and_in_range(records: list[Record]) -> None:
    published = [moment(record["published_at"]) for record in records]
    assert published == sorted(published)
    assert published[0] >= FIRST
    assert published[-1] <= LAST
    updated = [record for record in records if "updated_at" in record]
    assert len(updated) >= 3
    for record in updated:
        assert moment(record["published_at"]) < moment(record["updated_at"]) <= LAST


def test_correction_names_the_article_that_was_updated(records: list[Record]) -> None:
    correction = next(record for record in records if record["title"].startswith("Correction:"))
    mended = [r for r in records if r["title"] in correction["body"] and "updated_at" in r]
    assert len(mended) == 1
    assert set(correction["tags"]) & set(mended[0]["tags"])


def test_running_stories_have_three_to_six_reports(records: list[Record]) -> None:
    reports: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record["language"] == "en" and record["section"] != "opinion":
            reports[record["tags"][0]].append(record)
    stories = {tag: parts for tag, parts in reports.items() if tag != "guide" and len(parts) > 2}
    assert len(stories) == 19  # the number that the README of the sample gives
    for parts in stories.values():
        assert len(parts) <= 6
        days = {record["published_at"][:10] for record in parts}
        assert len(days) == len(parts)
    known = set(stories)
    opinions = [record for record in records if record["section"] == "opinion"]
    assert all(record["tags"][0] in known for record in opinions)
    german = [record for record in records if record["language"] == "de"]
    assert sum(record["tags"][0] in known for record in german) >= 12


def test_evergreens_and_choices(records: list[Record]) -> None:
    assert sum(record["evergreen"] for record in records) >= 8
    assert sum(record["editors_choice"] for record in records) >= 10


def test_two_agency_reports_are_printed_twice(records: list[Record]) -> None:
    pairs = [pair for pair in combinations(wires(records), 2) if overlap(*pair) > 0.6]
    assert len(pairs) == 2
    for one, other in pairs:
        assert one["source"] != other["source"]
        assert one["body"] != other["body"]


def test_no_other_two_articles_share_eight_words_in_a_row(records: list[Record]) -> None:
    holders: dict[tuple[str, ...], set[str]] = defaultdict(set)
    pairs = {record["id"] for record in wires(records)}
    for record in records:
        if record["id"] not in pairs:
            for shingle in shingles(record["teaser"] + "\n" + record["body"], 8):
                holders[shingle].add(record["id"])
    shared = {" ".join(words): ids for words, ids in holders.items() if len(ids) > 1}
    assert shared == {}


def test_bodies_read_like_journalism_not_like_a_template(records: list[Record]) -> None:
    openings = Counter(" ".join(record["body"].split()[:3]).lower() for record in records)
    house = [record for record in records if record["source"] == HOUSE]
    for record in records:
        words = re.findall(r"\w+", record["body"].lower())
        assert 80 <= len(words) <= 240, record["id"]
        assert 2 <= len(record["body"].split("\n\n")) <= 10, record["id"]
        assert len(set(words)) / len(words) > 0.5, record["id"]
    letters = sum(record["title"].startswith("Letter:") for record in house)
    wire_openings = 2 * 2
    repeated = sum(count for count in openings.values() if count > 1)
    assert repeated <= letters + wire_openings + 4


def test_events_refer_to_articles_already_out(records: list[Record], events: list[Event]) -> None:
    published = {record["id"]: moment(record["published_at"]) for record in records}
    times = [moment(event["at"]) for event in events]
    assert times == sorted(times)
    assert times[-1] <= LAST
    for event, at in zip(events, times, strict=True):
        assert event["type"] in {"view", "click"}
        assert at >= published[event["article_id"]]


def test_log_has_its_size_and_is_denser_at_the_end(events: list[Event]) -> None:
    assert 8_000 <= len(events) <= 15_000
    assert 1_200 <= len({event["reader"] for event in events}) <= 1_800
    assert Counter(event["type"] for event in events)["click"] > 1_000
    assert sum(event["at"] >= "2026-10-17T20" for event in events) > 0.3 * len(events)


def sittings(events: list[Event]) -> Iterator[list[str]]:
    """The articles that one reader viewed on one day."""
    read: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in events:
        if event["type"] == "view":
            read[event["reader"], event["at"][:10]].append(event["article_id"])
    yield from read.values()


def test_readers_read_on_within_a_story(records: list[Record], events: list[Event]) -> None:
    story = {record["id"]: record["tags"][0] for record in records}
    several = [ids for ids in sittings(events) if len(ids) > 1]
    assert len(several) > 1_000
    within = sum(len({story[one] for one in ids}) < len(ids) for ids in several)
    assert within > 0.5 * len(several)


def test_log_is_what_the_script_writes(tmp_path: Path) -> None:
    output = tmp_path / "events.jsonl"
    script = ROOT / "scripts" / "make_sample_events.py"
    subprocess.run(
        [sys.executable, str(script), "--output", str(output)], check=True, capture_output=True
    )
    assert output.read_bytes() == (SAMPLE / "events.jsonl").read_bytes()
    other = tmp_path / "other.jsonl"
    subprocess.run(
        [sys.executable, str(script), "--output", str(other), "--seed", "1"],
        check=True,
        capture_output=True,
    )
    assert other.read_bytes() != output.read_bytes()


def test_sample_stays_small() -> None:
    sizes = [path.stat().st_size for path in SAMPLE.glob("*.jsonl")]
    assert len(sizes) == 2
    assert max(sizes) < 1_000_000
