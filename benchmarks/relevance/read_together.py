"""What read-together evidence foretells: the next click, the article read last being the query."""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.readers.together import LEAST_READERS, cosine

_JUDGED_FROM = "2019-11-12"
"""The last day of the public part; what is chosen is chosen on the days before."""

Strength = Callable[[int, int, int, int], float]
"""Of readers of both, of the one read last, of the candidate, and of anything."""


def _log_odds(both: int, last: int, other: int, everybody: int) -> float:
    usual = (other + 0.5) / everybody
    return float(np.log((both + 5 * usual) / (last + 5)) - np.log(usual)) if both else 0.0


def _share(both: int, last: int, other: int, everybody: int) -> float:
    return (both + 5 * other / everybody) / (last + 5) if both else 0.0


STRENGTHS: Mapping[str, Strength] = {
    "cosine, shrunk by 10 (ships)": lambda both, last, other, _: cosine(both, last, other),
    "cosine, as it is": lambda both, last, other, _: cosine(both, last, other, shrinkage=0),
    "cosine, shrunk by 30": lambda both, last, other, _: cosine(both, last, other, shrinkage=30),
    "log odds, a prior of 5": _log_odds,
    "share of the readers of the last one, a prior of 5": _share,
    "readers of the candidate alone": lambda _both, _last, other, _everybody: other,
}


@dataclass(frozen=True, slots=True)
class Foretold:
    """How well one measure orders what was shown.

    Attributes:
        strength: its name.
        least: readers in common without which it says nothing.
        impressions: where it says something of one of those shown at least.
        auc, mrr: means over the days before the last.
        auc_last, mrr_last: on the last day.
    """

    strength: str
    least: int
    impressions: int
    auc: float
    mrr: float
    auc_last: float
    mrr_last: float


@dataclass(frozen=True, slots=True)
class _Shown:
    """One impression: readers of both, of the last read, of each candidate, and of anything."""

    day: str
    both: npt.NDArray[np.int64]
    last: int
    others: npt.NDArray[np.int64]
    everybody: int
    clicked: npt.NDArray[np.bool_]


def foretold(data: Path) -> list[Foretold]:
    """Every measure, with one reader in common and with as many as the product wants."""
    impressions = list(_replayed(data / "mind" / "impressions.jsonl.gz"))
    rng = np.random.default_rng(0)
    ties = [rng.random(len(one.clicked)) for one in impressions]
    return [
        _measured(name, least, impressions, ties)
        for least in (1, LEAST_READERS)
        for name in STRENGTHS
    ]


def _replayed(path: Path) -> Iterator[_Shown]:
    """In the order of time; of readers it is known what they had read, and clicked before."""
    readers: defaultdict[str, set[str]] = defaultdict(set)
    people: set[str] = set()
    last: dict[str, str] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = sorted(map(json.loads, lines), key=lambda row: str(row["timestamp"]))
    for row in rows:
        who, shown, clicked = row["user_id"], row["shown"], set(row["clicked"])
        for article in row["history"]:
            readers[article].add(who)
        people.add(who)
        before = last.get(who) or (row["history"][-1] if row["history"] else None)
        if before is not None and 0 < len(clicked) < len(shown):
            mine = readers[before] - {who}
            others = [readers[one] - {who} for one in shown]
            yield _Shown(
                row["timestamp"][:10],
                np.array([len(mine & one) for one in others]),
                len(mine),
                np.array([len(one) for one in others]),
                len(people),
                np.array([one in clicked for one in shown]),
            )
        for article in row["clicked"]:
            readers[article].add(who)
            last[who] = article


def _measured(
    name: str,
    least: int,
    impressions: Sequence[_Shown],
    ties: Sequence[npt.NDArray[np.float64]],
) -> Foretold:
    found: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    strength = STRENGTHS[name]
    for one, tie in zip(impressions, ties, strict=True):
        told = one.both >= least
        if not told.any():
            continue
        pairs = zip(one.both.tolist(), one.others.tolist(), told.tolist(), strict=True)
        scores = np.array(
            [
                strength(both, one.last, other, one.everybody) if ok else 0.0
                for both, other, ok in pairs
            ]
        )
        found[one.day >= _JUDGED_FROM].append(_auc_and_rank(scores, one.clicked, tie))
    early, late = np.array(found[False]), np.array(found[True])
    means = (*early.mean(axis=0).tolist(), *late.mean(axis=0).tolist())
    return Foretold(name, least, len(early) + len(late), *(round(one, 4) for one in means))


def _auc_and_rank(
    scores: npt.NDArray[np.float64],
    clicked: npt.NDArray[np.bool_],
    tie: npt.NDArray[np.float64],
) -> tuple[float, float]:
    right, wrong = scores[clicked][:, None], scores[~clicked][None]
    auc = float(((right > wrong) + 0.5 * (right == wrong)).mean())
    order = np.lexsort((tie, -scores))
    return auc, 1 / (1 + int(np.flatnonzero(clicked[order])[0]))
