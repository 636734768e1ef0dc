"""How well scores foresee which of the articles that a list shows are clicked."""

import numpy as np
import numpy.typing as npt

CUT = 5
NAMES = ("AUC", "MRR", f"nDCG@{CUT}")
"""The metrics of `click_metrics`, in this order."""

_GAINS = 1 / np.log2(np.arange(2, CUT + 2))


def click_metrics(
    scores: npt.NDArray[np.float64], clicked: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """The metrics of one list; of equal scores the mean over every order that they may stand in.

    Ties are worked out, not drawn (McSherry and Najork 2008, "Computing information retrieval
    performance measures efficiently in the presence of tied scores"): equal scores for all are
    exactly what a random order comes to.

    AUC is the share of pairs of a clicked and another article that stand in the right order. MRR
    and nDCG are those of the MIND challenge (Wu et al. 2020): the mean of 1 / rank over the clicked
    articles, not over the first alone; and nDCG@5 with a gain of 1 and the discount log2(rank + 1).

    Args:
        scores: shape (n,), finite.
        clicked: shape (n,); some, but not all.

    Returns:
        Shape (len(NAMES),), in [0, 1].
    """
    wins, losses = scores[clicked, None], scores[None, ~clicked]
    auc = ((wins > losses) + 0.5 * (wins == losses)).mean()
    above = (scores[None, :] > wins).sum(axis=1)
    alike = (scores[None, :] == wins).sum(axis=1)
    reciprocal = _running(1 / np.arange(1, len(scores) + 1))
    gains = _running(_GAINS, len(scores))
    ends = above + alike
    mrr = ((reciprocal[ends] - reciprocal[above]) / alike).mean()
    dcg = ((gains[ends] - gains[above]) / alike).sum()
    ideal = _GAINS[: int(clicked.sum())].sum()
    return np.array([auc, mrr, dcg / ideal])


def _running(values: npt.NDArray[np.float64], length: int = 0) -> npt.NDArray[np.float64]:
    """Sums of the first 0, 1, ... values; beyond the last one they stay, up to `length`."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.pad(sums, (0, max(0, length + 1 - len(sums))), mode="edge")
