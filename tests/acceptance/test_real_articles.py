"""What the product promises, on real articles; skipped where that data is not at hand."""

import csv
import math
from collections import defaultdict
from collections.abc import Iterator

import pytest

from recommender import Recommender
from tests.real_data import DATA, needs_real_data

pytestmark = needs_real_data


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recommender]:
    """A catalog of the page to be filled, and of 300 dated full texts."""
    with Recommender.open(tmp_path_factory.mktemp("real")) as made:
        report = made.rebuild(str(DATA / name / "articles.jsonl.gz") for name in ("seed", "basil"))
        assert (report.articles, report.ingested.rejected) == (303, 0)
        yield made


def test_the_page_has_the_article_on_asylum_among_its_first_three(engine: Recommender) -> None:
    slot = engine.related("seed-1", limit=3)
    place = [one.id for one in slot].index("seed-3")
    assert {reason.signal for reason in slot[place].reasons} >= {"expanded", "lexical"}


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 100, 302, 1000])
def test_the_page_never_shows_an_article_twice(engine: Recommender, limit: int) -> None:
    for pipeline in ("default", "similarity"):
        slots = engine.slots("seed-1", limit=limit, pipeline=pipeline)
        ids = [one.id for slot in slots for one in slot]
        assert len(set(ids)) == len(ids)
        assert "seed-1" not in ids


def test_similarity_finds_the_other_outlets_articles_on_the_event(engine: Recommender) -> None:
    wanted: defaultdict[str, dict[str, int]] = defaultdict(dict)
    with (DATA / "basil" / "qrels.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            wanted[row["query_id"]][row["doc_id"]] = int(row["grade"])
    found: defaultdict[str, list[str]] = defaultdict(list)
    for batch in engine.score(wanted, limit=2, pipeline="similarity"):
        for query, related in zip(batch.article_ids, batch.related_ids, strict=True):
            found[query].append(related)
    gains = [[grades.get(one, 0) for one in found[query]] for query, grades in wanted.items()]
    ideals = [sorted(grades.values(), reverse=True)[:2] for grades in wanted.values()]
    ndcg = [_dcg(got) / _dcg(best) for got, best in zip(gains, ideals, strict=True)]
    assert len(ndcg) == 300
    assert sum(ndcg) / 300 >= 0.95
    assert sum(got[0] > 0 for got in gains) / 300 >= 0.98


def test_the_articles_of_an_event_are_one_story_and_those_of_two_are_not(
    engine: Recommender,
) -> None:
    with (DATA / "basil" / "qrels.tsv").open() as file:
        judged = [(row["query_id"], row["doc_id"]) for row in csv.DictReader(file, delimiter="\t")]
    corpus = engine.corpus()
    story = {corpus.id_at(place): int(corpus.stories[place]) for place in range(len(corpus))}
    together = [story[one] == story[other] for one, other in judged]
    assert sum(together) / len(together) >= 0.85
    pairs = {(one, other) for one in story for other in story if story[one] == story[other]}
    pairs = {(one, other) for one, other in pairs if one != other}
    assert len(pairs & set(judged)) / len(pairs) >= 0.95


def _dcg(gains: list[int]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))
