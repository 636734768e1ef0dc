import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from index.protocol import Vectors
from recommender.errors import EmbedderError
from recommender.similarity.giving_way import GivingWay


class Watched:
    name = "watched@1"
    dim = 1

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.niceness = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        if "bad" in texts:
            raise EmbedderError("no such text")
        own = threading.get_native_id()
        self.threads.add(own)
        if sys.platform == "linux":
            self.niceness = os.getpriority(os.PRIO_PROCESS, own)
        return np.array([[len(text)] for text in texts], dtype=np.float32)


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def aside(watched: Watched) -> Iterator[GivingWay]:
    made = GivingWay(watched)
    yield made
    made.close()


def test_all_that_ask_share_one_thread_which_is_none_of_theirs(
    aside: GivingWay, watched: Watched
) -> None:
    with ThreadPoolExecutor(4) as pool:
        for number, found in enumerate(pool.map(aside.embed, [["a" * n] for n in range(20)])):
            assert_array_equal(found, [[number]])
    assert len(watched.threads) == 1
    assert threading.get_native_id() not in watched.threads
    assert (aside.name, aside.dim) == ("watched@1", 1)


def test_the_thread_is_more_patient_than_the_process(aside: GivingWay, watched: Watched) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    aside.embed(["text"])
    assert watched.niceness == min(before + 5, 19)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_so_are_the_threads_that_compute_for_it(aside: GivingWay, watched: Watched) -> None:
    found: list[int] = []

    def embed(texts: Sequence[str]) -> Vectors:
        helper = threading.Thread(
            target=lambda: found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        )
        helper.start()
        helper.join()
        return np.ones((len(texts), 1), dtype=np.float32)

    watched.embed = embed  # type: ignore[method-assign]
    before = os.getpriority(os.PRIO_PROCESS, 0)
    aside.embed(["text"])
    assert found == [min(before + 5, 19)]


def test_what_a_model_refuses_is_told_to_who_asked(aside: GivingWay) -> None:
    with pytest.raises(EmbedderError, match="no such text"):
        aside.embed(["bad"])
    assert_array_equal(aside.embed(["good"]), [[4]])
