import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from recommender.articles.cards import Card
from recommender.cli.compare_page import page_of
from recommender.evaluation.side_by_side import Ranking, beside, side_by_side
from recommender.slots.slot import Reason, Recommendation, Slot, SlotName
from tests.cli.ended_command import Run
from tests.cli.village_paper import NOW

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Reads a page; keeps every element with its attributes, and refuses what is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def ranking(
    order: str, below: str = "", *, fallback: SlotName | None = None, **signals: float
) -> Ranking:
    """Articles named by one letter each; all with the same signals."""
    reasons = tuple(Reason(signal, value, value) for signal, value in signals.items())

    def made(ids: str) -> tuple[Recommendation, ...]:
        return tuple(
            Recommendation(card(one), sum(signals.values()), place, reasons, (f"why <{one}>",), 0.7)
            for place, one in enumerate(ids, start=1)
        )

    return Ranking(
        Slot("related", made(order), fallback, "made up", "v1"), made(below), {"e": "no"}
    )


def card(name: str, url: str = "") -> Card:
    when = datetime(2026, 3, 12, tzinfo=UTC)
    return Card(name, f"Title <{name}> & more", url, "", "", "Town", (), when)


def page(left: Ranking, right: Ranking, about: Card | None = None) -> Page:
    found = side_by_side(
        [beside(about or card("x"), left, right)],
        left="one",
        right="two <b>",
        limit=5,
        at=datetime(2026, 6, 30, 8, tzinfo=UTC),
        index_version="v1",
    )
    return Page(page_of(found))


def test_what_moved_is_said_in_words_on_both_sides() -> None:
    words = page(ranking("abcde", "fgh", read=1.0), ranking("bagcf", "d", read=1.5)).words
    for told in ("moves down to 2 Title <a>", "moves up to 1 Title <b>", "gone: 6 in"):
        assert told in words
    assert "moves down to 4 Title <c>" in words
    assert "gone Title <e>" in words
    assert "two <b> leaves it out: no." in words
    assert "up from 2 Title <b>" in words
    assert "down from 1 Title <a>" in words
    assert "new: 7 in one Title <g>" in words
    assert "Against one: read +0.50." in words
    assert "Against one: read +0.50; others gained more." in words
    assert "In two <b>: read +0.50; others gained more." in words


def test_an_article_that_scores_the_same_was_moved_by_others() -> None:
    words = page(ranking("ab", read=1.0), ranking("ba", read=1.0)).words
    assert "Against one: scored the same, others lost." in words
    assert "Against one: scored the same, others gained." in words


def test_what_stands_in_is_named_and_not_explained_by_signals() -> None:
    words = page(ranking("ab", dense=1.0), ranking("ba", fallback="editors_choice", read=7.0)).words
    assert "Filled by editors choice." in words
    assert "Against" not in words
    assert "Nothing is shown." in page(ranking(""), ranking("a")).words


def test_the_page_is_whole_escaped_and_asks_for_nothing() -> None:
    shown = page(ranking("abc"), ranking("cab"), card("x", "https://paper.example/?a=1&b=<2>"))
    assert shown.words.count("Title <x> & more") == 2
    assert "why <a>" in shown.words
    names = {name for name, _ in shown.elements}
    assert not names & {"script", "img", "link", "iframe", "b", "x"}
    assert [one["href"] for one in shown.all("a")] == [
        "#page-1",
        "https://paper.example/?a=1&b=<2>",
    ]
    ids = [attributes["id"] for _, attributes in shown.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    told = {
        attributes["aria-labelledby"]
        for _, attributes in shown.elements
        if "aria-labelledby" in attributes
    }
    assert told <= set(ids)
    assert [one["lang"] for one in shown.all("html")] == ["en"]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in shown.all(
        "meta"
    )


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "JavaScript:x", "data:,x", "http://["])
def test_an_address_that_a_browser_must_not_follow_is_no_link(url: str) -> None:
    shown = page(ranking("a"), ranking("a"), card("x", url))
    assert [one["href"] for one in shown.all("a")] == ["#page-1"]


@pytest.mark.usefixtures("place")
def test_the_page_shows_what_the_pipelines_show(run: Run) -> None:
    asked = ["compare", "default", "similarity", "--limit", "3", "--at", NOW]
    ended = run(*asked, "--article", "hp-0021", "--article", "hp-0012", "--json")
    assert ended.status == 0, ended.err
    found = json.loads(ended.out)
    assert not Path("compare.html").exists()
    assert {one["article"]["id"] for one in found["pages"]} == {"hp-0021", "hp-0012"}
    for one in found["pages"]:
        for side in ("left", "right"):
            slot = run(
                *("related", one["article"]["id"], "--limit", "3", "--at", NOW),
                *("--pipeline", found[side], "--json"),
            )
            cards = json.loads(slot.out)["data"]
            placed = one[side]["placed"]
            assert [(at["card"]["id"], at["score"], at["because"]) for at in placed] == [
                (shown["id"], shown["score"], shown["because"]) for shown in cards
            ]
            other = one["right" if side == "left" else "left"]["placed"]
            for at in placed:
                ids = [its["card"]["id"] for its in other]
                if at["card"]["id"] in ids:
                    assert at["there"] == ids.index(at["card"]["id"]) + 1
                else:
                    assert at["there"] is None or at["there"] > 3


@pytest.mark.usefixtures("place")
def test_the_page_goes_where_it_is_told(run: Run) -> None:
    asked = ["compare", "default", "similarity", "--sample", "4", "--at", NOW]
    ended = run(*asked)
    assert ended.status == 0, ended.err
    assert re.match(r"\d of 4 slots are identical, overlap@5 [01]\.\d{3}; the page is ", ended.out)
    html = Path("compare.html").read_text(encoding="utf-8")
    assert len(Page(html).all("section")) == 4
    assert run(*asked, "--html", "-").out == html  # the sample is the same every time
    assert run(*asked, "--html", "two.html", "--json").out.startswith("{")
    assert Path("two.html").read_text(encoding="utf-8") == html


@pytest.mark.usefixtures("place")
def test_a_sample_is_no_larger_than_the_paper(run: Run) -> None:
    asked = ["compare", "default", "default", "--sample", "500", "--json"]
    found = json.loads(run(*asked).out)
    assert len({one["article"]["id"] for one in found["pages"]}) == 30
    assert (found["identical"], found["overlap"]) == (30, 1)


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ("default defualt", 1, "default, similarity"),
        ("default similarity --article hp-21", 1, "hp-0021"),
        ("default similarity --html - --json", 2, "name a file"),
        ("default similarity --html absent/two.html", 1, "absent/two.html"),
        ("default", 2, "'B'"),
    ],
)
@pytest.mark.usefixtures("place")
def test_what_is_wrong_is_told_in_one_line(words: str, status: int, told: str, run: Run) -> None:
    ended = run("compare", *words.split())
    assert ended.status == status
    assert told in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.usefixtures("place")
def test_a_text_is_no_article(run: Run) -> None:
    ended = run("compare", "default", "similarity", "--article", "bees in the clock")
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    assert "No article has the id 'bees in the clock'" in ended.err
