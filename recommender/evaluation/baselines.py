"""Simple ways to fill the slot, each a scorer of the same candidates."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.evaluation.collection import Collection
from recommender.evaluation.run import Positions, Scorer
from recommender.similarity import lexical

DENSE = "dense"


@dataclass(frozen=True, slots=True)
class Baseline:
    """A method to compare with.

    Attributes:
        name: in the report.
        scorer: of the candidates.
    """

    name: str
    scorer: Scorer


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A baseline that has nothing to go by in a collection.

    Attributes:
        name: of the baseline.
        reason: why it is left out.
    """

    name: str
    reason: str


def baselines(
    collection: Collection, rng: np.random.Generator
) -> tuple[tuple[Baseline, ...], tuple[LeftOut, ...]]:
    """All baselines that say something about `collection`, and those that do not.

    Args:
        collection: what is ranked.
        rng: of the random order.
    """
    made = [Baseline("random", _random(len(collection), rng))]
    left_out = []
    if np.isfinite(collection.published_at).any():
        made.append(Baseline("latest", _latest(collection)))
    else:
        left_out.append(LeftOut("latest", "no article has a date"))
    if (collection.section >= 0).any():
        made.append(Baseline("same section", _same_section(collection)))
    else:
        left_out.append(LeftOut("same section", "no article has a section"))
    counts = lexical.count(collection.texts)
    made += [
        Baseline("BM25", _bm25(counts)),
        Baseline("TF-IDF", _tf_idf(counts)),
        Baseline(DENSE, _dense(collection.vectors)),
    ]
    return tuple(made), tuple(left_out)


def _random(count: int, rng: np.random.Generator) -> Scorer:
    return lambda asked: rng.random((len(asked), count))


def _newness(collection: Collection) -> npt.NDArray[np.float64]:
    """Shape (n,): 0 for the undated and the oldest, more for the newer; ties are equal."""
    _, newness = np.unique(np.nan_to_num(collection.published_at, nan=-np.inf), return_inverse=True)
    return newness.astype(np.float64)


def _latest(collection: Collection) -> Scorer:
    newness = _newness(collection)
    return lambda asked: np.broadcast_to(newness, (len(asked), len(newness)))


def _same_section(collection: Collection) -> Scorer:
    """The newest of the same section, then the newest of the others."""
    newness, section = _newness(collection), collection.section

    def scores(asked: Positions) -> npt.NDArray[np.float64]:
        own = section[asked][:, None]
        shared = (section == own) & (own >= 0)
        return np.where(shared, newness + len(newness), newness)

    return scores


def _bm25(counts: lexical.Terms) -> Scorer:
    """The whole article as the question, each word as often as it stands there."""
    # imported here: only an evaluation needs it
    import bm25s  # noqa: PLC0415

    terms, numbers = np.unique(counts.indices, return_inverse=True)
    words = _repeated(numbers, counts)
    if not len(terms):
        return lambda asked: np.zeros((len(asked), counts.shape[0]))
    searcher = bm25s.BM25()
    vocabulary = {str(number): number for number in range(len(terms))}
    searcher.index((words, vocabulary), create_empty_token=False, show_progress=False)
    return lambda asked: np.stack(
        [searcher.get_scores_from_ids(words[one]) for one in asked.tolist()]
    )


def _repeated(numbers: npt.NDArray[np.intp], counts: lexical.Terms) -> list[list[int]]:
    """The number of each term as often as it stands in the text, for each text."""
    repeated = np.repeat(numbers, counts.data.astype(np.int64))
    lengths = np.asarray(counts.sum(axis=1)).astype(np.int64)
    return [one.tolist() for one in np.split(repeated, np.cumsum(lengths)[:-1])]


def _tf_idf(counts: lexical.Terms) -> Scorer:
    """Cosine of the term vectors, as more-like-this does."""
    terms = lexical.weigh(counts, lexical.fit(counts))
    turned = terms.T.tocsr()
    return lambda asked: (terms[asked] @ turned).toarray()


def _dense(vectors: npt.NDArray[np.float32]) -> Scorer:
    """Cosine of the embeddings, nothing else."""
    return lambda asked: vectors[asked] @ vectors.T
