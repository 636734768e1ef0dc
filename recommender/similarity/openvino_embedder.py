"""Embedding by OpenVINO: the same model as by torch, quicker on most processors."""

import fcntl
import hashlib
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np

from index.protocol import Vectors
from recommender.errors import EmbedderError
from recommender.similarity.embedder import checked
from recommender.similarity.openvino_export import RECIPE, Order, main
from recommender.similarity.openvino_model import (
    DESCRIPTION,
    Description,
    OpenVinoModel,
    Runtime,
    openvino,
)
from recommender.similarity.sentence_transformers_embedder import (
    PACKAGED,
    SentenceTransformersEmbedder,
)

_log = logging.getLogger("recommender")

TEXTS = 64
"""That a model is calibrated and checked with: more change little, and take their time."""

_ASIDE = "making-"


class OpenVinoEmbedder:
    """A sentence-transformers model that OpenVINO runs, on the processor.

    With the first text it is made out of the model, which takes a minute or two, in 8 bits by the
    texts of the publisher; then it stays in a folder and is opened in a second, without torch.
    Processes that share the folder make it once: the others wait. Deleted, it is made anew, of the
    articles of that day: its vectors are as near to the ones before as both are to those of torch.
    Threads may share one.
    """

    def __init__(
        self,
        model: str = PACKAGED,
        *,
        revision: str | None = None,
        runtime: Runtime,
        folder: Path,
        calibration: Callable[[], Sequence[str]],
    ) -> None:
        """Nothing is loaded or made yet.

        Args:
            model: as of `SentenceTransformersEmbedder`.
            revision: likewise.
            runtime: "openvino" computes as torch does, "openvino-int8" in 8 bits.
            folder: of all models that were made; it is made where absent.
            calibration: `TEXTS` texts like those that will be embedded; asked for where one is
                made. Where they are fewer, those that are embedded at that moment join them.
        """
        self._model = model
        self._revision = revision
        self._runtime = runtime
        self._parent = folder
        self._calibration = calibration
        self._source = SentenceTransformersEmbedder(model, revision=revision)
        self._loading = threading.Lock()
        self._loaded: OpenVinoModel | None = None
        self._refused: EmbedderError | None = None  # it takes minutes to find out once more

    @cached_property
    def name(self) -> str:
        """model@revision+runtime.recipe: no vectors of another runtime are compared with these."""
        return f"{self._source.name}+{self._runtime}.{RECIPE}"

    @cached_property
    def dim(self) -> int:
        """Length of each vector; loads the model, unless it is the packaged one or was made."""
        if self._is_made():
            return Description.read(self._folder).dim
        return self._source.dim

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`. Texts longer than the model's limit are cut there."""
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        vectors = self._opened(texts).vectors(texts)
        return checked(vectors, count=len(texts), dim=self.dim, name=self.name)

    @cached_property
    def _folder(self) -> Path:
        plain = re.sub(r"[^A-Za-z0-9.-]+", "-", self.name)[-60:].lstrip(".-")
        return self._parent / f"{plain}-{hashlib.sha256(self.name.encode()).hexdigest()[:8]}"

    def _is_made(self) -> bool:
        return (self._folder / DESCRIPTION).is_file()

    def _opened(self, texts: Sequence[str]) -> OpenVinoModel:
        with self._loading:
            if self._refused is not None:
                raise self._refused
            if self._loaded is None:
                openvino()  # before minutes are spent on what it is to run
                if not self._is_made():
                    self._make_once(texts)
                self._loaded = OpenVinoModel(self._folder, Description.read(self._folder))
            return self._loaded

    def _make_once(self, texts: Sequence[str]) -> None:
        try:
            self._parent.mkdir(parents=True, exist_ok=True)
            with _held(self._parent / "making.lock") as lock:
                if not self._is_made():  # another process may have been at it
                    self._make(texts, lock)
        except OSError as error:
            raise EmbedderError(
                f"The model for embedder.runtime cannot be written below {self._parent}: "
                f"{error.strerror}."
            ) from error

    def _make(self, texts: Sequence[str], lock: int) -> None:
        for left in self._parent.glob(f"{_ASIDE}*"):  # by one that was killed
            shutil.rmtree(left)
        aside = self._parent / f"{_ASIDE}{os.getpid()}"
        aside.mkdir()
        order = Order(
            model=self._model,
            revision=self._revision,
            runtime=self._runtime,
            texts=tuple(dict.fromkeys([*self._calibration(), *texts]))[:TEXTS],
            folder=str(aside.resolve()),
        )
        _log.info("Making %s for this catalog; this takes a minute or two, once", self.name)
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-c", f"from {main.__module__} import main; main()"],
            input=order.to_json(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=(lock,),  # held until it ends, even where this process is killed
        )
        if done.returncode:
            shutil.rmtree(aside)
            said = done.stderr.strip().splitlines() if done.returncode > 0 else []
            if said:
                self._refused = EmbedderError(said[-1])
                raise self._refused
            raise EmbedderError(
                f"The process that was to make {self.name} ended with {done.returncode}. "
                'Try again with more memory, or set embedder.runtime = "torch".'
            )
        if self._folder.exists():
            shutil.rmtree(self._folder)  # without its description it is of no use
        aside.rename(self._folder)
        made = Description.read(self._folder)
        _log.info("Made %s: mean cosine %.4f with torch", self.name, made.likeness)
        if made.speed < 1:
            _log.warning(
                "On this processor 8 bits take %.1f times as long as full precision: it has no "
                'instructions for them. Set embedder.runtime = "openvino".',
                1 / made.speed,
            )


@contextmanager
def _held(path: Path) -> Iterator[int]:
    """Waits until no other process has the file, and holds it; gives its descriptor.

    The kernel lets go of it when all end that have it, however they end.
    """
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()
