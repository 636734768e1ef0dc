"""One transaction of the event log: events in, each judged, and all counts brought up to date."""

from collections import Counter
from collections.abc import Mapping, Sequence
from sqlite3 import Connection
from typing import Final, TypeAlias

import orjson
from xxhash import xxh3_128_digest

from recommender.readers.event import ASIDES, Event, Trial, microseconds
from recommender.readers.event_layout import CLICK, IMPRESSION, TYPE_NUMBERS, VIEW
from recommender.readers.keeping import Keeping
from recommender.readers.numbers import ArticleNumbers
from recommender.readers.packing import packed, unpacked
from recommender.readers.pairs import Pairs, Rates, pair_key, rate_key
from recommender.readers.pseudonyms import Pseudonyms
from recommender.readers.queries import in_parts, write_rows
from recommender.readers.settling import settled
from recommender.readers.state import NEVER, write_clock
from recommender.readers.tally import Tally

DAY: Final = 86_400_000_000
KEPT: Final = 0
KNOWN: Final = -1

_ASIDE = {reason: number for number, reason in enumerate(ASIDES, start=1)}
_READING = frozenset({VIEW, CLICK})
_NO_IMPRESSION, _NOT_SHOWN = _ASIDE["no_impression"], _ASIDE["not_shown"]
_REPEAT, _TOO_MANY = _ASIDE["repeat"], _ASIDE["too_many"]

_INSERT = (
    "INSERT INTO events"
    " (at, type, article, reader, aside, id, impression, shown, position, seconds, trial) VALUES {}"
)
_ADD_QUALITY = """
    INSERT INTO quality VALUES {}
    ON CONFLICT (day, type, aside) DO UPDATE SET count = count + excluded.count
"""


# place in the batch, event, id, time, type, article, reader, impression, articles shown, pair,
# rate; no class of its own: making one takes as long as all that is done with it
_Prepared: TypeAlias = tuple[
    int,
    Event,
    bytes | None,
    int,
    int,
    int | None,
    int | str | None,
    bytes | None,
    tuple[int, ...],
    int | None,
    int | None,
]


def digest(name: str) -> bytes:
    """Sixteen bytes that stand for an id."""
    # no secret: whoever wants an event to be taken for another one can send the other's id itself
    return xxh3_128_digest(name.encode("utf-8", "surrogatepass"))


def add_quality(connection: Connection, counts: Mapping[tuple[int, int, int], int]) -> None:
    """Adds to how many events there are of a day, a type and a reason; 0 is none."""
    rows = [(*key, count) for key, count in counts.items()]
    write_rows(connection, _ADD_QUALITY, rows)


def store(
    connection: Connection,
    batch: Sequence[Event],
    keeping: Keeping,
    numbers: ArticleNumbers,
    pseudonyms: Pseudonyms,
) -> list[int]:
    """Writes the events; of each `KEPT`, `KNOWN`, or the number of the reason, from 1.

    Events are judged in the order in which they stand, though an impression counts for a click
    that stands before it.

    Args:
        connection: in a transaction that is alone in writing.
        batch: what came.
        keeping: what counts.
        numbers: of the articles; the new ones are added.
        pseudonyms: of the readers.
    """
    outcomes, new = _unknown(connection, batch)
    if not new:
        return outcomes
    prepared = _prepared(connection, batch, new, numbers, pseudonyms)
    clock = settled(connection, keeping, max(one[3] for one in prepared))
    judge = _Judge(connection, prepared, keeping)
    rows = []
    quality: Counter[tuple[int, int, int]] = Counter()
    for one in prepared:
        place, event, event_id, at, kind, article, reader, impression, shown, _, _ = one
        aside = outcomes[place] = judge.judge(one)
        listed = packed(shown) if shown else None
        rows.append(
            (
                at,
                kind,
                article,
                reader,
                aside,
                event_id,
                impression,
                listed,
                event.position,
                event.seconds,
                None if event.trial is None else _written(event.trial),
            )
        )
        quality[at // DAY, kind, aside] += 1
    write_rows(connection, _INSERT, rows)
    add_quality(connection, quality)
    judge.pairs.write(connection)
    judge.rates.write(connection)
    judge.tally.write(connection, clock.edge)
    write_clock(connection, clock)
    return outcomes


def _written(trial: Trial) -> str:
    return orjson.dumps([trial.experiment, trial.arm, trial.teams]).decode()


def _unknown(
    connection: Connection, batch: Sequence[Event]
) -> tuple[list[int], list[tuple[int, bytes | None]]]:
    """`KNOWN` or `KEPT` of each event, and place and id of those that are not known."""
    ids = [digest(event.id) if event.id else None for event in batch]
    given = {one for one in ids if one is not None}
    seen = {one for (one,) in in_parts(connection, "SELECT id FROM events WHERE id IN ({})", given)}
    outcomes = [KEPT] * len(batch)
    new: list[tuple[int, bytes | None]] = []
    for place, one in enumerate(ids):
        if one is None:
            new.append((place, None))
        elif one in seen:
            outcomes[place] = KNOWN
        else:
            seen.add(one)
            new.append((place, one))
    return outcomes, new


def _prepared(
    connection: Connection,
    batch: Sequence[Event],
    new: Sequence[tuple[int, bytes | None]],
    numbers: ArticleNumbers,
    pseudonyms: Pseudonyms,
) -> list[_Prepared]:
    names = {batch[place].article_id for place, _ in new}
    for place, _ in new:
        names.update(batch[place].shown)
    numbered = numbers.of(connection, names)
    found: list[_Prepared] = []
    for place, event_id in new:
        event = batch[place]
        at = microseconds(event.at)
        kind = TYPE_NUMBERS[event.type]
        article = numbered[event.article_id] if event.article_id else None
        reader = pair = rate = None
        if event.reader:
            reader = pseudonyms.of(event.reader, at)
            if article is not None and kind in _READING:
                pair = pair_key(article, reader, pseudonyms.period(at))
                rate = rate_key(reader, at)
        impression = digest(event.impression_id) if event.impression_id else None
        shown = tuple([numbered[one] for one in event.shown]) if event.shown else ()
        found.append(
            (place, event, event_id, at, kind, article, reader, impression, shown, pair, rate)
        )
    return found


class _Judge:
    """Decides what counts, and gathers what is to be counted."""

    def __init__(
        self, connection: Connection, prepared: Sequence[_Prepared], keeping: Keeping
    ) -> None:
        self.pairs = Pairs(one[-2] for one in prepared)
        self.rates = Rates(one[-1] for one in prepared)
        self.pairs.load(connection)
        self.rates.load(connection)
        self.tally = Tally(keeping)
        self._shown = _shown(connection, prepared)
        self._hourly = keeping.hourly
        self._repeat = round(keeping.repeat.total_seconds() * 1e6)

    def judge(self, one: _Prepared) -> int:
        """Counts an event, or gives the number of the reason why it does not count."""
        _, event, _, at, kind, article, _, impression, shown, pair, rate = one
        # everything that a reader does adds to their rate, also what does not count
        too_many = rate is not None and self.rates.add(rate) > self._hourly
        if event.aside is not None:
            return _ASIDE[event.aside]
        if kind == CLICK and impression is not None and article not in self._shown[impression]:
            return _NOT_SHOWN if self._shown[impression] else _NO_IMPRESSION
        if too_many:
            return _TOO_MANY
        if kind in _READING and article is not None:
            before = NEVER if pair is None else self.pairs.meet(pair, kind, at, self._repeat)
            if before is None:
                return _REPEAT
            self.tally.read(article, kind, at, before)
        elif kind == IMPRESSION:
            self.tally.show(shown or (article,), at)
        elif article is not None:
            self.tally.spend(article, at, event.seconds or 0.0)
        return KEPT


def _shown(connection: Connection, prepared: Sequence[_Prepared]) -> Mapping[bytes, set[int]]:
    """The articles of each impression that clicks of the batch name; none of an unknown one."""
    named = {one[7] for one in prepared if one[4] == CLICK and one[7] is not None}
    found: dict[bytes, set[int]] = {one: set() for one in named}
    if not named:
        return found
    query = (
        "SELECT impression, article, shown FROM events"
        " WHERE type = 0 AND impression NOT NULL AND impression IN ({})"
    )
    for impression, article, shown in in_parts(connection, query, named):
        found[impression].update(unpacked(shown) if shown else (article,))
    for _, _, _, _, kind, article, _, impression, shown, _, _ in prepared:
        if kind == IMPRESSION and impression in named and impression is not None:
            found[impression].update(shown or (article or 0,))
    return found
