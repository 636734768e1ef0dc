"""Shelves and corpora: made from stored articles, kept as the parts of a snapshot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from index.errors import SnapshotDamaged, SnapshotForeign, VectorIndexError
from index.faiss_index import FaissIndex
from index.protocol import Vectors
from index.snapshot import Draft, Snapshot
from recommender.articles.arrays import read_array
from recommender.articles.cards import cards
from recommender.articles.columns import (
    Columns,
    Vocabularies,
    columns,
    read_columns,
    write_columns,
)
from recommender.articles.identifiers import identifiers, read_identifiers, write_identifiers
from recommender.articles.listed import ListsMaker, read_lists, write_lists
from recommender.articles.packed import PackedMaker, read_packed, write_packed
from recommender.articles.stored import StoredArticle
from recommender.articles.text import article_text
from recommender.similarity import lexical
from recommender.similarity.duplicates import read_copies, write_copies
from recommender.similarity.expansion import unexpanded
from recommender.similarity.keyword_gathering import KeywordGathering
from recommender.similarity.keywords import (
    KeyTerms,
    Keywords,
    Vocabulary,
    keywords_of,
    read_keywords,
    write_keywords,
)
from recommender.similarity.lexical import Idf, Lexicon, read_terms, write_terms
from recommender.similarity.lexical_search import read_postings, write_postings
from recommender.similarity.neighbours import read_neighbours, write_neighbours
from recommender.similarity.pairs import Texts
from recommender.similarity.sketches import (
    SketchesMaker,
    read_sketches,
    sketch,
    write_sketches,
)
from recommender.similarity.stories import read_stories, write_stories
from recommender.slots.corpus import Corpus, Relations, Shelf
from recommender.slots.together import read_together_rows, write_together

_INDEX = "index.faiss"
_LEXICON = ("text", "title", "names")


@dataclass(frozen=True, slots=True)
class Stocked:
    """A shelf with what its numbers stand for."""

    shelf: Shelf
    vocabularies: Vocabularies
    lexicon: Lexicon


def stock(batches: Iterable[Sequence[StoredArticle]], vectors: Vectors) -> Stocked:
    """All articles of `batches`, one batch in memory at a time; frequencies are theirs.

    Args:
        batches: of articles.
        vectors: shape (n, dim), of all of them in their order; kept, not copied.
    """
    counted = _Counted()
    for stored in batches:
        counted.add(stored)
    return counted.stocked(vectors)


def stock_beside(corpus: Corpus, stored: Sequence[StoredArticle], vectors: Vectors) -> Stocked:
    """A few articles in the terms of a corpus: its frequencies, its vocabularies grown."""
    counted = _Counted(corpus.vocabularies, corpus.base.keywords.vocabulary)
    counted.add(stored)
    return counted.stocked(vectors, corpus.lexicon)


def text_as_numbers(lexicon: Lexicon, title: str, text: str, vectors: Vectors) -> Texts:
    """One text that is not in the corpus.

    Args:
        lexicon: of the corpus.
        title: "" where there is none.
        text: title and body.
        vectors: shape (1, dim), of `text`.
    """
    return Texts(
        vectors=vectors,
        terms=lexical.weigh(lexical.count([text]), lexicon.text),
        title_terms=lexical.weigh(lexical.count([title]), lexicon.title),
        name_terms=lexical.weigh(lexical.count_names([text]), lexicon.names),
    )


def write_corpus(stocked: Stocked, index: FaissIndex, relations: Relations, draft: Draft) -> None:
    """As parts of a snapshot."""
    shelf = stocked.shelf
    index.save(draft.path(_INDEX))
    np.save(draft.path("vectors.npy"), shelf.texts.vectors)
    write_terms(shelf.texts.terms, draft, "terms")
    write_terms(shelf.texts.title_terms, draft, "title_terms")
    write_terms(shelf.texts.name_terms, draft, "name_terms")
    for name in _LEXICON:
        np.save(draft.path(f"idf.{name}.npy"), getattr(stocked.lexicon, name).weights)
    write_identifiers(shelf.ids, draft)
    write_columns(shelf.columns, stocked.vocabularies, draft)
    write_packed(shelf.cards, draft, "cards")
    write_sketches(shelf.sketches, draft)
    write_lists(shelf.lists, draft)
    write_keywords(shelf.keywords, draft)
    write_neighbours(relations.neighbours, draft)
    write_postings(relations.postings, draft)
    write_copies(relations.copies, draft)
    write_together(relations.together, draft)
    write_stories(relations.stories, draft)


def read_corpus(snapshot: Snapshot) -> Corpus:
    """The corpus of a snapshot, memory-mapped, with nothing in its overlay.

    Raises:
        SnapshotForeign: an earlier version of this program made it.
        SnapshotDamaged: its parts are not what they should be.
    """
    version = snapshot.manifest.version
    try:
        return _read(snapshot)
    except FileNotFoundError as error:
        # all that its manifest names is there: it was never written
        raise SnapshotForeign(
            f"Snapshot {version} was made by an earlier version of this program. "
            "Run: recommender rebuild"
        ) from error
    except (OSError, ValueError, KeyError, VectorIndexError) as error:
        # without the paths of this machine, which are in an error of the system
        why = getattr(error, "strerror", None) or error
        raise SnapshotDamaged(
            f"Snapshot {version} cannot be read: {why}. Run: recommender rebuild"
        ) from error


def read_index(snapshot: Snapshot) -> FaissIndex:
    """The index of a snapshot, in memory: it may be changed.

    Raises:
        SnapshotDamaged: its file is absent or cut short.
    """
    return FaissIndex.load(snapshot.path / _INDEX, mmap=False)


def _read(snapshot: Snapshot) -> Corpus:
    made, vocabularies = read_columns(snapshot)
    relations = Relations(
        neighbours=read_neighbours(snapshot),
        postings=read_postings(snapshot),
        copies=read_copies(snapshot),
        together=read_together_rows(snapshot),
        stories=read_stories(snapshot),
    )
    lexicon = Lexicon(*(Idf(read_array(snapshot, f"idf.{name}")) for name in _LEXICON))
    base = Shelf(
        ids=read_identifiers(snapshot),
        columns=made,
        cards=read_packed(snapshot, "cards"),
        texts=Texts(
            vectors=read_array(snapshot, "vectors"),
            terms=read_terms(snapshot, "terms"),
            title_terms=read_terms(snapshot, "title_terms"),
            name_terms=read_terms(snapshot, "name_terms"),
        ),
        sketches=read_sketches(snapshot),
        expansion=relations.neighbours.expansion,
        lists=read_lists(snapshot),
        keywords=read_keywords(snapshot),
    )
    return Corpus(
        version=snapshot.manifest.version,
        embedder=snapshot.manifest.embedder,
        base=base,
        overlay=_empty(base, lexicon),
        vocabularies=vocabularies,
        groups=relations.copies.groups,
        canonical=relations.copies.canonical,
        stories=relations.stories.of,
        hidden=np.zeros(len(base), dtype=np.bool_),
        index=FaissIndex.load(snapshot.path / _INDEX),
        relations=relations,
        lexicon=lexicon,
    )


class _Counted:
    """Gathers a shelf batch by batch."""

    def __init__(
        self, vocabularies: Vocabularies | None = None, words: Vocabulary | None = None
    ) -> None:
        """Empty.

        Args:
            vocabularies: of sections and languages, that may grow.
            words: those that count as key terms; None to find them among the articles.
        """
        self._vocabularies = vocabularies or Vocabularies()
        self._columns: list[Columns] = []
        self._ids: list[str] = []
        self._cards = PackedMaker()
        self._sketches = SketchesMaker()
        self._lists = ListsMaker()
        self._words = words
        self._key_terms: list[KeyTerms] = []
        self._gathering = KeywordGathering()
        self._terms = lexical.Stacked()
        self._title_terms = lexical.Stacked()
        self._name_terms = lexical.Stacked()

    def add(self, stored: Sequence[StoredArticle]) -> None:
        made, self._vocabularies = columns(stored, self._vocabularies)
        articles = [one.article for one in stored]
        self._columns.append(made)
        self._ids.extend(article.id for article in articles)
        self._cards.add(cards(articles))
        self._sketches.add(sketch(articles))
        self._lists.add(articles)
        if articles:
            texts = [article_text(article) for article in articles]
            self._terms.add(lexical.count(texts))
            self._title_terms.add(lexical.count([article.title for article in articles]))
            self._name_terms.add(lexical.count_names(texts))
            if self._words is None:
                self._gathering.add(texts, [article.language for article in articles])
            else:
                self._key_terms.append(keywords_of(texts, self._words))

    def stocked(self, vectors: Vectors, lexicon: Lexicon | None = None) -> Stocked:
        counts = [one.made() for one in (self._terms, self._title_terms, self._name_terms)]
        lexicon = lexicon or Lexicon(*map(lexical.fit, counts))
        terms, title_terms, name_terms = counts
        parts = zip(*(made.arrays() for made in self._columns), strict=True)
        shelf = Shelf(
            ids=identifiers(self._ids),
            columns=Columns(*(np.concatenate(part) for part in parts)),
            cards=self._cards.made(),
            texts=Texts(
                vectors=vectors,
                terms=lexical.weigh(terms, lexicon.text),
                title_terms=lexical.weigh(title_terms, lexicon.title),
                name_terms=lexical.weigh(name_terms, lexicon.names),
            ),
            sketches=self._sketches.made(),
            expansion=unexpanded(len(self._ids)),
            lists=self._lists.made(),
            keywords=self._keywords(),
        )
        return Stocked(shelf, self._vocabularies, lexicon)

    def _keywords(self) -> Keywords:
        if self._words is None:
            return self._gathering.keywords()
        parts = self._key_terms or [keywords_of([], self._words)]
        return Keywords(
            self._words,
            KeyTerms(
                np.concatenate([part.numbers for part in parts]),
                np.concatenate([part.weights for part in parts]),
            ),
        )


def _empty(base: Shelf, lexicon: Lexicon) -> Shelf:
    nothing = _Counted(words=base.keywords.vocabulary)
    nothing.add(())
    vectors = np.empty((0, base.texts.vectors.shape[1]), dtype=np.float32)
    return nothing.stocked(vectors, lexicon).shelf
