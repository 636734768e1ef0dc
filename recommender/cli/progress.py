"""What a rebuild tells while it goes on: a bar on a terminal, lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from recommender.jobs.steps import Watch

_LINE_EVERY = 10.0
"""Seconds between two lines of one step."""


_WHOLE = 10
"""From this rate on, a second, what follows the point tells nothing."""


@contextmanager
def watching() -> Iterator[Watch]:
    """A watch that tells on standard error."""
    if not sys.stderr.isatty():
        yield line_watch(lambda line: typer.echo(line, err=True))
        return
    # imported here: only a rebuild at a terminal draws a bar
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text  # noqa: PLC0415

    class Done(ProgressColumn):
        def render(self, task: Task) -> Text:
            if not task.fields["counts"]:
                return Text("")
            of = f" of {task.total:,.0f}" if task.total else ""
            speed = task.finished_speed or task.speed or 0.0
            return Text(f"{task.completed:,.0f}{of}{_rate(speed)}")

    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        Done(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        current = None

        def end() -> None:
            if current is not None and not bars.tasks[current].finished:
                bars.update(current, total=max(1, bars.tasks[current].completed))
                bars.update(current, completed=bars.tasks[current].total)

        def step(name: str) -> None:
            nonlocal current
            end()
            current = bars.add_task(name, total=None, counts=False)

        def progress(done: int, total: int) -> None:
            if current is not None:
                bars.update(current, completed=done, total=total or None, counts=True)

        yield Watch(step, progress)
        end()


def line_watch(say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> Watch:
    """A line as each step begins, and one now and then while it lasts.

    Args:
        say: called with each line.
        clock: seconds.
    """
    lines = _Lines(say, clock)
    return Watch(lines.step, lines.progress)


class _Lines:
    def __init__(self, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._say = say
        self._clock = clock
        self._name = ""
        self._began = self._told = clock()

    def step(self, name: str) -> None:
        self._name = name
        self._began = self._told = self._clock()
        self._say(name)

    def progress(self, done: int, total: int) -> None:
        now = self._clock()
        if now - self._told < _LINE_EVERY:
            return
        self._told = now
        rate = done / (now - self._began)
        if total:
            left = (total - done) / rate if rate else 0.0
            known = f", {left:,.0f} s left" if rate else ""
            self._say(f"{self._name}: {done:,} of {total:,}{_rate(rate)}{known}")
        else:
            self._say(f"{self._name}: {done:,}{_rate(rate)}")


def _rate(speed: float) -> str:
    """Nothing where nothing was done; of a slow one two digits that are no 0, as 0/s hides it."""
    if not speed:
        return ""
    return f", {speed:,.0f}/s" if speed >= _WHOLE else f", {speed:.2g}/s"
