"""Two pipelines in one list: team draft interleaving, and which of them readers prefer."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import special

Team: TypeAlias = Literal[0, 1]


@dataclass(frozen=True, slots=True)
class Pick:
    """What stands at one place.

    Attributes:
        team: whose list it is from.
        index: its place there, from 0.
        counts: whether a click on it says anything: not where the other team had nothing left.
    """

    team: Team
    index: int
    counts: bool


def team_draft(
    first: Sequence[Hashable], second: Sequence[Hashable], coins: Iterable[bool], most: int
) -> list[Pick]:
    """Both teams pick in turns, each the best of its own list that does not stand there yet.

    In every round a coin decides who picks first, so that neither list stands higher on average
    (Radlinski, Kurup and Joachims 2008, "How does clickthrough data reflect retrieval quality?",
    team draft; Chapelle, Joachims, Radlinski and Yue 2012, "Large-scale validation and analysis
    of interleaved search evaluation"). Lists of `most` items suffice.

    Args:
        first: items, best first; of equal ones the first may stand.
        second: likewise; items of both that are equal count as one.
        coins: one for each round, at least half of `most`, rounded up; true: the first team picks.
        most: places at the most.
    """
    lists = (first, second)
    heads = [0, 0]
    picked: list[Pick] = []
    met: set[Hashable] = set()
    turns = (team for coin in coins for team in ((0, 1) if coin else (1, 0)))
    for turn in turns:
        if len(picked) == most:
            break
        for team, items in enumerate(lists):
            while heads[team] < len(items) and items[heads[team]] in met:
                heads[team] += 1
        left = [heads[team] < len(items) for team, items in enumerate(lists)]
        if not any(left):
            break
        team = turn if left[turn] else 1 - turn
        picked.append(Pick(1 if team else 0, heads[team], counts=all(left)))
        met.add(lists[team][heads[team]])
    return picked


@dataclass(frozen=True, slots=True)
class Preference:
    """Which of two pipelines got the clicks of interleaved lists.

    Attributes:
        first, second: the pipelines.
        impressions: lists that were shown.
        clicks: on places of each.
        wins: lists of which it got more clicks than the other.
        ties: lists with as many clicks for both, at least one.
        judges: readers, or lists where readers are unknown, who preferred each.
        undecided: those who clicked as much on both.
        preference: share of wins of the first among wins and ties, a tie counting half, less
            0.5 (Chapelle et al. 2012, equation 1); None where nobody clicked.
        p: two-sided sign test over the judges; 1 where there are none. To be looked at once.
    """

    first: str
    second: str
    impressions: int
    clicks: tuple[int, int]
    wins: tuple[int, int]
    ties: int
    judges: tuple[int, int]
    undecided: int
    preference: float | None
    p: float


def preference(
    teams: tuple[str, str],
    credit: npt.NDArray[np.int64],
    judge: npt.NDArray[np.int64],
) -> Preference:
    """Counts wins, and tests whether they may be chance.

    Args:
        teams: names of the pipelines.
        credit: shape (impressions, 2), clicks on places of each team.
        judge: shape (impressions,), from 0: who was shown the list.
    """
    lead = np.sign(credit[:, 0] - credit[:, 1])
    wins = int((lead > 0).sum()), int((lead < 0).sum())
    ties = int(((lead == 0) & (credit.sum(axis=1) > 0)).sum())
    clicked = credit.sum(axis=1) > 0
    # a reader counts once, however many lists they saw: those of one reader are not independent
    sums = np.bincount(judge, weights=lead, minlength=1)
    there = np.bincount(judge[clicked], minlength=len(sums)) > 0
    judges = int((sums > 0).sum()), int((sums < 0).sum())
    decided = wins[0] + wins[1] + ties
    return Preference(
        first=teams[0],
        second=teams[1],
        impressions=len(credit),
        clicks=(int(credit[:, 0].sum()), int(credit[:, 1].sum())),
        wins=wins,
        ties=ties,
        judges=judges,
        undecided=int((there & (sums == 0)).sum()),
        preference=(wins[0] + ties / 2) / decided - 0.5 if decided else None,
        p=_sign_test(*judges),
    )


def _sign_test(first: int, second: int) -> float:
    """Two-sided: how likely a fair coin falls as unevenly. 1 where it is not thrown."""
    return min(1.0, 2 * float(special.bdtr(min(first, second), first + second, 0.5)))
