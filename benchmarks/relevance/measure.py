"""Weights learned without the set that is judged, and every method's figures on every set."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.relevance.reliability import Curve, calibrated, curves
from benchmarks.relevance.results import Learnt, SetResult, TopicsResult
from benchmarks.relevance.sets import SETS, Judged, Set, read
from benchmarks.relevance.signals import ablation, ladder, mean_ndcg, row_of, time_between
from recommender.articles.text import article_text
from recommender.engine import Recommender
from recommender.evaluation.collection import Collection, collection_of
from recommender.evaluation.contestants import Contestant
from recommender.evaluation.evaluate import Options, evaluate
from recommender.evaluation.examples import examples_of
from recommender.evaluation.metrics import per_query
from recommender.evaluation.report import Evaluation
from recommender.evaluation.tuning import START, Examples, learn
from recommender.settings import Settings
from recommender.settings_tables import EmbedderSettings
from recommender.similarity.pairs import TEXT_SIGNALS
from recommender.similarity.sentence_transformers_embedder import PACKAGED
from recommender.slots.pipeline import Weights
from recommender.wiring import assemble

_SEED = 0
_DEFAULT = EmbedderSettings(model=PACKAGED)
_DIVERSITIES = (0.0, 0.02, 0.1, 0.3, 1.0)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A set in a home of its own.

    Attributes:
        examples: with the signals of the texts.
        timed: the same with closeness in time as the last; None where the articles have no dates.
    """

    one: Set
    judged: Judged
    recommender: Recommender
    collection: Collection
    examples: Examples
    timed: Examples | None


def measure(
    data: Path, homes: Path, names: Sequence[str]
) -> tuple[Learnt, list[SetResult], list[TopicsResult], list[Curve]]:
    """What is learned of all sets, and figures of those that are named.

    Args:
        data: the folder of the sets.
        homes: where the homes of the sets are, or are made; they keep what was embedded.
        names: of the sets to measure. Weights are learned without the one that is judged and with
            all others, whatever is named.
    """
    with ExitStack() as stack:
        opened = [_open(one, data, homes, stack) for one in SETS]
        for one in opened:
            print(f"{one.one.name}: {len(one.collection):,} articles", flush=True)
        named = [one for one in opened if one.one.name in names]
        results = [_result(one, opened) for one in named if one.one.quoted]
        topics = [_topics(one) for one in named if not one.one.quoted]
        weights = _learned(opened)
        everything = [one.examples for one in opened]
        learnt = Learnt(
            weights,
            calibrated(everything, "related", weights),
            calibrated(everything, "same_story", weights),
        )
        held = [one for one in curves(everything) if one.name in names]
    return learnt, results, topics, held


QUOTED = tuple(one.name for one in SETS if one.quoted)


def measure_embedder(
    name: str,
    chosen: EmbedderSettings,
    data: Path,
    homes: Path,
    names: Sequence[str] = QUOTED,
) -> dict[str, dict[str, float]]:
    """nDCG@k of `similarity`, with the weights that ship, and of plain cosine, by set."""
    found = {}
    for one in SETS:
        if one.name in names:
            with ExitStack() as stack:
                opened = _open(one, data, homes / name, stack, chosen)
                methods = _evaluated(opened, ("similarity",), None).contests[0].methods
            means = {method.name: method.metrics[f"nDCG@{one.k}"].mean for method in methods}
            found[one.name] = {name: round(means[name], 4) for name in ("similarity", "dense")}
            print(f"{name}, {one.name}: {found[one.name]}", flush=True)
    return found


def _open(
    one: Set, data: Path, homes: Path, stack: ExitStack, chosen: EmbedderSettings = _DEFAULT
) -> _Opened:
    judged = read(one, data)
    parts = assemble(homes / one.name, Settings(embedder=chosen))
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
    dated = bool(np.isfinite(collection.published_at).any())
    # the time between is set and not learned: one set alone has dates and stories
    count = len(TEXT_SIGNALS)
    of_texts = replace(
        examples, values=examples.values[:, :count], background=examples.background[:count]
    )
    return _Opened(one, judged, recommender, collection, of_texts, examples if dated else None)


def _learned(sets: Sequence[_Opened], start: Mapping[str, float] = START) -> dict[str, float]:
    return learn([one.examples for one in sets], TEXT_SIGNALS, start)


def _result(judged: _Opened, everything: Sequence[_Opened]) -> SetResult:
    others = [one for one in everything if one is not judged]
    weights = _learned(others)
    shipped = judged.recommender.parts.learned.weights
    print(f"{judged.one.name}: {weights}", flush=True)
    return SetResult(
        name=judged.one.name,
        k=judged.one.k,
        articles=len(judged.collection),
        queries=len(judged.examples),
        weights=weights,
        left_out=_evaluated(judged, ("similarity",), weights),
        shipped=_evaluated(judged, ("similarity",), None),
        as_of_own_date=(
            None if judged.timed is None else _evaluated(judged, ("default", "similarity"), None)
        ),
        ladder=ladder(judged.examples),
        ablation=dict(ablation(judged.examples, shipped)),
        time_between=time_between(judged.timed, shipped),
        candidates=_candidates(judged, weights),
        from_nothing=mean_ndcg(judged.examples, _learned(others, {TEXT_SIGNALS[0]: 1.0})),
        diversity={} if judged.one.judged_only else _diversity(judged),
    )


def _topics(judged: _Opened) -> TopicsResult:
    shipped = judged.recommender.parts.learned.weights
    return TopicsResult(
        name=judged.one.name,
        k=judged.one.k,
        articles=len(judged.collection),
        queries=len(judged.examples),
        ladder=ladder(judged.examples),
        ablation=dict(ablation(judged.examples, shipped)),
        time_between=time_between(judged.timed, shipped),
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


def _candidates(judged: _Opened, weights: Mapping[str, float]) -> dict[int, float]:
    """Of all related articles, however many were kept; the candidates in the order of scores."""
    neighbours = judged.recommender.corpus().relations.neighbours
    row = row_of(weights).astype(np.float32)
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
