"""What a snapshot is written of."""

from dataclasses import dataclass

from index.faiss_index import FaissIndex
from recommender.slots.corpus import Relations
from recommender.slots.shelving import Stocked


@dataclass(frozen=True, slots=True)
class Made:
    """The parts of a snapshot, in memory.

    Attributes:
        stocked: its articles.
        index: of their vectors.
        relations: what they are to each other.
        revision: of the catalog, that they were read at.
        folded: articles that came, changed or went since all was made anew; 0 where it was now.
    """

    stocked: Stocked
    index: FaissIndex
    relations: Relations
    revision: int
    folded: int = 0
