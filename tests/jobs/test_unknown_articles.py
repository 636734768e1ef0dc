from datetime import UTC, datetime
from pathlib import Path

import pytest

from recommender.jobs.unknown_articles import (
    UnknownArticles,
    UnknownArticlesCount,
    unknown_in_log,
)
from recommender.readers.event import Event
from tests.jobs.home import articles, opened

AT = datetime(2020, 6, 2, tzinfo=UTC)
EVENTS = (
    Event(type="view", article_id="n1", at=AT),
    Event(type="view", article_id="nowhere", at=AT),
    Event(type="click", article_id="nowhere", at=AT),
    Event(type="impression", article_id="n1", shown=("n2", "off", "far"), at=AT),
    Event(type="impression", article_id="", shown=("n2", "n3"), at=AT),
    Event(type="view", article_id="n4", at=AT),
)


def test_events_that_name_what_the_catalog_does_not_have_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.jobs.unknown_articles._AT_ONCE", 2)
    with opened(tmp_path) as engine:
        engine.rebuild(articles(5))
        engine.withdraw(["n4"])  # it was there
        count = UnknownArticlesCount(engine.parts.catalog)
        for event in EVENTS:
            count.add(event)
        assert count.counted() == UnknownArticles(3, 3, ("nowhere", "off", "far"))

        assert unknown_in_log(engine.parts.events, engine.parts.catalog) == UnknownArticles()
        engine.record(EVENTS)
        found = unknown_in_log(engine.parts.events, engine.parts.catalog)
        assert found == UnknownArticles(2, 1, ("nowhere",))
