"""What is left of one shelf and what comes, as one shelf."""

from recommender.articles.columns import Columns
from recommender.articles.identifiers import merged_identifiers
from recommender.articles.listed import merged_lists
from recommender.articles.renumbered import Renumbered
from recommender.similarity.expansion import Expansion
from recommender.similarity.keywords import KeyTerms, Keywords
from recommender.similarity.lexical import Terms, as_terms
from recommender.similarity.pairs import Texts
from recommender.similarity.sketches import Sketches
from recommender.slots.corpus import Shelf


def merged(kept: Shelf, fresh: Shelf, order: Renumbered) -> Shelf:
    """All articles of both that `order` leaves, in its order.

    Args:
        kept: what was there. The positions in its expansion stay as they are.
        fresh: what comes, with the words and vocabularies of `kept`.
        order: of both.
    """
    columns = zip(kept.columns.arrays(), fresh.columns.arrays(), strict=True)
    old, new = kept.texts, fresh.texts
    words = kept.keywords.articles, fresh.keywords.articles
    return Shelf(
        ids=merged_identifiers(kept.ids, fresh.ids, order),
        columns=Columns(*(order.rows(*both) for both in columns)),
        cards=order.packed(kept.cards, fresh.cards),
        texts=Texts(
            vectors=order.rows(old.vectors, new.vectors),
            terms=_terms(old.terms, new.terms, order),
            title_terms=_terms(old.title_terms, new.title_terms, order),
            name_terms=_terms(old.name_terms, new.name_terms, order),
        ),
        sketches=_sketches(kept.sketches, fresh.sketches, order),
        expansion=Expansion(
            order.rows(kept.expansion.neighbours, fresh.expansion.neighbours),
            order.rows(kept.expansion.weights, fresh.expansion.weights),
            order.rows(kept.expansion.density, fresh.expansion.density),
        ),
        lists=merged_lists(kept.lists, fresh.lists, order),
        keywords=Keywords(
            fresh.keywords.vocabulary,
            KeyTerms(
                order.rows(words[0].numbers, words[1].numbers),
                order.rows(words[0].weights, words[1].weights),
            ),
        ),
    )


def _terms(kept: Terms, fresh: Terms, order: Renumbered) -> Terms:
    data, ends = order.ragged((kept.data, kept.indptr), (fresh.data, fresh.indptr))
    indices, _ = order.ragged((kept.indices, kept.indptr), (fresh.indices, fresh.indptr))
    return as_terms(data, indices, ends)


def _sketches(kept: Sketches, fresh: Sketches, order: Renumbered) -> Sketches:
    hashes, ends = order.ragged((kept.hashes, kept.ends), (fresh.hashes, fresh.ends))
    return Sketches(
        hashes,
        ends,
        order.rows(kept.limits, fresh.limits),
        order.rows(kept.lengths, fresh.lengths),
        order.rows(kept.digests, fresh.digests),
        order.rows(kept.times, fresh.times),
    )
