"""Many articles in one request, a line each."""

from collections.abc import Iterable, Iterator
from datetime import datetime

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
from recommender.articles.article import Article
from recommender.articles.noticed import Noticing
from recommender.articles.record import ReadRecord
from recommender.articles.sources.chunks import utf8_chunks
from recommender.articles.sources.jsonl import read_lines
from recommender.articles.sources.reject import Record, Reject
from recommender.errors import SourceError
from recommender.jobs.ingest import Ingested

MAX_BYTES = 2**30
"""Of a body, as it comes and unpacked."""

_KINDS = ("application/x-ndjson", "application/ndjson", "application/jsonl")
_CODINGS = frozenset({"", "identity", "gzip", "x-gzip"})
_LINES_TOLD = 10_000
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
        told = _Told(self._recommender.clock())
        body = _Body(_limited(_parts(request)))
        lines = read_lines(_limited(body), name="body", on_read=told.read)
        done = self._recommender.load(told.noticed(lines), keep_reject=told.reject)
        if body.broken:
            raise Problem(
                400,
                "",
                f"The body: {body.broken}. Of the articles before, {done.added:,} came new and "
                f"{done.changed:,} changed; these are kept. Send it again, whole.",
            )
        if not done.read:
            raise Problem.of_faults([Fault("", "The body: expected one article a line, got none.")])
        return told.report(done, self._recommender.backlog.waiting())


class _Body:
    """Text of a body, plain or gzip, up to where it cannot be read any more.

    Attributes:
        broken: why it ended there, once it did; "" where it is whole.
    """

    def __init__(self, sent: Iterable[bytes]) -> None:
        self._sent = sent
        self.broken = ""

    def __iter__(self) -> Iterator[bytes]:
        """All that can be read, so that it is kept: only then the sender hears that it broke."""
        try:
            yield from utf8_chunks(self._sent)
        except SourceError as error:
            self.broken = str(error)


class _Told:
    """Gathers what the answer tells of single lines."""

    def __init__(self, at: datetime) -> None:
        self._noticing = Noticing(at)
        self._rejects: list[dict[str, object]] = []
        self._derived: list[dict[str, object]] = []

    def read(self, line: int, found: ReadRecord) -> None:
        self._noticing.record(line, found)
        if found.without_id and len(self._derived) < _LINES_TOLD:
            self._derived.append({"line": line, "id": found.article.id})

    def reject(self, reject: Reject) -> None:
        if len(self._rejects) < _LINES_TOLD:
            self._rejects.append({"line": reject.position, "reason": reject.reason})

    def noticed(self, records: Iterable[Record]) -> Iterator[Record]:
        """The same, their articles looked at."""
        for record in records:
            if isinstance(record, Article):
                self._noticing.article(record)
            yield record

    def report(self, done: Ingested, waiting: int) -> bytes:
        noticed = self._noticing.noticed()
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
                    "repeated": done.repeated,
                    "waiting": waiting,
                    "rejects": self._rejects,
                    "derived_ids": self._derived,
                    "unused": [
                        {"field": one.field, "records": one.records} for one in noticed.unused
                    ],
                    "warnings": noticed.warnings(),
                }
            }
        )


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
                "What became of the lines: the numbers from `added` to `rejected` add up to "
                "`read`, and what they count is on disk. Of an `outdated` article another version "
                "has a later `updated_at` (else `published_at`) or, where they are equal or "
                "missing, came last; `repeated` lines have an id that came before. `withheld` are "
                "of articles that were withdrawn, which only a newer version or a `PUT` brings "
                "back; `waiting` is how many articles have no vector yet and are shown once they "
                "have. `derived_ids` are those of lines without one. `unused` are fields that no "
                "field of an article is read from; `warnings` tell of those that are probably "
                f"misspelt, and of an `expires_at` that has passed. Of `rejects` and `derived_ids` "
                f"the first {_LINES_TOLD:,} are told.",
                examples.LOADED,
            ),
            "Read as it comes and kept in parts: what goes wrong later takes nothing of it back, "
            "and sending it again changes nothing. Compressed data that is cut off or damaged is "
            "400, and what came before it is kept.",
            body=RequestBody(schema, examples.LINES, _KINDS),
            problems=(400, 408, 413, 415, 422, 503),
        ),
    )
