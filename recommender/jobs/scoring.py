"""Many articles at once: the related articles of each, for a file or another system."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from recommender.slots.candidates import subject_of
from recommender.slots.definitions import DefinedSlot
from recommender.slots.page import PageQuery, fill_page
from recommender.slots.pipeline import Pipeline
from recommender.slots.present import Moment

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """One row a recommendation, those of one article together and best first.

    Attributes:
        article_ids: the article whose slot it is.
        positions: shape (n,), int32, from 1.
        related_ids: what stands there.
        scores: shape (n,), float32.
    """

    article_ids: tuple[str, ...]
    positions: npt.NDArray[np.int32]
    related_ids: tuple[str, ...]
    scores: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.article_ids)


def score(
    moment: Moment,
    positions: Sequence[int],
    pipeline: Pipeline,
    *,
    slot: DefinedSlot,
) -> Iterator[ScoredBatch]:
    """`slot` for each of the articles at `positions`, without fallbacks, batch by batch."""
    corpus = moment.corpus
    slots = (replace(slot, fallbacks=()),)
    remaining = iter(positions)
    while batch := list(islice(remaining, _BATCH)):
        articles: list[str] = []
        places: list[npt.NDArray[np.int32]] = []
        related: list[str] = []
        scores: list[npt.NDArray[np.float32]] = []
        for position in batch:
            page = PageQuery(slots, subject_of(corpus, position), moment.at)
            (filled,) = fill_page(corpus, page, pipeline, moment.readership, moment.rules)
            ranked = filled.ranked
            count = len(ranked.positions)
            articles.extend([corpus.id_at(position)] * count)
            places.append(np.arange(1, count + 1, dtype=np.int32))
            related.extend(corpus.id_at(int(one)) for one in ranked.positions)
            scores.append(ranked.scores)
        yield ScoredBatch(
            tuple(articles), np.concatenate(places), tuple(related), np.concatenate(scores)
        )
