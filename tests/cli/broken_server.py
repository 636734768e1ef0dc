"""Serves, in several workers, an application that fails at its start."""

import socket
import sys

import typer
import uvicorn
from starlette.types import Receive, Scope, Send

from recommender.cli.serve import answer


async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("nothing lies where it should")


def main() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            "tests.cli.broken_server:app", workers=int(sys.argv[1]), lifespan="on"
        )
        try:
            answer(config, listener)
        except typer.Exit as error:
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
