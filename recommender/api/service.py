"""What the endpoints share: the engine, the metrics, and which thread may wait for what."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from recommender.api.metrics import Metrics
from recommender.api.problems import Fault, Problem
from recommender.api.query_strings import Asked
from recommender.api.ready import Rendered
from recommender.asking import UnpublishedText
from recommender.engine import Recommender
from recommender.errors import SettingsError, UnknownArticle
from recommender.pages import FilledPage
from recommender.slots.definitions import unknown_slot
from recommender.slots.present import Moment
from recommender.slots.slot import SlotQuery

T = TypeVar("T")

_EMBEDDING_THREADS = 16  # more than one batch of short texts: while it is made, the next gathers
_READING_THREADS = 40
_RESCORING_THREADS = 40


class Service:
    """One application's engine. The event loop computes what is quick; threads do the rest."""

    def __init__(self, recommender: Recommender, metrics: Metrics) -> None:
        """Starts nothing."""
        self.recommender = recommender
        self.metrics = metrics
        # apart: texts that wait for the model must not hold up beacons and pages
        self._embedding = CapacityLimiter(_EMBEDDING_THREADS)
        self._reading = CapacityLimiter(_READING_THREADS)
        # apart too: they wait for a turn with a model, each up to its own limit of time
        self._rescoring = CapacityLimiter(_RESCORING_THREADS)

    async def waited(self, work: Callable[[], T]) -> T:
        """The result of `work`, which reads or writes files."""
        return await to_thread.run_sync(work, limiter=self._reading)

    async def embedded(self, work: Callable[[], T]) -> T:
        """The result of `work`, which may turn a text into a vector."""
        return await to_thread.run_sync(work, limiter=self._embedding)

    def refuse_unknown(self, slots: Iterable[tuple[str, str]]) -> None:
        """Raises a problem that tells which of `slots`, by place and name, are not defined."""
        known = self.recommender.parts.slots
        faults = [Fault(at, unknown_slot(name, known)) for at, name in slots if name not in known]
        if faults:
            raise Problem.of_faults(faults)

    async def filled(
        self,
        slots: Sequence[SlotQuery],
        subject: str | UnpublishedText | None,
        asked: Asked,
        now: Moment | None = None,
    ) -> FilledPage:
        """A page of `slots`; of `asked`, what holds for all of them.

        Args:
            slots: in the order in which they choose.
            subject: an article's id, a text, or None for a page about nothing.
            asked: its limit, offset, filters and slots are not looked at.
            now: see `fill_at_once`.

        Raises:
            UnknownArticle: no published article has this id.
            Problem: there is no such pipeline.
        """
        try:
            pipeline = self.recommender.pipeline(asked.pipeline)
        except SettingsError as error:
            raise Problem.of_faults([Fault("pipeline", str(error))]) from None
        if isinstance(subject, UnpublishedText):
            return await self.embedded(lambda: self._fill(slots, subject, asked))
        if pipeline.rescoring is not None:
            work = partial(self._fill, slots, subject, asked)
            return await to_thread.run_sync(work, limiter=self._rescoring)
        page = None
        if asked.at is None:
            page = self.recommender.fill_at_once(
                slots,
                subject,
                window=asked.window,
                half_life=asked.half_life,
                seen=asked.seen,
                shown=asked.shown,
                pipeline=asked.pipeline,
                now=now,
            )
        if page is None:
            page = await self.waited(lambda: self._fill(slots, subject, asked))
        return page

    def _fill(
        self, slots: Sequence[SlotQuery], subject: str | UnpublishedText | None, asked: Asked
    ) -> FilledPage:
        # the engine takes what has a space in it and is no id for a text; an address never is
        if (
            isinstance(subject, str)
            and subject.split() != [subject]
            and self.recommender.corpus().position(subject) is None
        ):
            raise UnknownArticle(f"No article has the id {subject!r}.")
        return self.recommender.fill(
            slots,
            subject,
            at=asked.at,
            window=asked.window,
            half_life=asked.half_life,
            seen=asked.seen,
            shown=asked.shown,
            pipeline=asked.pipeline,
        )

    def count(self, rendered: Rendered) -> None:
        """Tells the metrics which slots something else stood in for."""
        fallback = rendered.fallback
        if fallback is None:
            return
        # a page names its slots; an answer of one slot knows only what stood in
        slots = fallback if isinstance(fallback, dict) else {rendered.slot: fallback}
        for slot, source in slots.items():
            if source is not None:
                self.metrics.fell_back(slot, source)
