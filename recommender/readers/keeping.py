"""What the event log keeps, for how long, and what counts: its settings."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a log is kept.

    Attributes:
        retention: events so much older than the newest one are deleted by `EventLog.prune`.
        hashed: readers' names are kept as salted hashes; else as they are.
        salt_period: a name has the same hash for so long; None for ever.
        repeat: the same reader doing the same to the same article counts again after this.
        hourly: views and clicks of one reader in an hour of the clock; more do not count.
        window: of the readership that is kept ready.
        half_life: a reader so long ago counts half.
    """

    retention: timedelta = timedelta(days=90)
    hashed: bool = True
    salt_period: timedelta | None = timedelta(days=7)
    repeat: timedelta = timedelta(minutes=30)
    hourly: int = 200
    window: timedelta = timedelta(days=7)
    half_life: timedelta = timedelta(days=1)
