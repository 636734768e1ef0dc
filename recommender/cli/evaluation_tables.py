"""An evaluation as tables for people."""

from collections.abc import Callable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from recommender.cli.rendering import console
from recommender.evaluation.baselines import DENSE
from recommender.evaluation.beyond import Shown
from recommender.evaluation.report import Contest, Difference, Estimate, Evaluation

_NAME_WIDTH = 24
_COLUMN_WIDTH = 12
_DIFFERENCE_WIDTH = 33
_LEAST_P = 0.001

_P = "p"

_SHOWN: dict[str, Callable[[Shown], str]] = {
    "filled": lambda one: _percent(one.filled),
    "coverage": lambda one: _percent(one.coverage),
    "top 1 %": lambda one: _percent(one.most_shown),
    "diversity": lambda one: _decimals(one.diversity),
    "novelty": lambda one: _number(one.novelty),
    "distance": lambda one: _decimals(one.distance),
    "copies": lambda one: _percent(one.copies),
    "age": lambda one: _number(one.age_days),
}
_WHAT_IS_SHOWN = (
    "filled: places with an article in them. coverage: articles shown somewhere. top 1 %: places "
    "that the most-shown 1 % of the articles take. diversity: 1 - cosine within a list. novelty: "
    "bits, more where an article stands in fewer lists. distance: 1 - cosine with the article "
    "that is read. copies: places with a near-duplicate of it or of an earlier place. age: median "
    "days between publication and the time of asking."
)


def print_evaluation(evaluation: Evaluation) -> None:
    """For each contest: metrics, pipelines against the other methods, and what is shown."""
    out = console()
    first, *others = evaluation.metric_names
    for contest in evaluation.contests:
        for line in _heading(evaluation, contest):
            out.print(line, markup=False, highlight=False)
        for names in _fitting((first, _P, *others), out.width, _COLUMN_WIDTH):
            out.print(_metrics(contest, names, first))
        pipelines = [one.name for one in contest.methods if one.kind == "pipeline"]
        for names in _fitting(pipelines, out.width, _DIFFERENCE_WIDTH):
            out.print(_comparisons(contest, names, first))
        for names in _fitting(tuple(_SHOWN), out.width, _COLUMN_WIDTH):
            out.print(_shown(contest, names))
    out.print(_WHAT_IS_SHOWN, markup=False, highlight=False)


def _heading(evaluation: Evaluation, contest: Contest) -> Iterator[str]:
    counts = contest.queries
    if contest.later_too:
        rule = "all others are candidates, whenever published"
    elif evaluation.as_of == "own":
        rule = "candidates are those published by then"
    else:
        rule = f"candidates are those published by {evaluation.as_of}"
    judged = "; of them only what was judged is ranked" if evaluation.judged_only else ""
    yield f"{counts.used:,} of {evaluation.articles:,} articles were asked about; {rule}{judged}."
    left_out = (
        (counts.absent, "query ids that are no article's"),
        (counts.nothing_related, "queries with nothing related among their candidates"),
        (counts.absent_documents, "judgements of ids that are no article's"),
        (counts.later_documents, "judgements of articles published later"),
    )
    yield from (f"Left out: {count:,} {what}." for count, what in left_out if count)
    yield from (f"Left out: {one.name}, for {one.reason}." for one in contest.left_out)


def _fitting(names: Sequence[str], width: int, column: int) -> Iterator[Sequence[str]]:
    """The columns in as few tables as are no wider than the console."""
    count = max(1, (width - _NAME_WIDTH) // column)
    for start in range(0, len(names), count):
        yield names[start : start + count]


def _metrics(contest: Contest, names: Sequence[str], first: str) -> Table:
    title = "mean and its 95 % interval"
    table = _table(f"{title}; {_P}: {first} against {DENSE}" if _P in names else title, names)
    for method in contest.methods:
        against_dense = contest.compared(method.name, DENSE)
        p_value = _p_value(against_dense.metrics[first]) if against_dense else ""
        cells = (p_value if name == _P else _estimate(method.metrics[name]) for name in names)
        table.add_row(Text(method.name), *cells)
    return table


def _comparisons(contest: Contest, pipelines: Sequence[str], metric: str) -> Table:
    table = _table(f"{metric} less that of another method, 95 % interval, p", pipelines)
    for other in contest.methods:
        found = [contest.compared(pipeline, other.name) for pipeline in pipelines]
        if any(found):
            cells = (_difference(one.metrics[metric]) if one else "" for one in found)
            table.add_row(Text(other.name), *cells)
    return table


def _shown(contest: Contest, names: Sequence[str]) -> Table:
    places = contest.methods[0].shown.places
    title = f"what the first {places} places show" if places > 1 else "what the first place shows"
    table = _table(title, names)
    for method in contest.methods:
        table.add_row(Text(method.name), *(_SHOWN[name](method.shown) for name in names))
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    table.add_column("method", no_wrap=True)
    for column in columns:
        # Text, not str: a pipeline's name may hold what rich takes for markup
        table.add_column(Text(column), justify="right", no_wrap=True)
    return table


def _estimate(one: Estimate) -> str:
    return f"{_short(one.mean)}\n{_short(one.low)}-{_short(one.high)}"


def _difference(one: Difference) -> str:
    return f"{one.mean:+.3f}  {one.low:+.3f} to {one.high:+.3f}  {_p_value(one)}"


def _p_value(one: Difference) -> str:
    return f"<{_short(_LEAST_P)}" if one.p < _LEAST_P else _short(one.p)


def _short(share: float) -> str:
    return f"{share:.3f}".removeprefix("0")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"
