"""A few articles for evaluations, as arrays."""

from collections.abc import Sequence

import numpy as np

from recommender.evaluation.collection import Collection
from recommender.evaluation.queries import Queries

DAY = 86_400.0
UNKNOWN = float("nan")

TEXTS = (
    "bees in the clock, bees in the tower",
    "the clock stands still",
    "an otter at the weir",
    "the otter and the bees",
    "",
)


def collection(
    texts: Sequence[str] = TEXTS,
    *,
    published_at: Sequence[float] | None = None,
    section: Sequence[int] | None = None,
    groups: Sequence[int] | None = None,
    vectors: Sequence[Sequence[float]] | None = None,
) -> Collection:
    """Articles "a0", "a1" ...; undated, without a section, and no two alike, unless given."""
    count = len(texts)
    rows = np.eye(count) if vectors is None else np.array(vectors)
    return Collection(
        ids=tuple(f"a{number}" for number in range(count)),
        texts=tuple(texts),
        vectors=(rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32),
        published_at=np.array([UNKNOWN] * count if published_at is None else published_at),
        section=np.array([-1] * count if section is None else section, dtype=np.int32),
        groups=np.array(range(count) if groups is None else groups, dtype=np.int32),
    )


def queries(
    positions: Sequence[int],
    *,
    moments: Sequence[float] | None = None,
    grades: Sequence[dict[int, int]] | None = None,
) -> Queries:
    """Asked at `moments` of what was published by then; of everything where there are none."""
    count = len(positions)
    return Queries(
        positions=np.array(positions, dtype=np.int64),
        moments=np.array([0.0] * count if moments is None else moments),
        not_after=np.array([np.inf] * count if moments is None else moments),
        grades=tuple({} for _ in positions) if grades is None else tuple(grades),
    )
