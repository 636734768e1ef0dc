"""Which articles belong beside which: the ground truth, read from a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recommender.errors import SourceError
from recommender.evaluation.lines import numbered_lines

HEADER = ("query_id", "doc_id", "grade")
"""Columns of the file, parted by tabs."""


@dataclass(frozen=True, slots=True)
class Judgements:
    """What people said of pairs of articles.

    Attributes:
        grades: by the id of the article that is read, then by the id of the other, in the order
            of the file: 0 for not related, more for more related.
    """

    grades: dict[str, dict[str, int]]

    @property
    def pairs(self) -> int:
        """How many were judged."""
        return sum(map(len, self.grades.values()))

    @property
    def foreign(self) -> str:
        """What to tell where no article has any of the ids that are asked about."""
        first = next(iter(self.grades))
        return (
            f"None of the {len(self.grades):,} query ids is the id of an article; the first is "
            f"{first!r}. Do the judgements belong to these articles?"
        )


def read_judgements(path: Path) -> Judgements:
    """Reads tab-separated lines below the header `HEADER`, plain or gzip; empty lines are nothing.

    Raises:
        SourceError: absent, cut short, no such header, or a line that is no judgement, with its
            number and what was expected.
    """
    grades: dict[str, dict[str, int]] = {}
    for number, query_id, doc_id, grade in _rows(path):
        of_query = grades.setdefault(query_id, {})
        if of_query.setdefault(doc_id, grade) != grade:
            raise SourceError(
                f"{path}, line {number}: {query_id} with {doc_id} has grade {grade} here and "
                f"{of_query[doc_id]} further up. Keep one of the two lines."
            )
    if not grades:
        raise SourceError(f"{path} has no judgement below its header.")
    return Judgements(grades)


def _rows(path: Path) -> Iterator[tuple[int, str, str, int]]:
    headed = False
    for number, line in numbered_lines(path):
        cells = [cell.strip() for cell in line.split("\t")]
        if cells == [""]:
            continue
        if not headed:
            if tuple(cells) != HEADER:
                raise SourceError(
                    f"{path}, line {number}: expected the header {' '.join(HEADER)}, parted by "
                    f"tabs, got {line.strip()[:80]!r}."
                )
            headed = True
            continue
        yield number, *_judgement(cells, f"{path}, line {number}")
    if not headed:
        raise SourceError(f"{path} is empty; expected the header {' '.join(HEADER)}.")


def _judgement(cells: list[str], place: str) -> tuple[str, str, int]:
    if len(cells) != len(HEADER):
        raise SourceError(
            f"{place}: expected {len(HEADER)} values parted by tabs ({', '.join(HEADER)}), "
            f"got {len(cells)}."
        )
    query_id, doc_id, grade = cells
    if not query_id or not doc_id:
        raise SourceError(f"{place}: expected two ids and a grade, got an empty id.")
    if not (grade.isascii() and grade.isdigit()):
        raise SourceError(
            f"{place}: expected a grade that is a whole number from 0 (not related) upwards, "
            f"got {grade!r}."
        )
    return query_id, doc_id, int(grade)
