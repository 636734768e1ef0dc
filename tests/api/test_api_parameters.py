from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from recommender.api.problems import Problem
from recommender.api.query_strings import NOTHING_SPECIAL, POPULAR, SLOTS, Asked


def read(query: str) -> Asked:
    return POPULAR.read(Request({"type": "http", "query_string": query.encode(), "headers": []}))


@given(limit=st.integers(1, 1000), offset=st.integers(0, 1000), explain=st.booleans())
def test_numbers_and_flags_come_as_they_were_sent(limit: int, offset: int, explain: bool) -> None:
    asked = read(f"limit={limit}&offset={offset}&explain={str(explain).lower()}")
    assert (asked.limit, asked.offset, asked.explain) == (limit, offset, explain)


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), max_size=5))
def test_repeated_texts_come_as_they_were_sent(sections: list[str]) -> None:
    asked = read(urlencode({"section": sections}, doseq=True))
    assert asked.filters.sections == tuple(sections)


@given(st.binary())
def test_any_query_string_is_read_or_refused(query: bytes) -> None:
    request = Request({"type": "http", "query_string": query, "headers": []})
    told: object
    try:
        told = POPULAR.read(request)
    except Problem as problem:
        told = problem.faults
    assert told


def test_nothing_asked_is_nothing_special() -> None:
    assert read("") is NOTHING_SPECIAL


def test_a_plus_that_was_not_escaped_is_still_a_zone() -> None:
    at = read("at=2026-01-31T12:00:00+02:00").at
    assert at is not None
    assert at.isoformat() == "2026-01-31T10:00:00+00:00"


def test_a_window_is_hours_or_days() -> None:
    found = [read(f"window={text}").window for text in ("24h", "7d")]
    assert [None if one is None else one.total_seconds() for one in found] == [86400, 604800]


def test_every_documented_example_is_taken() -> None:
    for address in (POPULAR, SLOTS):
        for parameter in address.parameters:
            query = urlencode({parameter.name: str(parameter.example)}).encode()
            address.read(Request({"type": "http", "query_string": query, "headers": []}))
