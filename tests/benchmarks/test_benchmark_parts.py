"""Every part that `make bench` runs, over next to nothing: whether it measures what it says."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from benchmarks import (
    archive,
    duplicates_time,
    embedder_rates,
    events_rate,
    gpu_rates,
    http_rate,
    live_texts,
    million,
    million_home,
    runtime_rates,
    runtime_relevance,
    scoring_rate,
)
from benchmarks.definitions import (
    ON_CARD,
    ON_DATA,
    PARTS,
    ArchiveSpeed,
    DuplicatesTime,
    EventsRate,
    HttpRate,
    Part,
    PublicSets,
    RelatedLatency,
)
from benchmarks.embedding_definitions import EmbedderRates, GpuRates, LiveTexts, RuntimeRates
from benchmarks.plan import plan
from benchmarks.raw import read
from benchmarks.rehearsal import QUICK
from benchmarks.report import TITLES
from benchmarks.runner import main
from recommender.engine import Recommender
from recommender.settings_tables import EmbedderSettings
from recommender.similarity.sentence_transformers_embedder import SentenceTransformersEmbedder
from tests.benchmarks.small_sets import ARCHIVE, SIZE, write_sets

ROOT = Path(__file__).resolve().parents[2]
HTTP = HttpRate(
    articles=60, variants=2, connections=2, seconds=1, warm_up_seconds=0, rounds=1, sized=5,
    pinned=False,
)  # fmt: skip


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)


def test_a_part_is_run_by_its_name_and_gets_into_the_report(tmp_path: Path) -> None:
    where = ("--results", str(tmp_path), "--report", str(tmp_path / "REPORT.md"))
    done = run("--quick", "duplicates", *where)
    assert done.returncode == 0, done.stderr
    raw = read(tmp_path / "duplicates.json")
    assert (raw.part, raw.seed, raw.contests[0].measured.runs) == ("duplicates", 20260101, 2)
    assert raw.commit != ""
    report = (tmp_path / "REPORT.md").read_text(encoding="utf-8")
    assert "## Copies" in report
    assert "| | | Python sets of shingles | 2 |" in report


def test_a_part_on_public_sets_says_what_it_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["archive"])
    assert "the part archive needs --data" in capsys.readouterr().err


def test_parts_are_those_that_are_typed_and_those_on_public_sets_wait_for_data() -> None:
    assert get_args(Part) == PARTS
    assert tuple(TITLES) == PARTS
    for one in PARTS:
        assert plan(one, QUICK, PublicSets(Path("data"), Path("homes")), Path("homes")).about
    assert ON_DATA == ("runtimes", "runtime_relevance", "gpu", "archive")
    assert set(ON_CARD) < set(ON_DATA)


def test_scores_go_into_a_file_and_stand_beside_one_by_one_and_bare_faiss() -> None:
    contests, (goal,) = scoring_rate.measure(QUICK.scoring, 1)
    assert [one.size for one in contests] == [300, 300]
    assert [one.baseline_by.split()[0] for one in contests] == ["Recommender.fill,", "FAISS"]
    assert goal.came == contests[0].measured.median > 0


def test_a_large_catalog_is_made_once_then_served_and_scored(tmp_path: Path) -> None:
    related = RelatedLatency(articles=5, warm_up=1, rounds=1)
    asked = replace(QUICK.million, articles=300, requests=20, related=related, http=HTTP)
    contests, goals, ids = million.measure_alone(asked, 3, tmp_path / "home")
    assert len(ids) == 320
    whole, added, again = contests[:3]
    assert [one.size for one in (whole, added, again)] == [300, 320, 320]
    assert "publish" in added.stages
    assert "publish" not in again.stages
    assert all(one.measured.median > 0 and one.ratio > 0 for one in contests)
    assert all(one.came > 0 for one in goals)
    record = next(tmp_path.glob("*/rebuilds.json"))
    kept = record.read_bytes()
    assert million_home.rebuilds(record.parent, 300, 20, 3).whole.articles == 300
    assert record.read_bytes() == kept


def test_copies_are_found_and_nothing_else() -> None:
    asked = DuplicatesTime(articles=300, compared=100, rounds=1)
    (contest,), (_, found) = duplicates_time.measure(asked, 5)
    assert found.reached
    assert contest.facts["others called copies"] == 0
    assert set(contest.stages) == {"sketch", "find_copies"}
    assert all(one.median > 0 for one in contest.stages.values())
    # of one round: medians of several need not add up
    assert contest.measured.median == pytest.approx(
        sum(one.median for one in contest.stages.values()), rel=2e-4
    )


def test_every_beacon_is_kept_and_a_batch_counts_as_its_events() -> None:
    asked = EventsRate(
        connections=2, seconds=1, warm_up_seconds=0, rounds=1, bodies=40, batch_size=10,
        batch_connections=2, short=20, long=40, asked=1,
    )  # fmt: skip
    contests, goals = events_rate.measure(asked, 5)
    bare, plain, times, plain_times, in_batches, *logs = contests
    assert bare.measured == plain.measured
    assert times.measured == plain_times.measured
    assert plain_times.baseline_by == plain.baseline_by
    assert (bare.baseline_by, plain.baseline_by) == ("GET /constant", "GET /ordinary, FastAPI")
    # ids of their own, or the log would hold fewer than were answered
    assert bare.size >= times.measured.runs > 0
    assert in_batches.measured.unit == in_batches.baseline.unit == "events/s"
    assert in_batches.size == asked.batch_size
    assert in_batches.measured.median > 0 < in_batches.baseline.median
    assert [one.size for one in logs] == [40, 40]
    assert [one.name for one in goals][:2] == ["beacons to a constant", "events/s in batches"]


def test_related_over_http_stands_beside_both_constants_and_beside_beacons() -> None:
    contests, goals = http_rate.measure(HTTP, 5)
    pairs = [(one.measured_by, one.baseline_by) for one in contests if "answers" in one.name]
    usual = "GET /v1/articles/{id}/related"
    new = "the same, each a question not asked before"
    slots = "POST /v1/slots, related and popular"
    assert pairs == [
        (usual, "GET /constant"),
        (usual, "GET /ordinary, FastAPI"),
        (new, "GET /constant"),
        (new, "GET /ordinary, FastAPI"),
        (usual, "GET /constant"),
        (usual, "GET /ordinary, FastAPI"),
        (slots, "GET /constant"),
        (slots, "GET /ordinary, FastAPI"),
        (f"{usual}, a beacon every 100 ms", usual),
    ]
    assert all(one.measured.median > 0 and one.ratio > 0 for one in contests)
    assert [one.name for one in goals] == [
        f"rate to that of a constant, {one}" for one in (usual, new, f"{usual}, 2 workers")
    ]
    assert [one.name for one in contests if "2 workers" in one.name] == [
        "answers a second, 2 connections, 2 workers"
    ] * 2


def test_embedders_stand_beside_the_default_one_with_batch_and_threads() -> None:
    found, _ = embedder_rates.measure(EmbedderRates(texts=4, rounds=1), 5)
    default, multilingual, static = found
    assert default.ratio == 1
    assert min(one.measured.median for one in found) > 0
    assert [one.facts["batch size"] for one in (default, multilingual, static)] == [32, 64, 1]
    assert {"threads of torch", "threads of BLAS"} < set(default.facts)
    assert 100 < float(default.facts["word pieces of a text, mean"]) < 600


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> PublicSets:
    folder = tmp_path_factory.mktemp("public")
    return PublicSets(write_sets(folder / "data", ARCHIVE), folder / "homes")


def test_an_archive_is_embedded_once_and_its_cost_is_remembered(sets: PublicSets) -> None:
    related = RelatedLatency(articles=5, warm_up=1, rounds=1)
    made, _ = archive.measure(ArchiveSpeed(rounds=1, related=related, http=HTTP), 5, sets)
    kept = json.loads((archive.home_of(sets) / "embedding.json").read_text(encoding="utf-8"))
    assert kept["texts"] == len(ARCHIVE) * SIZE
    with Recommender.open(archive.home_of(sets)) as recommender:
        again = archive.rebuilds(recommender, sets, 1)
    for rebuild in (made[0], again[0]):
        assert rebuild.size == len(ARCHIVE) * SIZE
        assert rebuild.facts["seconds of that"] == kept["seconds"]
        assert 0 < float(rebuild.facts["share of embedding in a rebuild from nothing"]) < 1
        assert {"embed (vectors looked up)", "neighbours", "publish"} < set(rebuild.stages)
    assert [one.measured_by for one in made if one.name == "related, 5 of archive"] == [
        "Recommender.fill and its cards",
        "Recommender.related, with reasons",
    ]
    cold = [one for one in made if "from a cold start" in one.name]
    assert [one.baseline_by for one in cold] == ["GET /constant", "GET /ordinary, FastAPI"]
    # one round, one ratio
    assert float(cold[0].facts["ratio to the constant, round by round"]) == pytest.approx(
        cold[0].ratio, abs=0.01
    )
    assert [one.measured_by for one in made[-4:]] == [made[-1].measured_by] * 4


def test_a_limit_has_a_home_of_its_own_and_cuts_the_newswire(sets: PublicSets) -> None:
    few = PublicSets(sets.data, sets.homes, SIZE + 3)
    assert archive.home_of(few) != archive.home_of(sets)
    ids = [getattr(one, "id", "") for one in archive.records(few)]
    assert [one.partition("-")[0] for one in ids] == ["seed"] * SIZE + ["basil"] * 3


def test_runtimes_stand_beside_torch_and_are_calibrated_on_other_articles(tmp_path: Path) -> None:
    data = write_sets(tmp_path / "data", ("reuters21578",))
    asked = RuntimeRates(texts=4, corpus=SIZE // 2, k=3, rounds=1)
    contests, goals = runtime_rates.measure(asked, 5, PublicSets(data, tmp_path / "homes"))
    full, small = contests
    assert (full.measured_by, small.measured_by) == ("openvino", "openvino-int8")
    assert (full.baseline, full.size) == (small.baseline, 4)
    assert full.facts["mean cosine with torch"] == 1
    assert full.facts["nearest 3 kept"] == 1
    assert 0.98 < float(small.facts["mean cosine with torch"]) < 1
    assert [one.came for one in goals][:1] == [small.ratio]


def test_relevance_in_8_bits_stands_beside_that_of_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def measured(
        _: str, chosen: EmbedderSettings, __: Path, ___: Path, names: tuple[str, ...]
    ) -> dict[str, dict[str, float]]:
        asked.append((chosen.runtime, names))
        value = 0.7 if chosen.runtime == "torch" else 0.69
        return {one: {"similarity": value, "dense": 0.6} for one in names}

    monkeypatch.setattr(runtime_relevance, "measure_embedder", measured)
    sets = PublicSets(tmp_path, tmp_path)
    contests, (lost,) = runtime_relevance.measure(QUICK.runtime_relevance, 5, sets)
    assert asked == [("openvino-int8", ("lee50",)), ("torch", ("lee50",))]
    assert [one.name for one in contests] == ["similarity on lee50", "dense on lee50"]
    assert (lost.came, lost.reached) == (-0.01, False)


def test_both_precisions_stand_beside_a_bare_encode_and_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a processor can compute in half precision, though the product refuses to have it do so
    monkeypatch.setattr(
        SentenceTransformersEmbedder,
        "_narrowed",
        lambda self, loaded: loaded if self._precision == "float32" else loaded.half(),
    )
    data = write_sets(tmp_path / "data", ("reuters21578",))
    asked = GpuRates(texts=4, at_once=2, compared=4, k=2, rounds=1, device="cpu")
    contests, goals = gpu_rates.measure(asked, 5, PublicSets(data, tmp_path / "homes"))
    full, half, beside = contests
    assert [one.measured_by for one in contests] == ["float32", "float16", "float16"]
    assert full.baseline == half.baseline != beside.baseline == full.measured
    assert full.facts["mean cosine"] == 1
    assert 0.999 < float(half.facts["least cosine"]) <= 1
    assert half.facts["batch size found"] == 32
    assert [one.came for one in goals] == [1, 1]


def test_a_part_that_needs_a_card_is_left_out_where_there_is_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("benchmarks.runner._card", lambda: False)
    main(["gpu", "--data", "nowhere", "--results", str(tmp_path), "--report", str(tmp_path / "R")])
    assert "gpu: not measured, there is no card" in capsys.readouterr().out


def test_live_texts_are_cut_to_their_pieces_and_asked_by_threads() -> None:
    asked = LiveTexts(texts=2, warm_up=1, rounds=1, threads=3, each=2, connections=2, seconds=1)
    contests, (goal, fast, slower) = live_texts.measure(asked, 5)
    alone, static, long, short, live, rate, times = contests
    assert static.baseline == alone.baseline
    assert fast.came == static.measured.median > 0
    assert (live.measured_by, live.measured.runs) == ("POST /v1/related", 2)
    assert "while texts are embedded" in rate.measured_by
    assert slower.came == times.measured.p99 / times.baseline.p99 > 0
    assert goal.came == alone.measured.median > 0
    assert (long.size, short.size) == (3, 3)
    assert [one.runs for one in short.stages.values()] == [6, 6]
    assert "250" in long.name
    assert "20" in short.name
