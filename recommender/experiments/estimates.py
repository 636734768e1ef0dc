"""How many clicks a pipeline would have got that nobody was shown yet."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recommender.errors import InputError
from recommender.experiments.shown import ShownList, unit_numbers
from recommender.experiments.units import Z, variance_between

CLIP: Final = 10.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mean:
    """Clicks for a list, with the variance of that mean and its 95 % interval.

    Examination and propensities are taken as known, those that were estimated or counted in the
    same lists too: what they may be off by is not in the variance.
    """

    value: float
    variance: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OfflineEstimate:
    """What a log says of a pipeline.

    Attributes:
        lists: that were shown and are judged.
        clicks: clicked articles of them.
        logged: clicks that they got.
        weighted: clicks that the pipeline would have got, by inverse propensities. What it puts
            where the log never had it counts as never clicked.
        normalised: the same, self-normalised: such an article counts as clicked as often as the
            others. None where the log has nothing of what the pipeline shows.
        lead: `normalised` less `logged`; None likewise.
        covered: share of the pipeline's places, by how likely they are looked at, whose article
            the log has on that page.
        effective: places of equal weight that would say as much as those that are weighed.
        clipped: weights that were cut to `clip`.
        clip: the greatest weight.
        examined: of each place the chance that it is looked at, as was assumed.
    """

    lists: int
    clicks: int
    logged: Mean
    weighted: Mean
    normalised: Mean | None
    lead: Mean | None
    covered: float
    effective: float
    clipped: int
    clip: float
    examined: tuple[float, ...]


def estimate(
    lists: Sequence[ShownList],
    ranked: Sequence[Sequence[str]],
    examined: Floats,
    *,
    clip: float = CLIP,
) -> OfflineEstimate:
    """Inverse propensity estimate under the position-based model.

    A click on an article at place k counts e(k') / (e(k) p): k' is its place in the pipeline's
    list, e how likely a place is looked at, and p the propensity of the article to be in a list of
    that page. The mean over lists is unbiased where the model holds, e and p are true, and p is
    above 0 for all that the pipeline shows (Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay and
    Wen 2018, "Offline evaluation of ranking policies with click models"; Joachims, Swaminathan and
    Schnabel 2017). Self-normalised (Swaminathan and Joachims 2015) it divides by the sum of what
    the same weights make of e(k), which is e(k') / p, and multiplies by that sum's expectation.
    Weights above `clip` are cut to it: less variance, and a value that is rather too low.

    Propensities that a list does not have are the share of the lists of the same page that showed
    the article.

    Args:
        lists: n of them, at least one.
        ranked: n, the pipeline's list for each; of it as many places count as the list had.
        examined: shape (places,), above 0.
        clip: the greatest weight.

    Raises:
        InputError: there is no list, or a place beyond `examined`.
    """
    if not lists:
        raise InputError("Expected impressions with the page that they stood on, got none.")
    most = 1 + max(max(one.places) for one in lists)
    if most > len(examined):
        raise InputError(f"Expected {most} numbers of --examined, got {len(examined)}.")
    counted = _Counted(lists)
    table = np.zeros((len(lists), 5))
    squares = total = 0.0
    clipped = 0
    for row, (one, listed) in enumerate(zip(lists, ranked, strict=True)):
        places = {article: place for place, article in enumerate(listed[: max(one.places) + 1])}
        clicked = set(one.clicked)
        propensities = one.propensities or counted.propensities(one)
        for index, (article, place) in enumerate(zip(one.shown, one.places, strict=True)):
            at = places.get(article)
            if at is None:
                continue
            full = examined[at] / (examined[place] * propensities[index])
            weight = min(full, clip)
            clipped += full > clip
            total += weight
            squares += weight**2
            table[row, _WEIGHTED] += weight * (index in clicked)
            table[row, _LOOKED] += weight * examined[place]
        table[row, _FULL] = sum(examined[place] for place in places.values())
        table[row, _COVERED] = sum(
            examined[place] for article, place in places.items() if counted.has(one.page, article)
        )
        table[row, _CLICKS] = len(clicked)
    return _estimate(
        table,
        unit_numbers(lists),
        examined=tuple(examined[:most].tolist()),
        effective=total**2 / squares if squares else 0.0,
        clipped=clipped,
        clip=clip,
    )


_CLICKS, _WEIGHTED, _LOOKED, _FULL, _COVERED = range(5)
"""Columns: clicks; clicks with weights; the same of how likely places are looked at; that of the
pipeline's list; and of its articles that the log has."""


class _Counted:
    """How often each page was shown with each article."""

    def __init__(self, lists: Sequence[ShownList]) -> None:
        self._pages = Counter(one.page for one in lists)
        self._pairs = Counter((one.page, article) for one in lists for article in set(one.shown))

    def propensities(self, one: ShownList) -> Sequence[float]:
        """Of each article of the list."""
        times = self._pages[one.page]
        return [self._pairs[one.page, article] / times for article in one.shown]

    def has(self, page: str, article: str) -> bool:
        """Whether the page was ever shown with the article."""
        return (page, article) in self._pairs


def _estimate(
    table: Floats,
    groups: npt.NDArray[np.int64],
    *,
    examined: tuple[float, ...],
    effective: float,
    clipped: int,
    clip: float,
) -> OfflineEstimate:
    clicks, weighted, looked, full = table[:, : _FULL + 1].T
    normalised = lead = None
    if looked.sum() > 0:
        # the ratio of two means, times a third: linearised, as a mean of what each list adds
        share, places = weighted.sum() / looked.sum(), full.mean()
        value = share * places
        adds = (
            value + places * (weighted - share * looked) / looked.mean() + share * (full - places)
        )
        normalised = _mean(adds, groups)
        lead = _mean(adds - clicks, groups)
    covered = table[:, _COVERED].sum() / full.sum() if full.sum() else 0.0
    return OfflineEstimate(
        lists=len(table),
        clicks=int(clicks.sum()),
        logged=_mean(clicks, groups),
        weighted=_mean(weighted, groups),
        normalised=normalised,
        lead=lead,
        covered=float(covered),
        effective=effective,
        clipped=clipped,
        clip=clip,
        examined=examined,
    )


def _mean(values: Floats, groups: npt.NDArray[np.int64]) -> Mean:
    """The mean over lists, its variance between groups of them."""
    mean = float(values.mean())
    variance = variance_between(np.bincount(groups, weights=values - mean), len(values))
    half = Z * variance**0.5
    return Mean(mean, variance, mean - half, mean + half)
