"""A folder like that of the public sets, made of the sample's articles."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

from benchmarks.corpora import sample
from recommender.articles.article import Article

RELEVANCE = ("allsides", "basil", "ecbplus", "lee50", "reuters21578")
ARCHIVE = ("seed", "basil", "reuters21578")
SIZE = 16
"""Articles of a set."""

_WORDS = 40


def write_sets(folder: Path, names: tuple[str, ...]) -> Path:
    """Sets of `SIZE` short articles; of one section are related, and only two sets have dates."""
    for place, name in enumerate(names):
        own = [_short(name, one) for one in sample()[place * SIZE : (place + 1) * SIZE]]
        (folder / name).mkdir(parents=True)
        with gzip.open(folder / name / "articles.jsonl.gz", "wt", encoding="utf-8") as file:
            for one in own:
                print(json.dumps(_record(name, one)), file=file)
        rows = [
            f"{one.id}\t{other.id}\t1"
            for one in own
            for other in own
            if one.id != other.id and one.section == other.section
        ]
        lines = "\n".join(["query_id\tdoc_id\tgrade", *rows])
        (folder / name / "qrels.tsv").write_text(f"{lines}\n", encoding="utf-8")
    return folder


def _short(name: str, article: Article) -> Article:
    body = " ".join(article.body.split()[:_WORDS])
    return replace(article, id=f"{name}-{article.id}", body=body)


def _record(name: str, one: Article) -> dict[str, object]:
    record: dict[str, object] = {"id": one.id, "title": one.title, "body": one.body}
    if name in {"basil", "reuters21578"} and one.published_at:
        record["published_at"] = one.published_at.isoformat()
    if name == "reuters21578":
        record["topics"] = [one.section]
    return record
