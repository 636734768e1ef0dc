"""How far a mean over queries may be off, and whether a difference may be chance.

Both take queries for independent of each other, which those about one story are not quite: on
collections of few stories the intervals are too narrow rather than too wide.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

RESAMPLES = 10_000

_LEVEL = 0.95
_CELLS = 1 << 22
"""Numbers drawn at a time: 32 MiB."""
_ROUNDING = 1e-12


def resampled_means(
    values: npt.NDArray[np.float64], rng: np.random.Generator, resamples: int = RESAMPLES
) -> npt.NDArray[np.float64]:
    """Means of the columns over queries drawn with replacement: the bootstrap.

    All columns see the same draws, so that differences of two of them are paired.

    Args:
        values: shape (q, m), a row for each query.
        rng: source of the draws.
        resamples: how many sets of q queries are drawn.

    Returns:
        Shape (resamples, m).
    """
    queries = len(values)
    parts = []
    for count in _blocks(resamples, queries):
        drawn = rng.integers(queries, size=(count, queries))
        drawn += np.arange(count)[:, None] * queries
        times = np.bincount(drawn.ravel(), minlength=count * queries).reshape(count, queries)
        parts.append(times @ values / queries)
    return np.concatenate(parts)


def interval(means: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The 95 % percentile interval of each column (Efron and Tibshirani 1993, chapter 13).

    Args:
        means: shape (resamples, m), of `resampled_means`, or differences of its columns.

    Returns:
        Shape (2, m): lower and upper ends.
    """
    tail = (1 - _LEVEL) / 2
    return np.asarray(np.quantile(means, [tail, 1 - tail], axis=0), dtype=np.float64)


def paired_p_values(
    differences: npt.NDArray[np.float64], rng: np.random.Generator, flips: int = RESAMPLES
) -> npt.NDArray[np.float64]:
    """How often chance alone would give a mean difference as far from 0: two-sided p-values.

    Fisher's paired randomisation test: were both methods the same, each query's difference might
    as well have the other sign. Smucker, Allan and Carterette 2007, "A comparison of statistical
    significance tests for information retrieval evaluation". The data themselves count as one of
    the flips, so that no p-value is 0 (Davison and Hinkley 1997, section 4.2). Not corrected for
    the number of comparisons.

    Args:
        differences: shape (q, m), of two methods' values for each query.
        rng: source of the flips.
        flips: how many are drawn.

    Returns:
        Shape (m,), in (0, 1].
    """
    queries = len(differences)
    as_far = np.ones(differences.shape[1])
    observed = np.abs(differences.sum(axis=0)) - _ROUNDING * queries
    for count in _blocks(flips, queries):
        signs = rng.integers(2, size=(count, queries), dtype=np.int8) * 2.0 - 1
        as_far += (np.abs(signs @ differences) >= observed).sum(axis=0)
    return as_far / (flips + 1)


def _blocks(total: int, width: int) -> Iterator[int]:
    size = max(1, _CELLS // max(1, width))
    for start in range(0, total, size):
        yield min(size, total - start)
