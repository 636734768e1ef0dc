"""Requests that arrive together are told what each would be told alone."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from recommender.api.app import create_app
from recommender.engine import Recommender
from recommender.pages import FilledPage, Pages
from recommender.slots.present import Moment
from recommender.slots.slot import SlotQuery
from recommender.wiring import assemble
from tests.api.clock import STARTED, Clock

PATHS = [
    *(
        f"/v1/articles/{one}/related"
        for one in ("bridge-0", "bridge-1", "hospital-1", "football-0")
    ),
    "/v1/articles/bridge-0/related?explain=true",
    "/v1/articles/bridge-1/related?explain=true",
    "/v1/articles/bridge-2/related?limit=2&pipeline=similarity",
    "/v1/articles/bridge-1/related?limit=2&pipeline=similarity",
    "/v1/articles/bridge-0/related",
    "/v1/articles/nobody/related",
    "/v1/articles/bridge-0/related?seen=bridge-1",
]


async def _asked(home: Path, *, together: bool) -> list[tuple[int, bytes]]:
    recommender = Recommender(assemble(home), follow=False, clock=Clock(STARTED))
    app = create_app(recommender)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://paper") as client:
        await client.get(PATHS[0] + "?limit=1")
        if together:
            found = await asyncio.gather(*(client.get(path) for path in PATHS))
        else:
            found = [await client.get(path) for path in PATHS]
    recommender.close()
    return [(one.status_code, one.content) for one in found]


def test_answers_are_the_same_alone_and_together(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = asyncio.run(_asked(home, together=False))
    many: list[int] = []
    fill_many = Pages.fill_many

    def counted(
        self: Pages, slot: SlotQuery, subjects: Sequence[str], *, pipeline: str, now: Moment
    ) -> list[FilledPage | None]:
        many.append(len(subjects))
        return fill_many(self, slot, subjects, pipeline=pipeline, now=now)

    monkeypatch.setattr(Pages, "fill_many", counted)
    assert asyncio.run(_asked(home, together=True)) == alone
    assert max(many, default=0) > 1


def test_a_fault_is_told_to_all_who_wait(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(Pages, "fill_many", broken)
    found = asyncio.run(asyncio.wait_for(_asked(home, together=True), 20))
    assert [status for status, _ in found][:2] == [500, 500]
