"""Weights learned without the set that is judged, and every method's figures on every set."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.relevance.sets import SETS, STORIES, Judged, Set, read
from recommender.articles.text import article_text
from recommender.engine import Recommender
from recommender.evaluation.collection import Collection, collection_of
from recommender.evaluation.contestants import Contestant
from recommender.evaluation.evaluate import Options, evaluate
from recommender.evaluation.examples import examples_of
from recommender.evaluation.metrics import per_query
from recommender.evaluation.report import Evaluation
from recommender.evaluation.tuning import START, Examples, calibrate, learn, ndcg, scored_pairs
from recommender.settings import EmbedderSettings, Settings
from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.similarity.sentence_transformers_embedder import PACKAGED
from recommender.slots.learned import Calibration
from recommender.slots.pipeline import Weights
from recommender.wiring import assemble

_SEED = 0
_BINS = 10
_LADDER: Mapping[str, Mapping[str, float]] = {
    "dense": {"dense": 1.0},
    "dense, lexical": {"dense": 1.0, "lexical": 1.0},
    "dense, lexical, half title": {"dense": 1.0, "lexical": 1.0, "title": 0.5},
    "expanded": {"expanded": 1.0},
    "expanded, lexical": {"expanded": 1.0, "lexical": 0.5},
    "expanded, lexical, names": {"expanded": 1.0, "lexical": 0.5, "names": 0.25},
}
"""What is added one after the other, up to the weights that ship."""

_DIVERSITIES = (0.0, 0.02, 0.1, 0.3, 1.0)

_TRIED: Mapping[str, float] = {"dense": 0.5, "title": 0.25, "density": -0.75, "names": 0.5}
"""Changes of one weight that were not taken."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of like predicted probability: how many, predicted and found to be related."""

    pairs: int
    predicted: float
    related: float


@dataclass(frozen=True, slots=True)
class SetResult:
    """One set.

    Attributes:
        weights: learned on all other sets.
        calibration: so too.
        left_out: by those weights, beside the baselines.
        shipped: by the weights that ship.
        as_of_own_date: the default pipeline and `similarity` as of each article's own date;
            None where the articles have none.
        ladder: nDCG@k by named weights, learned from nothing.
        ablation: the change of nDCG@k where one of the weights that ship is set to 0, or to
            another value that was tried.
        reliability: of `calibration` on this set.
        candidates: share of the related articles among the first n kept candidates, by n.
        from_nothing: nDCG@k of weights learned without the set from `expanded` alone: where
            learning begins was chosen by people who had seen these sets.
        diversity: nDCG@k of `similarity` with so much of it; empty where only judged articles
            are ranked.
    """

    name: str
    k: int
    articles: int
    queries: int
    weights: dict[str, float]
    calibration: Calibration
    left_out: Evaluation
    shipped: Evaluation
    as_of_own_date: Evaluation | None
    ladder: dict[str, float]
    ablation: dict[str, float]
    reliability: tuple[Bin, ...]
    candidates: dict[int, float]
    from_nothing: float
    diversity: dict[float, float]


@dataclass(frozen=True, slots=True)
class Learnt:
    """From all sets: what is to ship."""

    weights: dict[str, float]
    related: Calibration
    same_story: Calibration


@dataclass(frozen=True, slots=True)
class _Opened:
    """A set in a home of its own."""

    one: Set
    judged: Judged
    recommender: Recommender
    collection: Collection
    examples: Examples


def measure(data: Path, homes: Path) -> tuple[Learnt, list[SetResult]]:
    """All sets.

    Args:
        data: the folder of the sets.
        homes: where the homes of the sets are, or are made; they keep what was embedded.
    """
    with ExitStack() as stack:
        opened = [_open(one, data, homes, stack) for one in SETS]
        for one in opened:
            print(f"{one.one.name}: {len(one.collection):,} articles", flush=True)
        results = [_result(one, opened) for one in opened if one.one.quoted]
        weights = _learned(opened)
        learnt = Learnt(weights, _calibrated(opened, weights), _of_stories(opened, weights))
    return learnt, results


def measure_embedder(model: str, data: Path, homes: Path) -> dict[str, dict[str, float]]:
    """nDCG@k of `similarity`, with the weights that ship, and of plain cosine, by set."""
    found = {}
    for one in SETS:
        if one.quoted:
            with ExitStack() as stack:
                opened = _open(one, data, homes / model, stack, model)
                methods = _evaluated(opened, ("similarity",), None).contests[0].methods
            means = {method.name: method.metrics[f"nDCG@{one.k}"].mean for method in methods}
            found[one.name] = {name: round(means[name], 4) for name in ("similarity", "dense")}
            print(f"{model}, {one.name}: {found[one.name]}", flush=True)
    return found


def _open(one: Set, data: Path, homes: Path, stack: ExitStack, model: str = PACKAGED) -> _Opened:
    judged = read(one, data)
    parts = assemble(homes / one.name, Settings(embedder=EmbedderSettings(model=model)))
    recommender = stack.enter_context(Recommender(parts))
    recommender.rebuild(judged.articles)
    corpus = recommender.corpus()
    ids = [corpus.base.ids.at(place) for place in range(len(corpus.base))]
    stored = recommender.parts.catalog.get_many(ids)
    texts = {article_id: article_text(kept.article) for article_id, kept in stored.items()}
    collection = collection_of(corpus, texts)
    positions, grades = [], []
    for query, by_id in judged.judgements.grades.items():
        known = {collection.positions[doc]: grade for doc, grade in by_id.items()
                 if doc in collection.positions and doc != query}  # fmt: skip
        if query in collection.positions and any(known.values()):
            positions.append(collection.positions[query])
            grades.append(known)
    examples = examples_of(
        one.name,
        corpus,
        positions,
        grades,
        k=one.k,
        judged_only=one.judged_only,
        half=recommender.pipeline("similarity").time_between_half,
    )
    # the time between is set and not learned: one set alone has dates and stories
    examples = replace(examples, values=examples.values[:, : len(TEXT_SIGNALS)])
    return _Opened(one, judged, recommender, collection, examples)


def _learned(sets: Sequence[_Opened], start: Mapping[str, float] = START) -> dict[str, float]:
    return learn([one.examples for one in sets], TEXT_SIGNALS, start)


def _calibrated(sets: Sequence[_Opened], weights: Mapping[str, float]) -> Calibration:
    return calibrate([one.examples for one in sets], TEXT_SIGNALS, weights)


def _of_stories(sets: Sequence[_Opened], weights: Mapping[str, float]) -> Calibration:
    return _calibrated([one for one in sets if one.one.name in STORIES], weights)


def _result(judged: _Opened, everything: Sequence[_Opened]) -> SetResult:
    others = [one for one in everything if one is not judged]
    weights = _learned(others)
    calibration = _calibrated(others, weights)
    shipped = judged.recommender.parts.learned.weights
    dated = bool(np.isfinite(judged.collection.published_at).any())
    print(f"{judged.one.name}: {weights}", flush=True)
    return SetResult(
        name=judged.one.name,
        k=judged.one.k,
        articles=len(judged.collection),
        queries=len(judged.examples),
        weights=weights,
        calibration=calibration,
        left_out=_evaluated(judged, ("similarity",), weights),
        shipped=_evaluated(judged, ("similarity",), None),
        as_of_own_date=_evaluated(judged, ("default", "similarity"), None) if dated else None,
        ladder={name: _ndcg(judged.examples, row) for name, row in _LADDER.items()},
        ablation=dict(_ablation(judged.examples, shipped)),
        reliability=tuple(_reliability(judged.examples, weights, calibration)),
        candidates=_candidates(judged, weights),
        from_nothing=_ndcg(judged.examples, _learned(others, {TEXT_SIGNALS[0]: 1.0})),
        diversity={} if judged.one.judged_only else _diversity(judged),
    )


def _evaluated(
    judged: _Opened, names: Sequence[str], weights: Mapping[str, float] | None
) -> Evaluation:
    recommender = judged.recommender
    pipelines = recommender.parts.pipelines
    before = dict(pipelines)
    if weights is not None:
        for name in names:
            kept = asdict(pipelines[name].weights) | dict(weights)
            pipelines[name] = replace(pipelines[name], weights=Weights(**kept))
    try:
        return evaluate(
            judged.collection,
            judged.judged.judgements,
            [_contestant(recommender, name) for name in names],
            Options((judged.one.k, 10), judged.one.judged_only, "own"),
            now=datetime.now(UTC),
            rng=np.random.default_rng(_SEED),
        )
    finally:
        pipelines.update(before)


def _contestant(recommender: Recommender, name: str) -> Contestant:
    def related(ids: Sequence[str], at: datetime, limit: int) -> Iterator[tuple[str, str]]:
        for batch in recommender.score(ids, limit=limit, at=at, pipeline=name):
            yield from zip(batch.article_ids, batch.related_ids, strict=True)

    return Contestant(name, recommender.pipeline(name).as_of_now, related)


def _diversity(judged: _Opened) -> dict[float, float]:
    """Of one piece of a story and then something else: what it costs where a story is the truth."""
    recommender, k = judged.recommender, judged.one.k
    plain = recommender.parts.pipelines["similarity"]
    positions = judged.collection.positions
    asked = {
        query: {positions[doc]: grade for doc, grade in by_id.items() if doc in positions}
        for query, by_id in judged.judged.judgements.grades.items()
        if query in positions
    }
    asked = {query: grades for query, grades in asked.items() if any(grades.values())}
    found: dict[float, float] = {}
    try:
        for diversity in _DIVERSITIES:
            recommender.parts.pipelines["similarity"] = replace(plain, diversity=diversity)
            ranked: dict[str, list[int]] = {query: [] for query in asked}
            for batch in recommender.score(asked, limit=k, pipeline="similarity"):
                for article, related in zip(batch.article_ids, batch.related_ids, strict=True):
                    ranked[article].append(positions[related])
            lists = [np.array(one, dtype=np.int64) for one in ranked.values()]
            values = per_query(lists, list(asked.values()), [f"nDCG@{k}"])
            found[diversity] = round(float(values.mean()), 4)
    finally:
        recommender.parts.pipelines["similarity"] = plain
    return found


def _row(weights: Mapping[str, float]) -> npt.NDArray[np.float64]:
    return np.array([weights.get(one, 0.0) for one in TEXT_SIGNALS])


def _ndcg(examples: Examples, weights: Mapping[str, float]) -> float:
    scores = np.einsum("qsc,s->qc", examples.values, _row(weights))
    return round(float(ndcg(examples, scores).mean()), 4)


def _ablation(examples: Examples, shipped: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    kept = {one: shipped.get(one, 0.0) for one in TEXT_SIGNALS}
    whole = _ndcg(examples, kept)
    for signal, weight in kept.items():
        if weight and signal != "expanded":
            yield f"without {signal}", round(_ndcg(examples, {**kept, signal: 0.0}) - whole, 4)
    plain = {**kept, "expanded": 0.0, "dense": 1.0}
    yield "dense in place of expanded", round(_ndcg(examples, plain) - whole, 4)
    for signal, weight in _TRIED.items():
        change = round(_ndcg(examples, {**kept, signal: weight}) - whole, 4)
        yield f"{signal} at {weight:g}", change


def _reliability(
    examples: Examples, weights: Mapping[str, float], calibration: Calibration
) -> Iterator[Bin]:
    scores, related = scored_pairs(examples, TEXT_SIGNALS, weights)
    predicted = calibration.probability(scores)
    bins = np.minimum((predicted * _BINS).astype(int), _BINS - 1)
    for number in range(_BINS):
        here = bins == number
        if here.any():
            yield Bin(int(here.sum()), float(predicted[here].mean()), float(related[here].mean()))


def _candidates(judged: _Opened, weights: Mapping[str, float]) -> dict[int, float]:
    """Of all related articles, however many were kept; the candidates in the order of scores."""
    neighbours = judged.recommender.corpus().relations.neighbours
    row = _row(weights).astype(np.float32)
    shares: dict[int, list[float]] = {n: [] for n in (5, 10, 20, 50, 100)}
    for query, by_id in judged.judged.judgements.grades.items():
        position = judged.collection.positions.get(query)
        wanted = {
            judged.collection.positions[doc]
            for doc, grade in by_id.items()
            if grade > 0 and doc in judged.collection.positions
        }
        if position is None or not wanted:
            continue
        kept = neighbours.positions[position]
        order = np.argsort(-(row @ neighbours.signals[position].astype(np.float32)), kind="stable")
        ranked = [one for one in kept[order].tolist() if one >= 0]
        for n, found in shares.items():
            found.append(len(wanted.intersection(ranked[:n])) / len(wanted))
    return {n: round(float(np.mean(found)), 4) for n, found in shares.items()}
