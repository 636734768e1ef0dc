from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import pytest

from benchmarks.corpora import HashedWords, made_up, opened
from benchmarks.event_load import beacons, steady_beacons
from benchmarks.http_app import CONSTANT, ORDINARY
from benchmarks.http_server import serving
from benchmarks.load import Load, generator, put
from benchmarks.load_rounds import Kind, contests, in_turn
from benchmarks.request import Request
from recommender.readers.events import EventLog
from tests.waiting import until

_COUNTED = (
    'recommender_http_requests_total{method="GET",route="/v1/articles/{article_id:path}/related"'
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home: Path = tmp_path_factory.mktemp("home")
    with opened(home, HashedWords()) as recommender:
        recommender.rebuild(made_up(60, np.random.default_rng(0)))
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with serving(home, constant_bytes=1234, core=None) as found:
        yield found


def load(address: str, paths: list[str], using: str) -> Load:
    asked = [Request(one) for one in paths]
    return put(address, asked, connections=3, seconds=1, seed=1, core=None, using=using)


def answered(address: str) -> int:
    """How many requests for related articles, by the server's own count."""
    told = httpx.get(f"{address}/metrics").raise_for_status().text
    lines = [line for line in told.splitlines() if line.startswith(_COUNTED)]
    return sum(round(float(line.rpartition(" ")[2])) for line in lines)


def kept(home: Path) -> int:
    with EventLog.open(home / "events.sqlite") as log:
        return len(log)


def test_both_constants_are_the_same_bytes_of_the_size_asked_for(address: str) -> None:
    bare, ordinary = (httpx.get(address + one).raise_for_status() for one in (CONSTANT, ORDINARY))
    assert bare.content == ordinary.content
    assert len(bare.content) == 1234


@pytest.mark.parametrize("using", sorted({"built-in", generator()}))
def test_load_counts_answers_of_the_product(address: str, using: str) -> None:
    before = answered(address)
    found = load(address, [f"/v1/articles/made-{at:06}/related" for at in range(60)], using)
    # those on their way at the end are answered and not counted
    assert 0 < found.requests <= answered(address) - before <= found.requests + 3
    assert 0 < found.p50_ms <= found.p95_ms <= found.p99_ms
    assert found.seconds > 0


@pytest.mark.parametrize("using", sorted({"built-in", generator()}))
def test_an_answer_other_than_success_is_no_rate(address: str, using: str) -> None:
    with pytest.raises(RuntimeError, match=r"^\d+ of \d+ requests failed"):
        load(address, ["/v1/articles/nobody/related"], using)


@pytest.mark.parametrize(("using", "seed"), [("built-in", 1), (generator(), 2)])
def test_every_beacon_is_another_event(home: Path, address: str, using: str, seed: int) -> None:
    before = kept(home)
    sent = beacons(5, seed)
    found = put(address, sent, connections=2, seconds=1, seed=seed, core=None, using=using)
    # those on their way at the end are kept and not counted
    assert 0 < found.requests <= kept(home) - before <= found.requests + 2


def test_beacons_arrive_all_the_while(home: Path, address: str) -> None:
    before = kept(home)
    with steady_beacons(address, every=0.05, seed=9):
        until(lambda: kept(home) - before > 2, "three beacons")


def test_a_beacon_that_is_not_taken_is_an_error(address: str) -> None:
    with (
        pytest.raises(RuntimeError, match="requests to /v1/nowhere failed, the first: 404"),
        steady_beacons(address, every=0.05, seed=9, path="/v1/nowhere"),
    ):
        load(address, ["/v1/articles/made-000001/related"], "built-in")


def test_kinds_take_turns_and_beacons_arrive_where_they_are_asked_for(
    home: Path, address: str
) -> None:
    before = kept(home)
    asked = (Request("/v1/articles/made-000001/related"),)
    kinds = (Kind("with", asked, partial(steady_beacons, every=0.05)), Kind("without", asked))
    found = in_turn(
        address, kinds, connections=1, seconds=1, rounds=1, warm_up_seconds=0, seed=20
    )  # fmt: skip
    assert [len(one) for one in found] == [1, 1]
    assert kept(home) > before
    rate, times = contests("so", 7, kinds, found, {"told": 1.0})
    assert (rate.measured_by, rate.baseline_by, rate.size) == ("with", "without", 7)
    assert rate.ratio == pytest.approx(found[0][0].rate / found[1][0].rate, rel=0.001)
    assert times.measured.runs == found[0][0].requests
