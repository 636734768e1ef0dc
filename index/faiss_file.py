"""One file for ids, exact vectors and FAISS structure: FAISS's own format, the rows, a footer.

The footer holds the length of the whole. FAISS trusts what it maps: a file that was cut short
could end the process, so the length is compared before FAISS sees it.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.copies import Copies
from index.errors import SnapshotDamaged, SnapshotError
from index.faiss_untyped import faiss
from index.protocol import Ids

_FOOTER = struct.Struct("<8sQQ")  # magic, how many rows, length of the file
_MAGIC = b"VECINDX2"
_UNTUNED = b"VECINDX1"  # as files were written that end without a breadth
_NUMBER = np.dtype("<i8")


@dataclass(frozen=True, slots=True)
class Structure:
    """What an index is made of.

    Attributes:
        ids: shape (n,), ascending.
        copies: which of these rows share a vector; FAISS holds the distinct ones, by number.
        store: FAISS's flat index of the exact vectors.
        approximate: the FAISS structure that proposes vectors; None where all are compared.
        wide: its breadth for a hundred neighbours; 0 where it was not tuned.
        owner: what the two borrow their memory from; to be kept as long as they are used.
        mapped: whether that is a file, which FAISS cannot add to: it would end the process.
    """

    ids: Ids
    copies: Copies
    store: Any
    approximate: Any | None
    wide: int = 0
    owner: Any = None
    mapped: bool = False


def write(path: Path, structure: Structure) -> None:
    """Write the file; SnapshotError where that fails."""
    whole = structure.store
    if structure.approximate is not None:
        whole = faiss.IndexRefine(structure.approximate, structure.store)
    try:
        faiss.write_index(whole, str(path))
        with path.open("ab") as file:
            file.write(structure.ids.astype(_NUMBER).tobytes())
            file.write(structure.copies.distinct_of.astype(_NUMBER).tobytes())
            file.write(np.array([structure.wide], dtype=_NUMBER).tobytes())
            file.write(_FOOTER.pack(_MAGIC, len(structure.ids), file.tell() + _FOOTER.size))
    except (RuntimeError, OSError) as error:
        raise SnapshotError(
            f"Cannot write the vector index {path}: {error}. Check space and permissions."
        ) from error


def read(path: Path, *, mmap: bool) -> Structure:
    """What `write` wrote.

    Raises:
        SnapshotDamaged: absent, cut short, or not a file of `write`.
    """
    ids, distinct_of, wide = _read_rows(path)
    try:
        whole = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mmap else 0)
    except RuntimeError as error:
        raise SnapshotDamaged(f"FAISS cannot read {path}: {error}. Rebuild it.") from error
    store, approximate = whole, None
    if isinstance(whole, faiss.IndexRefine):
        store = faiss.downcast_index(whole.refine_index)
        approximate = faiss.downcast_index(whole.base_index)
    copies = Copies(distinct_of, store.ntotal)
    if not isinstance(store, faiss.IndexFlat) or store.ntotal != len(copies):
        raise SnapshotDamaged(f"Expected {path} as FaissIndex.save writes it. Rebuild it.")
    return Structure(ids, copies, store, approximate, wide, owner=whole, mapped=mmap)


def _read_rows(path: Path) -> tuple[Ids, Ids, int]:
    """The id and the distinct vector of each row, and the wide breadth."""
    try:
        length = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, length - _FOOTER.size))
            footer = file.read()
            magic, count, expected = (
                _FOOTER.unpack(footer) if len(footer) == _FOOTER.size else (b"", 0, -1)
            )
            tuned = int(magic == _MAGIC)
            size = (2 * count + tuned) * _NUMBER.itemsize
            if magic in (_MAGIC, _UNTUNED) and expected == length and size + _FOOTER.size <= length:
                file.seek(length - _FOOTER.size - size)
                numbers = np.frombuffer(file.read(size), dtype=_NUMBER).astype(np.int64)
                wide = int(numbers[-1]) if tuned else 0
                return numbers[:count], numbers[count : 2 * count], wide
    except OSError as error:
        raise SnapshotDamaged(f"Cannot read {path}: {error.strerror}. Rebuild it.") from error
    raise SnapshotDamaged(
        f"Expected {path} to end with its own length; it has {length} bytes and does not."
        " It was cut short or is no vector index. Rebuild it."
    )
