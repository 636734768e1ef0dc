"""Who there is, and how each is made; a library is imported only where its contestant is made."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from benchmarks.contestants.protocol import Contestant, Given


@dataclass(frozen=True, slots=True)
class Known:
    """One contestant before it is made.

    Attributes:
        file: of this folder, without its ending.
        made_by: the class in it.
        called: what the report calls it when it could not be made.
    """

    file: str
    made_by: str
    called: str

    def load(self) -> Callable[[Given[Any]], Contestant[Any]]:
        """The class; making one builds it, on all cores.

        Raises:
            ImportError: its library is not installed.
        """
        found = getattr(import_module(f"{__package__}.{self.file}"), self.made_by)
        return cast("Callable[[Given[Any]], Contestant[Any]]", found)


OURS = Known("ours", "Ours", "FaissIndex")
USEARCH = Known("usearch", "Usearch", "usearch")
VECTORS = (
    OURS,
    Known("exact", "Exact", "exact search (numpy)"),
    Known("scikit_learn", "ScikitLearn", "scikit-learn NearestNeighbors"),
    Known("hnswlib", "Hnswlib", "hnswlib"),
    USEARCH,
    Known("voyager", "Voyager", "voyager"),
    Known("lancedb", "LanceDb", "LanceDB"),
    Known("chroma", "Chroma", "Chroma"),
    Known("qdrant", "Qdrant", "Qdrant, local mode"),
    Known("txtai", "Txtai", "txtai"),
    Known("sqlite_vec", "SqliteVec", "sqlite-vec"),
    Known("pgvector", "Pgvector", "pgvector"),
)
"""Find the nearest vectors; ours first, which the others stand beside."""

OUR_WORDS = Known("our_words", "OurWords", "lexical_search")
TEXTS = (
    OUR_WORDS,
    Known("bm25", "Bm25", "bm25s"),
    Known("tantivy", "Tantivy", "tantivy"),
    Known("full_text", "FullText", "PostgreSQL full text"),
)
"""Find texts like one of their own by its words; ours first."""
