"""Scores as a file: Parquet or JSON Lines, written in parts and put together when all are there.

The parts stay where a run breaks off, and the same command goes on behind them.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import orjson

from recommender.errors import InputError
from recommender.jobs.lock import alone
from recommender.jobs.scoring import ScoredBatch

_BATCHES = 32
"""Of a part: some 16,000 articles. They are a group of rows of a Parquet file."""

_QUESTION = "question.json"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Written:
    """What a file holds.

    Attributes:
        path: of the file.
        articles: with at least one recommendation.
        rows: recommendations.
        taken_up: articles that an earlier run had scored.
    """

    path: Path
    articles: int
    rows: int
    taken_up: int = 0


@dataclass(frozen=True, slots=True)
class _Part:
    """A file of scores, whose name says what is in it.

    Attributes:
        number: from 0.
        asked: articles whose slots were filled.
        articles: those of them with a recommendation.
        rows: recommendations.
    """

    path: Path
    number: int
    asked: int
    articles: int
    rows: int

    @classmethod
    def at(cls, path: Path) -> "_Part":
        return cls(path, *map(int, path.stem.split("-")))


@dataclass(frozen=True, slots=True)
class Output:
    """A file in the making.

    Attributes:
        path: of the file.
        folder: where its parts lie.
        at: the time as of which its first run asked.
    """

    path: Path
    folder: Path
    at: str

    @property
    def done(self) -> int:
        """Articles, from the first, that need not be scored again."""
        return sum(one.asked for one in self._parts())

    def write(self, batches: Iterator[ScoredBatch]) -> Written:
        """Writes `batches` behind what is done; what stood at `path` stays until all are written.

        Raises:
            OSError: the file cannot be written.
        """
        form = _FORMATS[self.path.suffix]
        parts = self._parts()
        taken_up = self.done
        while some := list(islice(batches, _BATCHES)):
            parts.append(self._part(len(parts), some, form))
        aside = self.folder / f"whole{self.path.suffix}"
        form.join(aside, [one.path for one in parts])
        aside.replace(self.path)
        shutil.rmtree(self.folder)
        return Written(
            self.path,
            sum(one.articles for one in parts),
            sum(one.rows for one in parts),
            taken_up,
        )

    def _part(self, number: int, batches: Sequence[ScoredBatch], form: "_Format") -> _Part:
        # those of one article are in one batch
        articles = sum(len(np.unique(one.subjects)) for one in batches)
        counts = sum(one.articles for one in batches), articles, sum(map(len, batches))
        path = self.folder / ("-".join(map(str, (f"{number:06}", *counts))) + self.path.suffix)
        aside = path.with_suffix(".part")
        form.write(aside, batches)
        aside.replace(path)
        return _Part(path, number, *counts)

    def _parts(self) -> list[_Part]:
        return [_Part.at(one) for one in sorted(self.folder.glob(f"[0-9]*-*{self.path.suffix}"))]


def check_output(path: Path) -> None:
    """Raises `InputError` where the name says neither Parquet nor JSON Lines."""
    if path.suffix not in _FORMATS:
        raise InputError(
            f"{path} ends with neither {' nor '.join(_FORMATS)}; the end says the format."
        )


@contextmanager
def opened(path: Path, question: Mapping[str, object], at: str) -> Iterator[Output]:
    """The file at `path`: begun, or as far as an earlier run with the same question came.

    Args:
        path: ends with .parquet or .jsonl.
        question: all that its rows depend on.
        at: the time of asking, which an earlier run may have begun with.

    Raises:
        InputError: another run writes it now, or see `check_output`.
        OSError: nothing can be written there.
    """
    check_output(path)
    folder = path.with_name(f".{path.name}.parts")
    folder.mkdir(exist_ok=True)
    with alone(folder / _LOCK) as mine:
        if not mine:
            raise InputError(f"Another run writes {path} now. Wait for it, or name another file.")
        kept = folder / _QUESTION
        asked = {"question": dict(question), "at": at}
        if kept.exists():
            earlier = orjson.loads(kept.read_bytes())
            if earlier["question"] == orjson.loads(orjson.dumps(asked["question"])):
                asked = earlier
            else:
                for one in folder.iterdir():
                    if one.name != _LOCK:
                        one.unlink()
        aside = kept.with_suffix(".part")
        aside.write_bytes(orjson.dumps(asked))
        aside.replace(kept)
        output = Output(path, folder, str(asked["at"]))
        try:
            yield output
        finally:
            if folder.is_dir() and not output.done:  # nothing to go on from
                shutil.rmtree(folder)


def _write_jsonl(path: Path, batches: Sequence[ScoredBatch]) -> None:
    with path.open("wb") as file:
        for batch in batches:
            rows = zip(
                batch.article_ids,
                batch.positions.tolist(),
                batch.related_ids,
                batch.scores.tolist(),
                strict=True,
            )
            for article_id, position, related_id, score in rows:
                file.write(
                    orjson.dumps(
                        {
                            "article_id": article_id,
                            "position": position,
                            "related_id": related_id,
                            "score": score,
                        },
                        option=orjson.OPT_APPEND_NEWLINE,
                    )
                )


def _join_jsonl(path: Path, parts: Sequence[Path]) -> None:
    with path.open("wb") as file:
        for one in parts:
            with one.open("rb") as part:
                shutil.copyfileobj(part, file)


def _write_parquet(path: Path, batches: Sequence[ScoredBatch]) -> None:
    # imported here, as below: its libraries take longer to load than most commands take to run
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    parquet.write_table(pa.Table.from_batches([one.arrow() for one in batches]), path)


def _join_parquet(path: Path, parts: Sequence[Path]) -> None:
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    columns: list[tuple[str, pa.DataType]] = [
        ("article_id", pa.string()),
        ("position", pa.int32()),
        ("related_id", pa.string()),
        ("score", pa.float32()),
    ]
    with parquet.ParquetWriter(path, pa.schema(columns)) as writer:
        for one in parts:
            writer.write_table(parquet.read_table(one))


@dataclass(frozen=True, slots=True)
class _Format:
    write: Callable[[Path, Sequence[ScoredBatch]], None]
    join: Callable[[Path, Sequence[Path]], None]


_FORMATS: dict[str, _Format] = {
    ".parquet": _Format(_write_parquet, _join_parquet),
    ".jsonl": _Format(_write_jsonl, _join_jsonl),
}
