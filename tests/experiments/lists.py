"""Impressions of an invented paper."""

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta

from recommender.experiments.shown import ShownList
from recommender.readers.event import Trial

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def listed(
    shown: str,
    clicked: str = "",
    *,
    page: str = "page",
    reader: Hashable | None = None,
    propensities: Sequence[float] | None = None,
    trial: Trial | None = None,
    at: datetime = NOON,
) -> ShownList:
    """A list of articles of one letter each, of which some were clicked."""
    return ShownList(
        at=at,
        page=page,
        shown=tuple(shown),
        places=tuple(range(len(shown))),
        clicked=tuple(shown.index(one) for one in clicked),
        clicks=len(clicked),
        reader=reader,
        trial=trial,
        propensities=None if propensities is None else tuple(propensities),
    )


def of_arm(arm: str, reader: Hashable | None, *, clicked: bool, day: int = 0) -> ShownList:
    """A list of an arm of the experiment x."""
    return listed(
        "abc", "b" if clicked else "", reader=reader, trial=Trial("x", arm), at=NOON + day * DAY
    )
