"""Which embedder the settings ask for, assembled."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from recommender.articles.catalog import Catalog
from recommender.errors import SettingsError
from recommender.settings_tables import EmbedderSettings
from recommender.similarity import universal_sentence_embedder, wordllama_embedder
from recommender.similarity.calibration_texts import calibration_texts
from recommender.similarity.cores import usable_cores
from recommender.similarity.embedder import Embedder
from recommender.similarity.many_processes import ManyProcesses
from recommender.similarity.openvino_embedder import TEXTS, OpenVinoEmbedder
from recommender.similarity.openvino_model import Runtime
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder

_NUMPY_ALONE = (wordllama_embedder.PACKAGED.model, universal_sentence_embedder.PACKAGED.model)
"""Packaged models that need no torch."""


def embedder_of(chosen: EmbedderSettings, folder: Path, catalog: Catalog) -> Embedder:
    """The embedder that is chosen; it loads nothing before its first text.

    Args:
        chosen: in the settings.
        folder: of models made for OpenVINO.
        catalog: whose articles calibrate one of 8 bits.

    Raises:
        SettingsError: settings that do not go together.
    """
    if chosen.runtime != "torch":
        return _openvino(chosen, chosen.runtime, folder, catalog)
    if chosen.model in _NUMPY_ALONE:
        _refuse_what_is_of_torch(chosen)
    if chosen.model == wordllama_embedder.PACKAGED.model:
        return wordllama_embedder.WordLlamaEmbedder()
    if chosen.model == universal_sentence_embedder.PACKAGED.model:
        return universal_sentence_embedder.UniversalSentenceEmbedder()
    devices = _devices(chosen)
    processes = chosen.processes or len(devices)
    own = _torch(chosen, devices, threads=None, number=0)
    if processes == 1:
        return own
    threads = max(1, usable_cores() // processes)
    return ManyProcesses(own, partial(_torch, chosen, devices, threads), processes)


def _refuse_what_is_of_torch(chosen: EmbedderSettings) -> None:
    other = {
        "device": chosen.device not in ("cpu", "auto"),
        "precision": chosen.precision != "float32",
        "processes": (chosen.processes or 1) > 1,
    }
    wrong = [f"embedder.{name}" for name, is_other in other.items() if is_other]
    if wrong:
        raise SettingsError(
            f"The setting {wrong[0]}: {chosen.model} computes on the processor, in one process, "
            f"with numpy. Leave {' and '.join(wrong)} unset."
        )


def _devices(chosen: EmbedderSettings) -> list[str]:
    named = [one.strip() for one in chosen.device.split(",")]
    if not all(named):
        raise SettingsError(
            f"The setting embedder.device: expected such as 'cuda:0, cuda:1', got "
            f"{chosen.device!r}."
        )
    return named


def _torch(
    chosen: EmbedderSettings, devices: Sequence[str], threads: int | None, number: int
) -> Embedder:
    return SentenceTransformersEmbedder(
        chosen.model,
        revision=chosen.revision,
        device=devices[number % len(devices)],
        batch_size=chosen.batch_size,
        precision=chosen.precision,
        threads=threads,
    )


def _openvino(
    chosen: EmbedderSettings, runtime: Runtime, folder: Path, catalog: Catalog
) -> Embedder:
    if chosen.model in _NUMPY_ALONE:
        raise SettingsError(
            f"The setting embedder.runtime: {chosen.model} has its own, quick already. Set "
            'embedder.runtime = "torch".'
        )
    if chosen.device != "cpu":
        raise SettingsError(
            f"The setting embedder.runtime: {runtime} computes on the cpu, and embedder.device is "
            f'{chosen.device}. Set embedder.runtime = "torch", or embedder.device = "cpu".'
        )
    if chosen.precision != "float32" or (chosen.processes or 1) > 1:
        raise SettingsError(
            f"The setting embedder.runtime: {runtime} has its own precision, and takes all cores "
            "in one process. Leave embedder.precision and embedder.processes unset."
        )
    return OpenVinoEmbedder(
        chosen.model,
        revision=chosen.revision,
        runtime=runtime,
        folder=folder,
        calibration=lambda: calibration_texts(catalog, TEXTS),
    )
