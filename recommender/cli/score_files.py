"""Scores as a file: Parquet or JSON Lines, written aside and renamed when it is whole."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from recommender.errors import InputError
from recommender.jobs.scoring import ScoredBatch


@dataclass(frozen=True, slots=True)
class Written:
    """What a file holds.

    Attributes:
        path: of the file.
        articles: with at least one recommendation.
        rows: recommendations.
    """

    path: Path
    articles: int
    rows: int


_Writer: TypeAlias = Callable[[Path, Iterable[ScoredBatch]], None]


def check_output(path: Path) -> None:
    """Raises `InputError` where the name says neither Parquet nor JSON Lines."""
    if path.suffix not in _WRITERS:
        raise InputError(
            f"{path} ends with neither {' nor '.join(_WRITERS)}; the end says the format."
        )


def write_scores(path: Path, batches: Iterable[ScoredBatch]) -> Written:
    """Writes `batches` as they come; what stood at `path` stays until all are written.

    Raises:
        InputError: see `check_output`.
        OSError: the file cannot be written.
    """
    check_output(path)
    articles = rows = 0

    def counted() -> Iterator[ScoredBatch]:
        nonlocal articles, rows
        for batch in batches:
            articles += len(set(batch.article_ids))  # those of one article are in one batch
            rows += len(batch)
            yield batch

    with _aside(path) as part:
        _WRITERS[path.suffix](part, counted())
    return Written(path, articles, rows)


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    # the process's number: two runs to the same file do not write into each other
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_jsonl(path: Path, batches: Iterable[ScoredBatch]) -> None:
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


def _write_parquet(path: Path, batches: Iterable[ScoredBatch]) -> None:
    # imported here: its shared libraries take longer to load than most commands take to run
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    columns: list[tuple[str, pa.DataType]] = [
        ("article_id", pa.string()),
        ("position", pa.int32()),
        ("related_id", pa.string()),
        ("score", pa.float32()),
    ]
    schema = pa.schema(columns)
    with parquet.ParquetWriter(path, schema) as writer:
        for batch in batches:
            arrays: list[pa.Array[Any]] = [
                pa.array(batch.article_ids, pa.string()),
                pa.array(batch.positions, pa.int32()),
                pa.array(batch.related_ids, pa.string()),
                pa.array(batch.scores, pa.float32()),
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


_WRITERS: dict[str, _Writer] = {".parquet": _write_parquet, ".jsonl": _write_jsonl}
