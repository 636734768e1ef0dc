from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from benchmarks.corpora import HashedWords, made_up, opened
from benchmarks.http_app import CONSTANT
from benchmarks.http_server import serving
from benchmarks.load import Load, generator, put


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home: Path = tmp_path_factory.mktemp("home")
    with opened(home, HashedWords()) as recommender:
        recommender.rebuild(made_up(60, np.random.default_rng(0)))
    with serving(home, constant_bytes=1234, core=None) as found:
        yield found


def load(address: str, paths: list[str], using: str) -> Load:
    return put(address, paths, connections=3, seconds=1, seed=1, core=None, using=using)


def test_constant_has_the_size_asked_for(address: str) -> None:
    assert len(httpx.get(address + CONSTANT).raise_for_status().content) == 1234


@pytest.mark.parametrize("using", sorted({"built-in", generator()}))
def test_load_counts_answers_of_the_product(address: str, using: str) -> None:
    found = load(address, [f"/v1/articles/made-{at:06}/related" for at in range(60)], using)
    assert found.requests > 10
    assert 0 < found.p50_ms <= found.p95_ms <= found.p99_ms
    assert found.seconds >= 0.9


@pytest.mark.parametrize("using", sorted({"built-in", generator()}))
def test_an_answer_other_than_success_is_no_rate(address: str, using: str) -> None:
    with pytest.raises(RuntimeError, match=r"^\d+ of \d+ requests failed"):
        load(address, ["/v1/articles/nobody/related"], using)
