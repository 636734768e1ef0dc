"""What a rebuild did, in lines for people and logs."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import orjson

from recommender.cli.rendering import counted
from recommender.jobs.rebuild import RebuildReport

_REASONS = 5
"""Told of the rejected records; the file has them all."""

_VARIES = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")


@dataclass(frozen=True, slots=True)
class RejectReason:
    """Records rejected for reasons that differ in names and numbers only.

    Attributes:
        reason: of the first of them.
        records: how many.
    """

    reason: str
    records: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A rebuild that ended well.

    Attributes:
        report: of the job.
        rejects: the file with every rejected record.
        reasons: the most frequent ones, most frequent first.
    """

    report: RebuildReport
    rejects: Path
    reasons: tuple[RejectReason, ...]


def main_reasons(rejects: Path) -> tuple[RejectReason, ...]:
    """The most frequent reasons of a rejects file."""
    records: Counter[str] = Counter()
    first: dict[str, str] = {}
    with rejects.open("rb") as file:
        for line in file:
            reason = str(orjson.loads(line)["reason"])
            alike = _VARIES.sub("*", reason)
            records[alike] += 1
            first.setdefault(alike, reason)
    return tuple(RejectReason(first[one], count) for one, count in records.most_common(_REASONS))


def summary(rebuilt: Rebuilt) -> list[str]:
    """Lines that tell it all."""
    report = rebuilt.report
    done = report.ingested
    counts = (
        f"read {done.read:,}: {done.added:,} added, {done.changed:,} changed, "
        f"{done.unchanged:,} unchanged, {done.outdated:,} outdated, {done.withheld:,} withheld, "
        f"{done.rejected:,} rejected"
    )
    lines = [counts]
    lines += [f"  rejected {one.records:,}: {one.reason}" for one in rebuilt.reasons]
    if done.rejected:
        lines.append(f"  every rejected record with its reason: {rebuilt.rejects}")
    lines.append(f"embedded {counted(report.embedded, 'text')}")
    state = "published" if report.published else "is up to date"
    lines.append(
        f"snapshot {report.version} with {counted(report.articles, 'article')} {state}, "
        f"{sum(report.seconds.values()):.1f} s"
    )
    return lines
