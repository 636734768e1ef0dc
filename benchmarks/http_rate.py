"""How fast one worker answers, and several, beside the same application answering a constant."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import httpx
import numpy as np

from benchmarks.corpora import HashedWords, made_up, opened
from benchmarks.definitions import HttpRate
from benchmarks.event_load import steady_beacons
from benchmarks.figures import Contest, Goal
from benchmarks.http_server import cores, serving
from benchmarks.load import Load
from benchmarks.load_rounds import CONSTANTS, Kind, contests, in_turn
from benchmarks.request import Request

_USUAL = "GET /v1/articles/{id}/related"
_SLOTS = "POST /v1/slots, related and popular"
_NEW = "the same, each a question not asked before"


def measure(asked: HttpRate, seed: int) -> tuple[list[Contest], list[Goal]]:
    """As asked by readers, computed anew each time, of several workers, and beside beacons."""
    rng = np.random.default_rng(seed)
    with TemporaryDirectory() as folder:
        home = Path(folder)
        articles = made_up(asked.articles, rng)
        with opened(home, HashedWords()) as recommender:
            recommender.rebuild(articles)
        ids = [one.id for one in articles]
        usual, new = usual_questions(ids), new_questions(ids, asked.variants)
        size = middle_size(home, usual.requests, rng, asked.sized)
        found: list[Contest] = []
        goals: list[Goal] = []
        # each with a server of its own: new questions would drive out what is ready
        for kind in (usual, new):
            answered = beside_constants(asked, home, kind, articles=len(ids), size=size, seed=seed)
            found += answered
            goals.append(
                Goal(
                    name=f"rate to that of a constant, {kind.by}",
                    at_least=asked.least_ratio,
                    came=answered[0].ratio,
                )
            )
        several = replace(asked, pinned=False, workers=asked.several)
        answered = beside_constants(several, home, usual, articles=len(ids), size=size, seed=seed)
        found += answered
        goals.append(
            Goal(
                name=f"rate to that of a constant, {usual.by}, {asked.several} workers",
                at_least=asked.least_ratio,
                came=answered[0].ratio,
            )
        )
        slots = slots_questions(ids)
        size = middle_size(home, slots.requests, rng, asked.sized)
        found += beside_constants(asked, home, slots, articles=len(ids), size=size, seed=seed)
        found += _while_beacons(asked, home, usual, len(ids), seed)
    return found, goals


def usual_questions(ids: Sequence[str]) -> Kind:
    """As readers ask: the page of one article after another."""
    return Kind(_USUAL, [Request(f"/v1/articles/{quote(one)}/related") for one in ids])


def slots_questions(ids: Sequence[str]) -> Kind:
    """As a publisher's server asks: both slots of the page of one article after another."""
    bodies = (json.dumps({"article_id": one, "slots": ["related", "popular"]}) for one in ids)
    return Kind(_SLOTS, [Request("/v1/slots", one, "application/json") for one in bodies])


def new_questions(ids: Sequence[str], variants: int) -> Kind:
    """What nobody asked before cannot be answered from what is ready."""
    paths = [one.path for one in usual_questions(ids).requests]
    new = [Request(f"{path}?exclude=nobody-{n}") for path in paths for n in range(variants)]
    return Kind(_NEW, new)


def middle_size(
    home: Path,
    requests: Sequence[Request],
    rng: np.random.Generator,
    count: int,
    *,
    embedder: str = "hashed",
) -> int:
    """Bytes of the answer in the middle, of `count` of the requests."""
    with (
        serving(home, constant_bytes=2, core=None, embedder=embedder) as address,
        httpx.Client() as client,
    ):
        drawn = rng.integers(0, len(requests), count)
        answers = [_answer(client, address, requests[at]) for at in drawn]
    return int(np.median([len(one) for one in answers]))


def _answer(client: httpx.Client, address: str, asked: Request) -> bytes:
    url = address + asked.path
    if not asked.body:
        return client.get(url).raise_for_status().content
    told = {"Content-Type": asked.kind}
    return client.post(url, content=asked.body, headers=told).raise_for_status().content


def beside_constants(
    asked: HttpRate,
    home: Path,
    kind: Kind,
    *,
    articles: int,
    size: int,
    seed: int,
    embedder: str = "hashed",
    cold: bool = False,
) -> list[Contest]:
    """One kind beside the two constants, on a server of its own.

    Args:
        asked: how often and how long.
        home: where a snapshot was published.
        kind: what is asked.
        articles: in the home.
        size: bytes of the constants.
        seed: of the drawing.
        embedder: see `serving`.
        cold: without a warm-up, and with the ratio of each round as a fact.
    """
    kinds = (kind, *CONSTANTS)
    core = cores()[0] if asked.pinned else None
    with serving(
        home, constant_bytes=size, core=core, embedder=embedder, workers=asked.workers
    ) as address:
        loads = in_turn(
            address,
            kinds,
            connections=asked.connections,
            seconds=asked.seconds,
            rounds=asked.rounds,
            warm_up_seconds=0 if cold else asked.warm_up_seconds,
            seed=seed,
            pinned=asked.pinned,
        )
    facts: dict[str, float | str] = {"bytes of the constant": size}
    if cold:
        facts["ratio to the constant, round by round"] = _growth(loads[0], loads[1])
    what = f"{asked.connections} connections{', from a cold start' if cold else ''}"
    what += f", {asked.workers} workers" if asked.workers > 1 else ""
    return contests(what, articles, kinds, loads, facts)


def _growth(own: Sequence[Load], constant: Sequence[Load]) -> str:
    return ", ".join(
        f"{one.rate / other.rate:.2f}" for one, other in zip(own, constant, strict=True)
    )


def _while_beacons(asked: HttpRate, home: Path, usual: Kind, size: int, seed: int) -> list[Contest]:
    milliseconds = f"{asked.beacon_seconds * 1e3:.0f}"
    kinds = (
        Kind(
            f"{usual.by}, a beacon every {milliseconds} ms",
            usual.requests,
            partial(steady_beacons, every=asked.beacon_seconds),
        ),
        usual,
    )
    core = cores()[0] if asked.pinned else None
    with serving(home, constant_bytes=2, core=core) as address:
        loads = in_turn(
            address,
            kinds,
            connections=asked.connections,
            seconds=asked.seconds,
            rounds=asked.rounds,
            warm_up_seconds=asked.warm_up_seconds,
            seed=seed,
            pinned=asked.pinned,
        )
    what = f"{asked.connections} connections, with beacons and without"
    return contests(what, size, kinds, loads, {})
