"""Changes of the catalog since a snapshot, and what is shown of each until it has its vector."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

from recommender.articles.catalog import Catalog
from recommender.articles.vector_queries import Change

Version = tuple[int, int]
"""Row and revision of an article."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """What is shown in the place of a version.

    Attributes:
        of: revision of that version.
        shown: an earlier version that was laid over the snapshot; None for the snapshot's own.
    """

    of: int
    shown: Change | None


class Changing:
    """All changes since one snapshot, as far as they were read; its user holds the lock."""

    def __init__(self, revision: int) -> None:
        """Reads nothing yet; `revision` is the catalog's that the snapshot was made of."""
        self.base_revision = revision
        self._revision = revision
        self._changes: dict[int, Change] = {}
        self._stand_ins: dict[int, StandIn] = {}

    def read(
        self, catalog: Catalog, embedder: str, laid: AbstractSet[Version], at: datetime
    ) -> Sequence[Change]:
        """What came since the last time: of many articles put in, each is read once.

        Args:
            catalog: read from.
            embedder: whose vectors count.
            laid: versions that are shown now, over the snapshot.
            at: aware; what expired up to then is expired.
        """
        found = catalog.changed_since(self._revision, embedder)
        for new in found.changes:
            row = new.stored.row
            old = self._changes.get(row)
            if old is None or old.stored.revision != new.stored.revision:
                stand_in = None if old is None else self._stand_in(old, new, laid, at)
                self._stand_ins.pop(row, None)
                if stand_in is not None:
                    self._stand_ins[row] = stand_in
            self._changes[row] = new
        self._revision = found.revision
        return found.changes

    def due(
        self, known: AbstractSet[Version], most: int | None, at: datetime
    ) -> tuple[list[Change], bool]:
        """All changes as they are to be laid, and whether some were left for another time.

        What has no vector yet, and patient ones beyond `most`, are as they were shown before,
        where that is known to be the version that they replaced.

        Args:
            known: versions that were looked at already, and stay.
            most: None for all.
            at: aware; what expired up to then is expired.
        """
        changes = [self._changes[row] for row in sorted(self._changes)]
        fresh = [
            (one.stored.revision, one.stored.row)
            for one in changes
            if one.vector is not None
            and one.stored.patient
            and one.stored.article.may_be_shown(at)
            and (one.stored.row, one.stored.revision) not in known
        ]
        later = set() if most is None else {row for _, row in sorted(fresh)[most:]}
        due = [
            self._until_then(one)
            if (one.vector is None or one.stored.row in later)
            and one.stored.article.may_be_shown(at)
            else one
            for one in changes
        ]
        return due, bool(later)

    def forget(self, laid: AbstractSet[Version]) -> None:
        """Lets go of what stood in for versions that are shown now themselves."""
        for row, stand_in in list(self._stand_ins.items()):
            if (row, stand_in.of) in laid:
                del self._stand_ins[row]

    @property
    def stand_ins(self) -> Mapping[int, StandIn]:
        """What is shown in the place of what, by row, as of now."""
        return dict(self._stand_ins)

    def go_on_from(self, stand_ins: Mapping[int, StandIn]) -> None:
        """Takes over those of another snapshot, with vectors of the same embedder."""
        self._stand_ins = dict(stand_ins)

    def _stand_in(
        self, old: Change, new: Change, laid: AbstractSet[Version], at: datetime
    ) -> StandIn | None:
        """What was shown of `old`, where nothing that is not known lies between it and `new`."""
        before, after = old.stored, new.stored
        if before.revision != after.replaced or not (
            before.article.may_be_shown(at) and after.article.may_be_shown(at)
        ):
            return None
        if (before.row, before.revision) in laid:
            return StandIn(after.revision, old)
        known = self._stand_ins.get(before.row)
        if known is not None and known.of == before.revision:
            return StandIn(after.revision, known.shown)
        # of an article that is new since the snapshot, the snapshot shows nothing
        return StandIn(after.revision, None) if before.replaced <= self.base_revision else None

    def _until_then(self, one: Change) -> Change:
        stored = one.stored
        stand_in = self._stand_ins.get(stored.row)
        if stand_in is None or stand_in.of != stored.revision:
            return replace(one, vector=None)
        shown = stand_in.shown
        if shown is None or shown.stored.revision <= self.base_revision:
            return Change(replace(stored, replaced=0), None)
        # it ends with the version that it stands in for
        article = replace(shown.stored.article, expires_at=stored.article.expires_at)
        return replace(shown, stored=replace(shown.stored, article=article))
