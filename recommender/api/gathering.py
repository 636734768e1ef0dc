"""Requests that arrive together are answered together: sixteen slots take the time of four."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from recommender.api.query_strings import Asked
from recommender.api.service import Service
from recommender.pages import FilledPage
from recommender.slots.present import Moment
from recommender.slots.slot import SlotQuery

_ALONE = 5  # so few are filled one by one in the same time


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    article_id: str
    page: "asyncio.Future[FilledPage | None]"


class Gathering:
    """Fills the related slots that one turn of the event loop asks for. It waits for no more."""

    def __init__(self, service: Service) -> None:
        """Nobody asked yet."""
        self._service = service
        self._waiting: dict[tuple[SlotQuery, str], list[_Waiting]] = defaultdict(list)
        self._now: Moment | None = None

    async def filled(
        self, slot: SlotQuery, article_id: str, asked: Asked, now: Moment | None
    ) -> FilledPage:
        """The page of one related slot, see `Service.filled`; `now` is as of this turn."""
        page = None
        if now is not None and not (asked.seen or asked.shown or asked.at):
            page = await self._together(slot, article_id, asked.pipeline, now)
        return page or await self._service.filled((slot,), article_id, asked, now)

    async def _together(
        self, slot: SlotQuery, article_id: str, pipeline: str, now: Moment
    ) -> FilledPage | None:
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # behind all requests that are there already
            loop.call_soon(self._fill)
            self._now = now
        elif self._now is not now:
            return None
        waiting = _Waiting(article_id, loop.create_future())
        self._waiting[slot, pipeline].append(waiting)
        return await waiting.page

    def _fill(self) -> None:
        waiting, now, self._now = list(self._waiting.items()), self._now, None
        self._waiting.clear()
        for (slot, pipeline), asking in waiting:
            pages: list[FilledPage | None] = [None] * len(asking)
            try:
                if now is not None and len(asking) > _ALONE:
                    ids = [one.article_id for one in asking]
                    pages = self._service.recommender.fill_many(
                        slot, ids, pipeline=pipeline, now=now
                    )
            except Exception as error:  # noqa: BLE001 - whoever waits is to be told
                for one in asking:
                    if not one.page.done():
                        one.page.set_exception(error)
                continue
            for one, page in zip(asking, pages, strict=True):
                if not one.page.done():  # the client went away
                    one.page.set_result(page)
