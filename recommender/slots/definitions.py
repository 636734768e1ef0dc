"""What the names of slots stand for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from recommender.errors import InputError
from recommender.slots.slot import CHART_SOURCES, NO_FILTERS, SOURCES, Filters, SlotQuery, Source

LIMIT = 5
"""Places of a slot for which nobody says how many."""

FALLBACKS: tuple[Source, ...] = ("popular", "editors_choice", "latest")
"""What fills a slot that would stay empty, in this order, unless its definition says otherwise."""

_LIGHT = 50
"""A slot that reaches no deeper is filled within about a millisecond."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Articles in an order that readers make.

    Attributes:
        source: one of `CHART_SOURCES`.
        window: in which readers and clicks count, see `trends` for `trending`.
        half_life: of `popular`, after which a reader counts half; None: as in the settings.
    """

    source: Source
    window: timedelta
    half_life: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Supply:
    """Where articles come from.

    Attributes:
        source: a list of articles.
        min_score: what stands lower there is left out: of `related` a probability, of `popular`
            readers, of `trending` times the usual, of `most_clicked` clicks an impression. None
            where the pipeline says, or anything goes.
        window: of a chart; None where it has none, and of `popular` where it is the page's.
        half_life: of the chart.
    """

    source: Source
    min_score: float | None = None
    window: timedelta | None = None
    half_life: timedelta | None = None

    @property
    def chart(self) -> Chart | None:
        """What is counted for it, beside the readership of the page."""
        return None if self.window is None else Chart(self.source, self.window, self.half_life)


@dataclass(frozen=True)
class SlotDefinition:
    """A slot that may be asked for by its name.

    Attributes:
        supply: its own.
        limit: places, where the question does not say.
        filters: what may stand there, whatever else the question leaves out.
        fallbacks: what fills it where it would stay empty, in this order.
    """

    supply: Supply
    limit: int = LIMIT
    filters: Filters = NO_FILTERS
    fallbacks: tuple[Supply, ...] = ()

    @cached_property
    def others(self) -> tuple[Supply, ...]:
        """The fallbacks, without what is empty already."""
        return tuple(one for one in self.fallbacks if one.source != self.supply.source)


@dataclass(frozen=True)
class DefinedSlot:
    """A slot to be filled: what is asked of it, and what its name stands for.

    Attributes:
        name: as it was asked for.
        supply: its own.
        limit: places.
        offset: how many of the best are passed over.
        filters: what may stand there; all of them hold.
        fallbacks: what fills it where it would stay empty, in this order.
    """

    name: str
    supply: Supply
    limit: int
    offset: int
    filters: tuple[Filters, ...]
    fallbacks: tuple[Supply, ...]

    @property
    def wanted(self) -> int:
        """How far down the list it reaches."""
        return self.offset + self.limit

    @cached_property
    def narrowing(self) -> tuple[Filters, ...]:
        """Those of the filters by which articles are left out for what they are."""
        return tuple(one for one in self.filters if one.narrows)

    @cached_property
    def excluded(self) -> tuple[str, ...]:
        """Ids that never stand there."""
        return tuple(name for one in self.filters for name in one.exclude)

    @property
    def light(self) -> bool:
        """Whether it can be filled without a search or a scan of the corpus."""
        return self.wanted <= _LIGHT and not self.narrowing


_OWN: Mapping[Source, Supply] = {
    **{source: Supply(source) for source in SOURCES},
    "trending": Supply("trending", min_score=1.25, window=timedelta(days=1)),
    "most_clicked": Supply("most_clicked", window=timedelta(days=7)),
}

BUILT_IN: Mapping[str, SlotDefinition] = {
    source: SlotDefinition(supply, fallbacks=tuple(_OWN[one] for one in FALLBACKS))
    for source, supply in _OWN.items()
}
"""Of each source the slot of its name."""


def defined(
    query: SlotQuery,
    definitions: Mapping[str, SlotDefinition],
    *,
    window: timedelta | None = None,
    half_life: timedelta | None = None,
) -> DefinedSlot:
    """The slot that `query` names.

    Args:
        query: its limit, where it has one, is the slot's; its filters join those of the definition.
        definitions: by name.
        window: in which readers and clicks count, whatever the definition says.
        half_life: after which a reader counts half, likewise.

    Raises:
        InputError: no slot has this name; says which there are.
    """
    found = definitions.get(query.slot)
    if found is None:
        raise InputError(unknown_slot(query.slot, definitions))
    own = found.supply
    # how long readers of the whole page count, where the slot has no window, the page knows
    if own.window is not None and own.source in CHART_SOURCES:
        mine = half_life or own.half_life if own.source == "popular" else None
        own = replace(own, window=window or own.window, half_life=mine)
    return DefinedSlot(
        name=query.slot,
        supply=own,
        limit=found.limit if query.limit is None else query.limit,
        offset=query.offset,
        filters=(found.filters, query.filters) if found.filters.narrows else (query.filters,),
        fallbacks=found.others,
    )


def unknown_slot(name: str, definitions: Mapping[str, SlotDefinition]) -> str:
    """Refuses a name, with those that there are."""
    return (
        f"There is no slot {name[:60]!r}; there are: {', '.join(definitions)}. "
        "Another one is defined in the settings, as [slots.NAME]."
    )
