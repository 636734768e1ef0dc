"""Rows of one shelf with another shelf behind them."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.articles.article import Article
from recommender.articles.columns import Columns
from recommender.articles.identifiers import identifiers
from recommender.articles.listed import ListsMaker
from recommender.articles.packed import pack
from recommender.similarity.expansion import Expansion
from recommender.similarity.keywords import KeyTerms, Keywords
from recommender.similarity.lexical import Terms
from recommender.similarity.pairs import Texts
from recommender.similarity.sketches import joined
from recommender.slots.corpus import Shelf


def behind(
    kept: Shelf, rows: npt.NDArray[np.int64], fresh: Shelf, articles: Iterable[Article]
) -> Shelf:
    """The `rows` of `kept`, then all of `fresh`.

    Args:
        kept: with the words and vocabularies of `fresh`.
        rows: of `kept`, in the order wanted.
        fresh: what comes behind.
        articles: all of these, in that order, from which tags and authors are listed.
    """
    lists = ListsMaker()
    lists.add(articles)
    ids = [kept.ids.at(row) for row in rows.tolist()] + [
        fresh.ids.at(row) for row in range(len(fresh))
    ]
    cards = [kept.cards[row] for row in rows.tolist()] + [
        fresh.cards[row] for row in range(len(fresh))
    ]
    columns = zip(kept.columns.take(rows).arrays(), fresh.columns.arrays(), strict=True)
    old, new = kept.texts, fresh.texts
    terms = kept.keywords.articles, fresh.keywords.articles
    return Shelf(
        ids=identifiers(ids),
        columns=Columns(*(np.concatenate(both) for both in columns)),
        cards=pack(cards),
        texts=Texts(
            vectors=np.concatenate([old.vectors[rows], new.vectors]),
            terms=_stacked(old.terms, rows, new.terms),
            title_terms=_stacked(old.title_terms, rows, new.title_terms),
            name_terms=_stacked(old.name_terms, rows, new.name_terms),
        ),
        sketches=joined([kept.sketches.take(rows), fresh.sketches]),
        expansion=Expansion(
            np.concatenate([kept.expansion.neighbours[rows], fresh.expansion.neighbours]),
            np.concatenate([kept.expansion.weights[rows], fresh.expansion.weights]),
            np.concatenate([kept.expansion.density[rows], fresh.expansion.density]),
        ),
        lists=lists.made(),
        keywords=Keywords(
            fresh.keywords.vocabulary,
            KeyTerms(
                np.concatenate([terms[0].numbers[rows], terms[1].numbers]),
                np.concatenate([terms[0].weights[rows], terms[1].weights]),
            ),
        ),
    )


def _stacked(kept: Terms, rows: npt.NDArray[np.int64], fresh: Terms) -> Terms:
    return sparse.csr_array(sparse.vstack([kept[rows], fresh], format="csr"))
