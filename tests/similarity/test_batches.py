import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from index.protocol import Vectors
from recommender.errors import EmbedderError
from recommender.similarity.batches import Batches
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder
from tests.similarity.tiny_sentence_transformer import write_sentence_transformer

TEXTS = [f"text {number}" for number in range(300)]


def _always(_: int) -> float:
    return 1.0


class Card:
    """Takes a time for each batch that its size says, and holds so many texts."""

    def __init__(self, seconds: Callable[[int], float] = _always, holds: int = 2**30) -> None:
        self.now = 0.0
        self.seconds = seconds
        self.holds = holds
        self.freed = 0

    def encode(self, texts: Sequence[str], size: int) -> Vectors:
        for start in range(0, len(texts), size):
            count = len(texts[start : start + size])
            if count > self.holds:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.")
            self.now += self.seconds(count)
        return np.array([[len(text), int(text.split()[-1])] for text in texts], dtype=np.float32)

    def let_go(self) -> None:
        self.freed += 1


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[Card], Batches]:
    def made(card: Card) -> Batches:
        monkeypatch.setattr(time, "perf_counter", lambda: card.now)
        return Batches(4, searching=True, let_go=card.let_go)

    return made


def test_sizes_double_while_that_is_quicker(on: Callable[[Card], Batches]) -> None:
    card = Card(lambda size: max(1.0, size / 40))  # no quicker beyond 40 at once
    found = on(card)
    assert len(found.embed(TEXTS, card.encode)) == len(TEXTS)
    assert found.size == 64
    card.seconds = _always
    found.embed(TEXTS, card.encode)
    assert found.size == 64, "what was found stays"


def test_few_texts_end_no_search(on: Callable[[Card], Batches]) -> None:
    card = Card()
    found = on(card)
    found.embed(TEXTS[:1], card.encode)
    assert found.size == 4
    found.embed(TEXTS[:20], card.encode)
    assert found.size == 16
    found.embed(TEXTS, card.encode)
    assert found.size == 256


def test_the_search_ends_where_the_memory_does(on: Callable[[Card], Batches]) -> None:
    card = Card(holds=50)
    found = on(card)
    assert len(found.embed(TEXTS, card.encode)) == len(TEXTS)
    assert (found.size, card.freed) == (32, 1)


def test_a_size_that_does_not_fit_is_halved_until_it_does() -> None:
    card = Card(holds=5)
    found = Batches(64, searching=False, let_go=card.let_go)
    assert_allclose(found.embed(TEXTS, card.encode), Card().encode(TEXTS, 1))
    assert (found.size, card.freed) == (4, 4)
    found.embed(TEXTS, card.encode)
    assert card.freed == 4, "what was found stays"


def test_where_not_even_one_text_fits_the_way_out_is_told() -> None:
    card = Card(holds=0)
    with pytest.raises(EmbedderError, match=r"one text at a time.*embedder.device"):
        Batches(8, searching=True, let_go=card.let_go).embed(TEXTS, card.encode)


def test_another_fault_is_no_matter_of_memory() -> None:
    def broken(_: Sequence[str], __: int) -> Vectors:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        Batches(8, searching=False, let_go=lambda: None).embed(TEXTS, broken)


def test_a_model_whose_memory_is_full_gives_the_same_vectors(tmp_path: Path) -> None:
    folder = write_sentence_transformer(tmp_path / "tiny")
    texts = ["harbour " * (1 + number % 5) for number in range(12)]
    want = SentenceTransformersEmbedder(str(folder)).embed(texts)
    embedder = SentenceTransformersEmbedder(str(folder), batch_size=12)

    def full(_: object, given: tuple[dict[str, torch.Tensor]]) -> None:
        if len(given[0]["input_ids"]) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    embedder.transformer()[0].register_forward_pre_hook(full)
    assert_allclose(embedder.embed(texts), want, atol=2e-6)
