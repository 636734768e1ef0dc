"""The flow of a replay: each list of a log is foreseen, judged, and only then learned from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

from recommender.errors import InputError
from recommender.evaluation.click_metrics import NAMES, click_metrics
from recommender.evaluation.impressions import LoggedImpression
from recommender.evaluation.rankers import Ranker
from recommender.evaluation.report import Estimate
from recommender.evaluation.significance import interval, resampled_means

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Day:
    """A day, in UTC.

    Attributes:
        day: which.
        judged: lists of it that were judged.
        metrics: means over them, by name.
    """

    day: date
    judged: int
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True)
class Ranked:
    """How well one ranker foresaw the clicks.

    Attributes:
        name: of the ranker.
        kind: whether it is the product's model.
        metrics: means over lists with their 95 % intervals, by name.
        days: the same for each day.
        lead: the first ranker's means less these, by name; None of the first itself.
    """

    name: str
    kind: Literal["model", "baseline"]
    metrics: dict[str, Estimate]
    days: tuple[Day, ...]
    lead: dict[str, Estimate] | None


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found.

    Attributes:
        impressions: lists of the log.
        articles: distinct ones that were shown.
        clicks: how many.
        first: time of the first list.
        last: time of the last list.
        since: lists before it were learned from and not judged; None where all were judged.
        judged: lists that were.
        undecided: lists since then that could not be, for all or none of them was clicked.
        hours: with a list that was judged. Intervals are bootstrapped over hours, not over lists:
            lists of one hour show the same articles and stand or fall together.
        metric_names: in the order of their weight.
        rankers: the first, and those that it is compared with.
    """

    impressions: int
    articles: int
    clicks: int
    first: datetime
    last: datetime
    since: datetime | None
    judged: int
    undecided: int
    hours: int
    metric_names: tuple[str, ...]
    rankers: tuple[Ranked, ...]


@dataclass(slots=True)
class _Counts:
    impressions: int = 0
    clicks: int = 0
    undecided: int = 0
    first: datetime | None = None
    last: datetime | None = None
    numbers: dict[str, int] = field(default_factory=dict)


def replay(
    impressions: Iterable[LoggedImpression],
    rankers: Sequence[Ranker],
    *,
    since: datetime | None,
    rng: np.random.Generator,
) -> Replay:
    """Runs through a log once; its length takes time, and memory only for articles and hours.

    Args:
        impressions: in the order of time.
        rankers: new ones; the first is compared with the others.
        since: aware; judges only lists from then on, having learned from those before as well.
        rng: of the bootstrap.

    Raises:
        InputError: no list could be judged.
    """
    counts = _Counts()
    by_hour: dict[int, npt.NDArray[np.float64]] = {}
    for impression, rows in _numbered(impressions, counts):
        if since is None or impression.at >= since:
            if impression.undecided:
                counts.undecided += 1
            else:
                values = _judged(impression, rows, rankers)
                hour = int(impression.at.timestamp()) // _HOUR
                by_hour[hour] = by_hour.get(hour, 0.0) + np.append(values, 1.0)
        for ranker in rankers:
            ranker.learn(impression, rows)
    if not by_hour or counts.first is None or counts.last is None:
        raise InputError(_nothing_judged(counts, since))
    hours = sorted(by_hour)
    sums = np.stack([by_hour[hour] for hour in hours])
    return Replay(
        impressions=counts.impressions,
        articles=len(counts.numbers),
        clicks=counts.clicks,
        first=counts.first,
        last=counts.last,
        since=since,
        judged=int(sums[:, -1].sum()),
        undecided=counts.undecided,
        hours=len(hours),
        metric_names=NAMES,
        rankers=_ranked(rankers, hours, sums, rng),
    )


def _numbered(
    impressions: Iterable[LoggedImpression], counts: _Counts
) -> Iterator[tuple[LoggedImpression, npt.NDArray[np.int64]]]:
    numbers = counts.numbers
    for one in impressions:
        counts.impressions += 1
        counts.clicks += len(one.clicked)
        counts.first = counts.first or one.at
        counts.last = one.at
        found = (numbers.setdefault(article, len(numbers)) for article in one.shown)
        yield one, np.fromiter(found, np.int64, len(one.shown))


def _judged(
    impression: LoggedImpression, rows: npt.NDArray[np.int64], rankers: Sequence[Ranker]
) -> npt.NDArray[np.float64]:
    """The metrics of each ranker, one after the other."""
    among = set(impression.clicked)
    marks = np.fromiter((one in among for one in impression.shown), np.bool_, len(rows))
    return np.concatenate(
        [click_metrics(ranker.scores(impression, rows), marks) for ranker in rankers]
    )


def _ranked(
    rankers: Sequence[Ranker],
    hours: Sequence[int],
    sums: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[Ranked, ...]:
    """Of the sums of each hour, the last column being how many lists it had."""
    shape = (-1, len(rankers), len(NAMES))
    drawn = resampled_means(sums, rng)
    # hours have lists of different numbers: the ratio of the means is the mean over lists
    draws = (drawn[:, :-1] / drawn[:, -1:]).reshape(shape)
    total = sums.sum(axis=0)
    means = (total[:-1] / total[-1]).reshape(shape)[0]
    days = [datetime.fromtimestamp(hour * _HOUR, UTC).date() for hour in hours]
    found = []
    for place, ranker in enumerate(rankers):
        lead = _estimates(means[0] - means[place], draws[:, 0] - draws[:, place])
        found.append(
            Ranked(
                name=ranker.name,
                kind=ranker.kind,
                metrics=_estimates(means[place], draws[:, place]),
                days=_days(days, sums, place),
                lead=lead if place else None,
            )
        )
    return tuple(found)


def _estimates(
    means: npt.NDArray[np.float64], draws: npt.NDArray[np.float64]
) -> dict[str, Estimate]:
    low, high = interval(draws)
    return {
        name: Estimate(float(means[at]), float(low[at]), float(high[at]))
        for at, name in enumerate(NAMES)
    }


def _days(days: Sequence[date], sums: npt.NDArray[np.float64], place: int) -> tuple[Day, ...]:
    found = []
    columns = slice(place * len(NAMES), (place + 1) * len(NAMES))
    for day in dict.fromkeys(days):
        of_day = sums[[one == day for one in days]].sum(axis=0)
        means = (of_day[columns] / of_day[-1]).tolist()
        found.append(Day(day, int(of_day[-1]), dict(zip(NAMES, means, strict=True))))
    return tuple(found)


def _nothing_judged(counts: _Counts, since: datetime | None) -> str:
    if counts.first is None or counts.last is None:
        return "There is no list in the log."
    span = f"The log runs from {counts.first.isoformat()} to {counts.last.isoformat()}"
    if since is not None and since > counts.last:
        return f"{span}; nothing is left to judge from {since.isoformat()} on. Judge earlier."
    return (
        f"{span}; in none of the {counts.undecided:,} lists to judge were some articles clicked "
        "and others not."
    )
