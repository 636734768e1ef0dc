"""What is asked, made ready: an article by its id or a text, a time, how many."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.articles.columns import seconds
from recommender.articles.text import article_text
from recommender.errors import InputError, SettingsError, UnknownArticle
from recommender.meant import did_you_mean
from recommender.similarity.embedder import Embedder
from recommender.similarity.keywords import keywords_of
from recommender.slots.candidates import Subject, subject_of
from recommender.slots.corpus import Corpus
from recommender.slots.likeness import profile_of_text
from recommender.slots.shelving import text_as_numbers
from recommender.slots.slot import MAX_LIMIT


@dataclass(frozen=True, slots=True)
class UnpublishedText:
    """A text to find related articles for, before it is an article."""

    body: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Subjects:
    """Finds what a page is to be about.

    Attributes:
        catalog: says why an id is unknown.
        embedder: of texts.
        clock: the time now, aware.
    """

    catalog: Catalog
    embedder: Embedder
    clock: Callable[[], datetime]

    def position(self, corpus: Corpus, article_id: str) -> int:
        """Where the article stands.

        Raises:
            UnknownArticle: no published article has this id; says the nearest.
        """
        position: int | None = corpus.position(article_id)
        if position is None:
            raise UnknownArticle(self._why_unknown(article_id))
        return position

    def find(
        self, corpus: Corpus, asked: str | UnpublishedText, published_at: datetime | None
    ) -> Subject:
        """An article, or a text.

        Args:
            corpus: where articles are looked up.
            asked: an id; a string that is no id and has a space in it is a text.
            published_at: of a text; None where it has no date.

        Raises:
            UnknownArticle: no published article has this id; says the nearest.
            InputError: a text of nothing.
            SettingsError: the vectors of the corpus are of another embedder.
        """
        if isinstance(asked, str):
            position = corpus.position(asked)
            if position is not None:
                return subject_of(corpus, position)
            if not any(map(str.isspace, asked)):
                raise UnknownArticle(self._why_unknown(asked))
            asked = UnpublishedText(asked)
        text = article_text(Article(id="", title=asked.title, body=asked.body))
        if not text.strip():
            raise InputError("Expected a text or an article id, got nothing.")
        if self.embedder.name != corpus.embedder:
            raise SettingsError(
                f"The snapshot was built with {corpus.embedder}; settings ask for "
                f"{self.embedder.name}. Run: recommender rebuild"
            )
        vectors = self.embedder.embed([text])
        numbers = text_as_numbers(corpus.lexicon, asked.title, text, vectors)
        return Subject(
            profile=profile_of_text(corpus, numbers, 0),
            published_at=seconds(published_at),
            text=text,
            key_terms=keywords_of([text], corpus.base.keywords.vocabulary),
        )

    def _why_unknown(self, article_id: str) -> str:
        stored = self.catalog.get(article_id)
        # first: a rebuild withdraws what has expired
        ends = None if stored is None else stored.article.expires_at
        if ends is not None and ends <= self.clock():
            return f"The article {article_id!r} was withdrawn: its time ended."
        if stored is not None and stored.article.status == "withdrawn":
            return f"The article {article_id!r} was withdrawn."
        if stored is not None:
            return (
                f"The article {article_id!r} is kept, and waits for its vector: it is shown once "
                "it has one. A server sees to that; where none runs, run: recommender rebuild"
            )
        near = self.catalog.nearest_ids(article_id, 3)
        return f"No article has the id {article_id!r}.{did_you_mean(near)}"


def moment_of(at: datetime | None, clock: Callable[[], datetime]) -> datetime:
    """`at`, or now by the clock.

    Raises:
        InputError: it has no zone.
    """
    if at is None:
        return clock()
    if at.tzinfo is None:
        raise InputError(f"Expected a time with a zone, got {at.isoformat()}; write {at}+00:00.")
    return at


def check_extent(limit: int, offset: int) -> None:
    """How much of a list may be asked for.

    Raises:
        InputError: that is too much, or nothing.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InputError(f"Expected a limit from 1 to {MAX_LIMIT}, got {limit}.")
    if not 0 <= offset <= MAX_LIMIT:
        raise InputError(f"Expected an offset from 0 to {MAX_LIMIT}, got {offset}.")
