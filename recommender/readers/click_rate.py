"""How often an article is clicked where it is shown, with a prior for the little that is known."""

from dataclasses import dataclass

import numpy as np

from recommender.readers.decay import Floats, Rows
from recommender.readers.hourly import Hourly

PRIOR_SHOWN = 20.0
"""Impressions that a prior counts where there is too little to fit its strength."""

SURE = 0.05
"""How likely it may be that an article is clicked less often than `sure_rates` says."""

_NONE = 1e-9  # clicks, where a whole site has none: a Gamma has a shape above 0

LEAST_FITTED = 10
"""Groups without which the spread of their rates cannot be told from chance."""


def shrunk(clicks: Floats, shown: Floats, prior: Floats | float, strength: float) -> Floats:
    """The mean of a Gamma-Poisson rate: (clicks + strength * prior) / (shown + strength).

    Args:
        clicks: counts, of one shape with `shown`.
        shown: how often a click was possible, or how many were to be expected.
        prior: the rate before anything is known.
        strength: in units of `shown`, more than 0.
    """
    return np.asarray((clicks + strength * prior) / (shown + strength), dtype=np.float64)


def fitted_strength(clicks: Floats, shown: Floats, prior: Floats | float) -> float:
    """How many impressions the prior is worth, by how much rates differ beyond chance.

    Empirical Bayes by moments (Clayton and Kaldor 1987, "Empirical Bayes estimates of
    age-standardized relative risks"): rates have the mean `prior` and a variance of
    mean / strength. Decayed counts vary less than counts, so that of them the strength comes out
    too great rather than too small. That rates differ less than its own error the estimate does
    not say: of a few impressions it would be that they do not differ at all.

    Returns:
        `PRIOR_SHOWN` where fewer than `LEAST_FITTED` were shown at all, or none was clicked.
    """
    seen = shown > 0
    if seen.sum() < LEAST_FITTED or not clicks.sum():
        return PRIOR_SHOWN
    counted, possible = clicks[seen], shown[seen]
    expected = np.broadcast_to(prior, shown.shape)[seen] * possible
    mean = expected.sum() / possible.sum()
    # of a Poisson count the squared residual is the expected count, and what rates differ adds
    beyond = ((counted - expected) ** 2 / possible).sum() - (expected / possible).sum()
    # the variance of (counted - expected) ** 2 is 2 * expected ** 2 + expected
    error = np.sqrt(((2 * expected**2 + expected) / possible**2).sum())
    variance = max(beyond, error) / possible.sum()
    return float(max(mean / variance, 1.0))


def sure_rates(clicks: Floats, shown: Floats, sections: Rows) -> Floats:
    """Clicks an impression that each article exceeds with a probability of 1 - `SURE`.

    To rank by: one click of one impression stands behind many of many. Articles are drawn towards
    `section_rates`.

    Args:
        clicks: shape (n,), decayed or not.
        shown: shape (n,), likewise.
        sections: shape (n,), see `section_rates`.

    Returns:
        Shape (n,).
    """
    priors = section_rates(clicks, shown, sections)
    strength = fitted_strength(clicks, shown, priors)
    counted = shown + strength
    shape = np.maximum(shrunk(clicks, shown, priors, strength) * counted, _NONE)
    # imported here: a server starts without it
    from scipy import special  # noqa: PLC0415

    return np.asarray(special.gammaincinv(shape, SURE) / counted, dtype=np.float64)


def section_rates(clicks: Floats, shown: Floats, sections: Rows) -> Floats:
    """Of each article the rate of its section, which is drawn towards the site's.

    Args:
        clicks: shape (n,), decayed or not.
        shown: shape (n,), likewise.
        sections: shape (n,): a number from 0 for each section, -1 where there is none; such an
            article has the site's rate, which is 0 where nothing was shown.

    Returns:
        Shape (n,), clicks an impression.
    """
    total = float(shown.sum())
    site = float(clicks.sum()) / total if total > 0 else 0.0
    known = sections >= 0
    count = int(sections.max(initial=-1)) + 1
    clicked_in, shown_in = (
        np.bincount(sections[known], each[known], count).astype(np.float64)
        for each in (clicks, shown)
    )
    between = fitted_strength(clicked_in, shown_in, site)
    of_sections = shrunk(clicked_in, shown_in, site, between)
    return np.append(of_sections, site)[sections]  # -1 is the last: the site's


@dataclass(frozen=True, slots=True)
class Clicks:
    """How often each of n articles was clicked, of the times that it was shown.

    Attributes:
        article_ids: of those that were shown, in their order.
        clicks: shape (n,), at most `shown`.
        shown: shape (n,), at least 1.
    """

    article_ids: tuple[str, ...]
    clicks: Floats
    shown: Floats


def clicks_of(counts: Hourly) -> Clicks:
    """All hours of `counts` together.

    More clicks than impressions, of which some were not told, count as one for each.
    """
    clicks, shown = (
        np.bincount(counts.article, each, len(counts.article_ids)).astype(np.float64)
        for each in (counts.clicks, counts.shown)
    )
    there = np.flatnonzero(shown > 0)
    ids = tuple(counts.article_ids[one] for one in there.tolist())
    return Clicks(ids, np.minimum(clicks, shown)[there], shown[there])
