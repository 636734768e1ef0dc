"""The environment's door: recommender.toml in the home folder, and RECOMMENDER_* variables."""

import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from recommender.errors import SettingsError
from recommender.meant import MOST, did_you_mean, nearest
from recommender.settings_tables import (
    CacheSettings,
    EmbedderSettings,
    EventSettings,
    ExperimentSettings,
    FetchSettings,
    HookSettings,
    PipelineSettings,
    PopularSettings,
    RebuildSettings,
    SlotSettings,
)
from recommender.slots.definitions import BUILT_IN, SlotDefinition
from recommender.slots.learned import SHIPPED, read_learned

FILE = "recommender.toml"
LEARNED_FILE = "weights.toml"
HOME_VARIABLE = "RECOMMENDER_HOME"
DEFAULT_HOME = Path("recommender-data")
_PREFIX = "RECOMMENDER_"

_KINDS = {
    "missing": "given",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
    "tuple_type": "a list",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
"""What TOML calls what the library names after Python."""


def _slot(one: SlotDefinition) -> dict[str, Any]:
    window = one.supply.window
    return {
        "source": one.supply.source,
        "min_score": one.supply.min_score,
        "window_hours": None if window is None else window.total_seconds() / 3600,
    }


_BUILT_IN: dict[str, Any] = {
    "slots": {name: _slot(one) for name, one in BUILT_IN.items()},
    "pipelines": {
        "default": {
            "weights": {
                "section": 0.02,
                "recency": 0.1,
                "popularity": 0.05,
                "editors_choice": 0.01,
                "read_together": 0.3,
            },
            "diversity": 0.02,
            "min_score": 0.4,
        },
        "similarity": {"collapse_copies": False, "as_of_now": False},
    },
}
"""Lowest of the sources, so that a file may change one weight of a pipeline and keep the rest."""


class Settings(BaseSettings):
    """All settings; each has a default."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    embedder: EmbedderSettings = EmbedderSettings()
    rebuild: RebuildSettings = RebuildSettings()
    fetch: FetchSettings = FetchSettings()
    events: EventSettings = EventSettings()
    popular: PopularSettings = PopularSettings()
    cache: CacheSettings = CacheSettings()
    hooks: HookSettings = HookSettings()
    pipelines: dict[str, PipelineSettings] = {}
    slots: dict[str, SlotSettings] = {}
    experiments: dict[str, ExperimentSettings] = {}

    @classmethod
    def settings_customise_sources(  # noqa: D102 - the library's contract
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - named by the library
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - named by the library
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings, _BuiltIn(settings_cls)


class _BuiltIn(PydanticBaseSettingsSource):
    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - named by the library
        return _BUILT_IN.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return _BUILT_IN


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting.

    Attributes:
        name: dotted, as in the file.
        value: in force.
        source: "default", a file's name, or the name of the variable.
    """

    name: str
    value: object
    source: str


def find_home(given: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder that holds everything: `given`, else RECOMMENDER_HOME, else the default."""
    return given or Path(environ.get(HOME_VARIABLE) or DEFAULT_HOME)


def load_settings(home: Path) -> Settings:
    """Variables over the file over the defaults.

    Raises:
        SettingsError: a setting is unknown or wrong; names it, and the nearest valid ones. Or
            `home` is a file.
    """
    if home.exists() and not home.is_dir():
        raise SettingsError(file_as_home(home))
    given = _file(home)
    _refuse_unknown_variables(given)
    _refuse_what_is_no_json(given)
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError(_told(error, given, home / FILE)) from error


def file_as_home(home: Path) -> str:
    """Refuses a file where the home should be."""
    return (
        f"{home} is a file; expected the folder of everything. "
        "Name one with --home or RECOMMENDER_HOME."
    )


def learned_file(home: Path) -> Path:
    """Where the weights of signals come from: the home's own file, else the one that ships."""
    own = home / LEARNED_FILE
    return own if own.is_file() else SHIPPED


def origins(settings: Settings, home: Path) -> tuple[Origin, ...]:
    """Every setting with where it came from."""
    in_file = dict(_leaves(_file(home)))
    learned = learned_file(home)
    weights = read_learned(learned).weights
    found = []
    for name, value in _leaves(settings.model_dump(mode="json")):
        by_case = {key.upper(): key for key in os.environ}
        # a table such as recency_half_days_of comes whole in one variable
        variables = (by_case.get(_variable(one)) for one in (name, name.rpartition(".")[0]))
        source = next(filter(None, variables), FILE if name in in_file else "default")
        signal = name.rpartition(".")[2]
        if value is None and ".weights." in name:
            value = weights.get(signal, 0.0)  # noqa: PLW2901 - as in force
            source = "default" if learned == SHIPPED else learned.name
        found.append(Origin(name, value, source))
    return tuple(found)


def _file(home: Path) -> dict[str, Any]:
    path = home / FILE
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Notepad writes the mark
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} is not valid TOML: {error}. Mend it or move it away."
        ) from error


def _leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    for key, value in tree.items():
        name = f"{above}{key}"
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{name}.")
        else:
            yield name, value


def _variable(name: str) -> str:
    return _PREFIX + name.replace(".", "__").upper()


def _defaults(given: Mapping[str, Any]) -> dict[str, object]:
    """Every dotted name there is, for what is built in by name and what the file adds."""
    pipelines = {*_BUILT_IN["pipelines"], *_mapping(given.get("pipelines"))}
    template = PipelineSettings().model_dump()
    tree = Settings.model_construct().model_dump()
    slots = {*_BUILT_IN["slots"], *_mapping(given.get("slots"))}
    tree["slots"] = dict.fromkeys(slots, SlotSettings(source="related").model_dump())
    trial = ExperimentSettings.model_construct(arms={}).model_dump()
    trials = dict.fromkeys(_mapping(given.get("experiments")), trial)
    return dict(
        _leaves({**tree, "pipelines": dict.fromkeys(pipelines, template), "experiments": trials})
    )


def _refuse_unknown_variables(given: Mapping[str, Any]) -> None:
    valid = {_variable(name): name for name in _defaults(given)}
    for variable in os.environ:
        name = variable.upper()
        if not name.startswith(_PREFIX) or name == HOME_VARIABLE or name in valid:
            continue
        dotted = name.removeprefix(_PREFIX).lower().replace("__", ".")
        meant = _meant(dotted, list(valid.values()), _variable)
        raise SettingsError(f"The variable {variable} sets nothing.{meant}")


def _refuse_what_is_no_json(given: Mapping[str, Any]) -> None:
    """A variable that stands for a list or a table is JSON, and the library does not say which."""
    kinds = {_variable(name): type(value) for name, value in _defaults(given).items()}
    for variable, text in os.environ.items():
        kind = kinds.get(variable.upper())
        if kind not in {tuple, dict}:
            continue
        try:
            json.loads(text)
        except ValueError as error:
            example = '["192.0.2.0/24"]' if kind is tuple else '{"sport": 2}'
            raise SettingsError(
                f"The variable {variable}: expected JSON such as {example}, got {text!r}."
            ) from error


def _told(error: ValidationError, given: Mapping[str, Any], path: Path) -> str:
    """The first wrong setting by name, what was expected, what came, and the way out."""
    first = error.errors()[0]
    valid = _defaults(given)
    name = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"{path} has an unknown setting {name!r}.{_meant(name, list(valid))}"
    setting = next((one for one in valid if name.startswith(f"{one}.")), name)
    # of a setting that takes several kinds each is tried, and its name stands behind the setting's
    if not isinstance(valid.get(setting), dict):
        name = setting
    place = f"the variable {_variable(name)}" if _variable(name) in os.environ else str(path)
    tried = [
        one for one in error.errors() if f"{'.'.join(map(str, one['loc']))}.".startswith(f"{name}.")
    ]
    wanted = dict.fromkeys(
        _KINDS.get(one["type"], one["msg"].removeprefix("Input should be ")) for one in tried
    )
    expected = f"it should be {' or '.join(wanted)}"
    # of one that is missing the library hands in the table around it
    came = "" if first["type"] == "missing" else f", got {first['input']!r}"
    return f"{place}: the setting {name!r} is wrong: {expected}{came}."


def _meant(name: str, valid: Sequence[str], told: Callable[[str], str] = str) -> str:
    """Which setting an unknown one may be: one beside it, or of its name in another table.

    Where there is neither, all that stand beside it.

    Args:
        name: dotted.
        valid: all dotted names.
        told: how the user writes a dotted name.
    """
    above, dot, last = name.rpartition(".")
    table = above + dot
    beside = {one.removeprefix(table).split(".")[0] for one in valid if one.startswith(table)}
    near = [table + one for one in nearest(last, sorted(beside))]
    near = near or [one for one in valid if one.rpartition(".")[2] == last]
    near = near or ([] if beside else nearest(name, valid))
    if near:
        return did_you_mean([told(one) for one in near[:MOST]])
    if not beside:
        return " All there are: recommender settings"
    return f" There are: {', '.join(sorted(told(table + one) for one in beside))}."


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
