"""One article's slot asked of two pipelines, with why one does not show what the other shows."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias

import numpy as np

from recommender.articles.cards import card_of
from recommender.articles.columns import seconds
from recommender.errors import UnknownArticle
from recommender.evaluation.side_by_side import Beside, Ranking, beside
from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.slots.candidates import Subject, subject_of
from recommender.slots.corpus import Corpus
from recommender.slots.pipeline import Pipeline
from recommender.slots.slot import Recommendation, Slot

Related: TypeAlias = Callable[[str, Pipeline, int, int], Slot]
"""Of an article's id, a pipeline, a limit and an offset: the related slot."""

_BELOW = 50
"""Places after the slot's end that are looked at: where did it come from, where did it go."""


def ask_both(
    corpus: Corpus,
    article_id: str,
    related: Related,
    *,
    left: Pipeline,
    right: Pipeline,
    limit: int,
    at: datetime,
) -> Beside:
    """The slot of one article under both pipelines, `limit` places as of `at`.

    Raises:
        UnknownArticle: no published article has this id.
    """
    position = corpus.position(article_id)
    if position is None:
        related(article_id, left, limit, 0)  # knows best why
        raise UnknownArticle(f"No article has the id {article_id!r}.")
    subject = subject_of(corpus, position)
    asked = [
        (one, related(article_id, one, limit, 0), tuple(related(article_id, one, _BELOW, limit)))
        for one in (left, right)
    ]
    rankings = []
    for (pipeline, slot, below), (shown_by, other, _) in (asked, asked[::-1]):
        reasons = {
            one.id: why_absent(
                one,
                corpus,
                subject,
                shown_by=shown_by,
                pipeline=pipeline,
                shown=[shown.id for shown in slot],
                at=at,
            )
            for one in other
        }
        absent = {one: told for one, told in reasons.items() if told is not None}
        rankings.append(Ranking(slot, below, absent))
    return beside(card_of(corpus.card_at(position)), *rankings)


def why_absent(
    one: Recommendation,
    corpus: Corpus,
    subject: Subject,
    *,
    shown_by: Pipeline,
    pipeline: Pipeline,
    shown: Sequence[str],
    at: datetime,
) -> str | None:
    """The rule of `pipeline` that keeps it out, in words; None where it is in no rule.

    Args:
        one: what another pipeline shows.
        corpus: that both were asked of.
        subject: the article beside which it stands.
        shown_by: the other pipeline.
        pipeline: the one that does not show it.
        shown: ids of what that one shows.
        at: the time of asking, aware.
    """
    position = corpus.position(one.id)
    if position is None:
        return None
    published = float(corpus.columns_at(np.array([position])).published_at[0])
    group = int(corpus.groups[position])
    known = [place for place in map(corpus.position, shown) if place is not None]
    alike = (shown_by.weight_row == pipeline.weight_row)[: len(TEXT_SIGNALS)].all()
    own_group, together = None, False
    if subject.position is not None:
        own_group = int(corpus.groups[subject.position])
        # what people read together stands there whatever the texts say
        readers = corpus.common_readers(subject.position, position)
        together = pipeline.weights.read_together != 0 and readers > 0
    rules = (
        (pipeline.collapse_copies and group == own_group, "a copy of the article"),
        (
            pipeline.collapse_copies and group in corpus.groups[known],
            "a copy of one that stands there",
        ),
        (pipeline.as_of_now and published > seconds(at), "dated later than the time of asking"),
        (pipeline.only_older and published > subject.published_at, "newer than the article"),
        (
            # with other weights the relevance is another one
            alike
            and not together
            and one.relevance is not None
            and one.relevance < pipeline.min_score,
            f"relevance below {pipeline.min_score:.0%}",
        ),
    )
    return next((told for holds, told in rules if holds), None)
