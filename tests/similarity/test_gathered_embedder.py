import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from index.protocol import Vectors
from recommender.errors import EmbedderError
from recommender.similarity.embedder import Embedder
from recommender.similarity.gathered_embedder import GatheredEmbedder
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder
from tests.contracts.embedder_contract import SUBJECTS, EmbedderContract
from tests.waiting import LONG, until

SHORT = [f"{first} {number}" for number in range(4) for first, _ in SUBJECTS]
LONG_TEXT = " ".join(second for _, second in SUBJECTS) * 10


class Watched:
    """The packaged model, whose calls are told; it may be held up, and may choke on a word."""

    def __init__(self) -> None:
        self._model = SentenceTransformersEmbedder()
        self.name, self.dim = self._model.name, self._model.dim
        self.calls: list[list[str]] = []
        self.open = threading.Event()
        self.open.set()

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(list(texts))
        assert self.open.wait(LONG)
        if any("choke" in text for text in texts):
            raise EmbedderError("choked")
        return self._model.embed(texts)


class TestGathered(EmbedderContract):
    @classmethod
    def build(cls) -> Embedder:
        return GatheredEmbedder(SentenceTransformersEmbedder(), threading.Lock())


@pytest.fixture(scope="module")
def watched() -> Watched:
    return Watched()


@pytest.fixture
def model(watched: Watched) -> Watched:
    watched.calls.clear()
    return watched


def waiting(gathered: GatheredEmbedder, count: int) -> bool:
    return len(gathered._waiting) == count


def asked_while_busy(model: Watched, texts: Sequence[str]) -> list[Vectors | BaseException]:
    """What each of the texts got that came, in this order, while the model was at work."""
    gathered = GatheredEmbedder(model, threading.Lock())
    model.open.clear()
    with ThreadPoolExecutor(len(texts) + 1) as pool:
        first = pool.submit(gathered.embed, ["first"])
        until(lambda: model.calls == [["first"]], "the first")
        pending = []
        for count, text in enumerate(texts, 1):
            pending.append(pool.submit(gathered.embed, [text]))
            until(partial(waiting, gathered, count), text)
        model.open.set()
        first.result(LONG)
        return [one.exception(LONG) or one.result() for one in pending]


def test_what_comes_while_the_model_is_at_work_goes_through_it_together(model: Watched) -> None:
    got = asked_while_busy(model, SHORT)
    assert model.calls == [["first"], SHORT]
    want = model.embed(SHORT)
    for vectors, expected in zip(got, want, strict=True):
        assert isinstance(vectors, np.ndarray)
        np.testing.assert_allclose(vectors, expected[None], atol=2e-6)


def test_an_idle_model_waits_for_no_company(model: Watched) -> None:
    gathered = GatheredEmbedder(model, threading.Lock())
    for text in SHORT[:3]:
        gathered.embed([text])
    assert model.calls == [[text] for text in SHORT[:3]]


def test_a_batch_is_no_longer_than_two_long_texts(model: Watched) -> None:
    asked_while_busy(model, [LONG_TEXT] * 5 + SHORT)
    assert [len(call) for call in model.calls] == [1, 2, 2, 1 + count_beside_a_long_one()]
    assert sum(map(len, model.calls)) == 6 + len(SHORT)


def count_beside_a_long_one() -> int:
    room = 2_500 - 1_250
    count = int(np.searchsorted(np.cumsum([len(text) for text in SHORT]), room, side="right"))
    assert count == len(SHORT), "all of them fit, or a further batch is expected"
    return count


def test_who_asks_while_others_hold_the_turn_is_gathered_too(model: Watched) -> None:
    turn = threading.Lock()
    gathered = GatheredEmbedder(model, turn)
    with ThreadPoolExecutor(len(SHORT)) as pool:
        with turn:
            pending = [pool.submit(gathered.embed, [text]) for text in SHORT]
            until(partial(waiting, gathered, len(SHORT)), "all to wait")
            assert model.calls == []
        for one in pending:
            one.result(LONG)
    assert [sorted(call) for call in model.calls] == [sorted(SHORT)]


def test_a_fault_of_one_text_is_not_the_others(model: Watched) -> None:
    one, two, three = asked_while_busy(model, [SHORT[0], "they choke", SHORT[1]])
    assert isinstance(two, EmbedderError)
    assert isinstance(one, np.ndarray)
    assert isinstance(three, np.ndarray)
    again = GatheredEmbedder(model, threading.Lock())
    with pytest.raises(EmbedderError, match="choked"):
        again.embed(["they choke"])
    assert again.embed(["fine"]).shape == (1, model.dim), "the next one leads again"


def test_threads_without_pause_each_get_their_own(model: Watched) -> None:
    gathered = GatheredEmbedder(model, threading.Lock())
    want = dict(zip(SHORT, model.embed(SHORT), strict=True))
    wrong: list[str] = []

    def ask(offset: int) -> None:
        for turn in range(8):
            text = SHORT[(offset + turn) % len(SHORT)]
            if not np.allclose(gathered.embed([text])[0], want[text], atol=2e-6):
                wrong.append(text)
            time.sleep(0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert wrong == []
    assert not gathered._waiting
    assert sum(map(len, model.calls)) == len(SHORT) + 64
