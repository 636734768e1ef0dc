"""All of a snapshot made anew; of the one before it takes what equal vectors are near to."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from index.errors import QueryError
from index.faiss_build import unfilled
from index.faiss_index import FaissIndex
from index.protocol import Ids, Vectors
from index.snapshot import Snapshot
from recommender.articles.arrays import read_array
from recommender.articles.columns import read_columns
from recommender.articles.vector_queries import Export
from recommender.errors import SettingsError
from recommender.jobs.beside import beside
from recommender.jobs.by_vector import Earlier, by_vector
from recommender.jobs.made import Made
from recommender.jobs.options import RebuildOptions
from recommender.jobs.relations import relate
from recommender.jobs.steps import Steps, Watch
from recommender.readers.together import ReadTogether
from recommender.similarity.aside import Aside
from recommender.similarity.neighbours import read_going_on
from recommender.similarity.stories import read_stories
from recommender.slots.shelving import stock

_MEGABYTE = 1 << 20


def make_whole(
    export: Export,
    current: Snapshot | None,
    options: RebuildOptions,
    *,
    read: ReadTogether,
    folder: Path,
    steps: Steps,
) -> Made:
    """The snapshot of all articles of the catalog.

    Args:
        export: them; at least one.
        current: the snapshot before, of the same embedder and relations; None where there is none.
        options: how it is made.
        read: what the same people read.
        folder: on the disk to use for what waits; nothing is left in it.
        steps: told of each.

    Raises:
        SettingsError: no index can be made as `index_factory` says.
    """
    rows, vectors = steps.timed("vectors", lambda: _vectors(export, folder))
    before, meanwhile = _earlier(current), Steps(Watch())
    # texts are read on one core, and what is done with vectors is compiled
    placed = beside(
        lambda: by_vector(
            rows,
            vectors,
            options.neighbours,
            indexed=lambda rows, vectors: _indexed(options, rows, vectors),
            before=before,
            folder=folder,
            steps=meanwhile,
        )
    )
    stocked = steps.timed("gather", lambda: stock(export.articles, vectors))
    relations = relate(
        stocked.shelf,
        options.neighbours,
        options.learned,
        placed=placed.result,
        earlier=None if before is None else before.stories,
        read=read,
        folder=folder,
        steps=steps,
    )
    steps.seconds.update(meanwhile.seconds)
    return Made(stocked, placed.result().index, relations, export.revision)


def check_factory(options: RebuildOptions, dim: int) -> None:
    """As far as nothing is known of the vectors: embedding them may take hours.

    Raises:
        SettingsError: no index can be made as `index_factory` says.
    """
    if options.index_factory is not None:
        with _of_setting():
            unfilled(options.index_factory, dim)


def _vectors(export: Export, folder: Path) -> tuple[Ids, Vectors]:
    """Of all articles, ascending by row; those are on the disk."""
    rows = np.empty(export.count, dtype=np.int64)
    done = 0
    with closing(Aside(folder, (export.dim,), np.float32)) as vectors:
        for some in export.vectors:
            here = slice(done, done + len(some.rows))
            rows[here], vectors[here] = some.rows, some.vectors
            done = here.stop
        return rows, vectors.mapped(export.count)


def _indexed(options: RebuildOptions, rows: Ids, vectors: Vectors) -> FaissIndex:
    factory, recall = options.index_factory, options.recall
    if factory is None:
        megabytes = options.index_megabytes
        memory = None if megabytes is None else megabytes * _MEGABYTE
        return FaissIndex.build(rows, vectors, memory=memory, recall=recall)
    with _of_setting():
        return FaissIndex.build(rows, vectors, factory=factory, recall=recall)


@contextmanager
def _of_setting() -> Iterator[None]:
    try:
        yield
    except QueryError as error:
        raise SettingsError(f"The setting rebuild.index_factory is wrong: {error}") from error


def _earlier(snapshot: Snapshot | None) -> Earlier | None:
    if snapshot is None:
        return None
    try:
        columns, _ = read_columns(snapshot)
        return Earlier(
            columns.rows,
            read_array(snapshot, "vectors"),
            read_stories(snapshot).of,
            read_going_on(snapshot).nearest,
        )
    except (OSError, ValueError, KeyError):
        return None  # damaged: articles are related anew
