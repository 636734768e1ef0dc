"""What a sealed folder says of itself: its parts' lengths and checksums, and where it is from."""

import json
import math
import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import xxhash

from index.errors import SnapshotDamaged, SnapshotError, SnapshotForeign

FORMAT = 1
MANIFEST = "manifest.json"
WAY_OUT = "Run: recommender rebuild, or serve a sound one: recommender snapshots rollback."

_PART = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,99}")
_BLOCK = 1 << 20


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
        facts: whatever else its maker wants remembered; numbers are finite.
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


def check_part_name(name: str) -> None:
    """Raise SnapshotError unless `name` can stand in a snapshot's folder and nowhere else."""
    if not _PART.fullmatch(name) or name == MANIFEST:
        raise SnapshotError(
            f"Expected a part's name of [a-z0-9_.-], at most 100 long, not {MANIFEST};"
            f" got {name!r}."
        )


def parts_of(folder: Path) -> dict[str, Part]:
    """Every file of `folder`, brought to disk and summed.

    Raises:
        SnapshotError: something that is no part: a folder, a link, a file of another name.
    """
    parts = {}
    for path in sorted(folder.iterdir()):
        check_part_name(path.name)
        if path.is_symlink() or not path.is_file():
            raise SnapshotError(f"Expected part {path.name} as a file; it is a folder or a link.")
        to_disk(path)
        parts[path.name] = Part(path.stat().st_size, _checksum(path))
    return parts


def named(manifest: Manifest, number: int) -> Manifest:
    """The same with its version: the number, and the start of a checksum of all it says."""
    digest = xxhash.xxh3_64_hexdigest(_body(replace(manifest, version="")).encode())
    return replace(manifest, version=f"{number:08d}-{digest[:8]}")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Into `folder`, on disk.

    Raises:
        SnapshotError: a fact that is NaN or infinite, which would not come back as it was.
    """
    for key, fact in manifest.facts.items():
        if isinstance(fact, float) and not math.isfinite(fact):
            raise SnapshotError(f"Expected the fact {key!r} as a finite number, got {fact}.")
    body = _body(manifest)
    outer = {"checksum": xxhash.xxh3_128_hexdigest(body.encode()), "manifest": body}
    (folder / MANIFEST).write_text(json.dumps(outer), encoding="utf-8")
    to_disk(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a sealed folder.

    Raises:
        SnapshotDamaged: missing, altered, or of another version than the folder's name.
        SnapshotForeign: of another format.
    """
    name = folder.name
    try:
        outer = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        body, expected = str(outer["manifest"]), str(outer["checksum"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        # without the paths of this machine: a server tells its callers why it is not ready
        why = getattr(error, "strerror", None) or error
        raise SnapshotDamaged(
            f"Snapshot {name} has no readable {MANIFEST} ({why}). {WAY_OUT}"
        ) from error
    came = xxhash.xxh3_128_hexdigest(body.encode("utf-8", "surrogatepass"))
    if came != expected:
        raise SnapshotDamaged(
            f"The {MANIFEST} of snapshot {name} was altered: expected checksum {expected},"
            f" got {came}. {WAY_OUT}"
        )
    raw = json.loads(body)
    if raw.get("format") != FORMAT:
        raise SnapshotForeign(
            f"Snapshot {name} has format {raw.get('format')}; this program reads {FORMAT}."
            " Run: recommender rebuild"
        )
    parts = {part: Part(**value) for part, value in raw.pop("parts").items()}
    manifest = Manifest(**raw, parts=parts)
    if manifest.version != name:
        raise SnapshotDamaged(
            f"Snapshot {manifest.version} stands in a folder named {name}. {WAY_OUT}"
        )
    return manifest


def verify_parts(folder: Path, manifest: Manifest, cores: int | None = None) -> None:
    """Raise SnapshotDamaged, naming the part, unless every part is as it was sealed."""
    # the largest first, so that all cores end together: checksums let others run
    parts = sorted(manifest.parts, key=lambda name: -manifest.parts[name].size)
    if cores == 1:
        # in this thread: the end of the process would wait for those of a pool
        for name in parts:
            _verify(folder, manifest, name)
        return
    with ThreadPoolExecutor(cores or os.cpu_count()) as pool:
        # asked for its results, as what is wrong is raised with them
        list(pool.map(lambda name: _verify(folder, manifest, name), parts))


def _verify(folder: Path, manifest: Manifest, name: str) -> None:
    part = manifest.parts[name]
    expected = f"Part {name} of snapshot {manifest.version}: expected"
    try:
        size = (folder / name).stat().st_size
        if size != part.size:
            raise SnapshotDamaged(f"{expected} {part.size} bytes, got {size}. {WAY_OUT}")
        checksum = _checksum(folder / name)
    except FileNotFoundError as error:
        raise SnapshotDamaged(
            f"{expected} {part.size} bytes, but it is missing. {WAY_OUT}"
        ) from error
    except OSError as error:
        raise SnapshotDamaged(
            f"{expected} {part.size} bytes, but it cannot be read ({error.strerror}). {WAY_OUT}"
        ) from error
    if checksum != part.checksum:
        raise SnapshotDamaged(
            f"{expected} checksum {part.checksum}, got {checksum}: it was altered. {WAY_OUT}"
        )


def to_disk(path: Path) -> None:
    """Through the operating system's cache, for a file or a folder's list of names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _body(manifest: Manifest) -> str:
    return json.dumps(asdict(manifest), indent=1, sort_keys=True)


def _checksum(path: Path) -> str:
    digest = xxhash.xxh3_128()
    # one room for all blocks: to be given a new one for each takes longer than to sum it
    block = memoryview(bytearray(_BLOCK))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            digest.update(block[:count])
    return digest.hexdigest()
