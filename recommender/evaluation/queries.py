"""The articles that are asked about: when, among which others, and what was judged of those."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from recommender.evaluation.collection import Collection
from recommender.evaluation.judgements import Judgements

AsOf: TypeAlias = Literal["own", "now"] | datetime
"""The moment of asking: of each article's own publication, or one for all (aware)."""


@dataclass(frozen=True, slots=True)
class Queries:
    """q articles whose related articles are wanted.

    Attributes:
        positions: shape (q,), in the collection.
        moments: shape (q,), the time of asking in seconds since 1970.
        not_after: shape (q,), articles of a later date are no candidates; infinite where any is.
        grades: of each query its judged candidates: position to grade; one is more than 0.
    """

    positions: npt.NDArray[np.int64]
    moments: npt.NDArray[np.float64]
    not_after: npt.NDArray[np.float64]
    grades: tuple[dict[int, int], ...]

    def __len__(self) -> int:
        return len(self.positions)

    def candidates(
        self, block: npt.NDArray[np.int64], collection: Collection
    ) -> npt.NDArray[np.bool_]:
        """Which articles may stand beside those of the queries in `block`: all but itself.

        Returns:
            Shape (len(block), n). Where a date is unknown it is no later one.
        """
        allowed: npt.NDArray[np.bool_] = ~(
            collection.published_at[None, :] > self.not_after[block, None]
        )
        allowed[np.arange(len(block)), self.positions[block]] = False
        return allowed


@dataclass(frozen=True, slots=True)
class QueryCounts:
    """What became of the articles that a file of judgements asks about.

    Attributes:
        judged: of the file; the others add up to it.
        used: evaluated.
        absent: no article of the collection has their id.
        nothing_related: no candidate was judged related.
        absent_documents: judgements of pairs whose other article is not in the collection; left
            out.
        later_documents: judgements of articles that were no candidates yet; left out.
    """

    judged: int
    used: int
    absent: int
    nothing_related: int
    absent_documents: int
    later_documents: int


def ask(
    judgements: Judgements,
    collection: Collection,
    *,
    as_of: AsOf,
    now: datetime,
    later_too: bool,
) -> tuple[Queries, QueryCounts]:
    """Every judged article with a related one among its candidates.

    Args:
        judgements: of the collection's articles, by their ids.
        collection: where they are.
        as_of: the moment of asking.
        now: aware; stands in for the date of an undated article.
        later_too: articles published after the moment of asking are candidates as well.
    """
    positions, moments, kept = [], [], []
    absent = nothing_related = absent_documents = later_documents = 0
    for query_id, by_id in judgements.grades.items():
        position = collection.positions.get(query_id)
        if position is None:
            absent += 1
            continue
        moment = _moment(float(collection.published_at[position]), as_of, now)
        known = _known(by_id, collection, position)
        absent_documents += len(by_id.keys() - {query_id}) - len(known)
        grades = {
            one: grade
            for one, grade in known.items()
            if later_too or not collection.published_at[one] > moment
        }
        later_documents += len(known) - len(grades)
        if not any(grades.values()):
            nothing_related += 1
            continue
        positions.append(position)
        moments.append(moment)
        kept.append(grades)
    asked = np.array(moments, dtype=np.float64)
    queries = Queries(
        positions=np.array(positions, dtype=np.int64),
        moments=asked,
        not_after=np.full(len(asked), np.inf) if later_too else asked,
        grades=tuple(kept),
    )
    counts = QueryCounts(
        judged=len(judgements.grades),
        used=len(queries),
        absent=absent,
        nothing_related=nothing_related,
        absent_documents=absent_documents,
        later_documents=later_documents,
    )
    return queries, counts


def _known(by_id: dict[str, int], collection: Collection, query: int) -> dict[int, int]:
    found = {collection.positions.get(doc_id): grade for doc_id, grade in by_id.items()}
    return {one: grade for one, grade in found.items() if one is not None and one != query}


def _moment(published_at: float, as_of: AsOf, now: datetime) -> float:
    if isinstance(as_of, datetime):
        return as_of.timestamp()
    return now.timestamp() if as_of == "now" or np.isnan(published_at) else published_at
