"""What stands beside an article, a text, or on a page."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from recommender.api import examples, rendering
from recommender.api.bodies import model_body
from recommender.api.caching import Caching, holds, not_modified
from recommender.api.documentation import PATH_ID, Answer, Operation, body_of
from recommender.api.gathering import Gathering
from recommender.api.interleaved import interleaved
from recommender.api.parameters import SLOT
from recommender.api.query_strings import NONE, POPULAR, RELATED, SLOTS, Asked
from recommender.api.ready import ReadyAnswers, Rendered
from recommender.api.routing import add
from recommender.api.schemas import PageBody, TextBody
from recommender.api.service import Service
from recommender.api.shortcut import Address
from recommender.api.trials import Trials, told
from recommender.api.turn import Turn
from recommender.asking import UnpublishedText
from recommender.experiments.assignment import INTERLEAVED, Assignment, coins
from recommender.pages import FilledPage
from recommender.slots.present import Moment
from recommender.slots.slot import MAX_LIMIT, POPULAR_SLOTS, SlotName, SlotQuery

_TAG = "recommendations"
_RELATED = "/v1/articles/{article_id:path}/related"
_HEADERS = {
    rendering.RECOMMENDATION_ID: {
        "description": "Of this answer alone; caches hand it out again.",
        "schema": {"type": "string"},
        "example": "5b0d8f6c1f5f4a7b9a3f0f9d2b6c4e11",
    },
    "Server-Timing": {
        "description": "How long it took, in milliseconds.",
        "schema": {"type": "string"},
        "example": "total;dur=0.412",
    },
}
_ONE_SLOT = Answer("Cards, best first.", examples.ONE_SLOT, headers=_HEADERS)
_PAGE = Answer(
    "Cards by slot; no article and no copy of one twice.", examples.PAGE, headers=_HEADERS
)


class _Recommendations:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._ready = ReadyAnswers()
        self._gathering = Gathering(service)
        self._state = Turn(service.recommender.state)
        self._caching = Caching(service.recommender.parts.settings.cache)
        self._clock = service.recommender.clock
        self._trials = Trials(service.recommender.parts.experiments, self._clock)

    async def related(self, request: Request) -> Response:
        started = time.perf_counter()
        article_id, query = request.path_params[PATH_ID], request.scope["query_string"]
        glance = self._trials.glance(query, "related")
        if glance.key is None:
            asked = RELATED.read(request)
            return await self._alone(request, "related", article_id, asked, started)
        question = (article_id, glance.key)
        state, now = self._state.value() or (None, None)
        rendered = self._ready.get(state, question)
        personal = glance.named
        if rendered is None:
            asked = RELATED.read(request)
            slot = SlotQuery("related", asked.limit, asked.offset, asked.filters)
            asked_of_arm = _of_arm(asked, glance.trial)
            page, rendered = await self._gathering.answered(slot, article_id, asked_of_arm, now)
            personal = asked.personal or glance.named
            # what one reader has seen is hardly ever asked for again
            if not asked.seen and self._is_still(state, now, page):
                self._ready.keep(state, question, rendered)
        if glance.trial is not None:
            return self._answer(rendered, started, told(glance.trial))
        return self._kept(request, rendered, started, personal=personal)

    def _is_still(self, state: object | None, now: Moment | None, page: FilledPage) -> bool:
        """Whether the page was filled wholly in this state."""
        if now is not None and page.at is now.at:
            return True
        after = self._service.recommender.state()
        return after is not None and after[0] is state

    async def related_to_text(self, request: Request) -> Response:
        started = time.perf_counter()
        asked = RELATED.read(request)
        text = await model_body(request, TextBody)
        about = UnpublishedText(text.body, text.title)
        return await self._alone(request, "related", about, asked, started, kept=False)

    async def popular(self, request: Request) -> Response:
        started = time.perf_counter()
        asked = POPULAR.read(request)
        return await self._alone(request, POPULAR_SLOTS[asked.by], None, asked, started)

    async def slots(self, request: Request) -> Response:
        started = time.perf_counter()
        asked = SLOTS.read(request)
        self._service.refuse_unknown((SLOT.name, name) for name in asked.slots)
        slots = tuple(
            SlotQuery(name, asked.limit, 0, asked.filters) for name in dict.fromkeys(asked.slots)
        )
        trial = self._trials.of(asked, [one.slot for one in slots], alone=False)
        asked = _of_arm(asked, trial)
        page = await self._service.filled(slots, request.path_params[PATH_ID], asked)
        rendered = rendering.many_slots(page, explain=asked.explain)
        if trial is not None:
            return self._answer(rendered, started, told(trial))
        return self._kept(request, rendered, started, personal=asked.personal)

    async def page(self, request: Request) -> Response:
        started = time.perf_counter()
        NONE.read(request)
        body = await model_body(request, PageBody)
        self._service.refuse_unknown(
            (f"/slots/{place}/slot", one.slot) for place, one in enumerate(body.slots)
        )
        asked = Asked(
            seen=tuple(body.seen),
            shown=tuple(body.shown),
            at=body.at,
            window=body.window,
            half_life=body.half_life,
            explain=body.explain,
            pipeline=body.pipeline,
            reader="" if "pipeline" in body.model_fields_set else body.reader,
        )
        trial = self._trials.of(asked, [one.slot for one in body.slots], alone=False)
        asked = _of_arm(asked, trial)
        subject = body.article_id
        about = UnpublishedText(body.body, body.title) if body.title or body.body else subject
        page = await self._service.filled([one.query() for one in body.slots], about, asked)
        rendered = rendering.many_slots(page, explain=asked.explain)
        return self._answer(rendered, started, None if trial is None else told(trial))

    async def _alone(
        self,
        request: Request,
        slot: SlotName,
        subject: str | UnpublishedText | None,
        asked: Asked,
        started: float,
        *,
        kept: bool = True,
    ) -> Response:
        """An answer of one slot; caches may keep it if `kept` is set and no experiment decides."""
        trial = self._trials.of(asked, (slot,), alone=True)
        if trial is not None and trial.arm == INTERLEAVED:
            made = await self._interleaved(slot, subject, asked, trial)
            if made is not None:
                return self._answer(made[0], started, told(trial, made[1]))
            trial = None
        asked = _of_arm(asked, trial)
        slots = (SlotQuery(slot, asked.limit, asked.offset, asked.filters),)
        page = await self._service.filled(slots, subject, asked)
        rendered = rendering.one_slot(page, explain=asked.explain)
        if trial is not None or not kept:
            return self._answer(rendered, started, None if trial is None else told(trial))
        return self._kept(request, rendered, started, personal=asked.personal)

    async def _interleaved(
        self,
        slot: SlotName,
        subject: str | UnpublishedText | None,
        asked: Asked,
        trial: Assignment,
    ) -> tuple[Rendered, list[str]] | None:
        """None where the list would be too long, or the articles changed between its halves."""
        limit = asked.limit or self._service.recommender.parts.slots[slot].limit
        needed = limit + asked.offset
        if needed > MAX_LIMIT:
            return None
        slots = (SlotQuery(slot, needed, 0, asked.filters),)
        pages = [
            await self._service.filled(slots, subject, replace(asked, pipeline=arm))
            for arm in trial.experiment.arms
        ]
        if pages[0].corpus is not pages[1].corpus:
            return None
        about = subject.title if isinstance(subject, UnpublishedText) else subject or ""
        drawn = coins(
            trial.experiment.salt or trial.experiment.name,
            asked.reader,
            about,
            self._clock().astimezone(UTC).date().isoformat(),
            count=-(-needed // 2),
        )
        return interleaved(pages, drawn, limit=limit, offset=asked.offset, explain=asked.explain)

    def _answer(
        self,
        rendered: Rendered,
        started: float,
        experiment: Mapping[str, object] | None = None,
    ) -> Response:
        """An answer that no cache keeps, as each of an experiment is an impression of its own."""
        self._service.count(rendered)
        return rendering.envelope(rendered, started=started, experiment=experiment)

    def _kept(
        self, request: Request, rendered: Rendered, started: float, *, personal: bool
    ) -> Response:
        """An answer that caches may keep, or word that theirs still holds."""
        self._service.count(rendered)
        headers = self._caching.headers(
            rendered.tag,
            personal=personal,
            until=rendered.until,
            now=self._clock().timestamp(),
        )
        if holds(request, rendered.tag):
            return not_modified(headers)
        return rendering.envelope(rendered, started=started, headers=headers)


def _of_arm(asked: Asked, trial: Assignment | None) -> Asked:
    return asked if trial is None else replace(asked, pipeline=trial.arm)


def install(app: FastAPI, service: Service) -> Address:
    """Adds the endpoints to `app`; returns the one that it is asked for most."""
    endpoints = _Recommendations(service)
    add(
        app,
        "GET",
        _RELATED,
        endpoints.related,
        Operation(
            "related",
            _TAG,
            "Related articles of an article",
            _ONE_SLOT,
            "A slot that would stay empty is filled with popular articles, editors' choices or "
            "the latest; `meta.fallback` says with which.",
            kept=True,
            query=RELATED,
            of_article=True,
            problems=(404, 422, 503),
        ),
    )
    add(
        app,
        "GET",
        "/v1/articles/{article_id:path}/slots",
        endpoints.slots,
        Operation(
            "article_slots",
            _TAG,
            "Several slots of an article's page",
            _PAGE,
            "Parameters hold for every slot; POST /v1/slots takes others for each.",
            kept=True,
            query=SLOTS,
            of_article=True,
            problems=(404, 422, 503),
        ),
    )
    add(
        app,
        "POST",
        "/v1/related",
        endpoints.related_to_text,
        Operation(
            "related_to_text",
            _TAG,
            "Related articles of a text that is not published yet",
            _ONE_SLOT,
            query=RELATED,
            body=body_of(TextBody),
            problems=(400, 413, 415, 422, 503),
        ),
    )
    add(
        app,
        "GET",
        "/v1/popular",
        endpoints.popular,
        Operation(
            "popular",
            _TAG,
            "What is read most, more than usual, or clicked most often",
            _ONE_SLOT,
            "Most read: unique readers, those of long ago counting less. Trending: readers of "
            "late beside those that the article's own past lets expect. Most clicked: clicks an "
            "impression, drawn towards the section's rate where impressions are few. "
            "`meta.fallback` says what stands there where nothing does of its own.",
            kept=True,
            query=POPULAR,
            problems=(422, 503),
        ),
    )
    add(
        app,
        "POST",
        "/v1/slots",
        endpoints.page,
        Operation(
            "page_slots",
            _TAG,
            "Several slots of a page, each with its own limit and filters",
            _PAGE,
            "Of an article, of a text, or of a page about nothing, such as the front page.",
            body=body_of(PageBody),
            problems=(400, 404, 413, 415, 422, 503),
        ),
    )
    return Address("GET", _RELATED, endpoints.related)
