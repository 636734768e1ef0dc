"""All of the product over real articles: a newswire's archive, and full texts of today."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from benchmarks.definitions import ArchiveSpeed, PublicSets
from benchmarks.figures import Contest, Goal
from benchmarks.http_rate import beside_constants, middle_size, new_questions, usual_questions
from benchmarks.raw import commit_of
from benchmarks.rebuild_time import rebuild_contests
from benchmarks.related_latency import slot_contests
from index.protocol import Vectors
from recommender.articles.sources.open_source import open_source
from recommender.articles.sources.reject import Record
from recommender.engine import Recommender

_SETS = ("seed", "basil", "reuters21578")
_RECORD = "embedding.json"
_LOOKED_UP = "embed (vectors looked up)"
_CHUNK = 500


def home_of(sets: PublicSets) -> Path:
    """Where the archive is embedded: a folder for each limit."""
    return sets.homes / ("archive" if sets.limit is None else f"archive-{sets.limit}")


def records(sets: PublicSets) -> Iterator[Record]:
    """The articles, and what cannot be used, read anew; the newswire is what a limit cuts."""
    sources = (sets.data / name / "articles.jsonl.gz" for name in _SETS)
    everything = chain.from_iterable(open_source(str(path)).records for path in sources)
    return islice(everything, sets.limit)


class Embedding(BaseModel):
    """What it took to embed the texts of a home, kept beside them.

    Attributes:
        texts: that were embedded.
        seconds: that it took.
        commit: of the code.
        taken_at: when it ended.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    texts: int
    seconds: float
    commit: str
    taken_at: datetime


class LookedUp:
    """An `Embedder` that knows the texts of a home, and gives the vectors that they have there."""

    def __init__(self, recommender: Recommender) -> None:
        """Reads them into memory: nothing of it is to be timed."""
        catalog, embedder = recommender.parts.catalog, recommender.parts.embedder
        self.name, self.dim = embedder.name, embedder.dim
        self._vectors: dict[str, Vectors] = {}
        ids = recommender.corpus().base.ids
        for start in range(0, len(ids), _CHUNK):
            some = [ids.at(at) for at in range(start, min(start + _CHUNK, len(ids)))]
            digests = {one.row: one.text_digest for one in catalog.get_many(some).values()}
            found = catalog.vectors_of(self.name, np.array(list(digests), dtype=np.int64))
            texts = catalog.texts(list(set(digests.values())))
            for row, vector in zip(found.rows.tolist(), found.vectors, strict=True):
                self._vectors[texts[digests[row]]] = vector

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`; a text of no article of the home is a KeyError."""
        return np.stack([self._vectors[one] for one in texts])


def measure(asked: ArchiveSpeed, seed: int, sets: PublicSets) -> tuple[list[Contest], list[Goal]]:
    """Rebuild, the slot in process, and HTTP: from a cold start, and by new questions."""
    home = home_of(sets)
    with Recommender.open(home) as recommender:
        found = [*rebuilds(recommender, sets, asked.rounds)]
        found += slot_contests(asked.related, "archive", recommender, seed)
        base = recommender.corpus().base
        ids = [base.ids.at(at) for at in range(len(base))]
    usual, new = usual_questions(ids), new_questions(ids, asked.http.variants)
    rng = np.random.default_rng(seed)
    size = middle_size(home, usual.requests, rng, asked.http.sized, embedder="own")
    for kind, cold in ((usual, True), (new, False)):
        found += beside_constants(
            asked.http,
            home,
            kind,
            articles=len(ids),
            size=size,
            seed=seed,
            embedder="own",
            cold=cold,
        )
    return found, []


def rebuilds(recommender: Recommender, sets: PublicSets, rounds: int) -> tuple[Contest, Contest]:
    """Brings the home up to date; then the rebuild of its articles from nothing, and again.

    Args:
        recommender: over `home_of(sets)`.
        sets: where the articles are.
        rounds: fresh homes.
    """
    embedding = _embedded(recommender, sets)
    known = LookedUp(recommender)
    first, again = rebuild_contests("archive", lambda: records(sets), known, rounds)
    return _with_embedding(first, embedding), again


def _embedded(recommender: Recommender, sets: PublicSets) -> Embedding | None:
    """Brings the home up to date; what its embedding took, where that is known."""
    path = home_of(sets) / _RECORD
    before = Embedding.model_validate_json(path.read_bytes()) if path.is_file() else None
    recommender.parts.embedder.embed(["The model is loaded before anything is timed."])
    report = recommender.rebuild(records(sets))
    if not report.embedded:
        return before
    commit, _ = commit_of(Path(__file__).resolve().parents[1])
    # an embedding that was broken off goes on where it stopped: all of its runs together
    made = Embedding(
        texts=report.embedded + (before.texts if before else 0),
        seconds=round(report.seconds["embed"] + (before.seconds if before else 0), 3),
        commit=commit,
        taken_at=datetime.now(UTC),
    )
    path.write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return made


def _with_embedding(contest: Contest, embedding: Embedding | None) -> Contest:
    """The rebuild with its share of embedding, which is timed when a home is made and not again."""
    stages = {
        _LOOKED_UP if name == "embed" else name: took for name, took in contest.stages.items()
    }
    facts: dict[str, float | str] = {"embedding": "of unknown cost: the home was embedded before"}
    if embedding is not None:
        rest = contest.measured.median - contest.stages["embed"].median
        facts = {
            "texts embedded as the home was made": float(embedding.texts),
            "seconds of that": embedding.seconds,
            "embedded articles a second": round(embedding.texts / embedding.seconds, 2),
            "share of embedding in a rebuild from nothing": round(
                embedding.seconds / (embedding.seconds + rest), 3
            ),
            "embedded by code": f"{embedding.commit[:12]}, {embedding.taken_at:%Y-%m-%d %H:%M} UTC",
        }
    return contest.model_copy(
        update={
            "measured_by": f"{contest.measured_by}, vectors looked up",
            "facts": facts,
            "stages": stages,
        }
    )
