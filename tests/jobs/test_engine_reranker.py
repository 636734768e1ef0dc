from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender import Recommender, SettingsError, UnpublishedText
from recommender.articles.text import article_text
from recommender.settings import load_settings
from recommender.wiring import assemble
from tests.jobs.home import NOW, WordEmbedder, articles
from tests.similarity.tiny_cross_encoder import logits, write_cross_encoder

TEXTS = {one.id: article_text(one) for one in articles(40)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cross_encoder(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def engine(tmp_path: Path, folder: Path) -> Iterator[Recommender]:
    """With one pipeline that reads the first six once more, and the same without."""
    plain = "weights = { expanded = 1 }\ndiversity = 0\nas_of_now = false\n"
    model = f"model = '{folder}'\nfirst = 6\nbatch_size = 4\nmax_milliseconds = 60000\n"
    (tmp_path / "recommender.toml").write_text(
        f"[pipelines.plain]\n{plain}[pipelines.read]\n{plain}[pipelines.read.reranker]\n{model}"
    )
    with Recommender(replace(assemble(tmp_path), embedder=WordEmbedder())) as made:
        made.rebuild(articles(40))
        yield made


def by_model(folder: Path, subject: str, ids: list[str]) -> list[str]:
    said = logits(folder, subject, [TEXTS[one] for one in ids])
    return [ids[int(at)] for at in np.argsort(-said)]


def test_the_settings_make_a_pipeline_that_reads_whole_articles(
    engine: Recommender, folder: Path
) -> None:
    before = [one.id for one in engine.related("n0", limit=9, at=NOW, pipeline="plain")]
    slot = engine.related("n0", limit=9, at=NOW, pipeline="read")
    expected = by_model(folder, TEXTS["n0"], before[:6])
    assert expected != before[:6]  # otherwise there is nothing to see here
    assert [one.id for one in slot] == expected + before[6:]
    for one in slot:
        assert sum(reason.contribution for reason in one.reasons) == pytest.approx(
            one.score, abs=1e-5
        )
    assert "cross_encoder" in {reason.signal for reason in slot[0].reasons}


def test_a_text_is_read_too(engine: Recommender, folder: Path) -> None:
    text = UnpublishedText(title="rowing club cup", body="The rowing club cup goes on")
    before = [one.id for one in engine.related(text, limit=6, at=NOW, pipeline="plain")]
    after = [one.id for one in engine.related(text, limit=6, at=NOW, pipeline="read")]
    assert after == by_model(folder, "rowing club cup\n\nThe rowing club cup goes on", before)


def test_many_articles_at_once_are_scored_the_same(engine: Recommender) -> None:
    (batch,) = engine.score(["n0", "n1"], limit=6, at=NOW, pipeline="read")
    slot = engine.related("n0", limit=6, at=NOW, pipeline="read")
    assert list(batch.related_ids[:6]) == [one.id for one in slot]


def test_without_a_model_nothing_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "recommender.toml").write_text("[pipelines.default.reranker]\nfirst = 6\n")
    parts = assemble(tmp_path)
    try:
        assert {one.rescoring for one in parts.pipelines.values()} == {None}
    finally:
        parts.close()


def test_a_model_that_is_not_there_is_told_by_its_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOMMENDER_PIPELINES__SIMILARITY__RERANKER__MODEL", "./absent")
    assert load_settings(tmp_path).pipelines["similarity"].reranker.model == "./absent"
    told = r"no folder \./absent\. Set pipelines\.similarity\.reranker\.model"
    with pytest.raises(SettingsError, match=told):
        assemble(tmp_path)
    assert not (tmp_path / "catalog.sqlite").exists()
