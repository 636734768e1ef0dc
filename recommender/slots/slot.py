"""What is asked of a slot, and what stands in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias, get_args, overload

from recommender.articles.cards import Card
from recommender.errors import InputError

Source: TypeAlias = Literal[
    "related", "popular", "trending", "most_clicked", "latest", "editors_choice", "story"
]
"""Where a slot's articles come from: like the subject; read most; read more than usual; clicked
most often of the times they are shown; the newest; what editors chose; the running story's other
pieces, newest first."""

SOURCES: Final[tuple[Source, ...]] = get_args(Source)

CHART_SOURCES: Final[frozenset[Source]] = frozenset({"popular", "trending", "most_clicked"})
"""Those whose order is made by readers alone."""

SlotName: TypeAlias = str
"""Of a source, or of a slot that the settings define."""

PopularBy: TypeAlias = Literal["most_read", "trending", "most_clicked"]
"""What popular may mean."""

POPULAR_SLOTS: Final[dict[PopularBy, SlotName]] = {
    "most_read": "popular",
    "trending": "trending",
    "most_clicked": "most_clicked",
}

MAX_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Filters:
    """What may stand in a slot at all; everything where empty.

    Attributes:
        sections: only articles of one of these.
        languages: only articles in one of these (ISO 639 codes).
        tags: only articles that have one of these, whatever their case.
        same_section: only articles of the section of what the page is about; none where it has
            none.
        max_age: only articles published so long before the time of asking at most, and evergreens
            however old; one of unknown date is too old.
        published_after: only articles published at this time or later; aware.
        published_before: only articles published before this time; aware.
        exclude: never these ids.
    """

    sections: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    published_after: datetime | None = None
    published_before: datetime | None = None
    exclude: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    same_section: bool = False
    max_age: timedelta | None = None

    def __post_init__(self) -> None:
        after, before = self.published_after, self.published_before
        for one in (after, before):
            if one is not None and one.tzinfo is None:
                raise InputError(
                    f"Expected a time with a zone, got {one.isoformat()}; write {one}+00:00."
                )
        if after is not None and before is not None and after >= before:
            raise InputError(
                "Expected published_after earlier than published_before, got "
                f"{after.isoformat()} and {before.isoformat()}."
            )

    @property
    def narrows(self) -> bool:
        """Whether articles are left out by what they are, not by their id."""
        return bool(
            self.sections
            or self.languages
            or self.tags
            or self.same_section
            or self.published_after
            or self.published_before
            or self.max_age
        )


NO_FILTERS: Final = Filters()


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """One slot to be filled.

    Attributes:
        slot: its name.
        limit: how many at the most, 1 to `MAX_LIMIT`; None: as the slot is defined.
        offset: how many of the best are passed over.
        filters: what may stand there.
    """

    slot: SlotName
    limit: int | None = None
    offset: int = 0
    filters: Filters = NO_FILTERS


@dataclass(slots=True, unsafe_hash=True)
class Reason:
    """What one signal added to a score. Not to be changed.

    Attributes:
        signal: its name, see `ranking.SIGNALS`.
        value: what was measured, in the signal's own unit.
        contribution: value times weight; the contributions of a recommendation add up to its score.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    signal: str
    value: float
    contribution: float


@dataclass(slots=True, unsafe_hash=True)
class Recommendation:
    """An article in a slot. Not to be changed.

    Attributes:
        card: what the page prints.
        score: higher stands earlier, unless diversity, a copy with a higher one in whose place it
            stands, or an editor moved it; comparable within one slot.
        position: from 1.
        reasons: the greatest contribution first.
        because: the same in words, such as "same story, 2 days earlier".
        relevance: the probability that an editor would accept the link, in [0, 1]; None in a
            slot that knows no subject.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    card: Card
    score: float
    position: int
    reasons: tuple[Reason, ...]
    because: tuple[str, ...] = ()
    relevance: float | None = None

    @property
    def id(self) -> str:
        """Of the recommended article."""
        return self.card.id


@dataclass(frozen=True, slots=True)
class Slot(Sequence[Recommendation]):
    """A filled slot: a sequence of recommendations, best first.

    Attributes:
        name: the slot that was asked for.
        recommendations: what stands in it; empty only where nothing is eligible.
        fallback: what filled it instead, where its own source had nothing; None otherwise.
        pipeline: which ranked it.
        index_version: the snapshot that answered.
    """

    name: SlotName
    recommendations: tuple[Recommendation, ...]
    fallback: SlotName | None
    pipeline: str
    index_version: str

    def __len__(self) -> int:
        return len(self.recommendations)

    @overload
    def __getitem__(self, index: int) -> Recommendation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Recommendation, ...]: ...
    def __getitem__(self, index: int | slice) -> Recommendation | tuple[Recommendation, ...]:
        return self.recommendations[index]

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.recommendations)
