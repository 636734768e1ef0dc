"""The counts made anew out of the events, and what a reader did taken out of both."""

from collections import Counter
from collections.abc import Sequence
from sqlite3 import Connection
from typing import Final

from recommender.readers.event_layout import CLICK, IMPRESSION, READ_TIME, VIEW
from recommender.readers.keeping import Keeping
from recommender.readers.packing import unpacked
from recommender.readers.pairs import Pairs, pair_key, rate_key
from recommender.readers.pseudonyms import Pseudonyms
from recommender.readers.queries import in_parts
from recommender.readers.settling import settled
from recommender.readers.state import NEVER, read_clock, write_clock, write_counted_with
from recommender.readers.storing import DAY, add_quality
from recommender.readers.tally import Tally

_BATCH: Final = 20_000
_COLUMNS: Final = "number, at, type, article, reader, aside, shown, seconds"


def recount(connection: Connection, keeping: Keeping, pseudonyms: Pseudonyms) -> None:
    """Makes all counts anew; readers that stand there by name are hashed where they shall be."""
    for table in ("pairs", "hours", "totals", "quality", "state"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    last = 0
    while rows := connection.execute(
        f"SELECT {_COLUMNS} FROM events WHERE number > ? ORDER BY number LIMIT ?",  # noqa: S608
        (last, _BATCH),
    ).fetchall():
        last = rows[-1][0]
        _recount(connection, rows, keeping, pseudonyms)
    write_counted_with(connection, keeping)


def _recount(
    connection: Connection,
    rows: Sequence[tuple[int, int, int, int | None, int | str | None, int, bytes | None, float]],
    keeping: Keeping,
    pseudonyms: Pseudonyms,
) -> None:
    readers: list[int | str | None] = []
    named = []
    for number, at, _, _, reader, *_ in rows:
        if keeping.hashed and isinstance(reader, str):
            reader = pseudonyms.of(reader, at)  # noqa: PLW2901 - as it shall stand there
            named.append((reader, number))
        readers.append(reader)
    if named:
        connection.executemany("UPDATE events SET reader = ? WHERE number = ?", named)
    keys = [
        pair_key(article, reader, pseudonyms.period(at))
        if reader is not None and article is not None and kind in (VIEW, CLICK) and not aside
        else None
        for (_, at, kind, article, _, aside, _, _), reader in zip(rows, readers, strict=True)
    ]
    pairs = Pairs(keys)
    pairs.load(connection)
    clock = settled(connection, keeping, max(row[1] for row in rows))
    tally = Tally(keeping)
    quality: Counter[tuple[int, int, int]] = Counter()
    for (_, at, kind, article, _, aside, shown, seconds), key in zip(rows, keys, strict=True):
        quality[at // DAY, kind, aside] += 1
        if aside:
            continue
        if kind in (VIEW, CLICK) and article is not None:
            before = NEVER if key is None else pairs.meet(key, kind, at, 0)
            if before is not None:  # nothing repeats within no time
                tally.read(article, kind, at, before)
        else:
            _add(tally, kind, at, article, shown, seconds)
    add_quality(connection, quality)
    pairs.write(connection)
    tally.write(connection, clock.edge)
    write_clock(connection, clock)


def erase(
    connection: Connection, readers: Sequence[int | str], keeping: Keeping, pseudonyms: Pseudonyms
) -> int:
    """Deletes all events of readers, by what stands for them in the log, and what these counted."""
    clock = read_clock(connection)
    tally = Tally(keeping)
    quality: Counter[tuple[int, int, int]] = Counter()
    pairs: dict[int, int] = {}
    rates = set()
    numbers = []
    query = f"SELECT {_COLUMNS} FROM events WHERE reader IN ({{}})"  # noqa: S608 - our own names
    for number, at, kind, article, reader, aside, shown, seconds in in_parts(
        connection, query, readers
    ):
        numbers.append((number,))
        quality[at // DAY, kind, aside] -= 1
        rates.add((rate_key(reader, at),))
        if aside:
            continue
        if kind in (VIEW, CLICK) and article is not None:
            tally.unread(article, kind, at)
            pairs[pair_key(article, reader, pseudonyms.period(at))] = article
        else:
            _add(tally, kind, at, article, shown, seconds, times=-1)
    if not numbers:
        return 0
    query = "SELECT key, view_at, click_at FROM pairs WHERE key IN ({})"
    for key, view_at, click_at in in_parts(connection, query, pairs):
        tally.leave(pairs[key], max(view_at, click_at))
    for statement, rows in (
        ("DELETE FROM pairs WHERE key = ?", [(key,) for key in pairs]),
        ("DELETE FROM rates WHERE key = ?", list(rates)),
        ("DELETE FROM ids WHERE id IN (SELECT id FROM events WHERE number = ?)", numbers),
        ("DELETE FROM events WHERE number = ?", numbers),
    ):
        if rows:
            connection.executemany(statement, rows)
    add_quality(connection, quality)
    tally.write(connection, clock.edge)
    return len(numbers)


def _add(  # noqa: PLR0917 - an event's columns
    tally: Tally,
    kind: int,
    at: int,
    article: int | None,
    shown: bytes | None,
    seconds: float | None,
    *,
    times: int = 1,
) -> None:
    """An impression or a read time: added, or taken back where `times` is -1."""
    if kind == IMPRESSION:
        tally.show(unpacked(shown) if shown else (article,), at, times)
    elif kind == READ_TIME and article is not None:
        tally.spend(article, at, times * (seconds or 0.0), times)
