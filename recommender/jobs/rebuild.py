"""Sources in, published snapshot out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from index.errors import QueryError, SnapshotError
from index.exact import ExactIndex
from index.faiss_index import FaissIndex
from index.protocol import Ids, Vectors
from index.recall import sampled_recall
from index.snapshot import Snapshot, SnapshotStore
from recommender.articles.arrays import read_array
from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.articles.columns import read_columns
from recommender.articles.identifiers import read_identifiers
from recommender.articles.sources.reject import Reject
from recommender.errors import NotReady, SettingsError
from recommender.jobs.embedding import embed_pending
from recommender.jobs.ingest import Ingested, ingest
from recommender.jobs.lock import rebuild_lock
from recommender.jobs.relations import Earlier, relate
from recommender.jobs.steps import Steps, Watch
from recommender.readers.together import ReadTogether
from recommender.similarity.embedder import Embedder
from recommender.similarity.stories import read_stories
from recommender.slots.learned import Learned, read_learned
from recommender.slots.live import CATALOG
from recommender.slots.shelving import stock, write_corpus
from recommender.slots.together import is_like, read_together_rows, together_of

RECIPE = 10
"""Raised when the same catalog would give another snapshot, so that the next rebuild makes it."""

_RECALL_AT = 10
_RECALL_QUERIES = 200


@dataclass(frozen=True, slots=True)
class RebuildOptions:
    """How a snapshot is made.

    Attributes:
        neighbours: candidates kept for each article.
        keep: published snapshots that stay for a rollback, the current one included.
        index_factory: a FAISS factory string; None lets the size decide.
        learned: what makes two articles one story.
    """

    neighbours: int = 100
    keep: int = 3
    index_factory: str | None = None
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
        seconds: how long each step took, by its name.
    """

    ingested: Ingested
    embedded: int
    articles: int
    version: str
    published: bool
    seconds: dict[str, float]


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
            "learned": self.options.learned.digest,
        }

    def _current(self) -> Snapshot | None:
        """The published snapshot, where it is sound and was made as one would be made now."""
        version = self.store.current_version()
        if version is None:
            return None
        try:
            snapshot = self.store.open(version)
        except SnapshotError:
            return None  # damaged: all is made anew
        manifest = snapshot.manifest
        same = all(manifest.facts.get(key) == fact for key, fact in self._facts().items())
        return snapshot if same and manifest.embedder == self.embedder.name else None

    def _up_to_date(self, current: Snapshot, read: ReadTogether) -> bool:
        """Whether a new snapshot would say the same."""
        if current.manifest.revision != self.catalog.revision:
            return False
        try:
            kept, ids = read_together_rows(current), read_identifiers(current)
        except (OSError, ValueError, KeyError):
            return False
        return is_like(kept, together_of(read, ids, len(ids)))

    def _indexed(self, rows: Ids, vectors: Vectors) -> FaissIndex:
        factory = self.options.index_factory
        try:
            return FaissIndex.build(rows, vectors, factory=factory)
        except QueryError as error:
            if factory is None:
                raise
            raise SettingsError(f"The setting rebuild.index_factory is wrong: {error}") from error

    def _build(self, steps: Steps, current: Snapshot | None, read: ReadTogether) -> tuple[str, int]:
        with self.catalog.export(self.embedder.name) as export, self.store.draft() as draft:
            if not export.count:
                raise NotReady(
                    "There is no published article to make a snapshot of. "
                    "Run: recommender rebuild SOURCE..."
                )
            batches = ((batch.articles, batch.vectors) for batch in export.batches)
            stocked = steps.timed("gather", lambda: stock(batches))
            shelf = stocked.shelf
            vectors = shelf.texts.vectors
            index = steps.timed("index", lambda: self._indexed(shelf.columns.rows, vectors))
            relations = relate(
                shelf,
                self.options.neighbours,
                self.options.learned,
                before=_earlier(current),
                read=read,
                steps=steps,
            )
            recall = steps.timed(
                "recall",
                lambda: sampled_recall(
                    index,
                    ExactIndex(shelf.columns.rows, vectors),
                    _RECALL_AT,
                    sample=_RECALL_QUERIES,
                    rng=np.random.default_rng(0),  # the same sample for the same catalog
                ),
            )
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
                    f"recall_at_{_RECALL_AT}": round(recall, 4),
                    "stories": len(np.unique(relations.stories.of)),
                    "copies": int(np.sum(relations.copies.groups != np.arange(len(shelf)))),
                },
            )
            # while the draft holds the lock: nobody can prune what was just sealed
            steps.timed("publish", lambda: self.store.publish(version))
        self.store.prune(keep=self.options.keep)
        self.catalog.drop_orphan_vectors(export.revision)
        return version, len(shelf)


def _earlier(snapshot: Snapshot | None) -> Earlier | None:
    if snapshot is None:
        return None
    try:
        columns, _ = read_columns(snapshot)
        return Earlier(columns.rows, read_array(snapshot, "vectors"), read_stories(snapshot).of)
    except (OSError, ValueError, KeyError):
        return None  # damaged: stories are told apart anew
