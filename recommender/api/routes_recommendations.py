"""What stands beside an article, a text, or on a page."""

import time

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from recommender.api import examples, rendering
from recommender.api.bodies import model_body
from recommender.api.documentation import PATH_ID, Answer, Operation, body_of
from recommender.api.parameters import window_of
from recommender.api.query_strings import NONE, POPULAR, RELATED, SLOTS, Asked
from recommender.api.ready import ReadyAnswers, Rendered
from recommender.api.routing import add
from recommender.api.schemas import PageBody, TextBody
from recommender.api.service import Service
from recommender.asking import UnpublishedText
from recommender.slots.slot import SlotQuery

_TAG = "recommendations"
_ONE_SLOT = Answer("Cards, best first.", examples.ONE_SLOT)
_PAGE = Answer("Cards by slot; no article and no copy of one twice.", examples.PAGE)


class _Recommendations:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._ready = ReadyAnswers()

    async def related(self, request: Request) -> Response:
        started = time.perf_counter()
        question = (request.path_params[PATH_ID], request.scope["query_string"])
        state = self._service.recommender.state()
        rendered = self._ready.get(state, question)
        if rendered is None:
            asked = RELATED.read(request)
            slots = (SlotQuery("related", asked.limit, asked.offset, asked.filters),)
            page = await self._service.filled(slots, question[0], asked)
            rendered = rendering.one_slot(page, explain=asked.explain)
            if self._service.recommender.state() is state:
                self._ready.keep(state, question, rendered)
        return self._answer(rendered, started)

    async def related_to_text(self, request: Request) -> Response:
        started = time.perf_counter()
        asked = RELATED.read(request)
        text = await model_body(request, TextBody)
        slots = (SlotQuery("related", asked.limit, asked.offset, asked.filters),)
        page = await self._service.filled(slots, UnpublishedText(text.body, text.title), asked)
        return self._answer(rendering.one_slot(page, explain=asked.explain), started)

    async def popular(self, request: Request) -> Response:
        started = time.perf_counter()
        asked = POPULAR.read(request)
        slots = (SlotQuery("popular", asked.limit, asked.offset, asked.filters),)
        page = await self._service.filled(slots, None, asked)
        return self._answer(rendering.one_slot(page, explain=asked.explain), started)

    async def slots(self, request: Request) -> Response:
        started = time.perf_counter()
        asked = SLOTS.read(request)
        slots = tuple(
            SlotQuery(name, asked.limit, 0, asked.filters) for name in dict.fromkeys(asked.slots)
        )
        page = await self._service.filled(slots, request.path_params[PATH_ID], asked)
        return self._answer(rendering.many_slots(page, explain=asked.explain), started)

    async def page(self, request: Request) -> Response:
        started = time.perf_counter()
        NONE.read(request)
        body = await model_body(request, PageBody)
        asked = Asked(
            seen=tuple(body.seen),
            at=body.at,
            window=None if body.window is None else window_of(body.window),
            explain=body.explain,
            pipeline=body.pipeline,
        )
        subject = body.article_id
        about = UnpublishedText(body.body, body.title) if body.title or body.body else subject
        page = await self._service.filled([one.query() for one in body.slots], about, asked)
        return self._answer(rendering.many_slots(page, explain=asked.explain), started)

    def _answer(self, rendered: Rendered, started: float) -> Response:
        self._service.count(rendered)
        return rendering.envelope(rendered, started=started)


def install(app: FastAPI, service: Service) -> None:
    """Adds the endpoints to `app`."""
    endpoints = _Recommendations(service)
    add(
        app,
        "GET",
        "/v1/articles/{article_id:path}/related",
        endpoints.related,
        Operation(
            "related",
            _TAG,
            "Related articles of an article",
            _ONE_SLOT,
            "A slot that would stay empty is filled with popular articles, editors' choices or "
            "the latest; `meta.fallback` says with which.",
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
            "What is read most",
            _ONE_SLOT,
            "Unique readers, those of long ago counting less.",
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
