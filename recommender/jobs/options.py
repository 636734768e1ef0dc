"""How a snapshot is made."""

from dataclasses import dataclass, field

from index.choice import RECALL
from recommender.jobs.fold import Folding
from recommender.slots.learned import Learned, read_learned


@dataclass(frozen=True, slots=True)
class RebuildOptions:
    """How a snapshot is made.

    Attributes:
        neighbours: candidates kept for each article.
        keep: published snapshots that stay for a rollback, the current one included.
        index_factory: a FAISS factory string; None lets size and memory decide.
        index_megabytes: that the structure may take beside the exact vectors; None: any.
        recall: share of the ten nearest that a search has to find; searches are tuned to it.
        learned: what makes two articles one story.
        folding: when changes are folded into the snapshot before.
    """

    neighbours: int = 100
    keep: int = 3
    index_factory: str | None = None
    index_megabytes: int | None = None
    recall: float = RECALL
    learned: Learned = field(default_factory=read_learned)
    folding: Folding = field(default_factory=Folding)
