"""Write the sample's event log: invented readers of the invented paper, the same for one seed."""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE = Path(__file__).resolve().parents[1] / "recommender" / "sample"
START = datetime(2025, 5, 1, 8, tzinfo=UTC)
END = datetime(2026, 10, 31, 20, tzinfo=UTC)
READERS = 1_800  # of whom some four in five turn up in the log
SESSIONS = 3_500
GERMAN_READERS = 0.12  # share who came for the German page, and read some English besides
# (share of all sessions, days before END in which they fall): the paper grows
PERIODS = ((0.45, (END - START).total_seconds() / 86_400), (0.2, 60.0), (0.35, 14.0))
# sessions in each hour of the day, UTC: before work, at noon, in the evening
HOURS = (1, 1, 0, 0, 1, 4, 9, 12, 9, 6, 5, 7, 11, 8, 5, 5, 6, 8, 10, 13, 12, 9, 5, 2)
HALF_LIFE_DAYS = 2.0
OLD_NEWS = 0.003  # what is left of an article's pull once it is old: search engines, links
EVERGREEN = 0.012
READS_ON = 0.55
SAME_STORY = 0.65
BY_SLOT = 0.7  # share of further articles reached by a click in a slot; the rest from elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What the readers see of an article; `story` is its first tag."""

    id: str
    section: str
    language: str
    story: str
    published_at: datetime
    editors_choice: bool
    evergreen: bool


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One line of the log; orders by time, then reader."""

    at: datetime
    reader: str
    type: str
    article_id: str

    def line(self) -> str:
        """The event as JSON Lines text, with its newline."""
        at = self.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        record = {"type": self.type, "article_id": self.article_id, "reader": self.reader, "at": at}
        return json.dumps(record) + "\n"


class Crowd:
    """Readers with habits, reading the paper session by session."""

    def __init__(self, pieces: Sequence[Piece], rng: np.random.Generator) -> None:
        # only rng.random() is drawn from: its stream does not change between numpy's releases
        self._pieces = pieces
        self._rng = rng
        self._ids = [f"r{number:04d}" for number in range(1, READERS + 1)]
        self._published = np.array([piece.published_at.timestamp() for piece in pieces])
        self._floor = np.array([EVERGREEN if piece.evergreen else OLD_NEWS for piece in pieces])
        self._story = np.array([piece.story for piece in pieces])
        self._appeal = self._draw_appeal()
        self._taste = self._draw_taste()
        # a few come daily, most now and then
        activity = 1.0 / (rng.random(READERS) + 0.15)
        self._activity = np.cumsum(activity) / activity.sum()

    def events(self, sessions: int) -> Iterator[Event]:
        """The views and clicks of so many sessions, none after END, in no order."""
        for _ in range(sessions):
            reader = int(np.searchsorted(self._activity, self._rng.random(), side="right"))
            for event in self._session(reader, self._start()):
                if event.at <= END:
                    yield event

    def _draw_appeal(self) -> NDArray[np.float64]:
        by_story: dict[str, float] = defaultdict(lambda: 0.5 + 2.0 * self._rng.random() ** 3)
        return np.array(
            [
                by_story[piece.story]
                * (0.4 + self._rng.random() ** 2)
                * (1.8 if piece.editors_choice else 1.0)
                for piece in self._pieces
            ]
        )

    def _draw_taste(self) -> NDArray[np.float64]:
        """(readers, pieces): how much each reader likes each piece's section and language."""
        sections = sorted({piece.section for piece in self._pieces})
        column = [sections.index(piece.section) for piece in self._pieces]
        liking = 0.3 + 2.0 * self._rng.random((READERS, len(sections))) ** 3
        german_reader = self._rng.random(READERS)[:, None] < GERMAN_READERS
        german_piece = np.array([piece.language == "de" for piece in self._pieces])[None, :]
        reads = np.where(
            german_piece, np.where(german_reader, 4.0, 0.03), np.where(german_reader, 0.5, 1.0)
        )
        return np.asarray(liking[:, column] * reads, dtype=np.float64)

    def _start(self) -> datetime:
        """A moment at which at least one article is out and END has not passed."""
        shares = np.cumsum([share for share, _ in PERIODS])
        hours = np.cumsum(HOURS) / sum(HOURS)
        while True:
            days = PERIODS[int(np.searchsorted(shares, self._rng.random() * shares[-1]))][1]
            day = (END - timedelta(days=days * self._rng.random())).replace(hour=0, minute=0)
            hour = int(np.searchsorted(hours, self._rng.random(), side="right"))
            second = int(self._rng.random() * 3_600)
            at = day.replace(second=0, microsecond=0) + timedelta(hours=hour, seconds=second)
            if START <= at <= END:
                return at

    def _session(self, reader: int, at: datetime) -> Iterator[Event]:
        open_to = self._pull(at) * self._taste[reader]
        name = self._ids[reader]
        piece = self._pick(open_to)
        yield Event(at, name, "view", self._pieces[piece].id)
        while self._rng.random() < READS_ON:
            open_to[piece] = 0.0  # nobody opens the same article twice in a sitting
            same = self._same_story(piece, open_to)
            further = same if same.any() and self._rng.random() < SAME_STORY else open_to
            if not further.any():
                return
            piece = self._pick(further)
            at += timedelta(seconds=25 + int(240 * self._rng.random() ** 2))
            if self._rng.random() < BY_SLOT:
                yield Event(at, name, "click", self._pieces[piece].id)
                at += timedelta(seconds=1 + int(2 * self._rng.random()))
            yield Event(at, name, "view", self._pieces[piece].id)

    def _pull(self, at: datetime) -> NDArray[np.float64]:
        age = (at.timestamp() - self._published) / 86_400
        fresh = self._floor + 0.5 ** (np.maximum(age, 0.0) / HALF_LIFE_DAYS)
        return np.where(age >= 0.0, fresh * self._appeal, 0.0)

    def _same_story(self, piece: int, open_to: NDArray[np.float64]) -> NDArray[np.float64]:
        same = (self._story == self._story[piece]) & (open_to > 0.0)
        # a reader caught by a story goes back to its older parts too: age counts for less
        return np.where(same, np.sqrt(open_to), 0.0)

    def _pick(self, weights: NDArray[np.float64]) -> int:
        edges = np.cumsum(weights)
        return int(np.searchsorted(edges, self._rng.random() * edges[-1], side="right"))


def read_pieces(articles: Path) -> list[Piece]:
    """The articles of a JSON Lines file."""
    with articles.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [
        Piece(
            id=record["id"],
            section=record["section"],
            language=record["language"],
            story=record["tags"][0],
            published_at=datetime.fromisoformat(record["published_at"]),
            editors_choice=record["editors_choice"],
            evergreen=record["evergreen"],
        )
        for record in records
    ]


def make_events(pieces: Sequence[Piece], seed: int, sessions: int = SESSIONS) -> list[Event]:
    """The whole log in time order; the same articles and seed give the same log."""
    return sorted(Crowd(pieces, np.random.default_rng(seed)).events(sessions))


def main() -> None:
    """Read the articles, write the log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=Path, default=SAMPLE / "articles.jsonl")
    parser.add_argument("--output", type=Path, default=SAMPLE / "events.jsonl")
    parser.add_argument("--seed", type=int, default=20261031)
    arguments = parser.parse_args()
    events = make_events(read_pieces(arguments.articles), arguments.seed)
    text = "".join(event.line() for event in events)
    arguments.output.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(events)} events of {len({event.reader for event in events})} readers")


if __name__ == "__main__":
    main()
