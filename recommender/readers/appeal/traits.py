"""What is known of an article beside its clicks: how new it is, where and how often it stands."""

import numpy as np

from recommender.readers.appeal.settings import AppealSettings, Prior
from recommender.readers.decay import DecayedCounts, Floats, Rows, grown, seconds


class Traits:
    """Counted as pages are shown; O(1) for an article and an event."""

    def __init__(self, settings: AppealSettings) -> None:
        self._settings = settings
        self._fresh_half_life = seconds(settings.fresh_half_life)
        self._first: Floats = np.empty(0)
        self._shown = DecayedCounts(settings.shown_half_life)
        self._lately = [DecayedCounts(settings.lately_half_life) for _ in range(self.kinds)]
        self._read = DecayedCounts(settings.read_half_life)
        self._lists = DecayedCounts(settings.list_size_half_life)
        self._sizes = DecayedCounts(settings.list_size_half_life)
        self._places = self._squared_sizes = 0.0

    @property
    def kinds(self) -> int:
        """How many kinds of lists there are."""
        return len(self._settings.list_sizes) + 1

    @property
    def priors(self) -> tuple[Prior, ...]:
        """Of the weights of one kind of list, in the order of the columns of `of`."""
        one = self._settings
        return (one.fresh, one.shown, one.read, one.list_size, *[one.lately] * self.kinds)

    def kind(self, size: int) -> int:
        """Of a list of so many articles."""
        return int(np.searchsorted(self._settings.list_sizes, size, side="right"))

    def show(self, rows: Rows, at: float) -> None:
        """Counts a list of distinct articles that is shown `at` seconds since 1970."""
        size = len(rows)
        self._first = grown(self._first, int(rows.max(initial=-1)) + 1, np.inf)
        self._first[rows] = np.minimum(self._first[rows], at)
        self._shown.add(rows, at)
        self._lately[self.kind(size)].add(rows, at)
        self._lists.add(rows, at)
        self._sizes.add(rows, at, float(size))
        self._places += size
        self._squared_sizes += size**2

    def read(self, rows: Rows, at: float) -> None:
        """Counts a reader of these distinct articles, who came to them by another way."""
        self._read.add(rows, at)

    def of(self, rows: Rows, at: float) -> Floats:
        """The traits of these articles at a time.

        Returns:
            Shape (n, len(priors)).
        """
        self._first = grown(self._first, int(rows.max(initial=-1)) + 1, np.inf)
        age = np.maximum(at - np.minimum(self._first[rows], at), 0.0)
        columns = [
            np.exp2(-age / self._fresh_half_life),
            np.log1p(self._shown.of(rows, at)),
            np.log1p(self._read.of(rows, at)),
            self._list_size(rows, at),
            *(np.log1p(counts.of(rows, at)) for counts in self._lately),
        ]
        return np.stack(columns, axis=1)

    def _list_size(self, rows: Rows, at: float) -> Floats:
        """Logarithm of the mean size of an article's lists, by that of all; 0 where not shown."""
        if not self._places:
            return np.zeros(len(rows))
        # as the articles see it: a list of ten is seen by ten of them
        usual = self._squared_sizes / self._places
        prior = self._settings.list_size_prior
        sizes = self._sizes.of(rows, at) / usual + prior
        return np.asarray(np.log(sizes / (self._lists.of(rows, at) + prior)), dtype=np.float64)
