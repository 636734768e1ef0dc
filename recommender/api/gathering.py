"""Requests that arrive together are answered together: sixteen slots take the time of four."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from recommender.api import rendering
from recommender.api.query_strings import Asked
from recommender.api.ready import Rendered
from recommender.api.service import Service
from recommender.pages import FilledPage
from recommender.slots.present import Moment
from recommender.slots.slot import SlotQuery

_Answer: TypeAlias = tuple[FilledPage, Rendered]
_Question: TypeAlias = tuple[SlotQuery, str, bool]
"""A slot, a pipeline, and whether every signal is told."""


@dataclass(slots=True, eq=False)
class _Waiting:
    article_id: str
    answer: "asyncio.Future[_Answer | None]"


class Gathering:
    """Answers all that one turn of the event loop asks of related slots. It waits for no more."""

    def __init__(self, service: Service) -> None:
        """Nobody asked yet."""
        self._service = service
        self._waiting: dict[_Question, list[_Waiting]] = defaultdict(list)
        self._now: Moment | None = None

    async def answered(
        self, slot: SlotQuery, article_id: str, asked: Asked, now: Moment | None
    ) -> _Answer:
        """The page of one related slot, written out; see `Service.filled`.

        Args:
            slot: of `asked`.
            article_id: of the page.
            asked: all that is asked.
            now: as of this turn of the event loop.
        """
        answer = None
        if now is not None and not (asked.seen or asked.shown or asked.at):
            answer = await self._together(slot, article_id, asked, now)
        if answer is None:
            page = await self._service.filled((slot,), article_id, asked, now)
            answer = page, rendering.one_slot(page, explain=asked.explain)
        return answer

    async def _together(
        self, slot: SlotQuery, article_id: str, asked: Asked, now: Moment
    ) -> _Answer | None:
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # behind all requests that are there already
            loop.call_soon(self._answer_all)
            self._now = now
        elif self._now is not now:
            return None
        waiting = _Waiting(article_id, loop.create_future())
        self._waiting[slot, asked.pipeline, asked.explain].append(waiting)
        return await waiting.answer

    def _answer_all(self) -> None:
        waiting, now, self._now = list(self._waiting.items()), self._now, None
        self._waiting.clear()
        for question, asking in waiting:
            answers: list[_Answer | None] = [None] * len(asking)
            try:
                if now is not None and len(asking) > 1:
                    answers = self._answers(question, [one.article_id for one in asking], now)
            except Exception as error:  # noqa: BLE001 - whoever waits is to be told
                for one in asking:
                    if not one.answer.done():
                        one.answer.set_exception(error)
                continue
            for one, answer in zip(asking, answers, strict=True):
                if not one.answer.done():  # the client went away
                    one.answer.set_result(answer)

    def _answers(
        self, question: _Question, ids: Sequence[str], now: Moment
    ) -> list[_Answer | None]:
        slot, pipeline, explain = question
        pages = self._service.recommender.fill_many(slot, ids, pipeline=pipeline, now=now)
        some = [one for one in pages if one is not None]
        if not some:
            return [None] * len(ids)
        written = iter(zip(some, rendering.each_one_slot(some, explain=explain), strict=True))
        return [None if one is None else next(written) for one in pages]
