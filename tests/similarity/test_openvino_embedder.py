import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from recommender.articles.article import Article
from recommender.articles.catalog import Catalog
from recommender.articles.complete import complete
from recommender.articles.text import article_text
from recommender.errors import EmbedderError, SettingsError
from recommender.settings import Settings
from recommender.settings_tables import EmbedderSettings
from recommender.similarity.calibration_texts import calibration_texts
from recommender.similarity.embedder import Embedder
from recommender.similarity.openvino_embedder import OpenVinoEmbedder
from recommender.similarity.openvino_export import Order, export
from recommender.similarity.openvino_model import DESCRIPTION, GRAPH, Description, Runtime
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder
from recommender.wiring import assemble
from tests.contracts.embedder_contract import SUBJECTS, EmbedderContract
from tests.similarity.tiny_sentence_transformer import (
    write_bag_of_words,
    write_sentence_transformer,
)

TEXTS = [" ".join(pair) for pair in SUBJECTS] + [second * 4 for _, second in SUBJECTS]
TOWN = ["harbour bridge closed for repair", "the school roof", "rowing club", "the council"]


class _Shared:
    """Models that are made once for all tests, and for all workers of pytest."""

    folder: Path

    @classmethod
    def embedder(cls, runtime: Runtime) -> OpenVinoEmbedder:
        return OpenVinoEmbedder(runtime=runtime, folder=cls.folder, calibration=lambda: TEXTS)


@pytest.fixture(scope="session", autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.getbasetemp()
    _Shared.folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "openvino"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sentence_transformer(tmp_path_factory.mktemp("tiny") / "model", prompt="the roof ")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    """The folder of models, in which the tiny one is, in 8 bits."""
    folder = tmp_path_factory.mktemp("made")
    of(tiny, folder).embed(TOWN)
    return folder


def test_nobody_is_told_of_it(tiny: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import sys; from pathlib import Path;"
        "from recommender.similarity.openvino_embedder import OpenVinoEmbedder as E;"
        "model, folder, *texts = sys.argv[1:];"
        "E(model, runtime='openvino-int8', folder=Path(folder), calibration=lambda: texts)"
        ".embed(texts)"
    )
    told = {name: value for name, value in os.environ.items() if name != "CI"}
    subprocess.run(
        [sys.executable, "-c", code, str(tiny), str(tmp_path / "made"), *TOWN],
        env={**told, "HOME": str(home)},
        check=True,
    )
    # the library that tells its makers begins with a file of its own there
    assert not (home / "intel").exists()


def of(
    model: Path, folder: Path, texts: Sequence[str] = TOWN, runtime: Runtime = "openvino-int8"
) -> OpenVinoEmbedder:
    return OpenVinoEmbedder(str(model), runtime=runtime, folder=folder, calibration=lambda: texts)


class _Contract(EmbedderContract):
    def test_it_is_not_taken_for_another_runtime(self, embedder: Embedder) -> None:
        names = {
            SentenceTransformersEmbedder().name,
            _Shared.embedder("openvino").name,
            _Shared.embedder("openvino-int8").name,
        }
        assert len(names) == 3
        assert embedder.name in names
        assert embedder.dim == 384


class TestFullPrecision(_Contract):
    @classmethod
    def build(cls) -> OpenVinoEmbedder:
        return _Shared.embedder("openvino")

    def test_vectors_are_those_of_torch(self, embedder: Embedder) -> None:
        texts = [*TEXTS, "", "Grüße aus dem Rathaus", TEXTS[0] * 20]
        want = SentenceTransformersEmbedder().embed(texts)
        np.testing.assert_allclose(embedder.embed(texts), want, atol=1e-5)


class Test8Bits(_Contract):
    @classmethod
    def build(cls) -> OpenVinoEmbedder:
        return _Shared.embedder("openvino-int8")

    def test_vectors_are_near_those_of_torch_and_not_the_same(self, embedder: Embedder) -> None:
        texts = [first for first, _ in SUBJECTS]
        want, got = SentenceTransformersEmbedder().embed(texts), embedder.embed(texts)
        assert np.einsum("ij,ij->i", want, got).mean() > 0.985
        assert np.abs(want - got).max() > 1e-4


def test_a_prompt_of_the_model_stands_before_each_text(tiny: Path, made: Path) -> None:
    want = SentenceTransformersEmbedder(str(tiny)).embed(TOWN)
    got = of(tiny, made).embed(TOWN)
    assert np.einsum("ij,ij->i", want, got).min() > 0.97
    assert Description.read(next(made.glob("*/"))).prompt == "the roof "


def test_it_is_made_once_and_then_opened_without_the_texts(
    tiny: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "recommender")
    (tmp_path / "making-killed").mkdir()
    embedders = [of(tiny, tmp_path, runtime="openvino") for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        one, *others = pool.map(lambda embedder: embedder.embed(TOWN), embedders)
    for other in others:
        np.testing.assert_array_equal(one, other)
    assert len([line for line in caplog.messages if line.startswith("Making")]) == 1

    def asked() -> list[str]:
        raise AssertionError("it is made already")

    again = OpenVinoEmbedder(str(tiny), runtime="openvino", folder=tmp_path, calibration=asked)
    np.testing.assert_array_equal(again.embed(TOWN), one)
    assert [path.name for path in tmp_path.glob("making-*")] == []


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "copied")


def test_a_damaged_one_is_refused_with_the_way_out(tiny: Path, copied: Path) -> None:
    (graph,) = copied.glob(f"*/{GRAPH}")
    graph.write_text("<net>")
    with pytest.raises(EmbedderError, match=r"model in .* cannot be read.*Delete that folder"):
        of(tiny, copied).embed(TOWN)
    graph.with_name(DESCRIPTION).write_text('{"dim": 16}')
    with pytest.raises(EmbedderError, match="Delete that folder"):
        of(tiny, copied).embed(TOWN)


def test_without_the_extra_it_is_refused_with_the_way_out(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(EmbedderError, match=r'pip install "related-articles\[openvino\]", or set'):
        of(tiny, tmp_path).embed(TOWN)


def test_what_cannot_be_made_into_one_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    words = write_bag_of_words(tmp_path / "words")
    with pytest.raises(EmbedderError, match=r"no tokenizer.*Set embedder.runtime = .torch."):
        export(Order(str(words), None, "openvino", tuple(TOWN), str(tmp_path)))
    empty = tmp_path / "empty"
    shutil.copytree(words, empty)
    (empty / "modules.json").unlink()
    (empty / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(EmbedderError, match="cannot be loaded on 'cpu'"):
        of(empty, tmp_path / "made").embed(TOWN)
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["making.lock"]


def test_vectors_that_say_something_else_are_refused(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "recommender.similarity.openvino_export._LEAST_LIKENESS", {"openvino": 1.01}
    )
    with pytest.raises(EmbedderError, match=r"says something else.*1\.000, expected 1\.01"):
        export(Order(str(tiny), None, "openvino", tuple(TOWN), str(tmp_path)))


def test_a_catalog_shows_texts_of_all_lengths_and_the_sample_stands_in(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        assert len(set(calibration_texts(catalog, 64))) == 64
        articles = [
            Article(id=str(number), title=f"Title {number}", body=f"Word {number}. " * number)
            for number in range(1, 101)
        ]
        catalog.upsert(articles[:3], complete=complete)
        own = {article_text(article) for article in articles}
        few = calibration_texts(catalog, 10)
        assert (len(few), len(own.intersection(few[:3])), own.isdisjoint(few[3:])) == (10, 3, True)
        catalog.upsert(articles, complete=complete)
        many = calibration_texts(catalog, 10)
        assert many == calibration_texts(catalog, 10)
        lengths = sorted(map(len, many))
        assert own.issuperset(many)
        assert len(set(many)) == 10
        assert lengths[0] == min(map(len, own))
        assert lengths[-1] == max(map(len, own))
        assert lengths[4] < lengths[-1] * 0.6


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (EmbedderSettings(model="wordllama", runtime="openvino"), "wordllama has its own"),
        (EmbedderSettings(device="cuda", runtime="openvino-int8"), "embedder.device is cuda"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    tmp_path: Path, chosen: EmbedderSettings, told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        assemble(tmp_path, Settings(embedder=chosen))


def test_the_setting_chooses_it(tmp_path: Path) -> None:
    parts = assemble(tmp_path, Settings(embedder=EmbedderSettings(runtime="openvino-int8")))
    assert parts.embedder.name == _Shared.embedder("openvino-int8").name
    parts.close()
