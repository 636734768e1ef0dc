"""What weights are learned from: judgements of editors, or what readers clicked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import orjson

from recommender.articles.values import id_value, shortened
from recommender.errors import InputError, SourceError
from recommender.evaluation.judgements import Judgements, read_judgements
from recommender.evaluation.lines import numbered_lines
from recommender.slots.corpus import Corpus

LEAST_QUERIES = 20
"""Fewer queries cannot tell a better weight from chance."""
MOST_QUERIES = 5_000
"""Of more a sample is taken: it decides alike, and memory is a multiple of it."""

UNDECIDED = "nothing related in it, or nothing to tell it from"
"""What the labels of an article lack that decide nothing."""

_CLICK_LOG = (".jsonl", ".jsonl.gz")
_FIELDS = "article_id, related_id and clicked"


@dataclass(frozen=True, slots=True)
class Labels:
    """Pairs of articles with grades.

    Attributes:
        kind: who graded: editors, or readers: 1 for what was clicked at least once, else 0.
        judgements: the grades.
        judged_only: only pairs with a grade are known; else all others are not related.
    """

    kind: Literal["judgements", "clicks"]
    judgements: Judgements
    judged_only: bool


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """What became of the articles that have labels; the others add up to `labelled`.

    Attributes:
        labelled: in the file.
        used: learned from.
        absent: not in the snapshot.
        undecided: nothing related is in the snapshot, or nothing else where only what was judged
            is known.
        spare: more than `MOST_QUERIES`.
    """

    labelled: int
    used: int
    absent: int
    undecided: int
    spare: int


def read_labels(path: Path, *, judged_only: bool = False) -> Labels:
    """A log of clicks where the name ends in .jsonl or .jsonl.gz, else judgements.

    A line of the log is one recommendation that was shown once:
    `{"article_id": "a", "related_id": "b", "clicked": false}`. Empty lines are nothing.

    Args:
        path: plain or gzip.
        judged_only: of judgements; of clicks nothing is known of what was not shown, anyway.

    Raises:
        SourceError: absent, cut short, or a line that is no such thing, with its number and what
            was expected.
    """
    if not path.name.lower().endswith(_CLICK_LOG):
        return Labels("judgements", read_judgements(path), judged_only)
    grades: dict[str, dict[str, int]] = {}
    for number, line in numbered_lines(path):
        try:
            article_id, related_id, clicked = _impression(line)
        except InputError as error:
            raise SourceError(f"{path}, line {number}: {error}") from None
        of_article = grades.setdefault(article_id, {})
        of_article[related_id] = max(int(clicked), of_article.get(related_id, 0))
    if not grades:
        raise SourceError(f"{path} is empty; expected a JSON object a line, with {_FIELDS}.")
    return Labels("clicks", Judgements(grades), judged_only=True)


def labelled_queries(
    corpus: Corpus, labels: Labels, rng: np.random.Generator
) -> tuple[list[int], list[dict[int, int]], LabelCounts]:
    """The articles whose labels say anything of the order of others.

    Args:
        corpus: only its snapshot counts.
        labels: of its articles, by their ids.
        rng: of the sample, where there are more than `MOST_QUERIES`.

    Returns:
        Their positions, the grades of each by position, and what became of the others.

    Raises:
        InputError: fewer than `LEAST_QUERIES`.
    """
    found: list[tuple[int, dict[int, int]]] = []
    absent = undecided = 0
    for article_id, by_id in labels.judgements.grades.items():
        position = _in_snapshot(corpus, article_id)
        if position is None:
            absent += 1
            continue
        grades = {
            other: grade
            for other_id, grade in by_id.items()
            if (other := _in_snapshot(corpus, other_id)) is not None and other != position
        }
        if not any(grades.values()) or (labels.judged_only and len(set(grades.values())) == 1):
            undecided += 1
            continue
        found.append((position, grades))
    chosen = np.sort(rng.permutation(len(found))[:MOST_QUERIES]).tolist()
    counts = LabelCounts(
        labelled=len(labels.judgements.grades),
        used=len(chosen),
        absent=absent,
        undecided=undecided,
        spare=len(found) - len(chosen),
    )
    if counts.used < LEAST_QUERIES:
        raise InputError(_too_few(counts))
    return [found[one][0] for one in chosen], [found[one][1] for one in chosen], counts


def _in_snapshot(corpus: Corpus, article_id: str) -> int | None:
    position = corpus.position(article_id)
    return None if position is None or position >= len(corpus.base) else position


def _too_few(counts: LabelCounts) -> str:
    return (
        f"Weights can be learned from {counts.used:,} of the {counts.labelled:,} labelled "
        f"articles; {LEAST_QUERIES} are needed. {counts.absent:,} are not in the snapshot, "
        f"{counts.undecided:,} have {UNDECIDED}. Label more of them."
    )


def _impression(line: str) -> tuple[str, str, bool]:
    try:
        record: object = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(
            f"expected one JSON object on the line: {error.msg} at column {error.colno}."
        ) from None
    if not isinstance(record, dict):
        raise InputError(f"expected a JSON object with {_FIELDS}, got {shortened(record)}.")
    article_id, related_id = (_id(name, record.get(name)) for name in ("article_id", "related_id"))
    clicked = record.get("clicked")
    if not isinstance(clicked, bool):
        raise InputError(f"clicked: expected true or false, got {shortened(clicked)}.")
    return article_id, related_id, clicked


def _id(name: str, value: object) -> str:
    found = id_value(name, value)
    if not found:
        raise InputError(f"{name}: expected an article's id, got an empty one.")
    return found
