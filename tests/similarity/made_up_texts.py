"""Texts of made-up words, as different from each other as texts can be."""

import numpy as np

from recommender.articles.article import Article


def made_up(words: int, seed: int) -> list[str]:
    """So many words; other seeds have hardly a phrase in common."""
    rng = np.random.default_rng(seed)
    letters = rng.choice(list("aeioubdfgklmnprst"), (words, 6))
    return ["".join(one) for one in letters.tolist()]


def article(name: str, words: list[str], **more: object) -> Article:
    """One with a title of its own."""
    return Article(id=name, title=f"Title of {name}", body=" ".join(words), **more)  # type: ignore[arg-type]  # fields by name
