"""A snapshot in the making."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from index.errors import SnapshotError
from index.manifest import (
    FORMAT,
    Manifest,
    check_part_name,
    named,
    parts_of,
    to_disk,
    write_manifest,
)


class Draft:
    """A snapshot in the making; its parts are written by others into `path(name)`."""

    def __init__(self, folder: Path, versions: Path, number: int) -> None:
        self._folder = folder
        self._versions = versions
        self._number = number

    @property
    def folder(self) -> Path:
        """Where its parts are; of what else is written into it nothing may be left when sealed."""
        return self._folder

    def path(self, name: str) -> Path:
        """Where the part `name` is to be written.

        Raises:
            SnapshotError: not a name of small letters, digits and `_.-`.
        """
        check_part_name(name)
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
        """Make it a version that is on disk, whole, and never changes; return its name.

        Raises:
            SnapshotError: something in the folder is no part, a fact is not finite, or the disk
                refuses; or it is sealed already.
        """
        with disk_errors("seal the snapshot"):
            manifest = named(
                Manifest(
                    format=FORMAT,
                    version="",
                    created_at=created_at,
                    embedder=embedder,
                    dim=dim,
                    count=count,
                    revision=revision,
                    facts=dict(facts),
                    parts=parts_of(self._folder),
                ),
                self._number,
            )
            write_manifest(self._folder, manifest)
            to_disk(self._folder)
            self._folder.rename(self._versions / manifest.version)
            to_disk(self._versions)
            return manifest.version


@contextmanager
def disk_errors(doing: str) -> Iterator[None]:
    """An error of the disk, as a SnapshotError."""
    try:
        yield
    except OSError as error:
        raise SnapshotError(f"Cannot {doing}: {error}. Check space and permissions.") from error
