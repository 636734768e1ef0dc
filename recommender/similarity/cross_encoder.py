"""A second look at the best candidates: a model that reads both texts of a pair together."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from recommender.errors import SettingsError
from recommender.similarity.hub import first_line, only_here

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

Scores: TypeAlias = npt.NDArray[np.float32]

_CHARACTERS = 10
"""A word piece is no longer than this on average: what lies beyond the model's limit is cut off
before it is taken apart, which for a long text costs more than the model."""

_HEADLESS = ("Model", "ForMaskedLM", "ForPreTraining")


class Reranker(Protocol):
    """Judges pairs of texts. Loading the model may wait until the first pair arrives."""

    def scores(self, subject: str, candidates: Sequence[str]) -> Scores:
        """How well each candidate goes with the subject; higher is better.

        Args:
            subject: a text.
            candidates: texts, the most promising first.

        Returns:
            Shape (n,), float32, finite, on the model's own scale, of the first n candidates.
            The others were not read, because the time was over.

        Raises:
            SettingsError: the model cannot be loaded or does not judge pairs; names the setting.
        """
        ...


class SentenceTransformersReranker:
    """A cross-encoder of sentence-transformers, loaded when the first pair must be judged.

    Batches are read in the order of the candidates, and none is begun after the time is over: a
    call takes at most the time of one batch longer. Threads may share one; they take turns after
    every batch, and waiting for a turn counts. Loading does not.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        device: str = "cpu",
        batch_size: int = 4,
        max_milliseconds: float = 500.0,
        setting: str = "reranker.model",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is loaded yet.

        Args:
            model: a folder, or a hub id.
            revision: commit, tag or branch of a hub id.
            device: "cpu", "cuda", "cuda:1", "mps".
            batch_size: pairs that go through the model at once.
            max_milliseconds: of one call, more than 0.
            setting: what errors name as the way out.
            clock: seconds.

        Raises:
            SettingsError: `model` is a path to nothing.
        """
        self._model = model
        self._revision = revision
        self._device = device
        self._batch_size = batch_size
        self._seconds = max_milliseconds / 1000
        self._setting = setting
        self._clock = clock
        self._loading = threading.Lock()
        # a tokenizer that two threads use at once fails
        self._turn = threading.Lock()
        self._loaded: CrossEncoder | None = None
        self._refused = ""
        is_path = Path(model).is_absolute() or model.startswith((".", "~"))
        if is_path and not Path(model).is_dir():
            raise SettingsError(f"There is no folder {model}. Set {setting}.")

    def scores(self, subject: str, candidates: Sequence[str]) -> Scores:
        """See `Reranker.scores`. Pairs longer than the model's limit are cut there."""
        found = [np.empty(0, dtype=np.float32)]
        if candidates:
            encoder = self._encoder()
            until = self._clock() + self._seconds
            for start in range(0, len(candidates), self._batch_size):
                left = until - self._clock()
                if left <= 0 or not self._turn.acquire(timeout=left):
                    break
                try:
                    batch = candidates[start : start + self._batch_size]
                    found.append(self._judged(encoder, subject, batch))
                finally:
                    self._turn.release()
        return np.concatenate(found)

    def _judged(self, encoder: "CrossEncoder", subject: str, batch: Sequence[str]) -> Scores:
        most = _CHARACTERS * int(encoder.tokenizer.model_max_length)
        try:
            scores = encoder.predict(
                [(subject[:most], one[:most]) for one in batch],
                batch_size=len(batch),
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        except (RuntimeError, ValueError, IndexError) as error:
            raise SettingsError(
                f"The model {self._model!r} failed at {len(batch)} pairs: {first_line(error)} "
                f"Set {self._setting}, or a smaller batch_size beside it."
            ) from error
        if scores.shape != (len(batch),) or not np.isfinite(scores).all():
            raise SettingsError(
                f"The model {self._model!r} was to give one finite number for each of "
                f"{len(batch)} pairs, gave {scores[0].tolist()} for the first: it is no reranker. "
                f"Set {self._setting}."
            )
        return np.asarray(scores, dtype=np.float32)

    def _encoder(self) -> "CrossEncoder":
        with self._loading:
            if self._refused:  # no hub is asked again for every page
                raise SettingsError(self._refused)
            if self._loaded is None:
                try:
                    self._loaded = self._load()
                except SettingsError as error:
                    self._refused = str(error)
                    raise
            return self._loaded

    def _load(self) -> "CrossEncoder":
        # imported here: torch takes seconds and hundreds of megabytes, and few use a reranker
        from sentence_transformers import CrossEncoder  # noqa: PLC0415
        from transformers.utils import logging  # noqa: PLC0415

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # not annotated there
        try:
            encoder: CrossEncoder = CrossEncoder(
                self._model,
                device=self._device,
                revision=self._revision,
                local_files_only=only_here(self._model),
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise SettingsError(
                f"The model {self._model!r} cannot be loaded on {self._device!r}: "
                f"{first_line(error)} Expected a folder holding a cross-encoder, or a hub id "
                f"that this machine can fetch. Set {self._setting}."
            ) from error
        config = encoder.config
        kinds = (config.architectures if config is not None else None) or []
        # the library gives such a model a head of random numbers, and only logs it
        if len(list(encoder.children())) == 1 and any(one.endswith(_HEADLESS) for one in kinds):
            raise SettingsError(
                f"The model {self._model!r} is a {', '.join(kinds)}, which has learned nothing of "
                f"pairs: expected a cross-encoder. Set {self._setting}."
            )
        return encoder
