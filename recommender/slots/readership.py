"""Who reads what at this moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from recommender.readers.events import EventLog
from recommender.readers.popularity import Popularity, PopularWindow, popularity
from recommender.slots.charts import NO_CHARTS, Charted, Charts, Counted, Readership, chart, counted
from recommender.slots.corpus import Corpus
from recommender.slots.definitions import Chart
from recommender.slots.stepped import Stepped


class LiveReadership:
    """Counts readers out of the event log, each thing once; threads may share it."""

    def __init__(self, log: EventLog, half_life: timedelta) -> None:
        """Counts nothing yet; in charts that do not say, a reader `half_life` ago counts half."""

        def readers(reading: PopularWindow, at: datetime) -> Popularity:
            return popularity(log, at=at, window=reading.window, half_life=reading.half_life)

        def of_chart(wanted: Chart, at: datetime) -> Counted:
            return counted(log, wanted, at, half_life)

        self._readers: Stepped[PopularWindow, Popularity, Readership] = Stepped(
            log, readers, _among
        )
        self._charts: Stepped[Chart, Counted, Charted] = Stepped(log, of_chart, chart)

    def current(
        self, corpus: Corpus, at: datetime, reading: PopularWindow, *, latest: bool
    ) -> Readership:
        """The readership of the five minutes that `at` lies in.

        Args:
            corpus: whose articles are counted.
            at: aware.
            reading: what counts as read.
            latest: see `Stepped.current`.
        """
        return self._readers.current(corpus, at, reading, latest=latest)

    def kept(
        self, corpus: Corpus, at: datetime, reading: PopularWindow, *, latest: bool
    ) -> Readership | None:
        """As `current`, where that takes no counting; None otherwise."""
        return self._readers.kept(corpus, at, reading, latest=latest)

    def charts(self, corpus: Corpus, at: datetime, wanted: Sequence[Chart]) -> Charts:
        """The charts `wanted`, counted first in the five minutes that `at` lies in."""
        if not wanted:
            return NO_CHARTS
        return {one: self._charts.current(corpus, at, one, latest=False) for one in wanted}

    def kept_charts(self, corpus: Corpus, at: datetime, wanted: Sequence[Chart]) -> Charts | None:
        """As `charts`, where that takes no counting; None otherwise."""
        found = {}
        for one in wanted:
            kept = self._charts.kept(corpus, at, one, latest=False)
            if kept is None:
                return None
            found[one] = kept
        return found


def _among(corpus: Corpus, found: Popularity) -> Readership:
    readers, people = np.zeros((2, len(corpus)), dtype=np.float32)
    positions = corpus.positions(found.article_ids)
    there = positions >= 0
    readers[positions[there]] = found.scores[there]
    people[positions[there]] = found.readers[there]
    return Readership(readers, people)
