"""Which arm of an experiment a request belongs to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus

from recommender.api.parameters import MAX_READER
from recommender.api.query_strings import Asked
from recommender.experiments.assignment import INTERLEAVED, Assignment, Experiments
from recommender.pages import DEFAULT_PIPELINE
from recommender.slots.slot import SlotName

_READER = b"reader="
_PIPELINE = b"pipeline="


@dataclass(slots=True)
class Glance:
    """What a query string says of the reader, before its parameters are read; not to be changed.

    Attributes:
        key: what an answer to it may be kept under, the same for all readers of an arm; None
            where it has to be read first, or is for this reader alone.
        trial: the reader's arm; None where there is none, or `key` is None.
        named: whether it may name a reader.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    key: bytes | None
    trial: Assignment | None = None
    named: bool = False


class Trials:
    """Deals readers out. Keeps nothing of them."""

    def __init__(self, experiments: Experiments, clock: Callable[[], datetime]) -> None:
        """Of these experiments, which begin and end by that clock, aware."""
        self._experiments = experiments
        self._clock = clock

    def glance(self, query: bytes, slot: SlotName) -> Glance:
        """Of a request for one slot. Without a reader it costs next to nothing."""
        if b"%" not in query and _READER not in query:
            return Glance(query)
        parts = query.split(b"&")
        readers = [one for one in parts if one.startswith(_READER)]
        escaped = any(b"%" in one.partition(b"=")[0] for one in parts)
        if escaped or len(readers) > 1 or any(len(one) > MAX_READER for one in readers):
            return Glance(None, named=True)  # what is wrong is told where parameters are read
        if not readers:
            return Glance(query)
        key = b"&".join(one for one in parts if not one.startswith(_READER))
        trial = None
        if not any(one.startswith(_PIPELINE) for one in parts):
            reader = unquote_plus(readers[0][len(_READER) :].decode("utf-8", "replace"))
            trial = self._experiments.assigned(reader, (slot,), self._clock())
        if trial is None or trial.arm == DEFAULT_PIPELINE:
            return Glance(key, trial, named=True)
        if trial.arm == INTERLEAVED:
            return Glance(None, named=True)
        return Glance(b"%b\0%b" % (key, trial.arm.encode()), trial, named=True)

    def of(self, asked: Asked, slots: Sequence[SlotName], *, alone: bool) -> Assignment | None:
        """Of a request for `slots`; `alone` where it is for one that stands by itself."""
        return self._experiments.assigned(asked.reader, slots, self._clock(), alone=alone)


def told(trial: Assignment, teams: Sequence[str] = ()) -> dict[str, object]:
    """As `meta.experiment`, which an impression repeats."""
    found: dict[str, object] = {"name": trial.experiment.name, "arm": trial.arm}
    if trial.arm == INTERLEAVED:
        found["teams"] = teams
    return found
