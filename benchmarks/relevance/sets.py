"""The public sets that relevance is measured on, and what counts as related in each."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommender.articles.article import Article
from recommender.articles.field_names import NO_MAP
from recommender.articles.sources.open_source import open_source
from recommender.evaluation.judgements import Judgements, read_judgements

_SEED = 20260101
_TOPICS_ARTICLES = 3_000
_TOPICS_QUERIES = 800
_RARE = (3, 150)  # articles that share a topic: fewer prove nothing, more are no topic
_SAME, _ALIKE = 0.99, 0.4  # of the topics of two articles, the share that both have


@dataclass(frozen=True, slots=True)
class Set:
    """One set.

    Attributes:
        name: of its folder; of Reuters a sample whose truth is made of its topics.
        k: places that count.
        judged_only: only what was judged is ranked.
        quoted: whether figures on it are quoted; the topics serve learning alone, as they were
            not made by asking people what belongs beside what.
        best_baseline: nDCG@k of the best plain combination of signals, as it was measured
            elsewhere on the same texts; the floor.
    """

    name: str
    k: int
    judged_only: bool = False
    quoted: bool = True
    best_baseline: float | None = None


SETS = (
    Set("allsides", k=2, best_baseline=0.655),
    Set("basil", k=2, best_baseline=0.978),
    Set("ecbplus", k=5, best_baseline=0.976),
    Set("lee50", k=5, judged_only=True, best_baseline=0.791),
    Set("reuters21578", k=5, quoted=False),
)
STORIES: Mapping[str, int] = {"allsides": 1, "basil": 1, "ecbplus": 2}
"""Sets that say which articles are of one story: by the least grade that says so."""

SUBJECTS: Mapping[str, int] = {"ecbplus": 1, "lee50": 1, "reuters21578": 1}
"""The same of subjects. The sets of stories say nothing of these: two of their stories may well be
on one subject, and most articles beside each other are."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Articles with their truth."""

    articles: list[Article]
    judgements: Judgements


def read(one: Set, data: Path) -> Judged:
    """The set out of its folder below `data`."""
    folder = data / one.name
    if one.name == "reuters21578":
        return _topics(folder)
    return Judged(list(_articles(folder)), read_judgements(folder / "qrels.tsv"))


def _articles(folder: Path) -> Iterator[Article]:
    for record in open_source(str(folder / "articles.jsonl.gz"), mapping=NO_MAP).records:
        if isinstance(record, Article):
            yield record


def _topics(folder: Path) -> Judged:
    """A sample of those that have topics; two that share a rare one are related."""
    with gzip.open(folder / "articles.jsonl.gz", "rt", encoding="utf-8") as lines:
        topics = {one["id"]: frozenset(one.get("topics") or ()) for one in map(json.loads, lines)}
    articles = [one for one in _articles(folder) if topics[one.id]]
    rng = np.random.default_rng(_SEED)
    chosen = np.sort(rng.permutation(len(articles))[:_TOPICS_ARTICLES])
    articles = [articles[place] for place in chosen.tolist()]
    often = Counter(topic for one in articles for topic in topics[one.id])
    rare = {topic for topic, count in often.items() if _RARE[0] <= count <= _RARE[1]}
    asked = [one.id for one in articles if topics[one.id] & rare]
    grades: dict[str, dict[str, int]] = {}
    for place in rng.permutation(len(asked))[:_TOPICS_QUERIES].tolist():
        own = topics[asked[place]]
        grades[asked[place]] = {
            other.id: _grade(own, topics[other.id])
            for other in articles
            if other.id != asked[place] and own & topics[other.id] & rare
        }
    return Judged(articles, Judgements({query: found for query, found in grades.items() if found}))


def _grade(one: frozenset[str], other: frozenset[str]) -> int:
    shared = len(one & other) / len(one | other)
    return 3 if shared >= _SAME else 2 if shared >= _ALIKE else 1
