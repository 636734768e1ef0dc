"""Past logs into the event log: a file that is read twice is kept once."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import orjson

from recommender.articles.sources.reject import Reject, excerpt_of
from recommender.readers.circumstances import Network
from recommender.readers.event import Appended, Aside, Event
from recommender.readers.event_lines import Line
from recommender.readers.event_records import event_of
from recommender.readers.events import EventLog

_BATCH: Final = 5_000
_TOLD: Final = ("type", "article_id", "at", "timestamp", "position", "seconds")
"""Of a record that is rejected."""
_REMEMBERED: Final = 100_000
"""Events without ids that are compared; the same again is not so far behind in a log."""


@dataclass(frozen=True, slots=True)
class ImportedEvents:
    """What became of the records.

    Attributes:
        kept: events that count.
        known: events that were there already.
        set_aside: events that are kept and do not count, by the reason.
        rejected: records that are no event, or too old.
        pruned: events of the log that the file's newest ones made too old.
    """

    kept: int
    known: int
    rejected: int
    pruned: int
    set_aside: Mapping[Aside, int] = field(default_factory=dict)

    def __add__(self, other: "ImportedEvents") -> "ImportedEvents":
        """Of both files."""
        aside = Counter(self.set_aside) + Counter(other.set_aside)
        return ImportedEvents(
            self.kept + other.kept,
            self.known + other.known,
            self.rejected + other.rejected,
            self.pruned + other.pruned,
            dict(aside),
        )


def import_events(
    log: EventLog,
    items: Iterable[Line | Reject],
    *,
    name: str,
    now: datetime,
    own: Sequence[Network] = (),
    on_reject: Callable[[Reject], None],
    on_event: Callable[[Event], None] = lambda _: None,
) -> ImportedEvents:
    """Appends the events among the records, in batches that are each kept as a whole.

    An event without an id is given one made of what it says and of how often that was said before,
    before its time is changed: a file that is read again later says the same.

    Args:
        log: where they go.
        items: of a file.
        name: of the file, for rejects.
        now: aware; what claims to be later is of now.
        own: networks of the editors.
        on_reject: told of each record that is not kept.
        on_event: told of each event that is, or was already.
    """
    done = Appended()
    rejected = 0
    newest = log.newest()
    given_ids = _Ids(log)
    batch: list[Event] = []
    for item in _events(items, name, own):
        if isinstance(item, Reject):
            rejected += 1
            on_reject(item)
            continue
        line, event = item
        at = min(event.at, now)
        newest = at if newest is None else max(newest, at)
        if at < log.oldest(newest):
            rejected += 1
            reason = f"at: {event.at.isoformat()} is older than the events that are kept"
            on_reject(Reject(name, line.position, reason, _excerpt(line)))
            continue
        on_event(event)
        batch.append(replace(event, id=event.id or given_ids.of(event), at=at))
        if len(batch) == _BATCH:
            done += log.append(batch)
            batch.clear()
    done += log.append(batch)
    pruned = log.prune()
    return ImportedEvents(done.kept, done.known, rejected, pruned, done.aside)


def _events(
    items: Iterable[Line | Reject], name: str, own: Sequence[Network]
) -> Iterator[tuple[Line, Event] | Reject]:
    for item in items:
        if isinstance(item, Reject):
            yield item
            continue
        try:
            yield item, event_of(item.record, own=own)
        except ValueError as error:
            yield Reject(name, item.position, str(error), _excerpt(item))


def _excerpt(line: Line) -> str:
    """The record without its reader, address and program: the file is kept as long as it lies."""
    told = {name: line.record[name] for name in _TOLD if name in line.record}
    return excerpt_of(orjson.dumps(told, default=str)) if told else ""


class _Ids:
    """Derived ids; of events that say the same, each its own."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._times: OrderedDict[str, int] = OrderedDict()

    def of(self, event: Event) -> str:
        first = self._log.derived_id(event, 0)
        times = self._times.pop(first, 0)
        self._times[first] = times + 1
        if len(self._times) > _REMEMBERED:
            self._times.popitem(last=False)
        return self._log.derived_id(event, times) if times else first
