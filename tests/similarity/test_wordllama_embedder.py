from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from recommender.errors import EmbedderError
from recommender.similarity import wordllama_embedder
from recommender.similarity.embedder import Embedder
from recommender.similarity.wordllama_embedder import WordLlamaEmbedder
from tests.contracts.embedder_contract import SUBJECTS, EmbedderContract

if TYPE_CHECKING:
    from wordllama import WordLlamaInference  # whose import sets up logging


class TestWordLlamaEmbedder(EmbedderContract):
    @classmethod
    def build(cls) -> WordLlamaEmbedder:
        return WordLlamaEmbedder()

    def test_the_model_is_the_one_it_says(self, embedder: Embedder) -> None:
        texts = ["I went to the car", "I went to the vehicle", "I went to the park"]
        vectors = embedder.embed(texts)
        assert embedder.name == "wordllama@0.4.0.post1-4d243a4b2dae"
        assert embedder.dim == 256
        assert vectors[1:] @ vectors[0] == pytest.approx([0.7343, 0.1423], abs=1e-3)

    def test_vectors_are_the_librarys(self, embedder: Embedder) -> None:
        texts = [sentence for pair in SUBJECTS for sentence in pair]
        library = wordllama_embedder._load().embed(texts, norm=True)
        np.testing.assert_allclose(embedder.embed(texts), library, atol=1e-6)

    def test_a_text_without_a_piece_is_an_unknown_piece(self, embedder: Embedder) -> None:
        unknown = wordllama_embedder._load().embedding[0]
        (empty,) = embedder.embed([""])
        np.testing.assert_allclose(empty, unknown / np.linalg.norm(unknown), atol=1e-6)

    def test_what_stands_beyond_the_limit_is_not_read(self, embedder: Embedder) -> None:
        text = "The council builds a bridge. " * 100
        read, more, less = embedder.embed([text[:2000], text + "Another subject.", text[:1990]])
        np.testing.assert_array_equal(read, more)
        assert (read != less).any()


def test_threads_load_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    really, loads = wordllama_embedder._load, []

    def counted() -> "WordLlamaInference":
        loads.append(1)
        return really()

    monkeypatch.setattr(wordllama_embedder, "_load", counted)
    shared = WordLlamaEmbedder()
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(shared.embed, [["text"]] * 8))) == 8
    assert len(loads) == 1


def test_a_model_that_computes_nonsense_is_refused() -> None:
    model = wordllama_embedder._load()
    model.embedding[:] = np.nan
    embedder = WordLlamaEmbedder()
    embedder._loaded = model
    with pytest.raises(EmbedderError, match="of length nan for text 0 of 1"):
        embedder.embed(["text"])
