"""Sources in, published snapshot out."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.choice import RECALL
from index.errors import QueryError, SnapshotError
from index.exact import ExactIndex
from index.faiss_build import unfilled
from index.faiss_index import FaissIndex
from index.protocol import Ids, Vectors
from index.recall import graph_recall, sampled_recall
from index.snapshot import Snapshot, SnapshotStore
from recommender.articles.arrays import read_array
from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.articles.columns import read_columns
from recommender.articles.identifiers import read_identifiers
from recommender.articles.noticed import Noticed
from recommender.articles.sources.reject import Reject
from recommender.articles.vector_queries import Export
from recommender.errors import NotReady, SettingsError
from recommender.jobs.beside import beside
from recommender.jobs.by_vector import Earlier, by_vector
from recommender.jobs.embedding import embed_pending
from recommender.jobs.ingest import Ingested, ingest
from recommender.jobs.lock import rebuild_lock
from recommender.jobs.relations import relate
from recommender.jobs.steps import Steps, Watch
from recommender.readers.together import ReadTogether
from recommender.similarity.embedder import Embedder
from recommender.similarity.neighbours import read_nearest
from recommender.similarity.stories import read_stories
from recommender.slots.learned import Learned, read_learned
from recommender.slots.live import CATALOG
from recommender.slots.shelving import stock, write_corpus
from recommender.slots.together import is_like, read_together_rows, together_of

RECIPE = 11
"""Raised when the same catalog would give another snapshot, so that the next rebuild makes it."""

_RECALL_AT = 10
_RECALL_QUERIES = 200
_MEGABYTE = 1 << 20
_OF_RELATIONS = ("recipe", CATALOG, "neighbours", "learned")
"""Facts that decide what articles are to each other; with another index that stays."""


@dataclass(frozen=True, slots=True)
class RebuildOptions:
    """How a snapshot is made.

    Attributes:
        neighbours: candidates kept for each article.
        keep: published snapshots that stay for a rollback, the current one included.
        index_factory: a FAISS factory string; None lets size and memory decide.
        index_megabytes: that the structure may take beside the exact vectors; None: any.
        recall: share of the ten nearest that a search has to find; searches are tuned to it.
        learned: what makes two articles one story.
    """

    neighbours: int = 100
    keep: int = 3
    index_factory: str | None = None
    index_megabytes: int | None = None
    recall: float = RECALL
    learned: Learned = field(default_factory=read_learned)


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What a rebuild did.

    Attributes:
        ingested: what became of the records.
        embedded: texts that were given a vector.
        articles: in the snapshot that is served now.
        version: of that snapshot.
        published: whether this run made it; False where nothing had changed.
        seconds: how long each step took, by its name; "index" and "graph" go on beside "gather"
            and what follows, and "vector neighbours" is the time that had to be waited for them.
        noticed: what is odd about the records of sources.
    """

    ingested: Ingested
    embedded: int
    articles: int
    version: str
    published: bool
    seconds: dict[str, float]
    noticed: Noticed = Noticed()  # noqa: RUF009 - frozen, so one may serve all


@dataclass(frozen=True, slots=True)
class Rebuilder:
    """The offline job, with all that it works on.

    Attributes:
        home: folder of the lock and of the rejects file.
        read_together: what the same people read of late.
        clock: the time now, aware.
    """

    home: Path
    catalog: Catalog
    embedder: Embedder
    store: SnapshotStore
    options: RebuildOptions
    read_together: Callable[[], ReadTogether]
    clock: Callable[[], datetime]

    @property
    def rejects(self) -> Path:
        """Where the last run wrote the records that it could not use."""
        return self.home / "rejects.jsonl"

    def run(self, records: Iterable[Article | Reject], watch: Watch | None = None) -> RebuildReport:
        """Brings the catalog up to date with `records` and publishes a snapshot of it.

        Killed at any moment it leaves the published snapshot as it was, and the next run goes on
        where it stopped.

        Raises:
            RebuildBusy: another one is running.
            NotReady: there is no article to make a snapshot of.
            SettingsError: no index can be made as `index_factory` says.
        """
        self._check_factory()
        steps = Steps(watch or Watch())
        with rebuild_lock(self.home / "rebuild.lock"):
            ingested = steps.timed("read", lambda: self._ingest(records, steps.watch))
            self.catalog.expire(self.clock())
            embedded = steps.timed(
                "embed", lambda: embed_pending(self.catalog, self.embedder, steps.watch.progress)
            )
            current = self._current()
            together = self.read_together()
            published = current is None or not self._up_to_date(current, together)
            if current is None or published:
                version, count = self._build(steps, current, together)
            else:
                version, count = current.manifest.version, current.manifest.count
        return RebuildReport(ingested, embedded, count, version, published, steps.seconds)

    def _ingest(self, records: Iterable[Article | Reject], watch: Watch) -> Ingested:
        aside = self.rejects.with_suffix(".part")
        try:
            with aside.open("w", encoding="utf-8") as file:
                return ingest(
                    records,
                    self.catalog,
                    keep_reject=lambda reject: print(reject.to_json(), file=file),
                    progress=lambda done: watch.progress(done, 0),
                )
        finally:
            aside.replace(self.rejects)

    def _facts(self) -> dict[str, str | float | int]:
        return {
            "recipe": RECIPE,
            CATALOG: self.catalog.identity,
            "neighbours": self.options.neighbours,
            "index_factory": self.options.index_factory or "",
            "index_megabytes": self.options.index_megabytes or 0,
            "recall_asked": self.options.recall,
            "learned": self.options.learned.digest,
        }

    def _current(self) -> Snapshot | None:
        """The published snapshot, where it is sound and its relations are as they would be now."""
        version = self.store.current_version()
        if version is None:
            return None
        try:
            snapshot = self.store.open(version)
        except SnapshotError:
            return None  # damaged: all is made anew
        manifest, facts = snapshot.manifest, self._facts()
        same = all(manifest.facts.get(key) == facts[key] for key in _OF_RELATIONS)
        return snapshot if same and manifest.embedder == self.embedder.name else None

    def _up_to_date(self, current: Snapshot, read: ReadTogether) -> bool:
        """Whether a new snapshot would say the same."""
        manifest = current.manifest
        if manifest.revision != self.catalog.revision or any(
            manifest.facts.get(key) != fact for key, fact in self._facts().items()
        ):
            return False
        try:
            kept, ids = read_together_rows(current), read_identifiers(current)
        except (OSError, ValueError, KeyError):
            return False
        return is_like(kept, together_of(read, ids, len(ids)))

    def _check_factory(self) -> None:
        """As far as nothing is known of the vectors: embedding them may take hours."""
        factory = self.options.index_factory
        if factory is not None:
            with _of_setting():
                unfilled(factory, self.embedder.dim)

    def _indexed(self, rows: Ids, vectors: Vectors) -> FaissIndex:
        factory, recall = self.options.index_factory, self.options.recall
        if factory is None:
            megabytes = self.options.index_megabytes
            memory = None if megabytes is None else megabytes * _MEGABYTE
            return FaissIndex.build(rows, vectors, memory=memory, recall=recall)
        with _of_setting():
            return FaissIndex.build(rows, vectors, factory=factory, recall=recall)

    def _build(self, steps: Steps, current: Snapshot | None, read: ReadTogether) -> tuple[str, int]:
        with self.catalog.export(self.embedder.name) as export, self.store.draft() as draft:
            if not export.count:
                raise NotReady(
                    "There is no published article to make a snapshot of. "
                    "Run: recommender rebuild SOURCE..."
                )
            rows, vectors = steps.timed("vectors", lambda: _vectors(export))
            before, meanwhile = _earlier(current), Steps(Watch())
            # texts are read on one core, and what is done with vectors is compiled
            placed = beside(
                lambda: by_vector(
                    rows,
                    vectors,
                    self.options.neighbours,
                    indexed=self._indexed,
                    before=before,
                    steps=meanwhile,
                )
            )
            stocked = steps.timed("gather", lambda: stock(export.articles, vectors))
            shelf = stocked.shelf
            relations = relate(
                shelf,
                self.options.neighbours,
                self.options.learned,
                placed=placed.result,
                earlier=None if before is None else before.stories,
                read=read,
                steps=steps,
            )
            steps.seconds.update(meanwhile.seconds)
            index = placed.result().index
            nearest = relations.neighbours.nearest
            recalls = steps.timed("recall", lambda: _recalls(index, vectors, nearest))
            steps.timed("write", lambda: write_corpus(stocked, index, relations, draft))
            version = draft.seal(
                created_at=self.clock().isoformat(),
                embedder=self.embedder.name,
                dim=vectors.shape[1],
                count=len(shelf),
                revision=export.revision,
                facts={
                    **self._facts(),
                    "index_kind": index.kind,
                    "index_breadth": index.breadth or 0,
                    **recalls,
                    "stories": len(np.unique(relations.stories.of)),
                    "copies": int(np.sum(relations.copies.groups != np.arange(len(shelf)))),
                },
            )
            # while the draft holds the lock: nobody can prune what was just sealed
            steps.timed("publish", lambda: self.store.publish(version))
        self.store.prune(keep=self.options.keep)
        self.catalog.drop_orphan_vectors(export.revision)
        return version, len(shelf)


def _vectors(export: Export) -> tuple[Ids, Vectors]:
    """Of all articles, ascending by row."""
    rows = np.empty(export.count, dtype=np.int64)
    vectors = np.empty((export.count, export.dim), dtype=np.float32)
    done = 0
    for some in export.vectors:
        here = slice(done, done + len(some.rows))
        rows[here], vectors[here] = some.rows, some.vectors
        done = here.stop
    return rows, vectors


def _recalls(
    index: FaissIndex, vectors: Vectors, nearest: npt.NDArray[np.int32] | None
) -> dict[str, float]:
    """How much of what is near searches find, and each article's nearest hold."""
    oracle = ExactIndex(index.ids, vectors)
    rng = np.random.default_rng(0)  # the same sample for the same catalog
    found = {
        f"recall_at_{_RECALL_AT}": sampled_recall(
            index, oracle, _RECALL_AT, sample=_RECALL_QUERIES, rng=rng
        )
    }
    if nearest is not None:
        found["nearest_recall"] = graph_recall(nearest, oracle, sample=_RECALL_QUERIES, rng=rng)
    return {name: round(recall, 4) for name, recall in found.items()}


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
            read_nearest(snapshot),
        )
    except (OSError, ValueError, KeyError):
        return None  # damaged: articles are related anew
