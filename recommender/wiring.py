"""The only place that assembles: settings in, working parts out."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from index.snapshot import SnapshotStore
from recommender.articles.catalog import Catalog
from recommender.articles.sources.fetch import FetchLimits
from recommender.articles.text import article_text
from recommender.editors.rule_book import RuleBook
from recommender.errors import SettingsError
from recommender.experiments.assignment import Experiment, Experiments
from recommender.jobs.fold import Folding
from recommender.jobs.options import RebuildOptions
from recommender.jobs.rebuild import Rebuilder
from recommender.readers.circumstances import Network, networks
from recommender.readers.events import EventLog
from recommender.readers.group_commit import GroupCommit
from recommender.readers.keeping import Keeping
from recommender.readers.popularity import PopularWindow
from recommender.readers.together import ReadTogether, read_together
from recommender.settings import Settings, learned_file, load_settings
from recommender.settings_tables import PipelineSettings, SlotSettings
from recommender.similarity.cross_encoder import Reranker, SentenceTransformersReranker
from recommender.similarity.embedder import Embedder
from recommender.slots.definitions import BUILT_IN, SlotDefinition, Supply
from recommender.slots.learned import Learned, read_learned
from recommender.slots.pipeline import Pipeline, Rescoring, Weights
from recommender.slots.slot import CHART_SOURCES, Filters, Source
from recommender.wiring_embedder import embedder_of


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything of one home, opened."""

    home: Path
    settings: Settings
    catalog: Catalog
    events: EventLog
    commits: GroupCommit
    own_networks: tuple[Network, ...]
    rules: RuleBook
    store: SnapshotStore
    embedder: Embedder
    learned: Learned
    pipelines: dict[str, Pipeline]
    experiments: Experiments
    popular: PopularWindow
    slots: Mapping[str, SlotDefinition]

    def close(self) -> None:
        """Lets go of the files."""
        self.catalog.close()
        self.commits.close()
        self.events.close()
        self.rules.close()


def assemble(home: Path, settings: Settings | None = None) -> Parts:
    """The parts of `home`, whose settings are read unless given; the folder is made if absent.

    Raises:
        SettingsError: a setting is unknown or wrong, or `home` cannot be a folder.
        CatalogError: a file of the home is damaged, or newer than this program.
    """
    settings = settings or load_settings(home)
    learned = read_learned(learned_file(home))
    own_networks = networks(settings.events.own_networks)
    slots = _slots(settings.slots)
    experiments = _experiments(settings, slots)
    # before the files are opened: a model that is not there must leave none of them open
    rerankers = {name: _reranker(name, one) for name, one in settings.pipelines.items()}
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{home} cannot be the home folder: {error.strerror}. "
            "Choose another with --home or RECOMMENDER_HOME."
        ) from error
    with ExitStack() as opened:  # one file that is damaged must leave none of the others open
        catalog = opened.enter_context(Catalog.open(home / "catalog.sqlite"))
        events = opened.enter_context(EventLog.open(home / "events.sqlite", _keeping(settings)))
        rules = opened.enter_context(RuleBook.open(home / "rules.sqlite"))
        store = SnapshotStore(home / "snapshots")
        embedder = embedder_of(settings.embedder, home / "openvino", catalog)
        opened.pop_all()
    return Parts(
        home=home,
        settings=settings,
        catalog=catalog,
        events=events,
        commits=GroupCommit(events),
        own_networks=own_networks,
        rules=rules,
        store=store,
        embedder=embedder,
        learned=learned,
        pipelines={
            name: _pipeline(name, one, learned, _rescoring(one, rerankers[name], catalog))
            for name, one in settings.pipelines.items()
        },
        experiments=experiments,
        popular=PopularWindow(
            window=timedelta(days=settings.popular.window_days),
            half_life=timedelta(days=settings.popular.half_life_days),
        ),
        slots=slots,
    )


def rebuilder(parts: Parts, clock: Callable[[], datetime]) -> Rebuilder:
    """The offline job of a home, by that clock."""
    chosen = parts.settings.rebuild
    return Rebuilder(
        home=parts.home,
        catalog=parts.catalog,
        embedder=parts.embedder,
        store=parts.store,
        options=RebuildOptions(
            neighbours=chosen.neighbours,
            keep=chosen.keep,
            index_factory=chosen.index_factory,
            index_megabytes=chosen.index_megabytes,
            recall=chosen.recall,
            learned=parts.learned,
            folding=Folding(chosen.fold_from, chosen.fold_share),
        ),
        read_together=lambda: _read_together(parts, clock),
        clock=clock,
    )


def _read_together(parts: Parts, clock: Callable[[], datetime]) -> ReadTogether:
    # back from the latest event, so that a log of the past serves as well as one of today
    until = parts.events.newest() or clock()
    days = timedelta(days=parts.settings.rebuild.together_days)
    return read_together(parts.events, since=until - days, until=until)


def fetch_limits(settings: Settings) -> FetchLimits:
    """What fetching a feed may take."""
    chosen = settings.fetch
    return FetchLimits(
        seconds=chosen.timeout_seconds,
        bytes=int(chosen.max_megabytes * 2**20),
        redirects=chosen.max_redirects,
    )


def _experiments(settings: Settings, slots: Mapping[str, SlotDefinition]) -> Experiments:
    chosen = [Experiment(name, **dict(one)) for name, one in settings.experiments.items()]
    return Experiments(chosen, settings.pipelines.keys(), slots.keys())


def _keeping(settings: Settings) -> Keeping:
    chosen, popular = settings.events, settings.popular
    days = chosen.salt_days
    return Keeping(
        retention=timedelta(days=chosen.retention_days),
        hashed=chosen.hash_readers,
        salt_period=None if days == "never" else timedelta(days=days),
        repeat=timedelta(minutes=chosen.repeat_minutes),
        hourly=chosen.hourly,
        window=timedelta(days=popular.window_days),
        half_life=timedelta(days=popular.half_life_days),
    )


def _reranker(name: str, chosen: PipelineSettings) -> Reranker | None:
    asked = chosen.reranker
    if asked.model is None:
        return None
    return SentenceTransformersReranker(
        asked.model,
        revision=asked.revision,
        device=asked.device,
        batch_size=asked.batch_size,
        max_milliseconds=asked.max_milliseconds,
        setting=f"pipelines.{name}.reranker.model",
    )


def _rescoring(
    chosen: PipelineSettings, model: Reranker | None, catalog: Catalog
) -> Rescoring | None:
    if model is None:
        return None

    def texts_of(ids: Sequence[str]) -> Mapping[str, str]:
        stored = catalog.get_many(ids)
        return {article_id: article_text(one.article) for article_id, one in stored.items()}

    return Rescoring(model, chosen.reranker.first, texts_of)


def _pipeline(
    name: str, chosen: PipelineSettings, learned: Learned, rescoring: Rescoring | None
) -> Pipeline:
    weights = {
        signal: learned.weights.get(signal, 0.0) if value is None else value
        for signal, value in chosen.weights.model_dump().items()
    }
    return Pipeline(
        name=name,
        weights=Weights(**weights),
        time_between_half=timedelta(days=chosen.time_between_half_days),
        recency_half=timedelta(days=chosen.recency_half_days),
        recency_half_of={
            section: timedelta(days=days) for section, days in chosen.recency_half_days_of.items()
        },
        collapse_copies=chosen.collapse_copies,
        diversity=chosen.diversity,
        min_score=chosen.min_score,
        as_of_now=chosen.as_of_now,
        only_older=chosen.only_older,
        related=learned.related,
        rescoring=rescoring,
    )


def _slots(chosen: Mapping[str, SlotSettings]) -> dict[str, SlotDefinition]:
    for name, one in chosen.items():
        _check_slot(name, one)
    own = {one.source: _supply(one) for name, one in chosen.items() if name == one.source}
    return {
        name: SlotDefinition(
            supply=_supply(one, own[one.source]),
            limit=one.limit,
            filters=Filters(
                sections=one.sections,
                languages=one.languages,
                tags=one.tags,
                same_section=one.same_section,
                max_age=None if one.max_age_days is None else timedelta(days=one.max_age_days),
            ),
            fallbacks=tuple(own[source] for source in one.fallbacks),
        )
        for name, one in chosen.items()
    }


def _supply(chosen: SlotSettings, own: Supply | None = None) -> Supply:
    """What `chosen` leaves out is that of `own`, the slot of its source's name."""
    supply = Supply(
        chosen.source,
        chosen.min_score,
        _hours(chosen.window_hours),
        _hours(chosen.half_life_hours),
    )
    if own is None:
        return supply
    return Supply(
        chosen.source,
        own.min_score if supply.min_score is None else supply.min_score,
        supply.window or own.window,
        supply.half_life or own.half_life,
    )


def _hours(count: float | None) -> timedelta | None:
    return None if count is None else timedelta(hours=count)


_SCORED: frozenset[Source] = CHART_SOURCES | {"related"}


def _check_slot(name: str, one: SlotSettings) -> None:
    """Refuses what each setting allows and all of them together do not."""
    place = f"The setting slots.{name}"
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise SettingsError(
            f"{place}: a slot is named in small letters, digits and _, such as more_sport."
        )
    if name in BUILT_IN and one.source != name:
        raise SettingsError(
            f"{place}.source: {name} is built in and stays what it is. Take another name."
        )
    if one.min_score is not None and one.source not in _SCORED:
        raise SettingsError(
            f"{place}.min_score: {one.source} has no scores. Those of "
            f"{', '.join(sorted(_SCORED))} have a least one."
        )
    if one.source == "related" and (one.min_score or 0) >= 1:
        raise SettingsError(
            f"{place}.min_score: of related it is a probability below 1, got {one.min_score}."
        )
    if one.source == "most_clicked" and (one.min_score or 0) > 1:
        raise SettingsError(
            f"{place}.min_score: of most_clicked it is clicks an impression, 1 at most, got "
            f"{one.min_score}."
        )
    if one.half_life_hours is not None and one.source != "popular":
        raise SettingsError(
            f"{place}.half_life_hours: of readers of popular alone, which {one.source} is not."
        )
    if one.half_life_hours is not None and one.window_hours is None:
        raise SettingsError(
            f"{place}.half_life_hours: needs window_hours beside it; what holds for every page "
            "stands at popular.half_life_days."
        )
    if one.window_hours is not None and one.source not in CHART_SOURCES:
        raise SettingsError(
            f"{place}.window_hours: {one.source} counts no readers. "
            f"{', '.join(sorted(CHART_SOURCES))} do."
        )
