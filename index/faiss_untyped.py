"""FAISS without its type stubs, which miss half of its names and misstate arguments."""

from typing import Any

import faiss as _faiss

faiss: Any = _faiss
