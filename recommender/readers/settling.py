"""The window of the totals, moved on as time goes."""

from sqlite3 import Connection

from recommender.readers.keeping import Keeping
from recommender.readers.state import NEVER, Clock, counting_of, read_clock
from recommender.readers.tally import HOUR, expire


def edge_of(keeping: Keeping, now: int) -> int:
    """The first hour that counts at `now`: the one that the window begins in."""
    window = counting_of(keeping)["window"]
    return max(now - round(window * 1e6), NEVER) // HOUR


def settled(connection: Connection, keeping: Keeping, newest: int) -> Clock:
    """The clock after an event of the time `newest`; hours that left the window are taken out."""
    before = read_clock(connection)
    now = max(before.newest, newest)
    edge = edge_of(keeping, now)
    if before.edge == NEVER:
        return Clock(now, edge)
    if edge > before.edge:
        expire(connection, before.edge, edge, keeping)
    return Clock(now, max(edge, before.edge))
