"""The command that serves HTTP."""

import copy
import os
from typing import Annotated

import typer

from recommender.cli.options import AsJson, Home, examples, existing_home
from recommender.cli.outcome import FAILED, FINE
from recommender.cli.rendering import print_json
from recommender.engine import Recommender
from recommender.settings import HOME_VARIABLE

commands = typer.Typer()

_GRACE_SECONDS = 20
"""For requests that are being answered when the server is told to end."""


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
    # opened before anything listens: a wrong setting is told here, not by every worker
    with Recommender.open(folder) as recommender:
        recommender.parts.events.prune()
    address = f"http://{host}:{port}"
    if as_json:
        print_json({"address": address, "home": folder, "workers": workers})
    else:
        typer.echo(f"Serving {folder} at {address}; its documentation: {address}/docs")
    # the application looks there, in this process or in those of several workers
    os.environ[HOME_VARIABLE] = str(folder)
    try:
        uvicorn.run(
            "recommender.api.app:from_environment",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_config=logging,
            access_log=access_log,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    except SystemExit as error:
        # its own numbers mean other things here: 3 is a rebuild with rejects
        raise typer.Exit(FAILED if error.code else FINE) from error
