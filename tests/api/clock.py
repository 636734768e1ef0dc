"""A clock that a test sets."""

from datetime import UTC, datetime

STARTED = datetime.now(UTC)
"""When the readers of `built_home` read."""


class Clock:
    """Stands still, so that no test crosses midnight or the end of five minutes."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
