"""The corpus of this moment: the published snapshot, and what changed since."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from index.errors import VectorIndexError
from index.snapshot import SnapshotStore
from recommender.articles.catalog import Catalog
from recommender.articles.vector_queries import Change
from recommender.errors import NotReady
from recommender.slots.corpus import Corpus
from recommender.slots.learned import Learned
from recommender.slots.overlay import Overlaid, with_changes
from recommender.slots.shelving import read_corpus

CATALOG = "catalog"
"""The fact of a manifest that names the catalog it was made of."""


_AT_A_TIME = 64


class LiveCorpus:
    """Hands out the corpus; threads may share it.

    A change of the catalog by anybody is in the next corpus handed out, so that what was withdrawn
    or has expired is in no answer begun after that. A newly published snapshot is taken up by
    `follow`.
    """

    def __init__(
        self,
        store: SnapshotStore,
        catalog: Catalog,
        learned: Learned,
        refused: Callable[[str], None],
        clock: Callable[[], datetime],
        *,
        patient: bool = False,
    ) -> None:
        """Opens nothing yet.

        Args:
            store: where snapshots are published.
            catalog: what they were made of.
            learned: when a new article belongs to a story.
            refused: told why a published snapshot cannot be served.
            clock: the time now, aware: when articles expire.
            patient: what came with many others is left to `catch_up`; else who asks next waits
                for it, some 20 ms for each.
        """
        self._store = store
        self._catalog = catalog
        self._learned = learned
        self._refused = refused
        self._clock = clock
        self._patient = patient
        self._left = False
        self._latest = clock()
        self._changing = threading.Lock()
        self._base: Corpus | None = None
        self._base_revision = -1
        self._changes: dict[int, Change] = {}
        self._revision = -1
        self._published: str | None = None
        self._laid: tuple[int, Overlaid] | None = None

    def current(self) -> Corpus:
        """The corpus as of now.

        Raises:
            NotReady: no snapshot was published, or none that was is sound.
        """
        corpus = self.settled()
        if corpus is not None:
            return corpus
        with self._changing:
            return self._lay()

    def settled(self) -> Corpus | None:
        """The corpus as of now where that takes no reading; None where something changed."""
        laid = self._laid
        if laid is None or laid[0] != self._catalog.data_version():
            return None
        corpus = laid[1].corpus
        return corpus if self._clock().timestamp() < corpus.until else None

    def follow(self) -> bool:
        """Takes up a newly published snapshot, or one that was rolled back to; tells whether."""
        if self._store.current_version() == self._published:
            return False
        with self._changing:
            before = self._base
            self._open()
            self._laid = None
            # what was shown stays; a server that starts does not wait for the many
            self._lay(all_at_once=before is not None)
            return self._base is not before

    def catch_up(self) -> bool:
        """Looks at some of the articles that `current` left; tells whether there are more.

        Nobody waits for that: who asks meanwhile is answered without them.
        """
        with self._changing:
            base, laid = self._base, self._laid
            if base is None or laid is None or not self._left:
                return False
            changes = self._due(_versions(laid[1]), _AT_A_TIME)
            at = self._latest
        made = self._overlaid(base, changes, laid[1], at)
        with self._changing:
            if self._base is not base or self._laid is None:
                return True
            # others may have laid in more meanwhile, which has to stay
            known = _versions(made) | _versions(self._laid[1])
            changes = self._due(known, 0)
            self._laid = self._laid[0], self._overlaid(base, changes, made, self._latest)
            return self._left

    def _lay(self, *, all_at_once: bool = False) -> Corpus:
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
        # a clock that is put back brings nothing back
        now = self._latest = max(self._latest, self._clock())
        laid = self._laid
        if laid is None or laid[0] != seen or now.timestamp() >= laid[1].corpus.until:
            found = self._read_changes(base.embedder)
            if (
                laid is not None
                and now.timestamp() < laid[1].corpus.until
                and self._patient
                and all(map(_can_wait, found))
            ):
                self._left, self._laid = True, (seen, laid[1])
                return laid[1].corpus
            before = None if laid is None else laid[1]
            most = 0 if self._patient and not all_at_once else None
            changes = self._due(_versions(before), most)
            self._laid = laid = seen, self._overlaid(base, changes, before, now)
        return laid[1].corpus

    def _overlaid(
        self, base: Corpus, changes: Sequence[Change], before: Overlaid | None, at: datetime
    ) -> Overlaid:
        revision = self._base_revision
        return with_changes(base, changes, self._learned, before, at=at, revision=revision)

    def _read_changes(self, embedder: str) -> Sequence[Change]:
        # only what came since: of many articles put in, each is read once
        found = self._catalog.changed_since(self._revision, embedder)
        self._changes.update((one.stored.row, one) for one in found.changes)
        self._revision = found.revision
        return found.changes

    def _due(self, known: set[tuple[int, int]], most: int | None) -> list[Change]:
        """All changes; patient ones beyond `most` are as if they had no vector yet.

        Args:
            known: versions that were looked at already, and stay.
            most: None for all.
        """
        changes = [self._changes[row] for row in sorted(self._changes)]
        fresh = [
            (one.stored.revision, one.stored.row)
            for one in changes
            if one.vector is not None
            and one.stored.patient
            and one.stored.article.may_be_shown(self._latest)
            and (one.stored.row, one.stored.revision) not in known
        ]
        later = set() if most is None else {row for _, row in sorted(fresh)[most:]}
        self._left = bool(later)
        return [replace(one, vector=None) if one.stored.row in later else one for one in changes]

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
        self._base_revision = self._revision = snapshot.manifest.revision
        self._changes = {}


def _can_wait(change: Change) -> bool:
    """Whether all that was known holds without it: it is a new article that came with others."""
    stored = change.stored
    return (
        stored.patient
        and not stored.replaced
        and stored.article.status == "published"
        and stored.article.expires_at is None
    )


def _versions(laid: Overlaid | None) -> set[tuple[int, int]]:
    """Of the articles of an overlay: row and revision."""
    return set() if laid is None else {(one.row, one.revision) for one in laid.stored}
