"""How likely readers look at each place of a list, out of articles that stood at several."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recommender.errors import InputError
from recommender.experiments.shown import ShownList

_ROUNDS = 1_000
_SETTLED = 1e-9


def examination(lists: Sequence[ShownList]) -> npt.NDArray[np.float64]:
    """The chance that a place is looked at, the first place being 1.

    Under the position-based model a click is as likely as the place is to be looked at, times how
    attractive the article is on its page. The same article at different places of the same page
    therefore tells places apart (intervention harvesting: Agarwal et al. 2019, "Estimating
    position bias without intrusive interventions"). The most likely values for clicks that are
    Poisson distributed, by turns for places and for articles.

    Returns:
        Shape (places,), up to the last place of any list.

    Raises:
        InputError: too little stood at different places, such as in a log of one pipeline, or
            nothing was clicked.
    """
    shown, clicked = _counts(lists)
    clicked_on = clicked.sum(axis=1) > 0
    shown, clicked = shown[clicked_on], clicked[clicked_on]
    reached = _reached(clicked)
    if not reached.all():
        place = int(np.flatnonzero(~reached)[0]) + 1
        raise InputError(
            f"How likely place {place} is looked at cannot be estimated: too few articles were "
            "clicked there and, on the same page, at other places. Give --examined 1,0.7,0.5,... "
            "or a log of interleaved or shuffled lists."
        )
    looked = np.ones(shown.shape[1])
    for _ in range(_ROUNDS):
        attraction = clicked.sum(axis=1) / (shown @ looked)
        new = clicked.sum(axis=0) / (attraction @ shown)
        new /= new[0]
        settled = np.abs(new - looked).max() < _SETTLED
        looked = new
        if settled:
            break
    return looked


def _counts(
    lists: Sequence[ShownList],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """How often each article of each page was shown at each place, and clicked there."""
    pairs: dict[tuple[str, str], int] = {}
    rows, places, hits = [], [], []
    for one in lists:
        clicked = set(one.clicked)
        for index, (article, place) in enumerate(zip(one.shown, one.places, strict=True)):
            rows.append(pairs.setdefault((one.page, article), len(pairs)))
            places.append(place)
            hits.append(index in clicked)
    width = max(places, default=0) + 1
    cells = np.array(rows, dtype=np.int64) * width + np.array(places, dtype=np.int64)
    size = len(pairs) * width
    shown = np.bincount(cells, minlength=size).astype(np.float64)
    clicked_at = np.bincount(cells, weights=np.array(hits, dtype=np.float64), minlength=size)
    return shown.reshape(-1, width), np.asarray(clicked_at, dtype=np.float64).reshape(-1, width)


def _reached(clicked: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Places that chains of articles, each clicked at two places, join with the first.

    Not even the first where nothing was clicked there: others are told in proportion to it.
    """
    met = clicked > 0
    joined = (met.T.astype(np.int64) @ met) > 0
    reached = np.zeros(len(joined), dtype=np.bool_)
    reached[0] = met[:, 0].any()
    for _ in range(len(joined)):
        reached |= joined[reached].any(axis=0)
    return reached
