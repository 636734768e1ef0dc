"""The slots command with slots by name."""

import json
from pathlib import Path

import pytest

from tests.cli.ended_command import Run
from tests.cli.village_paper import NOW


def test_slots_come_in_the_order_of_their_names(place: Path, run: Run) -> None:
    (place / "recommender-data" / "recommender.toml").write_text(
        '[slots.here]\nsource = "latest"\nsame_section = true\nlimit = 2\n'
    )
    names = ("here", "trending", "related")
    options = [word for name in names for word in ("--slot", name)]
    ended = run("slots", "hp-0002", *options, "--at", NOW, "--json")
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert tuple(told["data"]) == names
    assert len(told["data"]["here"]) == 2
    assert len({card["section"] for card in told["data"]["here"]}) == 1
    shown = [card["id"] for name in names for card in told["data"][name]]
    assert len(set(shown)) == len(shown)


@pytest.mark.usefixtures("place")
def test_a_page_about_nothing_needs_no_id(run: Run) -> None:
    ended = run("slots", "--slot", "latest", "--slot", "popular", "--at", NOW, "--limit", "2")
    assert ended.status == 0, ended.err
    assert "latest" in ended.out
    wrong = run("slots", "--slot", "newest")
    assert wrong.status != 0
    assert "There is no slot 'newest'; there are: related, popular" in wrong.err


@pytest.mark.usefixtures("place")
def test_popular_may_mean_something_else(run: Run) -> None:
    ended = run("popular", "--by", "most_clicked", "--at", NOW, "--json")
    # nobody told what was shown
    assert json.loads(ended.out)["meta"]["fallback"] == "popular"
    assert "most_clicked" in run("popular", "--by", "loudest").err


def test_a_tag_is_a_filter(place: Path, run: Run) -> None:
    line = '{"id": "tagged", "title": "Ferry sails again", "body": "Again.", "tags": ["Ferry"]}\n'
    (place / "tagged.jsonl").write_text(line)
    assert run("rebuild", "tagged.jsonl").status == 0
    ended = run("related", "hp-0002", "--tag", "ferry", "--json")
    assert [card["id"] for card in json.loads(ended.out)["data"]] == ["tagged"]
    here = run("related", "hp-0002", "--tag", "ferry", "--same-section", "--json")
    assert json.loads(here.out)["data"] == []
