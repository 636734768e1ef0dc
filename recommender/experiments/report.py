"""What an experiment has found so far."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final

import numpy as np
from scipy import special

from recommender.experiments.assignment import INTERLEAVED, Experiment
from recommender.experiments.interleaving import Preference, preference
from recommender.experiments.rates import Rate, rate, wilson
from recommender.experiments.sequential import Look, Verdict, always_valid
from recommender.experiments.shown import ShownList, unit_numbers

MISMATCH: Final = 0.001
"""A chance of the counts of readers below this is told as a fault."""

_LEAST_EXPECTED: Final = 5
"""Readers of each arm: for fewer the chi-square distribution is no approximation (Cochran 1954)."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Arm:
    """How one arm did.

    Attributes:
        name: a pipeline.
        share: of the readers, by the settings; None where the settings do not know the arm.
        readers: who were shown something, as far as events name them; anew in each period.
        impressions: lists that were shown.
        clicked: those of which something was clicked.
        clicks: on them.
        rate: `clicked` of `impressions`: the click-through.
        low, high: its 95 % Wilson interval, wider by what readers have in common.
        design_effect: by how much the variance is greater than that of independent impressions.
    """

    name: str
    share: float | None
    readers: int
    impressions: int
    clicked: int
    clicks: int
    rate: float
    low: float
    high: float
    design_effect: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """One arm less the first one; `verdict` may be looked at any day."""

    arm: str
    against: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Balance:
    """Whether readers were dealt out as the settings say.

    Attributes:
        p: chi-square test of the readers of each arm against its share (sample ratio mismatch,
            Fabijan et al. 2019, "Diagnosing sample ratio mismatch"). Where names change there is
            one test for each period, and this is the least p times their number, at most 1
            (Bonferroni): who comes back is always in the same arm, and no new draw. None where
            nothing can be compared: shares are unknown, or readers unknown or too few.
        mismatch: p is so small that no figure of the experiment is to be trusted.
        crossed: readers who were shown lists of more than one arm.
    """

    p: float | None
    mismatch: bool
    crossed: int


@dataclass(frozen=True, slots=True)
class Report:
    """Of one experiment.

    Attributes:
        name: of the experiment.
        first, last: days with impressions, UTC.
        nameless: impressions of which the log names no reader: each is a unit of its own.
        periods: of names that do not outlast them, with impressions that name a reader. Above 1
            intervals are too narrow and p too small: one person is a reader in each of them.
        arms: those of the settings, the first one compared with, then any other.
        contrasts: each other arm with the first.
        balance: of the readers.
        interleaved: of lists that two pipelines made together; None where there are none.
    """

    name: str
    first: date
    last: date
    nameless: int
    periods: int
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    balance: Balance
    interleaved: Preference | None


def reports(
    lists: Sequence[ShownList],
    experiments: Mapping[str, Experiment],
    name: str | None = None,
    *,
    names_last: timedelta | None = None,
) -> list[Report]:
    """Of each experiment that has impressions, by name.

    Args:
        lists: of any time.
        experiments: those of the settings.
        name: only this one; None for all.
        names_last: how long a reader is known by the same name, in periods counted from 1970 on;
            None for ever.
    """
    found: dict[str, list[ShownList]] = defaultdict(list)
    for one in lists:
        if one.trial is not None and name in {None, one.trial.experiment}:
            found[one.trial.experiment].append(one)
    return [_report(key, found[key], experiments.get(key), names_last) for key in sorted(found)]


def _report(
    name: str,
    lists: Sequence[ShownList],
    experiment: Experiment | None,
    names_last: timedelta | None,
) -> Report:
    lists = sorted(lists, key=lambda one: one.at)
    shares = {} if experiment is None else experiment.arms
    apart = [one for one in lists if _arm(one) != INTERLEAVED]
    mixed = [one for one in lists if _arm(one) == INTERLEAVED]
    met = {_arm(one) for one in apart}
    # others are compared with the first of the settings, whether or not it was shown yet
    control = next(iter(shares), None) if apart else None
    known = [one for one in shares if one in met or one == control]
    names = [*known, *sorted(met.difference(shares))]
    table = _Table(apart, names, names_last)
    return Report(
        name=name,
        first=_day(lists[0]),
        last=_day(lists[-1]),
        nameless=sum(one.reader is None for one in lists),
        periods=len({_period(one, names_last) for one in lists if one.reader is not None}),
        arms=tuple(_told(table, number, shares.get(one)) for number, one in enumerate(names)),
        contrasts=tuple(
            Contrast(one, names[0], always_valid(table.looks(number, 0)))
            for number, one in enumerate(names[1:], start=1)
        ),
        balance=_balance(table, shares),
        interleaved=_preferred(mixed, list(shares)) if mixed else None,
    )


class _Table:
    """Lists of arms as numbers."""

    def __init__(
        self, lists: Sequence[ShownList], names: Sequence[str], names_last: timedelta | None
    ) -> None:
        """Of lists in the order of time, of arms of these names."""
        self.names = names
        numbers = {one: number for number, one in enumerate(names)}
        self._arms = np.array([numbers[_arm(one)] for one in lists], dtype=np.int64)
        self._units = unit_numbers(lists)
        self._known = np.array([one.reader is not None for one in lists], dtype=np.bool_)
        self._periods = np.array([_period(one, names_last) for one in lists], dtype=np.int64)
        self._clicked = np.array([bool(one.clicked) for one in lists], dtype=np.bool_)
        self._clicks = np.array([one.clicks for one in lists], dtype=np.int64)
        self._days = [(day, len(list(group))) for day, group in groupby(lists, key=_day)]

    def rate(self, arm: int, until: int | None = None) -> Rate:
        """Of the first `until` lists those of an arm; None for all."""
        chosen = np.flatnonzero(self._arms[:until] == arm)
        units = self._units[chosen]
        shown = np.bincount(units)
        clicked = np.bincount(units[self._clicked[chosen]], minlength=len(shown))
        there = shown > 0
        return rate(shown[there].astype(np.int64), clicked[there].astype(np.int64))

    def looks(self, arm: int, against: int) -> Iterator[Look]:
        """One at the end of each day."""
        end = 0
        for day, count in self._days:
            end += count
            yield Look(day, self.rate(arm, end), self.rate(against, end))

    def clicks(self, arm: int) -> int:
        """On lists of an arm."""
        return int(self._clicks[self._arms == arm].sum())

    def readers(self, arm: int) -> set[int]:
        """Numbers of those known who were shown lists of an arm."""
        return set(self._units[(self._arms == arm) & self._known].tolist())

    def dealt(self) -> Iterator[dict[str, int]]:
        """For each period of the names, how many readers of it were shown lists of each arm."""
        for period in np.unique(self._periods[self._known]):
            there = self._known & (self._periods == period)
            yield {
                name: len(np.unique(self._units[there & (self._arms == number)]))
                for number, name in enumerate(self.names)
            }


def _told(table: _Table, number: int, share: float | None) -> Arm:
    found = table.rate(number)
    low, high = wilson(found)
    return Arm(
        name=table.names[number],
        share=share,
        readers=len(table.readers(number)),
        impressions=found.shown,
        clicked=found.clicked,
        clicks=table.clicks(number),
        rate=found.share,
        low=low,
        high=high,
        design_effect=found.design_effect if np.isfinite(found.variance) else 1.0,
    )


def _balance(table: _Table, shares: Mapping[str, float]) -> Balance:
    readers = [table.readers(number) for number in range(len(table.names))]
    everybody = set().union(*readers)
    crossed = sum(map(len, readers)) - len(everybody)
    found: list[float] = []
    if shares and not set(table.names).difference(shares):
        found = [p for counts in table.dealt() if (p := _chance(counts, shares)) is not None]
    p = min(1.0, len(found) * min(found)) if found else None
    return Balance(p, p is not None and p < MISMATCH, crossed)


def _chance(counts: Mapping[str, int], shares: Mapping[str, float]) -> float | None:
    """Of counts as far from the shares as these; None where there are too few."""
    part = np.array(list(shares.values())) / sum(shares.values())
    # an arm without readers is counted too: that is the greatest mismatch of all
    dealt = np.array([counts.get(arm, 0) for arm in shares])
    expected = part * dealt.sum()
    if expected.min() < _LEAST_EXPECTED:
        return None
    return float(special.chdtrc(len(shares) - 1, ((dealt - expected) ** 2 / expected).sum()))


def _preferred(lists: Sequence[ShownList], arms: Sequence[str]) -> Preference | None:
    met = {team for one in lists if one.trial for team in one.trial.teams if team}
    teams = [*(one for one in arms if one in met), *sorted(met.difference(arms))]
    if len(teams) != 2:  # noqa: PLR2004 - which two were compared is not known
        return None
    credit = np.zeros((len(lists), 2), dtype=np.int64)
    for row, one in enumerate(lists):
        by_place = one.trial.teams if one.trial else ()
        for place in one.clicked:
            if place < len(by_place) and by_place[place]:
                credit[row, teams.index(by_place[place])] += 1
    return preference((teams[0], teams[1]), credit, unit_numbers(lists))


def _arm(one: ShownList) -> str:
    return one.trial.arm if one.trial else ""


def _period(one: ShownList, names_last: timedelta | None) -> int:
    return 0 if names_last is None else (one.at - _EPOCH) // names_last


def _day(one: ShownList) -> date:
    return one.at.astimezone(UTC).date()
