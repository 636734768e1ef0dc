"""A second look at the best candidates, by a model that is too slow to read them all."""

from collections.abc import Set as AbstractSet

import numpy as np

from recommender.slots.candidates import Subject
from recommender.slots.corpus import Corpus
from recommender.slots.pipeline import Rescoring
from recommender.slots.ranking import Ranked
from recommender.slots.reranking import best_first

SIGNAL = "cross_encoder"


def rescored(
    ranked: Ranked,
    corpus: Corpus,
    subject: Subject,
    rescoring: Rescoring,
    *,
    taken: AbstractSet[int],
) -> Ranked:
    """`ranked` with its best in the order of the model.

    The model deals out anew the scores of those that it read: its first gets the highest of them,
    its second the next. So scores mean what they meant, whatever scale the model has, and what it
    did not read, being too far down or too late, keeps its place behind. The signal
    "cross_encoder" is what a score gained or lost; over all candidates it adds up to nothing.

    Args:
        ranked: candidates of `subject`, scored.
        corpus: where they are.
        subject: what the page is about.
        rescoring: the model, and how many it reads.
        taken: groups of copies that the slot leaves out; nothing of them is read.

    Raises:
        SettingsError: the model cannot be used.
    """
    order = best_first(ranked)
    if taken:
        order = order[~np.isin(corpus.groups[ranked.positions[order]], list(taken))]
    read = order[: rescoring.first]
    if not len(read):
        return ranked
    ids = [corpus.id_at(int(position)) for position in ranked.positions[read]]
    own = None if subject.position is None else corpus.id_at(subject.position)
    texts = rescoring.texts_of(ids if own is None else [own, *ids])
    judged = rescoring.model.scores(
        subject.text if own is None else texts.get(own, ""), [texts.get(one, "") for one in ids]
    )
    read = read[: len(judged)]  # where time was over, the model read fewer
    by_model = read[np.argsort(-judged, kind="stable")]
    scores = ranked.scores.copy()
    scores[by_model] = ranked.scores[read]
    return Ranked(
        ranked.positions,
        scores,
        (*ranked.signals, SIGNAL),
        np.vstack([ranked.values, scores - ranked.scores]),
        np.append(ranked.weights, np.float32(1)),
    )
