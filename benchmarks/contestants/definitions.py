"""What contestants are asked, how often, and how long each may take."""

from dataclasses import dataclass

AT_A_MILLION = ("ours", "exact", "scikit_learn", "usearch", "lancedb", "txtai", "sqlite_vec")
"""Those that hold a million vectors in minutes; graphs made by the others take a quarter of an hour
or more each on two cores, and local mode of Qdrant keeps them twice."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How any contestant is asked.

    Attributes:
        k: neighbours asked for.
        learned: queries at each breadth, by which it learns how widely it has to look.
        queries: in each round, other ones.
        seconds: of a contestant's searches in all rounds together, and as many for what comes
            before them: a slow one is asked fewer queries, though at least `fewest` at a time.
        build_seconds: after which it is given up.
    """

    k: int = 10
    learned: int = 300
    queries: int = 100
    warm_up: int = 50
    rounds: int = 5
    fewest: int = 10
    seconds: float = 20.0
    build_seconds: float = 900.0

    @property
    def drawn(self) -> int:
        """Queries of each size."""
        return self.learned + self.warm_up + self.rounds * self.queries


@dataclass(frozen=True, slots=True)
class Contestants:
    """The index that the size rule chooses beside others, each at the same recall.

    Attributes:
        sizes: numbers of vectors.
        recall: what recall@k has to reach.
        who: files of contestants; none: all.
        asked: how.
    """

    sizes: tuple[int, ...] = (10_000, 100_000)
    recall: float = 0.99
    who: tuple[str, ...] = ()
    asked: Asked = Asked()


@dataclass(frozen=True, slots=True)
class TextContestants:
    """The product's search by words beside others, for texts like one of the corpus.

    Attributes:
        sizes: numbers of made-up articles.
        asked: how; they have no breadth.
    """

    sizes: tuple[int, ...] = (1_000, 10_000, 50_000)
    asked: Asked = Asked()
