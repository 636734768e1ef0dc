"""What a rule is about, before anybody relies on it."""

from dataclasses import dataclass

import numpy as np

from recommender.editors.rule import Rule
from recommender.slots.corpus import Corpus
from recommender.slots.rule_matching import names_like, ruled_positions


@dataclass(frozen=True, slots=True)
class Reach:
    """What a rule is about.

    Attributes:
        articles: published ones that it names, with copies where it is about these too.
        near: names that look like the one it gives, where no article has that.
    """

    articles: int
    near: tuple[str, ...]


def reach_of(corpus: Corpus, rule: Rule) -> Reach:
    """The articles of `corpus` that a rule is about."""
    count = int(np.sum(~corpus.hidden[ruled_positions(corpus, rule)]))
    return Reach(count, () if count else tuple(names_like(corpus, rule.target)))


def are_copies(corpus: Corpus, one: str, other: str) -> bool:
    """Whether two ids are of copies, as the last rebuild found them; an article is its own."""
    place, beside = corpus.position(one), corpus.position(other)
    if place is None or beside is None:
        return False
    return bool(corpus.groups[place] == corpus.groups[beside])
