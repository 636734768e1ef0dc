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
    if done.repeated:
        lines.append(f"  {counted(done.repeated, 'record')} with an id that came before in them")
    if done.outdated:
        lines.append(
            "  outdated: of this article another version has a later updated_at (else "
            "published_at) or, where they are equal or missing, came last"
        )
    lines += [f"  rejected {one.records:,}: {one.reason}" for one in rebuilt.reasons]
    if done.rejected:
        lines.append(f"  every rejected record with its reason: {rebuilt.rejects}")
    lines += [f"  {warning}" for warning in report.noticed.warnings()]
    others = [one.field for one in report.noticed.unused if not one.meant]
    if others:
        lines.append(f"  other fields that are not used: {len(others):,}")
    lines.append(f"embedded {counted(report.embedded, 'text')}")
    state = "published" if report.published else "is up to date"
    lines.append(
        f"snapshot {report.version} with {counted(report.articles, 'article')} {state}, "
        f"{sum(report.seconds.values()):.1f} s"
    )
    if report.folded:
        lines.append(
            f"  {counted(report.folded, 'change')} folded in since all was made anew; "
            "to do that now: recommender rebuild --whole"
        )
    return lines
