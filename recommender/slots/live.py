"""The corpus of this moment: the published snapshot, and what changed since."""

import threading
from collections.abc import Callable

from index.errors import VectorIndexError
from index.snapshot import SnapshotStore
from recommender.articles.catalog import Catalog
from recommender.errors import NotReady
from recommender.slots.corpus import Corpus
from recommender.slots.learned import Learned
from recommender.slots.overlay import Overlaid, with_changes
from recommender.slots.shelving import read_corpus

CATALOG = "catalog"
"""The fact of a manifest that names the catalog it was made of."""


class LiveCorpus:
    """Hands out the corpus; threads may share it.

    A change of the catalog by anybody is in the next corpus handed out, so that what was withdrawn
    is in no answer begun after that. A newly published snapshot is taken up by `follow`.
    """

    def __init__(
        self,
        store: SnapshotStore,
        catalog: Catalog,
        learned: Learned,
        refused: Callable[[str], None],
    ) -> None:
        """Opens nothing yet.

        Args:
            store: where snapshots are published.
            catalog: what they were made of.
            learned: when a new article belongs to a story.
            refused: told why a published snapshot cannot be served.
        """
        self._store = store
        self._catalog = catalog
        self._learned = learned
        self._refused = refused
        self._changing = threading.Lock()
        self._base: Corpus | None = None
        self._base_revision = -1
        self._published: str | None = None
        self._laid: tuple[int, Overlaid] | None = None

    def current(self) -> Corpus:
        """The corpus as of now.

        Raises:
            NotReady: no snapshot was published, or none that was is sound.
        """
        laid = self._laid
        if laid is not None and laid[0] == self._catalog.data_version():
            return laid[1].corpus
        with self._changing:
            return self._lay()

    def settled(self) -> Corpus | None:
        """The corpus as of now where that takes no reading; None where something changed."""
        laid = self._laid
        fresh = laid is not None and laid[0] == self._catalog.data_version()
        return laid[1].corpus if laid is not None and fresh else None

    def follow(self) -> bool:
        """Takes up a newly published snapshot, or one that was rolled back to; tells whether."""
        if self._store.current_version() == self._published:
            return False
        with self._changing:
            before = self._base
            self._open()
            self._laid = None
            self._lay()
            return self._base is not before

    def _lay(self) -> Corpus:
        if self._base is None:
            self._open()
        base = self._base
        if base is None:
            raise NotReady(
                "No snapshot was published yet, so there is nothing to recommend from. "
                "Run: recommender rebuild SOURCE..."
            )
        # read before the changes: one that comes in between is read again next time
        seen = self._catalog.data_version()
        if self._laid is None or self._laid[0] != seen:
            changes = self._catalog.changed_since(self._base_revision, base.embedder)
            before = None if self._laid is None else self._laid[1]
            self._laid = seen, with_changes(base, changes.changes, self._learned, before)
        return self._laid[1].corpus

    def _open(self) -> None:
        published = self._store.current_version()
        if published is None:
            return
        snapshot, refused = self._store.open_last_good()
        for reason in refused:
            self._refused(reason)
        self._published = published  # also when it was refused: it is not tried at every request
        if snapshot is None or (
            self._base is not None and snapshot.manifest.version == self._base.version
        ):
            return
        if snapshot.manifest.facts.get(CATALOG) != self._catalog.identity:
            self._refused(
                f"Snapshot {snapshot.manifest.version} was made of another catalog than the one "
                "in this home, so nobody knows what was withdrawn since. Run: recommender rebuild"
            )
            return
        try:
            self._base = read_corpus(snapshot)
        except (OSError, ValueError, KeyError, VectorIndexError) as error:
            self._refused(f"Snapshot {snapshot.manifest.version} cannot be read: {error}")
            return
        self._base_revision = snapshot.manifest.revision
