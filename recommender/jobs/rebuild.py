"""Sources in, published snapshot out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.errors import SnapshotError
from index.exact import ExactIndex
from index.faiss_index import FaissIndex
from index.protocol import Vectors
from index.recall import graph_recall, sampled_recall
from index.snapshot import Snapshot, SnapshotStore
from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.articles.identifiers import read_identifiers
from recommender.articles.noticed import Noticed
from recommender.articles.sources.reject import Reject
from recommender.errors import NotReady
from recommender.jobs.embedding import embed_pending
from recommender.jobs.fold import FOLDED, fold, folded_into
from recommender.jobs.ingest import Ingested, ingest
from recommender.jobs.lock import rebuild_lock
from recommender.jobs.made import Made
from recommender.jobs.options import RebuildOptions
from recommender.jobs.steps import Steps, Watch
from recommender.jobs.whole import check_factory, make_whole
from recommender.readers.together import ReadTogether
from recommender.similarity.embedder import Embedder
from recommender.slots.live import CATALOG
from recommender.slots.shelving import write_corpus
from recommender.slots.together import is_like, read_together_rows, together_of

RECIPE = 11
"""Raised when the same catalog would give another snapshot, so that the next rebuild makes it."""

_RECALL_AT = 10
_RECALL_QUERIES = 200
_OF_RELATIONS = ("recipe", CATALOG, "neighbours", "learned")
"""Facts that decide what articles are to each other; with another index that stays."""


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
        folded: articles that came, changed or went since all was last made anew, and were folded
            into the snapshot; 0 where it is of one piece.
    """

    ingested: Ingested
    embedded: int
    articles: int
    version: str
    published: bool
    seconds: dict[str, float]
    noticed: Noticed = Noticed()  # noqa: RUF009 - frozen, so one may serve all
    folded: int = 0


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

    def run(
        self,
        records: Iterable[Article | Reject],
        watch: Watch | None = None,
        *,
        whole: bool = False,
    ) -> RebuildReport:
        """Brings the catalog up to date with `records` and publishes a snapshot of it.

        Killed at any moment it leaves the published snapshot as it was, and the next run goes on
        where it stopped.

        Args:
            records: of sources.
            watch: told how it goes.
            whole: make all anew, also where few articles changed or none.

        Raises:
            RebuildBusy: another one is running.
            NotReady: there is no article to make a snapshot of.
            SettingsError: no index can be made as `index_factory` says.
        """
        check_factory(self.options, self.embedder.dim)
        steps = Steps(watch or Watch())
        with rebuild_lock(self.home / "rebuild.lock"):
            ingested = steps.timed("read", lambda: self._ingest(records, steps.watch))
            self.catalog.expire(self.clock())
            embedded = steps.timed(
                "embed", lambda: embed_pending(self.catalog, self.embedder, steps.watch.progress)
            )
            current = self._current()
            together = self.read_together()
            published = whole or current is None or not self._up_to_date(current, together)
            if published or current is None:
                version, made = self._build(steps, current, together, whole=whole)
                count, folded = len(made.stocked.shelf), made.folded
            else:
                version, count = current.manifest.version, current.manifest.count
                folded = folded_into(current)
        return RebuildReport(
            ingested, embedded, count, version, published, steps.seconds, folded=folded
        )

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

    def _build(
        self, steps: Steps, current: Snapshot | None, read: ReadTogether, *, whole: bool
    ) -> tuple[str, Made]:
        with self.store.draft() as draft:
            made = (
                None
                if whole or current is None
                else self._folded(steps, current, read, draft.folder)
            )
            if made is None:
                made = self._whole(steps, current, read, draft.folder)
            shelf, index, relations = made.stocked.shelf, made.index, made.relations
            vectors, kept = shelf.texts.vectors, relations.neighbours.going_on
            nearest = None if kept is None else kept.nearest
            recalls = steps.timed("recall", lambda: _recalls(index, vectors, nearest))
            steps.timed("write", lambda: write_corpus(made.stocked, index, relations, draft))
            version = draft.seal(
                created_at=self.clock().isoformat(),
                embedder=self.embedder.name,
                dim=vectors.shape[1],
                count=len(shelf),
                revision=made.revision,
                facts={
                    **self._facts(),
                    FOLDED: made.folded,
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
        self.catalog.drop_orphan_vectors(made.revision)
        return version, made

    def _whole(
        self, steps: Steps, current: Snapshot | None, read: ReadTogether, folder: Path
    ) -> Made:
        with self.catalog.export(self.embedder.name) as export:
            if not export.count:
                raise NotReady(
                    "There is no published article to make a snapshot of. "
                    "Run: recommender rebuild SOURCE..."
                )
            return make_whole(export, current, self.options, read=read, folder=folder, steps=steps)

    def _folded(
        self, steps: Steps, current: Snapshot, read: ReadTogether, folder: Path
    ) -> Made | None:
        """None where all has to be made anew."""
        manifest, options, facts = current.manifest, self.options, self._facts()
        room = options.folding.room(current)
        if room <= 0 or any(manifest.facts.get(key) != fact for key, fact in facts.items()):
            return None
        changes = self.catalog.few_changes(manifest.revision, self.embedder.name, room)
        if changes is None:
            return None
        try:
            made = fold(
                current,
                changes,
                options.neighbours,
                options.learned,
                read=read,
                folder=folder,
                steps=steps,
            )
        except (SnapshotError, OSError):
            return None  # damaged: all is made anew
        # another number of articles: this catalog came out of a backup, which nothing tells
        return made if len(made.stocked.shelf) == changes.count else None


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
