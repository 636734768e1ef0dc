"""Work that goes on in a thread beside this one: compiled code that lets others run."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

_Result = TypeVar("_Result")


def beside(work: Callable[[], _Result]) -> "Future[_Result]":
    """Begins `work`; what it raises is raised where its result is asked for.

    Its thread keeps nobody from leaving: where the process is to end, it ends with it.
    """
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed on to who asks for the result
            future.set_exception(error)

    Thread(target=run, name="beside", daemon=True).start()
    return future
