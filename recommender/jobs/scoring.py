"""Many articles at once: the related articles of each, for a file or another system."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from recommender.jobs.names import Names
from recommender.slots.blocks import Blocks
from recommender.slots.candidates import subject_of
from recommender.slots.definitions import DefinedSlot
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline
from recommender.slots.present import Moment

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 512
"""Articles of a batch: of a hundred candidates each, all that is reckoned of them fits a cache."""

Rows: TypeAlias = npt.NDArray[np.int64]

_NOWHERE = -1


@dataclass(frozen=True)
class ScoredBatch:
    """One row a recommendation, those of one article together and best first.

    Attributes:
        names: of the articles.
        subjects: shape (n,), int64: positions of the articles whose slots these are.
        positions: shape (n,), int32, from 1.
        related: shape (n,), int64: positions of what stands there.
        scores: shape (n,), float32.
        articles: whose slots were filled, those of empty slots too.
    """

    names: Names
    subjects: Rows
    positions: npt.NDArray[np.int32]
    related: Rows
    scores: npt.NDArray[np.float32]
    articles: int

    def __len__(self) -> int:
        return len(self.subjects)

    @cached_property
    def article_ids(self) -> tuple[str, ...]:
        """The article whose slot it is."""
        return self.names.at(self.subjects)

    @cached_property
    def related_ids(self) -> tuple[str, ...]:
        """What stands there."""
        return self.names.at(self.related)

    def arrow(self) -> "pa.RecordBatch":
        """Columns article_id, position, related_id, score; for pandas, polars, DuckDB."""
        # imported here: its shared libraries take longer to load than most commands take to run
        import pyarrow as pa  # noqa: PLC0415

        return pa.record_batch(
            {
                "article_id": self.names.arrow(self.subjects),
                "position": pa.array(self.positions),
                "related_id": self.names.arrow(self.related),
                "score": pa.array(self.scores),
            }
        )


def score(
    moment: Moment,
    positions: Sequence[int] | Rows,
    pipeline: Pipeline,
    *,
    slot: DefinedSlot,
) -> Iterator[ScoredBatch]:
    """`slot` for each of the articles at `positions`, without fallbacks, batch by batch."""
    names = Names(moment.corpus)
    slot = replace(slot, fallbacks=())
    blocks = Blocks.of(moment, pipeline, slot)
    everyone = np.asarray(positions, dtype=np.int64)
    for start in range(0, len(everyone), BATCH):
        batch = everyone[start : start + BATCH]
        related = np.full((len(batch), slot.limit), _NOWHERE, dtype=np.int64)
        scores = np.zeros(related.shape, dtype=np.float32)
        alone = np.ones(len(batch), dtype=np.bool_)
        if blocks is not None:
            block = blocks.fill(batch)
            width = block.related.shape[1]
            related[:, :width], scores[:, :width] = block.related, block.scores
            alone = ~block.answered | np.isin(batch, list(moment.rules.by_page))
        for row in np.flatnonzero(alone).tolist():
            page = PageQuery((slot,), subject_of(moment.corpus, int(batch[row])), moment.at)
            (filled,) = fill_page(
                moment.corpus, page, pipeline, moment.readership, moment.rules, charts=moment.charts
            )
            found = filled.ranked
            related[row] = _NOWHERE
            related[row, : len(found.positions)] = found.positions
            scores[row, : len(found.positions)] = found.scores
        rows, places = np.nonzero(related != _NOWHERE)
        yield ScoredBatch(
            names=names,
            subjects=batch[rows],
            positions=(places + 1).astype(np.int32),
            related=related[rows, places],
            scores=scores[rows, places],
            articles=len(batch),
        )
