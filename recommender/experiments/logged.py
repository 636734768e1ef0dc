"""Lists that were shown, out of a publisher's own log."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from recommender.articles.values import id_value, shortened
from recommender.errors import InputError, SourceError
from recommender.evaluation.impressions import impression_of, record_of
from recommender.evaluation.lines import numbered_lines
from recommender.experiments.shown import ShownList


def read_logged(
    path: Path, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[ShownList]:
    """Lines as `evaluation.impressions.read_impressions` takes them, in any order.

    Each with `article_id`, the page that the list stood beside; and, where known, `reader` and
    `propensities`: for each shown how likely it was to be shown in a list of that page.

    Args:
        path: JSON Lines, plain or gzip.
        since: aware; earlier lists are left out.
        until: aware; lists of that time or later are left out.

    Raises:
        SourceError: while iterating; absent, cut short, or a line that is no such thing, with its
            number and what was expected.
    """
    for number, line in numbered_lines(path):
        try:
            found = _list(record_of(line))
        except InputError as error:
            raise SourceError(f"{path}, line {number}: {error}") from None
        if (since is None or found.at >= since) and (until is None or found.at < until):
            yield found


def _list(record: Mapping[str, object]) -> ShownList:
    told = impression_of(record)
    page, reader = record.get("article_id"), record.get("reader")
    if page is None or page == "":
        raise InputError("article_id: expected the article that the list stood beside, got none.")
    index = {one: place for place, one in enumerate(told.shown)}
    return ShownList(
        at=told.at,
        page=id_value("article_id", page),
        shown=told.shown,
        places=told.places or tuple(range(len(told.shown))),
        clicked=tuple(index[one] for one in told.clicked),
        clicks=len(told.clicked),
        reader=None if reader is None or reader == "" else id_value("reader", reader),
        propensities=_propensities(record.get("propensities"), told.shown),
    )


def _propensities(value: object, shown: Sequence[str]) -> tuple[float, ...] | None:
    if value is None:
        return None
    if not (
        isinstance(value, list)
        and len(value) == len(shown)
        and all(isinstance(one, int | float) and 0 < one <= 1 for one in value)
    ):
        raise InputError(
            f"propensities: expected {len(shown)} numbers above 0 and up to 1, one for each shown, "
            f"got {shortened(value)}."
        )
    return tuple(map(float, value))
