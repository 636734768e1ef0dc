"""What a list of slots needs, worked out once for all who ask for the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from recommender.asking import check_extent
from recommender.readers.popularity import PopularWindow
from recommender.slots.charts import charts_of
from recommender.slots.definitions import Chart, DefinedSlot, SlotDefinition, defined
from recommender.slots.slot import SlotQuery


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked, whatever it is about and whoever asks.

    Attributes:
        slots: in their order.
        reading: what counts as read.
        latest: whether readership has to be the latest.
        charts: that the slots may need.
        light: whether it takes neither a search nor a scan of the corpus.
    """

    slots: tuple[DefinedSlot, ...]
    reading: PopularWindow
    latest: bool
    charts: tuple[Chart, ...]
    light: bool


def wanted_of(
    known: Mapping[str, SlotDefinition],
    of_home: PopularWindow,
    slots: tuple[SlotQuery, ...],
    window: timedelta | None,
    half_life: timedelta | None,
) -> Wanted:
    """What a list of slots needs.

    Args:
        known: slots by name.
        of_home: what counts as read where nothing else is asked.
        slots: as they are asked for.
        window: None for that of the home, or the slot's own.
        half_life: likewise.

    Raises:
        InputError: a limit or an offset out of its range.
    """
    found = tuple(defined(one, known, window=window, half_life=half_life) for one in slots)
    for one in found:
        check_extent(one.limit, one.offset)
    reading = PopularWindow(
        of_home.window if window is None else window,
        of_home.half_life if half_life is None else half_life,
    )
    light = all(one.light for one in found)
    return Wanted(found, reading, _shows_readers(found), charts_of(found), light)


def _shows_readers(slots: Sequence[DefinedSlot]) -> bool:
    """Whether the page's readership alone makes the order of a slot; else it may be minutes old.

    A popular slot of a window of its own is a chart, which is counted once for five minutes.
    """
    return any(one.supply.source == "popular" and one.supply.window is None for one in slots)
