"""A versioned folder of named parts with a manifest: write, verify, publish, roll back, prune.

    <root>/versions/<version>/{parts, manifest.json}   sealed, never changed again
    <root>/drafts/<name>/                              being written, or being removed
    <root>/current -> versions/<version>               the one that is served
    <root>/current-bell                                rings when that is another one, see `bell`
    <root>/history                                     versions in the order they were published
    <root>/verified/<version>.json                     when its checksums were compared

What is served changes by one rename of `current`. `history` is written before it and counts only
up to the current version, so the two agree wherever a writer is killed. What the parts mean is
their writers' affair. POSIX only: locks and links.
"""

import fcntl
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from index.bell import Bell, Watched
from index.draft import Draft, disk_errors
from index.errors import SnapshotBusy, SnapshotDamaged, SnapshotError, SnapshotForeign
from index.manifest import (
    FORMAT,
    WAY_OUT,
    Manifest,
    Part,
    read_manifest,
    to_disk,
    verify_parts,
)
from index.verified import Verified, states_of

__all__ = ["FORMAT", "Draft", "Listed", "Manifest", "Part", "Snapshot", "SnapshotStore"]

_VERSION = re.compile(r"(\d{8,})-[0-9a-f]{8}")
_TRIES = 10


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A sealed snapshot whose checksums were right, and whose files are the same since."""

    path: Path
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Listed:
    """A version in the store.

    Attributes:
        version: its name.
        created_at: as its manifest says; None where that cannot be read.
        current: whether it is served.
        published: whether a rollback comes to it by itself; also holds for the one that is served.
    """

    version: str
    created_at: str | None
    current: bool
    published: bool


class SnapshotStore:
    """All snapshots of one root. Reading needs no lock; one writer at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._versions = root / "versions"
        self._drafts = root / "drafts"
        self._current = root / "current"
        self._bell = Bell(root / "current-bell", root)
        self._seen: Watched[str | None] = Watched(self._bell)
        self._history = root / "history"
        self._verified = Verified(root / "verified")
        self._writer: int | None = None  # the thread that writes through this store

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """A place to write a snapshot; what is not sealed by the end is removed.

        Nobody else writes until the end, so publishing within it keeps everyone out in between.

        Raises:
            SnapshotBusy: another process or thread is writing.
        """
        with self._writing():
            with disk_errors("begin a snapshot"):
                # whoever left something here was killed: the lock is ours
                shutil.rmtree(self._drafts, ignore_errors=True)
                folder = self._drafts / "draft"
                folder.mkdir(parents=True)
            try:
                yield Draft(folder, self._versions, self._next_number())
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def publish(self, version: str) -> None:
        """Make a sealed version the one that is served, by one rename.

        Raises:
            SnapshotDamaged, SnapshotForeign, SnapshotError: as `open`; nothing changed then.
            SnapshotBusy: another process or thread is writing.
        """
        with self._writing():
            self.open(version, anew=True)
            with disk_errors(f"publish {version}"):
                self._write_history([*self._stack(), version])
                self._point_to(version)

    def open(
        self,
        version: str,
        *,
        embedder: str | None = None,
        dim: int | None = None,
        anew: bool = False,
        cores: int | None = None,
    ) -> Snapshot:
        """A version whose checksums were compared, now or since its files were touched last.

        Args:
            version: its name.
            embedder: whose vectors are expected; None takes any.
            dim: the length of vector expected; None takes any.
            anew: compare them in any case.
            cores: on which; None: on all.

        Raises:
            SnapshotError: there is no such version.
            SnapshotDamaged: a part is missing, cut short or altered.
            SnapshotForeign: of another format, embedder or dimension.
        """
        folder = self._versions / version
        if not _VERSION.fullmatch(version) or not folder.is_dir():
            known = ", ".join(self._names()) or "none"
            raise SnapshotError(f"There is no snapshot {version!r}; there are: {known}.")
        manifest = read_manifest(folder)
        for expected, found, what in (
            (embedder, manifest.embedder, "embedder"),
            (dim, manifest.dim, "dimension"),
        ):
            if expected is not None and expected != found:
                raise SnapshotForeign(
                    f"Snapshot {version} was built with {what} {found}; expected {expected}."
                    " Run: recommender rebuild"
                )
        states = states_of(folder, manifest)  # first: what comes meanwhile is not what was compared
        if anew or states is None or not self._verified.holds(version, states):
            self._verified.forget(version)
            verify_parts(folder, manifest, cores)
            self._verified.note(version, states)
        return Snapshot(folder, manifest)

    def check(self, version: str, *, after: float) -> bool:
        """Compare all checksums again, without haste, where that was not done for `after` seconds.

        Of several processes one does so. Tells whether it did.

        Raises:
            SnapshotDamaged, SnapshotForeign, SnapshotError: as `open`, which refuses it as well
                from then on.
        """
        with self._verified.alone() as alone:
            if not alone or self._verified.within(version, after):
                return False
            self.open(version, anew=True, cores=1)
            return True

    def open_last_good(
        self, *, embedder: str | None = None, dim: int | None = None
    ) -> tuple[Snapshot | None, tuple[str, ...]]:
        """The published snapshot, else the last one published before it that `open` takes.

        Returns:
            The snapshot, None where there is none; and why each later one was refused.
        """
        for _ in range(_TRIES):
            stack = self._stack()
            found, refused = self._last_good(stack, embedder, dim)
            if not refused or stack[-1] == self._read_current():
                break  # else writers went on meanwhile and may have pruned what was looked at
        return found, refused

    def _last_good(
        self, stack: list[str], embedder: str | None, dim: int | None
    ) -> tuple[Snapshot | None, tuple[str, ...]]:
        refused: list[str] = []
        for version in dict.fromkeys(reversed(stack)):
            try:
                return self.open(version, embedder=embedder, dim=dim), tuple(refused)
            except SnapshotError as error:
                refused.append(str(error))
        return None, tuple(refused)

    def current_version(self) -> str | None:
        """The published version, None where there is none; made to be polled.

        Where somebody changed the link by hand, as it was half a second ago.

        Raises:
            SnapshotDamaged: `current` is not the link that `publish` makes.
        """
        return self._seen.value(self._read_current)

    def _read_current(self) -> str | None:
        try:
            return self._current.readlink().name
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SnapshotDamaged(
                f"Expected {self._current} as a link to a version ({error})."
                " Remove it, then run: recommender rebuild"
            ) from error

    def versions(self) -> tuple[Listed, ...]:
        """Every sealed version, the oldest first; not verified."""
        stack = self._stack()
        current = stack[-1] if stack else None
        return tuple(
            Listed(name, self._created_at(name), name == current, name in stack)
            for name in self._names()
        )

    def rollback(self, to: str | None = None) -> str:
        """Serve the last sound version that was published before the current one.

        Twice goes back two. A later publication goes on top of what is served then.

        Args:
            to: serve this one instead, whether it was published before, rolled back from or never
                published.

        Raises:
            SnapshotError: there is none; it says why earlier ones were refused, and which others
                are sound. Or `to` is none that `open` takes.
            SnapshotBusy: another process or thread is writing.
        """
        with self._writing():
            stack = self._stack()
            if to is not None:
                if to not in stack:
                    self.publish(to)
                    return to
                self.open(to, anew=True)
                last = len(stack) - stack[::-1].index(to)
                self._go_back(stack[:last])
                return to
            current = stack[-1] if stack else None
            refused: list[str] = []
            for place in range(len(stack) - 1, -1, -1):
                version = stack[place]
                if version == current:
                    continue
                if why := self._unsound(version):
                    refused.append(why.removesuffix(WAY_OUT).strip())
                    continue
                self._go_back(stack[: place + 1])
                return version
            raise SnapshotError(self._nothing_before(current, refused))

    def _go_back(self, stack: list[str]) -> None:
        """Serves the last of what is then the stack."""
        with disk_errors(f"roll back to {stack[-1]}"):
            self._point_to(stack[-1])
            self._write_history(stack)

    def _unsound(self, version: str) -> str:
        """Why it cannot be served; "" where it can."""
        try:
            self.open(version, anew=True)
        except SnapshotError as error:
            return str(error)
        return ""

    def _nothing_before(self, current: str | None, refused: list[str]) -> str:
        stack = self._stack()
        others = [one for one in self._names() if one not in stack and not self._unsound(one)]
        if others:
            way_out = (
                f"Sound, but not published before it: {', '.join(others)}. "
                f"Run: recommender snapshots rollback --to {others[-1]}"
            )
        else:
            way_out = "Run: recommender rebuild"
        if current is None:
            return f"No snapshot is served, so there is nothing to roll back to. {way_out}"
        reasons = "".join(f" {one}" for one in refused)
        return (
            f"No sound snapshot was published before {current}; nothing to roll back to.{reasons} "
            f"{way_out}"
        )

    def prune(self, *, keep: int) -> tuple[str, ...]:
        """Remove all but the current version and the `keep` - 1 published before it.

        Whoever has a removed one mapped goes on reading: its files live until they are closed.

        Raises:
            SnapshotBusy: another process or thread is writing.
        """
        with self._writing(), disk_errors("prune snapshots"):
            stack = self._stack()
            kept = list(dict.fromkeys(reversed(stack)))[: max(keep, 1)]
            removed = tuple(name for name in self._names() if name not in kept)
            self._write_history([name for name in stack if name in kept])
            self._drafts.mkdir(exist_ok=True)
            for version in removed:
                # out of sight at once, so that none is ever seen half removed
                aside = self._drafts / f"removed-{version}"
                (self._versions / version).rename(aside)
                shutil.rmtree(aside, ignore_errors=True)  # a rest goes with the next draft
                self._verified.forget(version)
            return removed

    def _created_at(self, version: str) -> str | None:
        try:
            return read_manifest(self._versions / version).created_at
        except SnapshotError:
            return None

    def _names(self) -> list[str]:
        """Sealed versions, the oldest first."""
        try:
            found = [path.name for path in self._versions.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(name for name in found if _VERSION.fullmatch(name))

    def _stack(self) -> list[str]:
        """What was published, in order, up to the current version; a rollback goes down here."""
        current = self._read_current()  # what anybody wrote by hand just now counts too
        if current is None:
            return []
        try:
            history = self._history.read_text(encoding="utf-8", errors="replace").split()
        except FileNotFoundError:
            history = []
        while history and history[-1] != current:
            history.pop()  # a publication that was killed halfway, or rolled back
        there = set(self._names())
        return [name for name in history[:-1] if name in there] + [current]

    def _next_number(self) -> int:
        used = [*self._names(), *self._stack()]
        numbers = [int(found[1]) for name in used if (found := _VERSION.fullmatch(name))]
        return max(numbers, default=0) + 1

    def _write_history(self, versions: list[str]) -> None:
        aside = self._root / "history.part"
        aside.write_text("\n".join(versions), encoding="utf-8")
        to_disk(aside)
        aside.replace(self._history)
        to_disk(self._root)

    def _point_to(self, version: str) -> None:
        aside = self._root / "current.part"
        aside.unlink(missing_ok=True)
        aside.symlink_to(f"versions/{version}")
        self._bell.lift()
        try:
            aside.replace(self._current)
        finally:
            self._bell.ring()
        to_disk(self._root)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._writer == threading.get_ident():  # publishing within a draft
            yield
            return
        with disk_errors("write snapshots"):
            self._versions.mkdir(parents=True, exist_ok=True)
            file = (self._root / "lock").open("a")
        with file:
            try:
                # the kernel lets go of it when the process ends, however it ends
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SnapshotBusy(
                    f"Another process is writing snapshots in {self._root}; nothing was changed."
                    " Wait for it to end, then try again."
                ) from error
            self._writer = threading.get_ident()
            try:
                yield
            finally:
                self._writer = None
