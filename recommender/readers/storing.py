"""One transaction of the event log: events in, each judged, and all counts brought up to date."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

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

_INSERT_IDS = "INSERT INTO ids VALUES {}"
_INSERT = "INSERT INTO events (at, type, article, reader, aside, id) VALUES {}"
_INSERT_WHOLE = (
    "INSERT INTO events"
    " (at, type, article, reader, aside, id, impression, shown, position, seconds, trial) VALUES {}"
)
_ADD_QUALITY = """
    INSERT INTO quality VALUES {}
    ON CONFLICT (day, type, aside) DO UPDATE SET count = count + excluded.count
"""


@dataclass(frozen=True, slots=True)
class _Columns:
    """New events of a batch, a list for each column of the file: n of each.

    Lists, and no object for each event: making one takes as long as all that is done with it.

    Attributes:
        events: as they came.
        ats: microseconds since 1970.
        kinds: numbers of the types.
        articles, readers, ids, impressions: None where there is none.
        shown: numbers of the articles that an impression lists.
        pairs, rates: keys of those that a view or click of a reader counts in, else None.
    """

    events: Sequence[Event]
    ats: list[int]
    kinds: list[int]
    articles: list[int | None]
    readers: list[int | str | None]
    ids: list[int | None]
    impressions: list[int | None]
    shown: list[tuple[int, ...]]
    pairs: list[int | None]
    rates: list[int | None]


def digest(name: str) -> int:
    """64 bits with a sign that stand for an id, as SQLite keeps and compares them quickest.

    Of a hundred million events one has the digest of another with a probability of 3 in 10,000.
    """
    # no secret: whoever wants an event to be taken for another one can send the other's id itself
    whole = xxh3_128_digest(name.encode("utf-8", "surrogatepass"))
    return int.from_bytes(whole[:8], "big", signed=True)


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
    ids = [digest(event.id) if event.id else None for event in batch]
    outcomes, places = _unknown(connection, ids)
    if not places:
        return outcomes
    new = _columns(
        connection,
        [batch[place] for place in places],
        [ids[place] for place in places],
        numbers,
        pseudonyms,
    )
    clock = settled(connection, keeping, max(new.ats))
    judge = _Judge(connection, new, keeping)
    asides = judge.judge(new)
    for place, aside in zip(places, asides, strict=True):
        outcomes[place] = aside
    _write(connection, new, asides)
    days = [at // DAY for at in new.ats]
    add_quality(connection, Counter(zip(days, new.kinds, asides, strict=True)))
    judge.pairs.write(connection)
    judge.rates.write(connection)
    judge.tally.write(connection, clock.edge)
    write_clock(connection, clock)
    return outcomes


def _write(connection: Connection, new: _Columns, asides: Sequence[int]) -> None:
    """Adds the events to the file, in their order; those with more to them behind the others."""
    # ascending: what is written together then lies together in the file
    given = sorted(one for one in new.ids if one is not None)
    write_rows(connection, _INSERT_IDS, [(one,) for one in given])
    plain = []
    whole = []
    for row, event, impression, shown in zip(
        zip(new.ats, new.kinds, new.articles, new.readers, asides, new.ids, strict=True),
        new.events,
        new.impressions,
        new.shown,
        strict=True,
    ):
        if (
            impression is None
            and not shown
            and event.position is None
            and event.seconds is None
            and event.trial is None
        ):
            plain.append(row)
            continue
        listed = packed(shown) if shown else None
        trial = None if event.trial is None else _written(event.trial)
        whole.append((*row, impression, listed, event.position, event.seconds, trial))
    write_rows(connection, _INSERT, plain)  # apart, as every value more takes its time
    write_rows(connection, _INSERT_WHOLE, whole)


def _written(trial: Trial) -> str:
    return orjson.dumps([trial.experiment, trial.arm, trial.teams]).decode()


def _unknown(connection: Connection, ids: Sequence[int | None]) -> tuple[list[int], list[int]]:
    """`KNOWN` or `KEPT` of each event, and the places of those that are not known."""
    given = {one for one in ids if one is not None}
    query = "SELECT id FROM ids WHERE id IN ({})"
    seen = {one for (one,) in in_parts(connection, query, sorted(given))}
    if not seen and len(given) == len(ids):
        return [KEPT] * len(ids), list(range(len(ids)))
    outcomes, new = [KEPT] * len(ids), []
    for place, one in enumerate(ids):
        if one is None:
            new.append(place)
        elif one in seen:
            outcomes[place] = KNOWN
        else:
            seen.add(one)
            new.append(place)
    return outcomes, new


def _columns(
    connection: Connection,
    events: Sequence[Event],
    ids: list[int | None],
    numbers: ArticleNumbers,
    pseudonyms: Pseudonyms,
) -> _Columns:
    names = {event.article_id for event in events}
    for event in events:
        if event.shown:
            names.update(event.shown)
    numbered = numbers.of(connection, names)
    ats = _times(events)
    kinds = [TYPE_NUMBERS[event.type] for event in events]
    articles = [numbered.get(event.article_id) for event in events]
    readers = [
        pseudonyms.of(event.reader, at) if event.reader else None
        for event, at in zip(events, ats, strict=True)
    ]
    pairs: list[int | None] = []
    rates: list[int | None] = []
    for at, kind, article, reader in zip(ats, kinds, articles, readers, strict=True):
        if reader is None or article is None or kind not in _READING:
            pairs.append(None)
            rates.append(None)
        else:
            pairs.append(pair_key(article, reader, pseudonyms.period(at)))
            rates.append(rate_key(reader, at))
    return _Columns(
        events=events,
        ats=ats,
        kinds=kinds,
        articles=articles,
        readers=readers,
        ids=ids,
        impressions=[
            digest(event.impression_id) if event.impression_id else None for event in events
        ],
        shown=[
            tuple([numbered[one] for one in event.shown]) if event.shown else () for event in events
        ],
        pairs=pairs,
        rates=rates,
    )


def _times(events: Sequence[Event]) -> list[int]:
    """In microseconds; those that came in one request mostly share the very object."""
    found = []
    last, value = None, 0
    for event in events:
        at = event.at
        if at is not last:
            last, value = at, microseconds(at)
        found.append(value)
    return found


class _Judge:
    """Decides what counts, and gathers what is to be counted."""

    def __init__(self, connection: Connection, new: _Columns, keeping: Keeping) -> None:
        self.pairs = Pairs(new.pairs)
        self.rates = Rates(new.rates)
        self.pairs.load(connection)
        self.rates.load(connection)
        self.tally = Tally(keeping)
        self._shown = _shown(connection, new)
        self._hourly = keeping.hourly
        self._repeat = round(keeping.repeat.total_seconds() * 1e6)

    def judge(self, new: _Columns) -> list[int]:
        """Counts each event, or gives the number of the reason why it does not count."""
        add, hourly = self.rates.add, self._hourly
        meet, repeat = self.pairs.meet, self._repeat
        asides = []
        for event, at, kind, article, impression, shown, pair, rate in zip(
            new.events,
            new.ats,
            new.kinds,
            new.articles,
            new.impressions,
            new.shown,
            new.pairs,
            new.rates,
            strict=True,
        ):
            # everything that a reader does adds to their rate, also what does not count
            too_many = rate is not None and add(rate) > hourly
            aside = KEPT
            if event.aside is not None:
                aside = _ASIDE[event.aside]
            elif (
                kind == CLICK
                and impression is not None
                and article not in (of := self._shown[impression])
            ):
                aside = _NOT_SHOWN if of else _NO_IMPRESSION
            elif too_many:
                aside = _TOO_MANY
            elif kind in _READING and article is not None:
                before = NEVER if pair is None else meet(pair, kind, at, repeat)
                if before is None:
                    aside = _REPEAT
                else:
                    self.tally.read(article, kind, at, before)
            elif kind == IMPRESSION:
                self.tally.show(shown or (article,), at)
            elif article is not None:
                self.tally.spend(article, at, event.seconds or 0.0)
            asides.append(aside)
        return asides


def _shown(connection: Connection, new: _Columns) -> Mapping[int, set[int]]:
    """The articles of each impression that clicks of the batch name; none of an unknown one."""
    named = {
        impression
        for impression, kind in zip(new.impressions, new.kinds, strict=True)
        if kind == CLICK and impression is not None
    }
    found: dict[int, set[int]] = {one: set() for one in named}
    if not named:
        return found
    query = (
        "SELECT impression, article, shown FROM events"
        " WHERE type = 0 AND impression NOT NULL AND impression IN ({})"
    )
    for impression, article, shown in in_parts(connection, query, named):
        found[impression].update(unpacked(shown) if shown else (article,))
    for impression, kind, article, listed in zip(
        new.impressions, new.kinds, new.articles, new.shown, strict=True
    ):
        if kind == IMPRESSION and impression in named and impression is not None:
            found[impression].update(listed or (article or 0,))
    return found
