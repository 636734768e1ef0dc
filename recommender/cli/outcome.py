"""How a command ends: its exit status, and one line where something went wrong."""

import sqlite3
from typing import Final

from index.errors import VectorIndexError
from recommender.errors import RecommenderError

FINE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
REJECTED: Final = 3
"""All went well, but some records were rejected: told apart from 1 so that a scheduler may
take it for a success (systemd: SuccessExitStatus=3)."""
INTERRUPTED: Final = 130

_LONGEST = 2_000
"""Characters of a message: the header of what is no table may be as long as the file."""


def one_line(error: Exception) -> str:
    """What went wrong and the way out, without a line end; what cannot be seen is escaped."""
    if isinstance(error, (RecommenderError, VectorIndexError, sqlite3.Error)):
        text = str(error)
    elif isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        text = f"{place}{error.strerror or error}"
    else:
        text = (
            f"{type(error).__name__}: {error}. This is a fault of the program: run it again with "
            "--debug and report what it prints."
        )
    # a file that is not what its name says may be quoted: nothing of it may move the cursor
    line = "".join(map(_visible, " ".join(text.split())))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _visible(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()
