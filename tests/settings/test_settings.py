from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from recommender.errors import SettingsError
from recommender.settings import find_home, load_settings, origins
from recommender.slots.definitions import BUILT_IN, Chart
from recommender.slots.slot import Filters
from recommender.wiring import assemble


def _write(home: Path, text: str) -> None:
    (home / "recommender.toml").write_text(text)


def test_without_a_file_there_are_two_pipelines(tmp_path: Path) -> None:
    assert set(load_settings(tmp_path).pipelines) == {"default", "similarity"}


def test_similarity_weighs_nothing_but_the_pair(tmp_path: Path) -> None:
    pipeline = load_settings(tmp_path).pipelines["similarity"]
    weights = pipeline.weights
    assert weights.recency == weights.popularity == weights.editors_choice == 0
    assert pipeline.diversity == 0
    assert not pipeline.as_of_now
    assert not pipeline.collapse_copies


def test_a_file_may_change_one_weight_and_keep_the_rest(tmp_path: Path) -> None:
    before = load_settings(tmp_path).pipelines["default"]
    _write(tmp_path, "[pipelines.default.weights]\nrecency = 0.7\n")
    after = load_settings(tmp_path).pipelines["default"]
    assert after.weights.recency == 0.7
    assert after.weights.dense == before.weights.dense
    assert after.diversity == before.diversity


def test_a_file_may_add_a_pipeline(tmp_path: Path) -> None:
    _write(tmp_path, "[pipelines.fresh.weights]\nrecency = 2\n")
    parts = assemble(tmp_path)
    try:
        assert parts.pipelines["fresh"].weights.recency == 2
    finally:
        parts.close()


def test_a_variable_wins_over_the_file_and_the_file_over_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path, "[popular]\nwindow_days = 3\nhalf_life_days = 2\n")
    monkeypatch.setenv("RECOMMENDER_POPULAR__WINDOW_DAYS", "30")
    settings = load_settings(tmp_path)
    assert settings.popular.window_days == 30
    source = {one.name: one.source for one in origins(settings, tmp_path)}
    assert source["popular.window_days"] == "RECOMMENDER_POPULAR__WINDOW_DAYS"
    assert source["popular.half_life_days"] == "recommender.toml"
    assert source["embedder.model"] == "default"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[embeder]\nmodel = 'x'", r"unknown setting 'embeder'.*embedder"),
        ("[cach]\nmax_age_seconds = 1", r"unknown setting 'cach'\. Did you mean cache\?$"),
        ("[cache]\nwindow_days = 1", r"'cache.window_days'\. Did you mean popular.window_days\?$"),
        (
            "[cache]\nhours = 1",
            r"There are: cache.max_age_seconds, cache.stale_while_revalidate_seconds\.$",
        ),
        ("colours = 1", r"There are: cache, embedder, events, .*, slots\.$"),
        ("[embedder]\nmodle = 'x'", r"unknown setting 'embedder.modle'.*embedder.model"),
        ("[rebuild]\nkeep = 0", r"'rebuild.keep' is wrong.*greater than or equal to 1, got 0"),
        (
            "[pipelines.default]\ndiversity = 1.5",
            r"pipelines.default.diversity.*less than or equal to 1",
        ),
        (
            "[pipelines.default.weights]\nrecncy = 1",
            r"Did you mean pipelines.default.weights.recen",
        ),
        ("[popular\n", r"not valid TOML"),
        ("popular = 3", r"'popular' is wrong: it should be a table, got 3"),
        ("[events]\nown_networks = '10.0.0.0/8'", r"'events.own_networks'.*a list"),
        ("[events]\nsalt_days = 'soon'", r"'events.salt_days' is wrong.*integer.*or 'never'"),
        (
            "[pipelines.default]\nrecency_half_days_of = {sport = 0}",
            r"'pipelines.default.recency_half_days_of.sport'.*greater than 0, got 0",
        ),
        ("[slots.more]\nlimit = 3", r"'slots.more.source' is wrong: it should be given\.$"),
        ("[slots.story]\nsame_section = 'maybe'", r"it should be true or false, got 'maybe'"),
        ("[slots.more]\nsource = 'newest'", r"'slots.more.source'.*'trending'.*got 'newest'"),
        ("[slots.popular]\nlimits = 3", r"Did you mean slots.popular.limit"),
        ("[slots.more]\nsource = 'latest'\nfallbacks = ['more']", r"'slots.more.fallbacks"),
        (
            "[pipelines.default]\nrecency_half_day_of = {sport = 2}",
            r"Did you mean pipelines.default.recency_half_days_of",
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    _write(tmp_path, text)
    with pytest.raises(SettingsError, match=told):
        load_settings(tmp_path)


def test_an_unknown_variable_is_refused_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOMMENDER_EMBEDDER__MODLE", "x")
    with pytest.raises(SettingsError, match="RECOMMENDER_EMBEDDER__MODEL"):
        load_settings(tmp_path)
    monkeypatch.delenv("RECOMMENDER_EMBEDDER__MODLE")
    monkeypatch.setenv("RECOMMENDER_CACH__MAX_AGE_SECONDS", "x")
    with pytest.raises(SettingsError, match=r"Did you mean RECOMMENDER_CACHE__MAX_AGE_SECONDS"):
        load_settings(tmp_path)


def test_a_wrong_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOMMENDER_REBUILD__KEEP", "many")
    with pytest.raises(SettingsError, match=r"RECOMMENDER_REBUILD__KEEP.*integer.*'many'"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("variable", "text", "example"),
    [
        ("RECOMMENDER_EVENTS__OWN_NETWORKS", "10.0.0.0/8", r"\[\"192"),
        ("RECOMMENDER_PIPELINES__DEFAULT__RECENCY_HALF_DAYS_OF", "sport=2", r"\{\"sport"),
    ],
)
def test_a_list_or_table_in_a_variable_has_to_be_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, text: str, example: str
) -> None:
    monkeypatch.setenv(variable, text)
    with pytest.raises(SettingsError, match=f"{variable}: expected JSON such as {example}"):
        load_settings(tmp_path)


def test_a_table_in_a_variable_is_taken_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "pipelines.default.recency_half_days_of"
    plain = {one.name: one.value for one in origins(load_settings(tmp_path), tmp_path)}
    assert plain[name] == {}
    variable = "RECOMMENDER_PIPELINES__DEFAULT__RECENCY_HALF_DAYS_OF"
    monkeypatch.setenv(variable, '{"Sport": 2}')
    settings = load_settings(tmp_path)
    assert settings.pipelines["default"].recency_half_days_of == {"Sport": 2}
    source = {one.name: one.source for one in origins(settings, tmp_path)}
    assert source[f"{name}.Sport"] == variable


def test_a_wrong_variable_of_several_kinds_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOMMENDER_EVENTS__SALT_DAYS", "soon")
    with pytest.raises(SettingsError, match="the variable RECOMMENDER_EVENTS__SALT_DAYS"):
        load_settings(tmp_path)


def test_a_byte_order_mark_before_the_file_is_passed_over(tmp_path: Path) -> None:
    text = "[popular]\nwindow_days = 3\n"
    (tmp_path / "recommender.toml").write_text(text, encoding="utf-8-sig")
    assert load_settings(tmp_path).popular.window_days == 3


def test_the_home_is_given_or_named_by_the_variable_or_the_default(tmp_path: Path) -> None:
    environ = {"RECOMMENDER_HOME": "/srv/paper"}
    assert find_home(tmp_path, environ) == tmp_path
    assert find_home(None, environ) == Path("/srv/paper")
    assert find_home(None, {}) == Path("recommender-data")


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="--home or RECOMMENDER_HOME"):
        assemble(tmp_path / "file")


def test_a_file_may_define_slots_and_change_those_that_are_built_in(tmp_path: Path) -> None:
    _write(
        tmp_path,
        """
        [slots.trending]
        min_score = 2
        [slots.more_sport]
        source = "trending"
        sections = ["Sport"]
        tags = ["cup"]
        limit = 3
        fallbacks = ["most_clicked", "latest"]
        [slots.here]
        source = "latest"
        same_section = true
        [slots.today]
        source = "popular"
        window_hours = 24
        half_life_hours = 3
        max_age_days = 30
        """,
    )
    parts = assemble(tmp_path)
    parts.close()
    assert list(parts.slots)[-3:] == ["more_sport", "here", "today"]
    assert set(BUILT_IN) < set(parts.slots)
    sport, trending = parts.slots["more_sport"], parts.slots["trending"]
    assert trending.supply == replace(BUILT_IN["trending"].supply, min_score=2)
    assert sport.supply == trending.supply  # what it leaves out is that of its source's own slot
    assert sport.filters == Filters(sections=("Sport",), tags=("cup",))
    assert (sport.limit, [one.source for one in sport.fallbacks]) == (3, ["most_clicked", "latest"])
    assert sport.fallbacks[0] == BUILT_IN["most_clicked"].supply
    assert parts.slots["here"].filters == Filters(same_section=True)
    assert parts.slots["popular"] == BUILT_IN["popular"]
    today = parts.slots["today"]
    assert today.supply.chart == Chart("popular", timedelta(hours=24), timedelta(hours=3))
    assert today.filters == Filters(max_age=timedelta(days=30))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[slots.More]\nsource = 'latest'", r"slots.More: a slot is named in small letters"),
        ("[slots.popular]\nsource = 'latest'", r"slots.popular.source: popular is built in"),
        ("[slots.x]\nsource = 'latest'\nmin_score = 1", r"slots.x.min_score: latest has no scores"),
        ("[slots.x]\nsource = 'related'\nmin_score = 1", r"probability below 1, got 1.0"),
        ("[slots.x]\nsource = 'most_clicked'\nmin_score = 1.1", r"1 at most, got 1.1"),
        ("[slots.x]\nsource = 'story'\nwindow_hours = 1", r"story counts no readers"),
        ("[slots.x]\nsource = 'trending'\nhalf_life_hours = 1", r"which trending is not"),
        ("[slots.x]\nsource = 'popular'\nhalf_life_hours = 1", r"needs window_hours beside it"),
    ],
)
def test_a_slot_that_makes_no_sense_is_refused(tmp_path: Path, text: str, told: str) -> None:
    _write(tmp_path, text)
    with pytest.raises(SettingsError, match=told):
        assemble(tmp_path)


def test_a_variable_changes_a_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOMMENDER_SLOTS__POPULAR__LIMIT", "7")
    assert load_settings(tmp_path).slots["popular"].limit == 7
