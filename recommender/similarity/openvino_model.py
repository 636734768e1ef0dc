"""A model that was made for OpenVINO, out of its folder: texts in, unit vectors out."""

import json
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.protocol import Vectors
from recommender.errors import EmbedderError

if TYPE_CHECKING:
    from openvino import CompiledModel
    from tokenizers import Tokenizer

Runtime: TypeAlias = Literal["openvino", "openvino-int8"]

GRAPH = "model.xml"
TOKENIZER = "tokenizer.json"
DESCRIPTION = "embedder.json"
"""Written last: a folder that has it is whole."""

_STEP = 8
"""Pieces that a text is filled up to a multiple of: each length costs memory once it was seen."""

_Feed: TypeAlias = dict[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Description:
    """How texts become what the graph takes, and what its making showed.

    Attributes:
        dim: length of each vector.
        limit: pieces of a text; what stands beyond is not read.
        inputs: names of the graph's inputs.
        padding: id of the piece that fills up.
        prompt: stands before every text.
        likeness: mean cosine with the vectors of torch, over texts it was not calibrated on.
        speed: times as fast as the same graph in full precision; 1 where it is that one.
    """

    dim: int
    limit: int
    inputs: tuple[str, ...]
    padding: int
    prompt: str
    likeness: float
    speed: float

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Of a folder.

        Raises:
            EmbedderError: there is none, or it is damaged.
        """
        path = folder / DESCRIPTION
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{**found, "inputs": tuple(found["inputs"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise damaged(folder, error) from error

    def write(self, folder: Path) -> None:
        """Into a folder that has everything else."""
        text = json.dumps(asdict(self), indent=2)
        (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")


class OpenVinoModel:
    """Threads may share one. A text's vector does not depend on those embedded beside it."""

    def __init__(self, folder: Path, description: Description, graph: str = GRAPH) -> None:
        """Reads the folder; `graph`, a file of it, is compiled with the first texts.

        Raises:
            EmbedderError: OpenVINO is not installed, or the folder is damaged.
        """
        self.description = description
        self._folder = folder
        self._graph = graph
        self._compiling = threading.Lock()
        self._compiled: dict[str, CompiledModel] = {}
        self._tokenizer = _tokenizer(folder, description.limit)
        self._core = openvino().Core()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit rows, shape (len(texts), dim), float32, in the order of the texts; one at least."""
        prompt = self.description.prompt
        pieces = self._tokenizer.encode_batch([prompt + text for text in texts])
        found = np.empty((len(texts), self.description.dim), dtype=np.float32)
        # all cores for the one; of many, each has its own: nothing is padded for another's sake
        compiled = self._for("LATENCY" if len(texts) == 1 else "THROUGHPUT")
        beside = min(len(texts), compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        places = iter(range(len(texts)))

        def run(_: int) -> None:
            request = compiled.create_infer_request()
            for place in places:  # shared: whoever is done takes the next
                found[place] = request.infer(self._feed(pieces[place].ids))[0][0]

        try:
            if beside == 1:
                run(0)
            else:
                with ThreadPoolExecutor(beside) as pool:
                    list(pool.map(run, range(beside)))
        except RuntimeError as error:
            raise EmbedderError(
                f"OpenVINO could not compute with the model in {self._folder}: {first_line(error)}"
            ) from error
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found

    def feed_of(self, text: str) -> _Feed:
        """What the graph takes for a text."""
        return self._feed(self._tokenizer.encode(self.description.prompt + text).ids)

    def _feed(self, pieces: Sequence[int]) -> _Feed:
        count = len(pieces)
        length = max(count, min(-(-count // _STEP) * _STEP, self.description.limit))
        ids = np.full((1, length), self.description.padding, dtype=np.int64)
        ids[0, :count] = pieces
        mask = np.zeros_like(ids)
        mask[0, :count] = 1
        given = {"input_ids": ids, "attention_mask": mask}
        return {name: given.get(name, np.zeros_like(ids)) for name in self.description.inputs}

    def _for(self, hint: str) -> "CompiledModel":
        with self._compiling:
            if hint not in self._compiled:
                # some processors would compute in 16 bits else, which is another model
                options = {"PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": "f32"}
                try:
                    graph = self._core.read_model(self._folder / self._graph)
                    self._compiled[hint] = self._core.compile_model(graph, "CPU", options)
                except RuntimeError as error:
                    raise damaged(self._folder, error) from error
            return self._compiled[hint]


def openvino() -> Any:
    """The package.

    Raises:
        EmbedderError: it is not installed.
    """
    # it would tell its makers of every import: it takes a missing package for "do not"
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # means: not there
    try:
        # imported here: an extra, and a server that answers from a snapshot does not need it
        import openvino as package  # noqa: PLC0415
    except ImportError as error:
        raise lacking(error) from error
    return package


def lacking(error: ImportError) -> EmbedderError:
    """What to do where a package of the extra cannot be imported."""
    return EmbedderError(
        f"The setting embedder.runtime needs a package that cannot be imported: {error}. "
        'Run: pip install "related-articles[openvino]", or set embedder.runtime = "torch".'
    )


def damaged(folder: Path, error: Exception) -> EmbedderError:
    """What to do where a folder is not as it was made."""
    return EmbedderError(
        f"The model in {folder} cannot be read: {first_line(error)} "
        "Delete that folder; it is made anew with the next text."
    )


def first_line(error: Exception) -> str:
    """What an error says, as far as it belongs into a message."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _tokenizer(folder: Path, limit: int) -> "Tokenizer":
    from tokenizers import Tokenizer  # noqa: PLC0415 - comes with the models

    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # the library raises nothing narrower
        raise damaged(folder, error) from error
    tokenizer.enable_truncation(limit)
    tokenizer.no_padding()
    return tokenizer
