"""A versioned folder of named parts with a manifest: write, verify, publish, roll back, prune.

    <root>/versions/<version>/{parts, manifest.json}   sealed, never changed again
    <root>/drafts/<name>/                              being written
    <root>/current -> versions/<version>               the one that is served
    <root>/history                                     versions in the order they were published

What the parts mean is their writers' affair.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import xxhash

from index.errors import SnapshotBusy, SnapshotDamaged, SnapshotError, SnapshotForeign

FORMAT = 1
_MANIFEST = "manifest.json"
_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_WAY_OUT = "Run: recommender snapshots rollback, or recommender rebuild."


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a snapshot: its length in bytes and its XXH3 128-bit checksum, hexadecimal."""

    size: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself.

    Attributes:
        format: of the folder; another one is foreign.
        version: its name; later ones sort after earlier ones.
        created_at: ISO 8601, as it was handed in.
        embedder: whose vectors these are.
        dim: length of the vectors.
        count: how many articles it holds.
        revision: of the catalog that it was made from.
        facts: whatever else its maker wants remembered.
        parts: every file by name.
    """

    format: int
    version: str
    created_at: str
    embedder: str
    dim: int
    count: int
    revision: int
    facts: Mapping[str, str | float | int]
    parts: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A sealed snapshot whose checksums were right when it was opened."""

    path: Path
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Listed:
    """A version in the store: whether it is served, and whether it ever was."""

    version: str
    current: bool
    published: bool


class Draft:
    """A snapshot in the making; its parts are written by others into `path(name)`."""

    def __init__(self, folder: Path, versions: Path) -> None:
        self._folder = folder
        self._versions = versions

    def path(self, name: str) -> Path:
        """Where the part `name` is to be written.

        Raises:
            SnapshotError: not a name of small letters, digits and `_.-`.
        """
        if not _NAME.fullmatch(name) or name == _MANIFEST:
            raise SnapshotError(f"Expected a part's name of [a-z0-9_.-], got {name!r}.")
        return self._folder / name

    def seal(
        self,
        *,
        created_at: str,
        embedder: str,
        dim: int,
        count: int,
        revision: int,
        facts: Mapping[str, str | float | int],
    ) -> str:
        """Makes it a version that is on disk, whole, and never changes; returns its name."""
        parts = {}
        for path in sorted(self._folder.iterdir()):
            _to_disk(path)
            parts[path.name] = Part(path.stat().st_size, _checksum(path))
        number = max((_number(path.name) for path in self._versions.iterdir()), default=0) + 1
        checksums = "".join(part.checksum for part in parts.values())
        content = xxhash.xxh3_64_hexdigest(checksums.encode())
        version = f"{number:08d}-{content[:8]}"
        manifest = Manifest(
            FORMAT, version, created_at, embedder, dim, count, revision, dict(facts), parts
        )
        body = json.dumps(asdict(manifest), indent=1, sort_keys=True)
        text = json.dumps({"checksum": xxhash.xxh3_128_hexdigest(body.encode()), "manifest": body})
        (self._folder / _MANIFEST).write_text(text)
        _to_disk(self._folder / _MANIFEST)
        _to_disk(self._folder)
        self._folder.rename(self._versions / version)
        _to_disk(self._versions)
        return version


class SnapshotStore:
    """All snapshots of one root. Reading needs no lock; one writer at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._versions = root / "versions"
        self._drafts = root / "drafts"
        self._current = root / "current"
        self._history = root / "history"

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """A place to write a snapshot; what is not sealed by the end is removed.

        Raises:
            SnapshotBusy: another process is writing.
        """
        with self._writing():
            shutil.rmtree(self._drafts, ignore_errors=True)  # of a run that was killed
            folder = self._drafts / "draft"
            folder.mkdir(parents=True)
            try:
                yield Draft(folder, self._versions)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def publish(self, version: str) -> None:
        """Makes a sealed version the one that is served, by one rename.

        Raises:
            SnapshotDamaged, SnapshotForeign, SnapshotError: as `open`; nothing changed then.
        """
        self.open(version)
        with self._writing():
            # the history first: killed in between, it names a version twice in a row, no harm
            self._write_history([*self._published(), version])
            self._point_to(version)

    def open(
        self, version: str, *, embedder: str | None = None, dim: int | None = None
    ) -> Snapshot:
        """A version, all checksums compared.

        Args:
            version: its name.
            embedder: whose vectors are expected; None takes any.
            dim: the length of vector expected; None takes any.

        Raises:
            SnapshotError: there is no such version.
            SnapshotDamaged: a part is missing, cut short or altered.
            SnapshotForeign: of another format, embedder or dimension.
        """
        folder = self._versions / version
        if not _NAME.fullmatch(version) or not folder.is_dir():
            known = ", ".join(listed.version for listed in self.versions()) or "none"
            raise SnapshotError(f"There is no snapshot {version!r}; there are: {known}.")
        manifest = _read_manifest(folder)
        for expected, found, what in (
            (embedder, manifest.embedder, "embedder"),
            (dim, manifest.dim, "dimension"),
        ):
            if expected is not None and expected != found:
                raise SnapshotForeign(
                    f"Snapshot {version} was built with {what} {found}; expected {expected}. "
                    "Run: recommender rebuild"
                )
        for name, part in manifest.parts.items():
            _verify(folder / name, part, version)
        return Snapshot(folder, manifest)

    def open_last_good(self) -> tuple[Snapshot | None, tuple[str, ...]]:
        """The published snapshot, else the last published one that is sound.

        Returns:
            The snapshot, None where there is none; and why each better one was refused.
        """
        refused: list[str] = []
        current = self.current_version()
        candidates = [] if current is None else [current]
        candidates += [one for one in reversed(self._published()) if one != current]
        for version in dict.fromkeys(candidates):
            try:
                return self.open(version), tuple(refused)
            except SnapshotError as error:
                refused.append(str(error))
        return None, tuple(refused)

    def current_version(self) -> str | None:
        """The published version; a microsecond's work, made to be polled."""
        try:
            return self._current.readlink().name
        except FileNotFoundError:
            return None

    def versions(self) -> tuple[Listed, ...]:
        """Every sealed version, the oldest first."""
        if not self._versions.is_dir():
            return ()
        current, published = self.current_version(), set(self._published())
        names = sorted(path.name for path in self._versions.iterdir())
        return tuple(Listed(name, name == current, name in published) for name in names)

    def rollback(self) -> str:
        """Serves the version that was published before the current one; twice goes back two.

        Raises:
            SnapshotError: there is none; SnapshotDamaged, where it is not sound.
        """
        with self._writing():
            history = self._published()
            current = self.current_version()
            while history and history[-1] != current:
                history.pop()  # left by a publication that was killed halfway
            while history and history[-1] == current:
                history.pop()
            if not history:
                raise SnapshotError(
                    f"Nothing was published before {current}, so there is nothing to roll back to."
                )
            self.open(history[-1])
            self._point_to(history[-1])
            self._write_history(history)
            return history[-1]

    def prune(self, *, keep: int) -> tuple[str, ...]:
        """Removes all but the current version and the `keep` - 1 published before it.

        Whoever has a removed one open goes on reading: its mapped files live until they are closed.
        """
        with self._writing():
            current = self.current_version()
            before = [one for one in dict.fromkeys(reversed(self._published())) if one != current]
            kept = {current, *before[: max(keep, 1) - 1]}
            removed = [one.version for one in self.versions() if one.version not in kept]
            self._write_history([one for one in self._published() if one in kept])
            for version in removed:
                shutil.rmtree(self._versions / version)
            return tuple(removed)

    def _published(self) -> list[str]:
        try:
            names = self._history.read_text().split()
        except FileNotFoundError:
            return []
        return [name for name in names if (self._versions / name).is_dir()]

    def _write_history(self, versions: list[str]) -> None:
        aside = self._history.with_suffix(".part")
        aside.write_text("\n".join(versions))
        _to_disk(aside)
        aside.replace(self._history)

    def _point_to(self, version: str) -> None:
        aside = self._root / "current.part"
        aside.unlink(missing_ok=True)
        aside.symlink_to(f"versions/{version}")
        aside.replace(self._current)
        _to_disk(self._root)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._versions.mkdir(parents=True, exist_ok=True)
        with (self._root / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SnapshotBusy(
                    f"Another process is writing snapshots in {self._root}; nothing was changed. "
                    "Wait for it to end, then try again."
                ) from error
            yield


def _read_manifest(folder: Path) -> Manifest:
    path = folder / _MANIFEST
    try:
        outer = json.loads(path.read_text())
        body = outer["manifest"]
        sound = xxhash.xxh3_128_hexdigest(body.encode()) == outer["checksum"]
        raw = json.loads(body)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotDamaged(
            f"Snapshot {folder.name} has no readable {_MANIFEST}. {_WAY_OUT}"
        ) from error
    if not sound:
        raise SnapshotDamaged(f"The {_MANIFEST} of snapshot {folder.name} was altered. {_WAY_OUT}")
    if raw.get("format") != FORMAT:
        raise SnapshotForeign(
            f"Snapshot {folder.name} has format {raw.get('format')}; this program reads {FORMAT}. "
            "Run: recommender rebuild"
        )
    parts = {name: Part(**part) for name, part in raw.pop("parts").items()}
    return Manifest(**raw, parts=parts)


def _verify(path: Path, part: Part, version: str) -> None:
    size = path.stat().st_size if path.is_file() else None
    if size != part.size:
        came = "is missing" if size is None else f"has {size} bytes"
        raise SnapshotDamaged(
            f"Part {path.name} of snapshot {version} {came}, expected {part.size}. {_WAY_OUT}"
        )
    if _checksum(path) != part.checksum:
        raise SnapshotDamaged(f"Part {path.name} of snapshot {version} was altered. {_WAY_OUT}")


def _checksum(path: Path) -> str:
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    return digest.hexdigest()


def _to_disk(path: Path) -> None:
    """Through the operating system's cache, for a file or a folder's list of names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _number(version: str) -> int:
    head = version.partition("-")[0]
    return int(head) if head.isdigit() else 0
