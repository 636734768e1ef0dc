"""The corpus of this moment: the published snapshot, and what changed since."""

import math
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from index.errors import SnapshotError
from index.snapshot import SnapshotStore
from recommender.articles.catalog import Catalog
from recommender.articles.vector_queries import Change
from recommender.errors import NotReady
from recommender.slots.changing import Changing, Version
from recommender.slots.corpus import Corpus
from recommender.slots.learned import Learned
from recommender.slots.overlay import Overlaid, with_changes
from recommender.slots.shelving import read_corpus
from recommender.slots.warming import warm

CATALOG = "catalog"
"""The fact of a manifest that names the catalog it was made of."""


_AT_A_TIME = 64


class LiveCorpus:
    """Hands out the corpus; threads may share it.

    What anybody withdrew, and what expired, is in no answer begun after that; what anybody put in
    is in the next corpus handed out once it has its vector. Of patient articles another version is
    shown then, or nothing, until `catch_up` has looked at them. A newly published snapshot is
    taken up by `follow`.
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
            refused: told why a published snapshot cannot be served, where another one is.
            clock: the time now, aware: when articles expire.
            patient: for a server. What came with many others is left to `catch_up`; else who asks
                next waits for it, some 20 ms for each. And files are read ahead.
        """
        self._store = store
        self._catalog = catalog
        self._learned = learned
        self._refused = refused
        self._clock = clock
        self._patient = patient
        self._left = False
        self._latest = clock()
        self._following = threading.Lock()
        self._changing = threading.Lock()  # taken inside the other one
        self._base: Corpus | None = None
        self._changes = Changing(-1)
        self._published: str | None = None
        self._why: tuple[str, ...] = ()
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
        until = corpus.until
        return corpus if until == math.inf or self._clock().timestamp() < until else None

    def follow(self) -> bool:
        """Takes up a newly published snapshot, or one that was rolled back to; tells whether.

        Who asks meanwhile is answered from the one before.
        """
        if self._store.current_version() == self._published:
            return False
        with self._following:
            if self._store.current_version() == self._published:
                return False
            with self._changing:
                served = self._base
                if served is None:
                    self._lay()
                    return True
                stand_ins, at = self._changes.stand_ins, self._latest
            published = self._store.current_version()
            opened = self._open()
            if opened is None:
                self._published = published  # refused: it is not tried at every request
                return False
            base, coming = opened
            same = base.embedder == served.embedder
            if same:
                coming.go_on_from(stand_ins)
            coming.read(self._catalog, base.embedder, set(), at)
            # what was shown stays: all of it is looked at, which takes a while
            made = self._overlaid(base, coming, coming.due(set(), None, at)[0], None, at)
            with self._changing:
                self._exchange(base, coming, made, same=same)
                self._published = published
            return True

    def check(self, *, after: float) -> None:
        """Compares the checksums of what is served, where nobody did for `after` seconds.

        Files are believed to be as they were as long as the file system says that nobody touched
        them; what a disk loses by itself comes out here. Then the last snapshot that is sound is
        served, or this one for want of another, and both are told.
        """
        base = self._base
        if base is None:
            return
        try:
            self._store.check(base.version, after=after)
        except SnapshotError:
            self._published = None  # which one can be served is looked at anew
            self.follow()

    def catch_up(self) -> bool:
        """Looks at some of the articles that `current` left; tells whether there are more.

        Nobody waits for that: who asks meanwhile is answered without them.
        """
        with self._changing:
            base, changes, laid = self._base, self._changes, self._laid
            if base is None or laid is None or not self._left:
                return False
            at = self._latest
            due, _ = changes.due(_versions(laid[1]), _AT_A_TIME, at)
        made = self._overlaid(base, changes, due, laid[1], at)
        with self._changing:
            if self._base is not base or self._laid is None:
                return True
            # others may have laid in more meanwhile, which has to stay
            known = _versions(made) | _versions(self._laid[1])
            self._lay_in(base, self._laid[0], made, known, most=0)
            return self._left

    def _lay(self) -> Corpus:
        published = self._store.current_version() if self._base is None else self._published
        if published != self._published:
            opened = self._open()
            self._published = published  # also when it was refused: it is not read at each request
            if opened is not None:
                self._base, self._changes = opened
        base = self._base
        if base is None:
            raise NotReady(self._nothing_to_serve())
        # read before the changes: one that comes in between is read again next time
        seen = self._catalog.data_version()
        now = self._now()
        laid = self._laid
        if laid is None or laid[0] != seen or now.timestamp() >= laid[1].corpus.until:
            before = None if laid is None else laid[1]
            found = self._changes.read(self._catalog, base.embedder, _versions(before), now)
            if (
                before is not None
                and now.timestamp() < before.corpus.until
                and self._patient
                and all(map(_can_wait, found))
            ):
                self._left, self._laid = True, (seen, before)
                return before.corpus
            laid = self._lay_in(
                base, seen, before, _versions(before), most=0 if self._patient else None
            )
        return laid[1].corpus

    def _lay_in(
        self,
        base: Corpus,
        seen: int,
        before: Overlaid | None,
        known: set[Version],
        *,
        most: int | None,
    ) -> tuple[int, Overlaid]:
        """Lays in what is due; `known` are versions that are looked at in any case."""
        due, self._left = self._changes.due(known, most, self._latest)
        laid = seen, self._overlaid(base, self._changes, due, before, self._latest)
        self._laid = laid
        self._changes.forget(_versions(laid[1]))
        return laid

    def _exchange(self, base: Corpus, coming: Changing, made: Overlaid, *, same: bool) -> None:
        """Serves `base` from now on, with `made` and what came while it was made."""
        seen, now = self._catalog.data_version(), self._now()
        served, laid = self._base, self._laid
        shown = _versions(None if laid is None else laid[1])
        if same and served is not None:
            self._changes.read(self._catalog, served.embedder, shown, now)
        coming.read(self._catalog, base.embedder, _versions(made), now)
        if same:
            coming.go_on_from(self._changes.stand_ins)
        self._base, self._changes = base, coming
        most = 0 if self._patient else None
        self._lay_in(base, seen, made, _versions(made) | shown, most=most)

    def _now(self) -> datetime:
        # a clock that is put back brings nothing back
        self._latest = max(self._latest, self._clock())
        return self._latest

    def _overlaid(
        self,
        base: Corpus,
        changes: Changing,
        due: Sequence[Change],
        before: Overlaid | None,
        at: datetime,
    ) -> Overlaid:
        revision = changes.base_revision
        return with_changes(base, due, self._learned, before, at=at, revision=revision)

    def _nothing_to_serve(self) -> str:
        if not self._why:
            return (
                "No snapshot was published yet, so there is nothing to recommend from. "
                "Run: recommender rebuild SOURCE..."
            )
        return (
            f"None of the published snapshots can be served ({len(self._why)} tried). "
            f"Run: recommender rebuild. Why not: {' '.join(self._why)}"
        )

    def _refuse(self, *reasons: str, other: bool = False) -> None:
        """Keeps and tells why; `other`: there is another snapshot to serve."""
        self._why = reasons
        # where nothing can be served, whoever asks is told so with the reasons: not twice
        if other or self._base is not None:
            for reason in reasons:
                self._refused(reason)

    def _open(self) -> tuple[Corpus, Changing] | None:
        """The published snapshot, with no change read; None where it is served, or cannot be."""
        if self._store.current_version() is None:
            return None
        snapshot, refused = self._store.open_last_good()
        if snapshot is None or (
            self._base is not None and snapshot.manifest.version == self._base.version
        ):
            self._refuse(*refused)
            return None
        if snapshot.manifest.facts.get(CATALOG) != self._catalog.identity:
            self._refuse(
                *refused,
                f"Snapshot {snapshot.manifest.version} was made of another catalog than the one "
                "in this home, so nobody knows what was withdrawn since. Run: recommender rebuild",
            )
            return None
        try:
            base = read_corpus(snapshot)
            base.base.columns.prepare()
        except SnapshotError as error:
            self._refuse(*refused, str(error))
            return None
        self._refuse(*refused, other=True)
        if self._patient:
            warm(snapshot)
        return base, Changing(snapshot.manifest.revision)


def _can_wait(change: Change) -> bool:
    """Whether all that was known holds without it: it is a new article that came with others."""
    stored = change.stored
    return (
        stored.patient
        and not stored.replaced
        and stored.article.status == "published"
        and stored.article.expires_at is None
    )


def _versions(laid: Overlaid | None) -> set[Version]:
    """Of the articles of an overlay."""
    return set() if laid is None else {(one.row, one.revision) for one in laid.stored}
