"""Several that did the same over the same corpus, beside the first of them."""

import math
from collections.abc import Mapping, Sequence
from statistics import linear_regression

from pydantic import BaseModel, ConfigDict

from benchmarks.figures import Figure


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Point(_Record):
    """One breadth of search.

    Attributes:
        breadth: in the contestant's own measure; None where it has none.
        quality: as the lineup has it.
        rate: queries a second on one core, one after the other, by their median.
    """

    breadth: int | None
    quality: float
    rate: float


class Entry(_Record):
    """One contestant; nothing but its name and what went wrong, where something did.

    Attributes:
        who: the same whatever the size.
        name: with what is particular to it at this size.
        version: of its library.
        took: of one query, at the least breadth that came to what was wanted, else at the one that
            came nearest.
        quality: of the timed queries.
        ratio: to the first of the lineup, the median over the rounds.
        breadth: that it was told to look.
        built_s: on all cores.
        memory_mib: by which its processes grew as it was built, mapped files left out.
        disk_mib: of its files.
        limit_ms: as long as it takes to read what its search had to read; None where it does not
            tell how much that is.
        curve: at several breadths.
        tuned: at the breadth that it has found itself as it was built; None where it does not.
        failed: why there is nothing else.
    """

    who: str
    name: str
    version: str = ""
    took: Figure | None = None
    quality: float | None = None
    ratio: float | None = None
    breadth: int | None = None
    built_s: float | None = None
    memory_mib: float | None = None
    disk_mib: float | None = None
    limit_ms: float | None = None
    curve: tuple[Point, ...] = ()
    tuned: Point | None = None
    failed: str = ""


class Lineup(_Record):
    """All contestants over one corpus, each in a process of its own, round by round in turn.

    Attributes:
        name: what was asked of all.
        size: of the corpus.
        quality_is: what the quality is the share of.
        wanted: quality that each looks widely enough for; None where none was asked for.
        bandwidth: GB a second that one core reads from memory, measured in the same run.
        entries: ours first.
    """

    name: str
    size: int
    quality_is: str
    wanted: float | None
    bandwidth: float
    entries: tuple[Entry, ...]

    def came_to_it(self, entry: Entry) -> bool:
        """Whether the quality that was wanted came at some breadth.

        By the queries that the breadth was found with: those that are timed vary about it.
        """
        return any(point.quality >= (self.wanted or 0.0) for point in entry.curve)


def growth(lineups: Sequence[Lineup]) -> Mapping[str, float]:
    """The power of the size with which each contestant's median grows, by least squares.

    Args:
        lineups: over several sizes; those who stand in one only are left out.
    """
    points: dict[str, list[tuple[float, float]]] = {}
    for one in lineups:
        for entry in one.entries:
            if entry.took is not None:
                point = (math.log(one.size), math.log(entry.took.median))
                points.setdefault(entry.who, []).append(point)
    return {
        who: linear_regression(*zip(*own, strict=True)).slope
        for who, own in points.items()
        if len({size for size, _ in own}) > 1
    }


def by_name(parts: Sequence[Sequence[Lineup]]) -> Sequence[Sequence[Lineup]]:
    """For each part the lineups of its names in all parts, by size, where it is the first of them.

    So what is asked over several sizes stands together, in whichever parts it was measured.
    """
    every = [one for part in parts for one in part]
    seen: set[str] = set()
    found = []
    for part in parts:
        names = {one.name for one in part} - seen
        seen |= names
        found.append(sorted((o for o in every if o.name in names), key=lambda o: o.size))
    return found
