"""What an experiment has found so far."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from itertools import groupby
from typing import Final

import numpy as np
from scipy.stats import chi2

from recommender.experiments.assignment import INTERLEAVED, Experiment
from recommender.experiments.interleaving import Preference, preference
from recommender.experiments.rates import Rate, rate, wilson
from recommender.experiments.sequential import Look, Verdict, always_valid
from recommender.experiments.shown import ShownList, unit_numbers

MISMATCH: Final = 0.001
"""A chance of the counts of readers below this is told as a fault."""


@dataclass(frozen=True, slots=True)
class Arm:
    """How one arm did.

    Attributes:
        name: a pipeline.
        share: of the readers, by the settings; None where the settings do not know the arm.
        readers: who were shown something, as far as events name them.
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
            Fabijan et al. 2019, "Diagnosing sample ratio mismatch"); None where nothing can be
            compared: readers or shares are unknown.
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
        arms: those of the settings, the first one compared with, then any other.
        contrasts: each other arm with the first.
        balance: of the readers.
        interleaved: of lists that two pipelines made together; None where there are none.
    """

    name: str
    first: date
    last: date
    nameless: int
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    balance: Balance
    interleaved: Preference | None


def reports(
    lists: Sequence[ShownList], experiments: Mapping[str, Experiment], name: str | None = None
) -> list[Report]:
    """Of each experiment that has impressions, by name.

    Args:
        lists: of any time.
        experiments: those of the settings.
        name: only this one; None for all.
    """
    found: dict[str, list[ShownList]] = defaultdict(list)
    for one in lists:
        if one.trial is not None and name in {None, one.trial.experiment}:
            found[one.trial.experiment].append(one)
    return [_report(key, found[key], experiments.get(key)) for key in sorted(found)]


def _report(name: str, lists: Sequence[ShownList], experiment: Experiment | None) -> Report:
    lists = sorted(lists, key=lambda one: one.at)
    shares = {} if experiment is None else experiment.arms
    apart = [one for one in lists if _arm(one) != INTERLEAVED]
    mixed = [one for one in lists if _arm(one) == INTERLEAVED]
    met = {_arm(one) for one in apart}
    names = [*(one for one in shares if one in met), *sorted(met.difference(shares))]
    table = _Table(apart, names)
    return Report(
        name=name,
        first=_day(lists[0]),
        last=_day(lists[-1]),
        nameless=sum(one.reader is None for one in lists),
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

    def __init__(self, lists: Sequence[ShownList], names: Sequence[str]) -> None:
        """Of lists in the order of time, of arms of these names."""
        self.names = names
        numbers = {one: number for number, one in enumerate(names)}
        self._arms = np.array([numbers[_arm(one)] for one in lists], dtype=np.int64)
        self._units = unit_numbers(lists)
        self._known = np.array([one.reader is not None for one in lists], dtype=np.bool_)
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
    # an arm without readers is counted too: that is the greatest mismatch of all
    counts = dict(zip(table.names, map(len, readers), strict=True))
    total = sum(counts.values())
    p = None
    if shares and total and not set(counts).difference(shares):
        expected = {arm: share / sum(shares.values()) * total for arm, share in shares.items()}
        off = sum((counts.get(arm, 0) - mean) ** 2 / mean for arm, mean in expected.items())
        p = float(chi2.sf(off, len(shares) - 1))
    return Balance(p, p is not None and p < MISMATCH, crossed)


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


def _day(one: ShownList) -> date:
    return one.at.astimezone(UTC).date()
