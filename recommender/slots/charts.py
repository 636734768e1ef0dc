"""Articles ranked by what readers did, of one corpus at one time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from recommender.articles.columns import NO_CODE
from recommender.readers.click_rate import Clicks, clicks_of, sure_rates
from recommender.readers.events import EventLog
from recommender.readers.hourly import hourly
from recommender.readers.popularity import Popularity, popularity
from recommender.readers.trend import Trends, trends, trends_since
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import Chart, DefinedSlot
from recommender.slots.ranking import Ranked
from recommender.slots.reranking import Order, best_first

Counted: TypeAlias = Popularity | Trends | Clicks
"""What a chart is made of, by the articles' ids."""


@dataclass(frozen=True)
class Charted:
    """A chart of one corpus.

    Attributes:
        ranked: positions ascend, and all have a score above 0.
    """

    ranked: Ranked

    @cached_property
    def order(self) -> Order:
        """Its columns, best first, which no page changes."""
        return best_first(self.ranked)


Charts: TypeAlias = Mapping[Chart, Charted]

NO_CHARTS: Final[Charts] = MappingProxyType({})


@dataclass(frozen=True)
class Readership:
    """Who reads what, at one time, for the articles of one corpus.

    Attributes:
        readers: shape (articles of the corpus,), float32: decayed unique readers.
        people: the same, each counting 1 however long ago within the window.
    """

    readers: npt.NDArray[np.float32]
    people: npt.NDArray[np.float32]

    @cached_property
    def relative(self) -> npt.NDArray[np.float32] | None:
        """In [0, 1] on a logarithmic scale, 1 for the most read; None where nobody read."""
        most = float(self.readers.max(initial=0))
        if most <= 0:
            return None
        return np.asarray(np.log1p(self.readers) / np.log1p(most), dtype=np.float32)

    @cached_property
    def chart(self) -> Charted:
        """What anybody read."""
        read = np.flatnonzero(self.readers > 0)
        return Charted(_popular(read, self.readers[read], self.people[read]))


def charts_of(slots: Iterable[DefinedSlot]) -> tuple[Chart, ...]:
    """The charts, beside the page's readership, that these slots may need."""
    supplies = (supply for slot in slots for supply in (slot.supply, *slot.fallbacks))
    return tuple(wanted for supply in supplies if (wanted := supply.chart) is not None)


def counted(log: EventLog, wanted: Chart, at: datetime, half_life: timedelta) -> Counted:
    """What the events up to `at` say; for trends and clicks, up to the end of its hour.

    Args:
        log: of the events.
        wanted: what for.
        at: aware.
        half_life: after which a reader counts half for `popular`, where `wanted` has none.
    """
    window = wanted.window
    match wanted.source:
        case "trending":
            since = trends_since(at, window)
            return trends(hourly(log, since=since, until=at), at=at, window=window)
        case "most_clicked":
            return clicks_of(hourly(log, since=at - window, until=at))
    return popularity(log, at=at, window=window, half_life=wanted.half_life or half_life)


def chart(corpus: Corpus, found: Counted) -> Charted:
    """The same for the articles of `corpus`; those of other ids are passed over."""
    return Charted(_among(corpus, found))


def _among(corpus: Corpus, found: Counted) -> Ranked:
    positions = corpus.positions(found.article_ids)
    sections = np.full(len(positions), NO_CODE, dtype=np.int64)
    order = np.argsort(positions, kind="stable")
    order = order[positions[order] >= 0]
    there = positions[order]
    match found:
        case Popularity():
            return _popular(there, found.scores[order], found.readers[order])
        case Trends():
            values = [found.rising.at_least[order], found.rising.times[order]]
            return _ranked(there, ("rising", "times_usual"), values)
        case Clicks():
            # how much rates differ, those of articles that are gone tell as well
            sections[order] = corpus.columns_at(there).section
            rates = sure_rates(found.clicks, found.shown, sections)
            values = [one[order] for one in (rates, found.clicks, found.shown)]
            clicked = _ranked(there, ("click_rate", "clicks", "shown"), values)
            return clicked.take(np.flatnonzero(found.clicks[order] > 0))


def _popular(
    positions: npt.NDArray[np.int64],
    decayed: npt.NDArray[np.floating],
    people: npt.NDArray[np.number],
) -> Ranked:
    return _ranked(positions, ("readers_of_late", "readers"), [decayed, people])


def _ranked(
    positions: npt.NDArray[np.int64],
    signals: tuple[str, ...],
    values: Sequence[npt.NDArray[np.number]],
) -> Ranked:
    """By the first of the signals; the others are told and count nothing."""
    rows = np.array(values, dtype=np.float32).reshape(len(signals), -1)
    weights = np.zeros(len(signals), dtype=np.float32)
    weights[0] = 1
    return Ranked(positions, rows[0], signals, rows, weights)
