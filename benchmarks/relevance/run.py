"""`python benchmarks/relevance/run.py --data FOLDER`: learns, measures, draws, and reports."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import orjson

from benchmarks.raw import commit_of
from benchmarks.relevance.measure import measure, measure_embedder
from benchmarks.relevance.pictures import draw
from benchmarks.relevance.report import page

HERE = Path(__file__).resolve().parent
EMBEDDERS = ("universal-sentence-encoder-multilingual", "wordllama")
"""Beside the default one, which all other figures are of."""


def main() -> None:
    """Measures all sets, writes relevance.json, and makes the page and the pictures out of it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, help="folder of the public sets; else only reported")
    parser.add_argument("--homes", type=Path, default=HERE / "homes", help="embedded texts stay")
    chosen = parser.parse_args()
    raw = HERE / "relevance.json"
    if chosen.data:
        commit, changed = commit_of(HERE.parents[1])
        learnt, results = measure(chosen.data, chosen.homes)
        found = {
            "taken_at": datetime.now(UTC).isoformat(timespec="minutes"),
            "commit": commit,
            "changed": changed,
            "learnt": learnt,
            "sets": results,
            "embedders": {
                model: measure_embedder(model, chosen.data, chosen.homes) for model in EMBEDDERS
            },
        }
        options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
        raw.write_bytes(orjson.dumps(found, option=options))
    found = orjson.loads(raw.read_bytes())
    draw(found, HERE / "pictures")
    (HERE / "RELEVANCE.md").write_text(page(found), encoding="utf-8")
    print(f"The report: {HERE / 'RELEVANCE.md'}")


if __name__ == "__main__":
    main()
