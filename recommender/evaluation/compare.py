"""Means of several methods over the same queries, and whether they differ."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from recommender.evaluation.report import Comparison, Difference, Estimate
from recommender.evaluation.significance import interval, paired_p_values, resampled_means

Values = Mapping[str, npt.NDArray[np.float64]]
"""By method: shape (q, m), a row for each query, a column for each metric."""


def compare(
    values: Values,
    names: Sequence[str],
    pairs: Iterable[tuple[str, str]],
    rng: np.random.Generator,
) -> tuple[dict[str, dict[str, Estimate]], tuple[Comparison, ...]]:
    """Means with their intervals, and differences with theirs and with p-values.

    Args:
        values: of every method, at least one query.
        names: of the metrics.
        pairs: the methods to compare, the second taken from the first.
        rng: of the bootstrap and of the test.

    Returns:
        The estimates by method and metric; a comparison for each pair.
    """
    resampled = resampled_means(np.hstack(list(values.values())), rng)
    by_method = dict(
        zip(values, np.split(resampled, len(values), axis=1), strict=True)
    )  # every method's means over the same draws
    estimates = {
        method: _estimates(values[method].mean(axis=0), means, names)
        for method, means in by_method.items()
    }
    comparisons = tuple(
        Comparison(
            method,
            against,
            _differences(
                values[method] - values[against], by_method[method] - by_method[against], names, rng
            ),
        )
        for method, against in pairs
    )
    return estimates, comparisons


def _estimates(
    observed: npt.NDArray[np.float64], resampled: npt.NDArray[np.float64], names: Sequence[str]
) -> dict[str, Estimate]:
    low, high = interval(resampled).tolist()
    rows = zip(names, observed.tolist(), low, high, strict=True)
    return {name: Estimate(*numbers) for name, *numbers in rows}


def _differences(
    observed: npt.NDArray[np.float64],
    resampled: npt.NDArray[np.float64],
    names: Sequence[str],
    rng: np.random.Generator,
) -> dict[str, Difference]:
    low, high = interval(resampled).tolist()
    p_values = paired_p_values(observed, rng).tolist()
    rows = zip(names, observed.mean(axis=0).tolist(), low, high, p_values, strict=True)
    return {name: Difference(*numbers) for name, *numbers in rows}
