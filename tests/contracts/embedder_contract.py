"""What every `Embedder` has to do, whatever model it runs."""

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from index.protocol import Vectors
from recommender.similarity.embedder import Embedder

_ROUNDING = 2e-6
"""How far an entry may move with the texts that are embedded together."""

SUBJECTS = (
    (
        "The parliament passed a new law on the protection of forests.",
        "Lawmakers voted to shield woodland from logging.",
    ),
    (
        "Our team lost the final after a penalty shoot-out.",
        "Beaten on penalties: the football club misses the cup.",
    ),
    (
        "Doctors warn of a new wave of influenza this winter.",
        "Hospitals prepare for more flu patients, and nurses urge vaccination.",
    ),
    (
        "The central bank raises interest rates again.",
        "Borrowing gets dearer as inflation makes the bank tighten money.",
    ),
)
"""Two sentences on each subject that share hardly a word."""

_ODD = (
    "",
    " ",
    "\n\n\t",
    "\u200b",
    "\x00\x01",
    "7",
    "!?",
    "\U0001f389\U0001f389\U0001f389",
    "a" * 5_000,
    "Donaudampfschifffahrtsgesellschaftskapitän" * 60,
    "e" + "\u0301" * 500,
    "ሰላም ለዓለም",
    "ᚠᚢᚦᚨᚱᚲ",
    "นายกรัฐมนตรีแถลงนโยบายต่อรัฐสภา",
    "議会は森林保護に関する新しい法律を可決した。",
)


def _mixed() -> list[str]:
    """Short and long ones, so that some are padded or cut."""
    first, second = zip(*SUBJECTS, strict=True)
    return [*first, "short", " ".join(first * 3), *second, " ".join(second * 8)]


def _unit(vectors: Vectors, count: int, dim: int) -> None:
    assert vectors.shape == (count, dim)
    assert vectors.dtype == np.float32
    assert_allclose(np.linalg.norm(vectors.astype(np.float64), axis=1), 1, atol=1e-5)


class EmbedderContract(ABC):
    @classmethod
    @abstractmethod
    def build(cls) -> Embedder:
        """A new one, that has loaded nothing."""

    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls) -> Embedder:
        return cls.build()

    def test_one_unit_row_for_each_text(self, embedder: Embedder) -> None:
        texts = _mixed()
        _unit(embedder.embed(texts), len(texts), embedder.dim)
        _unit(embedder.embed(tuple(texts[:1])), 1, embedder.dim)

    def test_no_text_gives_no_row(self, embedder: Embedder) -> None:
        _unit(embedder.embed([]), 0, embedder.dim)

    def test_name_and_length_are_known_before_loading_and_stay(self, embedder: Embedder) -> None:
        other = self.build()
        name, dim = other.name, other.dim
        _unit(other.embed(["text"]), 1, dim)
        assert (other.name, other.dim) == (name, dim) == (embedder.name, embedder.dim)
        model, _, revision = name.partition("@")
        assert model
        assert revision

    def test_the_same_text_gets_the_same_vector(self, embedder: Embedder) -> None:
        texts = _mixed()
        vectors = embedder.embed(texts)
        assert_array_equal(embedder.embed(texts), vectors)
        twice = embedder.embed([texts[0], *texts])
        assert_allclose(twice[0], twice[1], atol=_ROUNDING)

    def test_rows_follow_the_texts_whatever_their_order(self, embedder: Embedder) -> None:
        texts = _mixed()
        order = np.random.default_rng(1).permutation(len(texts))
        together = embedder.embed(texts)
        assert_allclose(
            embedder.embed([texts[at] for at in order]), together[order], atol=_ROUNDING
        )
        alone = np.concatenate([embedder.embed([text]) for text in texts])
        assert_allclose(alone, together, atol=_ROUNDING)
        differ = np.abs(together[:, None] - together[None]).max(axis=2) > 1e-2
        assert differ.sum() == len(texts) * (len(texts) - 1), "each text has its own"

    def test_what_is_hardly_a_text_gets_a_vector_as_well(self, embedder: Embedder) -> None:
        together = embedder.embed(_ODD)
        _unit(together, len(_ODD), embedder.dim)
        assert_allclose(
            np.concatenate([embedder.embed([text]) for text in _ODD]), together, atol=_ROUNDING
        )

    def test_the_empty_text_is_near_no_sentence(self, embedder: Embedder) -> None:
        texts = ["", *(sentence for pair in SUBJECTS for sentence in pair)]
        vectors = embedder.embed(texts)
        assert (vectors[1:] @ vectors[0]).max() < 0.35

    def test_two_sentences_on_a_subject_are_nearest_to_each_other(self, embedder: Embedder) -> None:
        first, second = zip(*SUBJECTS, strict=True)
        cosines = embedder.embed(first) @ embedder.embed(second).T
        assert_array_equal(cosines.argmax(axis=0), range(len(SUBJECTS)))
        assert_array_equal(cosines.argmax(axis=1), range(len(SUBJECTS)))

    def test_threads_that_meet_at_the_loading_get_what_one_gets(self, embedder: Embedder) -> None:
        texts = ["short", *SUBJECTS[0]]
        want = embedder.embed(texts)
        shared = self.build()
        with ThreadPoolExecutor(4) as pool:
            for got in pool.map(shared.embed, [texts] * 6):
                assert_allclose(got, want, atol=_ROUNDING)
