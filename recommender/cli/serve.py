"""The command that serves HTTP."""

import copy
import errno
import multiprocessing
import os
import signal
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from recommender.cli.options import AsJson, Home, examples, existing_home
from recommender.cli.outcome import FAILED, FINE
from recommender.cli.rendering import print_json
from recommender.engine import Recommender
from recommender.errors import InputError
from recommender.settings import HOME_VARIABLE

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

commands = typer.Typer()

_GRACE_SECONDS = 20
"""For requests that are being answered when the server is told to end."""

_HEALTH_SECONDS = 60
"""For a worker to say that it lives: one that imports torch from a cold disk is silent for some
seconds, and killing it for that would begin the import again."""


@commands.command(
    epilog=examples("recommender serve", "recommender serve --host 0.0.0.0 --port 80 --workers 4")
)
def serve(
    *,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 for any free.")] = 8000,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=256, help="Processes that answer.")
    ] = 1,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="Log every request; it costs some speed.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Answer over HTTP until Ctrl-C; the documentation is at /docs.

    A newly published snapshot is taken up by itself.
    """
    folder = existing_home(home)
    # imported here: no other command needs the web framework
    import uvicorn  # noqa: PLC0415
    from uvicorn.config import LOGGING_CONFIG  # noqa: PLC0415

    logging = copy.deepcopy(LOGGING_CONFIG)
    logging["loggers"]["recommender"] = logging["loggers"]["uvicorn"]
    # the application looks there, in this process or in those of several workers
    os.environ[HOME_VARIABLE] = str(folder)
    with _bound(host, port) as listener:
        # opened before anything is answered: a wrong setting is told here, not by every worker
        with Recommender.open(folder) as recommender:
            recommender.parts.events.prune()
        named = f"[{host}]" if ":" in host else host
        address = f"http://{named}:{listener.getsockname()[1]}"
        if as_json:
            print_json({"address": address, "home": folder, "workers": workers})
        else:
            typer.echo(f"Serving {folder} at {address}; its documentation: {address}/docs")
        config = uvicorn.Config(
            "recommender.cli.serve:application",
            factory=True,
            workers=workers,
            log_config=logging,
            access_log=access_log,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            timeout_worker_healthcheck=_HEALTH_SECONDS,
        )
        answer(config, listener)


def answer(config: "uvicorn.Config", listener: socket.socket) -> None:
    """Serves until Ctrl-C.

    Raises:
        typer.Exit: it ended otherwise; FAILED where it, or one of its workers, could not start, of
            which the log says why.
    """
    import uvicorn  # noqa: PLC0415 - as in `serve`
    from uvicorn.config import STARTUP_FAILURE  # noqa: PLC0415
    from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

    with suppress(KeyboardInterrupt):  # the way to end it
        if config.workers > 1:
            supervisor = Multiprocess(config, sockets=[listener])
            supervisor.run()
            # it ends for that as for Ctrl-C
            if any(one.exitcode == STARTUP_FAILURE for one in supervisor.processes):
                raise typer.Exit(FAILED)
            return
        try:
            uvicorn.Server(config).run(sockets=[listener])
        except SystemExit as error:
            # its own numbers mean other things here: 3 is a rebuild with rejects
            raise typer.Exit(FAILED if error.code else FINE) from error


def application() -> "ASGIApp":
    """The HTTP edge of the home that RECOMMENDER_HOME names, as server and workers make it."""
    from tqdm import tqdm  # type: ignore[import-untyped]  # noqa: PLC0415 - as in `serve`
    from uvicorn.importer import import_from_string  # noqa: PLC0415 - as in `serve`

    end_with_parent()
    # what loads a model shows its progress under a lock between processes, which a server that is
    # ended by a signal leaves behind, and Python warns of that
    tqdm.set_lock(threading.RLock())
    made: ASGIApp = import_from_string("recommender.api.app:from_environment")()
    return made


def end_with_parent() -> None:
    """Ends this process, as for a signal to end, once the one that made it is gone.

    Else workers of a server that was killed would go on answering, and keep its port. Where no
    Python process made this one nothing happens.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _bound(host: str, port: int) -> socket.socket:
    """A socket that has the port, any free one for 0; it does not listen yet.

    Raises:
        InputError: nobody can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named as TCP: the event loop sends short answers at once on those only
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # else a server that was ended a moment ago still holds the port
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise InputError(_no_listening(host, port, error)) from error
    found.set_inheritable(True)
    return found


def _no_listening(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"Another program listens at port {port} of {host} already. End it, or name "
                "another port with --port; --port 0 takes any free one."
            )
        case errno.EACCES:
            return (
                f"This user may not listen at port {port} of {host}. Name one above 1023 with "
                "--port."
            )
    return (
        f"Nobody can listen at {host}: {error.strerror or error}. Expected an address of this "
        "computer; name it with --host."
    )
