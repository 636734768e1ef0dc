"""What editors say about one slot of one page, for the articles of one corpus."""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from index.ascending import among
from recommender.editors.rule import Rule

Positions: TypeAlias = npt.NDArray[np.int64]

_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Matched:
    """A rule with the articles of one corpus that it is about.

    Attributes:
        number: a later rule has a greater one.
        rule: as the editor gave it.
        positions: int64, ascending.
        newest: the same, latest publication first.
    """

    number: int
    rule: Rule
    positions: Positions
    newest: Positions = field(default_factory=lambda: _NONE)

    @property
    def names_articles(self) -> bool:
        """Whether it is about an article by its id."""
        return self.rule.target.kind in ("article", "pair")


@dataclass(frozen=True, slots=True)
class Ruling:
    """All that editors say about one slot of one page.

    Attributes:
        barred: shape (articles of the corpus,): hidden, or blocked on every page.
        blocked: positions that are blocked on this page besides.
        factors: shape (articles of the corpus,), of boosts and buries for every page; None where
            there are none.
        numbers: shape (articles of the corpus,), of the rules that `factors` come from; 0 where
            none. None where `factors` is.
        own_factors: boosts and buries for this page alone, the latest last.
        pins: the latest first.
        promotions: the latest first.
        ignored: numbers of the sections that are no signal on the pages of their articles.
    """

    barred: npt.NDArray[np.bool_]
    blocked: Positions
    factors: npt.NDArray[np.float32] | None
    numbers: npt.NDArray[np.int64] | None
    own_factors: tuple[Matched, ...]
    pins: tuple[Matched, ...]
    promotions: tuple[Matched, ...]
    ignored: frozenset[int]

    @property
    def moves(self) -> bool:
        """Whether an article may stand elsewhere than its score by itself says."""
        return self.gives_places or self.factors is not None or bool(self.own_factors)

    @property
    def gives_places(self) -> bool:
        """Whether an article may stand elsewhere than its rank says."""
        return bool(self.pins or self.promotions)

    def factors_of(self, positions: Positions) -> npt.NDArray[np.float32] | None:
        """What the scores of the articles are multiplied by; None where it is 1 for all."""
        if self.factors is None and not self.own_factors:
            return None
        if self.factors is None or self.numbers is None:
            found = np.ones(len(positions), dtype=np.float32)
            numbers = np.zeros(len(positions), dtype=np.int64)
        else:
            found, numbers = self.factors[positions], self.numbers[positions]
        for one in self.own_factors:
            there = among(positions, one.positions) & (numbers < one.number)
            found[there] = one.rule.factor
        return None if (found == 1).all() else found
