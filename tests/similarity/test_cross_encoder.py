import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants

from recommender.errors import SettingsError
from recommender.similarity.cross_encoder import SentenceTransformersReranker
from tests.similarity.tiny_cross_encoder import logits, write_cross_encoder

SUBJECT = "harbour bridge closed for repair"
CANDIDATES = [
    "repair of the harbour bridge costs more",
    "school roof leaks again",
    "rowing club wins the cup",
    "council vote on the tax",
    "where to swim " * 500,
    "9",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cross_encoder(tmp_path_factory.mktemp("tiny"))


def ticking(seconds: float) -> Callable[[], float]:
    """A clock that goes on by so much whenever it is read."""

    def times() -> Iterator[float]:
        now = 0.0
        while True:
            yield now
            now += seconds

    return times().__next__


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_scores_are_the_models_own_whatever_the_batches(folder: Path, batch_size: int) -> None:
    reranker = SentenceTransformersReranker(
        str(folder), batch_size=batch_size, max_milliseconds=60_000
    )
    scores = reranker.scores(SUBJECT, CANDIDATES)
    expected = 1 / (1 + np.exp(-logits(folder, SUBJECT, CANDIDATES)))
    assert scores.dtype == np.float32
    assert scores == pytest.approx(expected, abs=1e-4)
    assert len(set(scores.round(3).tolist())) == len(CANDIDATES)


def test_nothing_to_judge_is_nothing_judged(folder: Path) -> None:
    assert SentenceTransformersReranker(str(folder)).scores(SUBJECT, []).shape == (0,)


@pytest.mark.parametrize(
    ("milliseconds", "batch_size", "read"), [(50, 2, 0), (150, 2, 2), (250, 2, 4), (150, 5, 5)]
)
def test_no_batch_is_begun_after_the_time_is_over(
    folder: Path, milliseconds: float, batch_size: int, read: int
) -> None:
    reranker = SentenceTransformersReranker(
        str(folder),
        batch_size=batch_size,
        max_milliseconds=milliseconds,
        clock=ticking(0.1),
    )
    every = SentenceTransformersReranker(str(folder), max_milliseconds=60_000)
    scores = reranker.scores(SUBJECT, CANDIDATES)
    assert len(scores) == read
    assert scores == pytest.approx(every.scores(SUBJECT, CANDIDATES)[:read], abs=1e-5)


def test_who_waits_too_long_for_a_turn_reads_nothing(folder: Path) -> None:
    reranker = SentenceTransformersReranker(str(folder), max_milliseconds=20)
    reranker.scores(SUBJECT, CANDIDATES[:1])  # loaded
    with reranker._turn:
        assert len(reranker.scores(SUBJECT, CANDIDATES)) == 0
    assert len(reranker.scores(SUBJECT, CANDIDATES[:1])) == 1


def test_threads_share_one(folder: Path) -> None:
    reranker = SentenceTransformersReranker(str(folder), batch_size=2, max_milliseconds=60_000)
    alone = reranker.scores(SUBJECT, CANDIDATES)
    found: list[bool] = []

    def ask() -> None:
        for _ in range(5):
            scores = reranker.scores(SUBJECT, CANDIDATES)
            found.append(scores == pytest.approx(alone, abs=1e-5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == 20 * [True]


def test_a_path_to_nothing_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match=r"no folder /no/such/model. Set pipelines.x.reranker"):
        SentenceTransformersReranker("/no/such/model", setting="pipelines.x.reranker.model")


def test_what_cannot_be_loaded_is_refused_and_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # it would ask a hub for a minute
    for model in (str(tmp_path), "nobody/nothing-here"):
        reranker = SentenceTransformersReranker(model, setting="pipelines.x.reranker.model")
        told = rf"{model}' cannot be loaded on 'cpu'.*Set pipelines.x.reranker.model"
        with pytest.raises(SettingsError, match=told):
            reranker.scores(SUBJECT, CANDIDATES)
        monkeypatch.setattr(reranker, "_load", None)
        with pytest.raises(SettingsError, match=told):
            reranker.scores(SUBJECT, CANDIDATES)


@pytest.mark.parametrize(
    ("labels", "headless", "told"),
    [
        (3, False, r"one finite number for each of 4 pairs, gave \[.*\] for the first"),
        (1, True, "BertModel, which has learned nothing of pairs"),
    ],
)
def test_a_model_that_is_no_reranker_is_refused(
    tmp_path: Path, labels: int, told: str, *, headless: bool
) -> None:
    write_cross_encoder(tmp_path, labels=labels, headless=headless)
    with pytest.raises(SettingsError, match=rf"{told}.*Set reranker\.model"):
        SentenceTransformersReranker(str(tmp_path)).scores(SUBJECT, CANDIDATES)
