"""The articles that an evaluation ranks, as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recommender.slots.corpus import Corpus


@dataclass(frozen=True)
class Collection:
    """n articles; an article's position is its row in every array.

    Attributes:
        ids: of the articles, each once.
        texts: what stands for each when texts are compared.
        vectors: shape (n, dim), float32 unit rows.
        published_at: shape (n,), seconds since 1970; NaN where unknown.
        section: shape (n,), number of the section; negative where unknown.
        groups: shape (n,), the same number for the copies of one article.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    vectors: npt.NDArray[np.float32]
    published_at: npt.NDArray[np.float64]
    section: npt.NDArray[np.int32]
    groups: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Where each id stands."""
        return {article_id: position for position, article_id in enumerate(self.ids)}


def collection_of(corpus: Corpus, texts: Mapping[str, str]) -> Collection:
    """The snapshot's articles, without what came after it.

    Args:
        corpus: just rebuilt.
        texts: of each article, by its id.
    """
    base = corpus.base
    ids = tuple(base.ids.at(position) for position in range(len(base)))
    return Collection(
        ids=ids,
        texts=tuple(texts[one] for one in ids),
        vectors=base.texts.vectors,
        published_at=base.columns.published_at,
        section=base.columns.section,
        groups=corpus.groups[: len(base)],
    )
