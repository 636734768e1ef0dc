"""Many articles in one request, a line each."""

from collections.abc import Iterable, Iterator

import orjson
from anyio import CapacityLimiter, fail_after, from_thread, to_thread
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from recommender.api import examples
from recommender.api.documentation import Answer, Operation, RequestBody
from recommender.api.problems import Fault, Problem
from recommender.api.query_strings import NONE
from recommender.api.rendering import json_response
from recommender.api.routing import add
from recommender.api.service import Service
from recommender.articles.sources.chunks import utf8_chunks
from recommender.articles.sources.jsonl import read_lines
from recommender.articles.sources.reject import Reject
from recommender.jobs.ingest import Ingested

MAX_BYTES = 2**30
"""Of a body, as it comes and unpacked."""

_KINDS = ("application/x-ndjson", "application/ndjson", "application/jsonl")
_CODINGS = frozenset({"", "identity", "gzip", "x-gzip"})
_REJECTS_TOLD = 10_000
_AT_ONCE = 2
_WAIT_SECONDS = 60.0
"""For the next part of a body: a sender who says nothing keeps a place from others."""


class _Bulk:
    def __init__(self, service: Service) -> None:
        self._recommender = service.recommender
        # apart: a sender who is slow must not hold up others' pages
        self._threads = CapacityLimiter(_AT_ONCE)

    async def post(self, request: Request) -> Response:
        NONE.read(request)
        _check_kind(request)
        content = await to_thread.run_sync(self._load, request, limiter=self._threads)
        return json_response(content)

    def _load(self, request: Request) -> bytes:
        rejects: list[Reject] = []

        def keep(reject: Reject) -> None:
            if len(rejects) < _REJECTS_TOLD:
                rejects.append(reject)

        sent = _limited(_parts(request))
        lines = read_lines(_limited(utf8_chunks(sent)), name="body")
        done = self._recommender.load(lines, keep_reject=keep)
        if not done.read:
            raise Problem.of_faults([Fault("", "The body: expected one article a line, got none.")])
        return _report(done, self._recommender.backlog.waiting(), rejects)


def _check_kind(request: Request) -> None:
    sent = request.headers.get("content-type", "")
    kind = sent.partition(";")[0].strip().lower()
    if kind not in _KINDS:
        raise Problem(
            415,
            "",
            f"Expected a body of the kind {_KINDS[0]}, one article a line, got {kind[:60]!r}. "
            f"Send the header Content-Type: {_KINDS[0]}; one article goes to "
            "PUT /v1/articles/{id}.",
            headers={"Accept": ", ".join(_KINDS)},
        )
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in _CODINGS:
        raise Problem(
            415,
            "",
            f"Expected a body that is plain or gzip, got {coding[:60]!r}.",
            headers={"Accept-Encoding": "gzip, identity"},
        )


def _parts(request: Request) -> Iterator[bytes]:
    """The body as it comes; waits in a worker thread."""
    more = True
    while more:
        try:
            message = from_thread.run(_received, request)
        except TimeoutError:
            raise Problem(
                408,
                "",
                f"Nothing of the body came for {_WAIT_SECONDS:g} seconds. Send it again: what was "
                "kept already is then unchanged.",
                headers={"Connection": "close"},
            ) from None
        if message["type"] == "http.disconnect":
            raise Problem(
                400,
                "",
                "The connection ended before the body did. Send it again: what was kept "
                "already is then unchanged.",
            )
        more = message.get("more_body", False)
        if part := message.get("body", b""):
            yield part


async def _received(request: Request) -> Message:
    with fail_after(_WAIT_SECONDS):
        return await request.receive()


def _limited(chunks: Iterable[bytes]) -> Iterator[bytes]:
    length = 0
    for chunk in chunks:
        length += len(chunk)
        if length > MAX_BYTES:
            raise Problem(
                413,
                "",
                f"Expected a body of at most {MAX_BYTES:,} bytes, unpacked too, got more. Send it "
                "in parts; what was kept already is then unchanged.",
                headers={"Connection": "close"},
            )
        yield chunk


def _report(done: Ingested, waiting: int, rejects: list[Reject]) -> bytes:
    return orjson.dumps(
        {
            "data": {
                "read": done.read,
                "added": done.added,
                "changed": done.changed,
                "unchanged": done.unchanged,
                "outdated": done.outdated,
                "withheld": done.withheld,
                "rejected": done.rejected,
                "waiting": waiting,
                "rejects": [{"line": one.position, "reason": one.reason} for one in rejects],
            }
        }
    )


def install(app: FastAPI, service: Service) -> None:
    """Adds the endpoint to `app`."""
    schema = {
        "type": "string",
        "description": "One JSON object a line, with the fields of `PUT`; plain or gzip. A line "
        "needs no id where it has a url.",
    }
    add(
        app,
        "POST",
        "/v1/articles",
        _Bulk(service).post,
        Operation(
            "put_articles",
            "articles",
            "Add or change many articles",
            Answer(
                "What became of the lines: the numbers but `read` and `waiting` add up to `read`, "
                "and what they count is on disk. `withheld` are of articles that were withdrawn, "
                "which only a newer version or a `PUT` brings back; `waiting` is how many articles "
                "have no vector yet and are shown once they have; of `rejects` the first "
                f"{_REJECTS_TOLD:,} are told.",
                examples.LOADED,
            ),
            "Read as it comes and kept in parts: what goes wrong later takes nothing of it back, "
            "and sending it again changes nothing.",
            body=RequestBody(schema, examples.LINES, _KINDS),
            problems=(400, 408, 413, 415, 422, 503),
        ),
    )
