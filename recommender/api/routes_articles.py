"""Articles put in and taken out between two rebuilds."""

from datetime import datetime

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from recommender.api import examples
from recommender.api.bodies import json_body
from recommender.api.documentation import PATH_ID, Answer, Operation, RequestBody
from recommender.api.problems import Fault, Problem
from recommender.api.query_strings import NONE
from recommender.api.rendering import json_response
from recommender.api.routing import add
from recommender.api.service import Service
from recommender.articles.noticed import Noticed, Noticing
from recommender.articles.record import ReadRecord, RecordReader
from recommender.errors import InputError, UnknownArticle

_TAG = "articles"
_READER = RecordReader()
_SCHEMA = {
    "type": "object",
    "description": "Fields as in a source file; an id that differs from the address is refused.",
    "properties": {
        **{
            name: {"type": "string"}
            for name in ("id", "title", "teaser", "body", "url", "section", "language", "source")
        },
        "image_url": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "authors": {"type": "array", "items": {"type": "string"}},
        "published_at": {"type": "string", "format": "date-time"},
        "updated_at": {"type": "string", "format": "date-time"},
        "expires_at": {
            "type": "string",
            "format": "date-time",
            "description": "From then on it is as one that is withdrawn.",
        },
        "editors_choice": {"type": "boolean"},
        "evergreen": {"type": "boolean"},
        "status": {"type": "string", "enum": ["published", "withdrawn"]},
    },
}


class _Articles:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def put(self, request: Request) -> Response:
        NONE.read(request)
        article_id: str = request.path_params[PATH_ID]
        record = await json_body(request)
        if not isinstance(record, dict):
            raise Problem.of_faults([Fault("", "The body: expected a JSON object.")])
        named = record.get("id") or article_id
        if str(named) != article_id:
            detail = f"/id: expected {article_id!r} as in the address, got {str(named)[:60]!r}."
            raise Problem.of_faults([Fault("/id", detail)])
        try:
            # reading cleans the text, which takes its time on a long one
            read = await self._service.waited(lambda: _READER.read({**record, "id": article_id}))
        except InputError as error:
            raise Problem.of_faults([Fault("", str(error))]) from None
        article = read.article
        if article.id != article_id:
            detail = f"The address: expected an id as it is stored, {article.id!r}."
            raise Problem.of_faults([Fault("", detail)])
        done = await self._service.embedded(lambda: self._service.recommender.put([article]))
        if done.outdated:
            raise Problem(
                409,
                "outdated-article",
                f"The stored version of {article_id!r} has a later updated_at than this one. "
                "Send a later updated_at to replace it.",
            )
        result = "added" if done.added else "changed" if done.changed else "unchanged"
        status = 201 if done.added else 200
        noticed = _noticed(read, self._service.recommender.clock())
        return json_response(_stored(article_id, result, noticed), status)

    async def delete(self, request: Request) -> Response:
        NONE.read(request)
        article_id: str = request.path_params[PATH_ID]
        known = await self._service.waited(lambda: self._service.recommender.withdraw([article_id]))
        if not known:
            raise UnknownArticle(f"No article has the id {article_id!r}.")
        return Response(status_code=204)


def _noticed(read: ReadRecord, at: datetime) -> Noticed:
    noticing = Noticing(at)
    noticing.record(1, read)
    noticing.article(read.article)
    return noticing.noticed()


def _stored(article_id: str, result: str, noticed: Noticed) -> bytes:
    return orjson.dumps(
        {
            "data": {
                "id": article_id,
                "result": result,
                "unused": [one.field for one in noticed.unused],
                "warnings": noticed.warnings(),
            }
        }
    )


def install(app: FastAPI, service: Service) -> None:
    """Adds the endpoints to `app`."""
    endpoints = _Articles(service)
    path = "/v1/articles/{article_id:path}"
    add(
        app,
        "PUT",
        path,
        endpoints.put,
        Operation(
            "put_article",
            _TAG,
            "Add or change an article",
            Answer(
                "Stored; 201 where it is new, 200 otherwise. `unused` are fields of the body that "
                "no field of an article is read from; `warnings` tell of those that are probably "
                "misspelt, and of an `expires_at` that has passed.",
                examples.PUT,
            ),
            "It is in the next answer. A withdrawn article comes back.",
            of_article=True,
            body=RequestBody(_SCHEMA, examples.ARTICLE),
            problems=(400, 409, 413, 415, 422, 503),
        ),
    )
    add(
        app,
        "DELETE",
        path,
        endpoints.delete,
        Operation(
            "withdraw_article",
            _TAG,
            "Withdraw an article",
            Answer("Withdrawn: no answer from now on shows it."),
            status=204,
            of_article=True,
            problems=(404, 422, 503),
        ),
    )
