"""The ids of a corpus by position, as many as one likes at once."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recommender.articles.packed import Packed
from recommender.slots.corpus import Corpus

if TYPE_CHECKING:
    import pyarrow as pa


class Names:
    """Of one corpus."""

    def __init__(self, corpus: Corpus) -> None:
        """Reads nothing yet."""
        self._corpus = corpus

    def at(self, positions: npt.NDArray[np.int64]) -> tuple[str, ...]:
        """The ids of the articles at `positions`."""
        return tuple([self._corpus.id_at(one) for one in positions.tolist()])

    def arrow(self, positions: npt.NDArray[np.int64]) -> "pa.Array[Any]":
        """The same as strings of Arrow."""
        return self._strings.take(positions)

    @cached_property
    def _strings(self) -> "pa.Array[Any]":
        import pyarrow as pa  # noqa: PLC0415 - see ScoredBatch.arrow

        shelves = (self._corpus.base, self._corpus.overlay)
        return pa.concat_arrays([_strings(one.ids.ids) for one in shelves])


def _strings(packed: Packed) -> "pa.Array[Any]":
    """The byte strings, where they lie, as Arrow's strings."""
    import pyarrow as pa  # noqa: PLC0415 - see ScoredBatch.arrow

    ends, text = (np.ascontiguousarray(one).data for one in (packed.ends, packed.text))
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(text)]
    whole = pa.Array.from_buffers(pa.large_string(), len(packed), buffers)
    return whole.cast(pa.string())
