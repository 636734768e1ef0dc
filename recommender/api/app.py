"""The application: put together, started and ended."""

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from importlib.metadata import version

from fastapi import FastAPI

from index.errors import VectorIndexError
from recommender.api import (
    problems,
    routes_articles,
    routes_bulk,
    routes_events,
    routes_hooks,
    routes_operations,
    routes_recommendations,
    routes_rules,
)
from recommender.api.application import Application
from recommender.api.metrics import Metrics
from recommender.api.service import Service
from recommender.engine import Recommender
from recommender.errors import NotReady, RecommenderError
from recommender.patience import be_patient

_log = logging.getLogger("recommender.api")

_FOLLOW_SECONDS = 0.5
_CHECK_SECONDS = 600
_CHECKED_FOR = timedelta(days=1)
_COLLECTED_AFTER = 20_000
"""New objects, less those that are gone; many requests wait at once for one commit."""

_ABOUT = """\
Fills the Related articles and Popular slots of article pages.

Answers are `{"data": ..., "meta": ...}`; errors are problem details (RFC 9457) that say what was
expected, what came, and the way out.
"""


def create_app(recommender: Recommender) -> FastAPI:
    """The HTTP edge of `recommender`, which was opened with `follow=False`.

    The application owns it: it takes up new snapshots aside from the requests, and closes it when
    the server ends.
    """
    metrics = Metrics(recommender)
    service = Service(recommender, metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(_follow, recommender)
        await asyncio.to_thread(_resume, recommender)
        following = asyncio.create_task(_keep_following(recommender))
        ended = threading.Event()
        # not waited for at the end: to read all that is served takes long, and leaves nothing open
        threading.Thread(target=_keep_checking, args=(recommender, ended), daemon=True).start()
        try:
            with _settled_memory():
                yield
        finally:
            ended.set()
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            await asyncio.to_thread(recommender.close)

    app = Application(
        metrics,
        title="Related articles",
        version=version("related-articles"),
        description=_ABOUT,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    problems.install(app)
    # the longer addresses first: an article's id may itself hold slashes
    busiest = (routes_events.install(app, service), routes_recommendations.install(app, service))
    routes_articles.install(app, service)
    routes_bulk.install(app, service)
    routes_hooks.install(app, service)
    routes_operations.install(app, service)
    routes_rules.install(app, service)
    app.shorten(busiest)
    return app


def from_environment() -> FastAPI:
    """For several workers: `uvicorn --factory recommender.api.app:from_environment --workers 4`.

    Serves the home that RECOMMENDER_HOME names.
    """
    return create_app(Recommender.open(follow=False))


@contextmanager
def _settled_memory() -> Iterator[None]:
    """The collector leaves alone what was there before, which stays, and looks less often.

    Else it walks through all modules again and again, a third of the time while beacons come, and
    answers wait for that a quarter of a second.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def _keep_following(recommender: Recommender) -> None:
    while True:
        await asyncio.sleep(_FOLLOW_SECONDS)
        # a cancelled wait would leave the thread behind, at work on files that are being closed
        looking = asyncio.create_task(asyncio.to_thread(_follow, recommender))
        try:
            await asyncio.shield(looking)
        except asyncio.CancelledError:
            await looking
            raise


def _keep_checking(recommender: Recommender, ended: threading.Event) -> None:
    """Looks now and then whether the disk still holds what is served."""
    be_patient()
    while not ended.wait(_CHECK_SECONDS):
        try:
            recommender.check(after=_CHECKED_FOR)
        except Exception:  # noqa: BLE001 - whatever it is, the next check is not to be missed
            _log.exception("The snapshot that is served could not be checked")


def _resume(recommender: Recommender) -> None:
    """Goes on embedding what a server before this one was given and had not come to."""
    try:
        # for another model than the snapshot's all articles lack vectors: that is a rebuild's work
        same = recommender.corpus().embedder == recommender.parts.embedder.name
        if same:
            recommender.backlog.start()
    except RecommenderError as error:
        _log.warning("%s", error)


def _follow(recommender: Recommender) -> None:
    """Takes up what is new. A fault is logged, and what was served before goes on being served."""
    try:
        if recommender.follow():
            _log.info("Serving snapshot %s", recommender.corpus().version)
    except NotReady as error:
        _log.warning("%s", error)
    except (RecommenderError, VectorIndexError, OSError):
        _log.exception("A new snapshot could not be taken up")
