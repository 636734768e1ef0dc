"""Ctrl-C during a long run: never lost, and between two chunks rather than inside one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from recommender.jobs.steps import Watch

_PATIENT = "embed"
"""In this step models are loaded, whose libraries may swallow an exception or end half imported."""


@contextmanager
def stoppable(watch: Watch) -> Iterator[Watch]:
    """A watch that raises KeyboardInterrupt where Ctrl-C was pressed before.

    While texts are embedded, the first Ctrl-C waits for the chunk in the making to be kept, and a
    second one does not. In other steps it is raised at once, and again at the next call of the
    watch should a library have swallowed it. Whatever else is raised after a Ctrl-C is taken for
    its consequence. Where somebody else handles or ignores Ctrl-C nothing changes, nor outside the
    main thread, which alone may handle signals.
    """
    before = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread()
    if not ours or before is not signal.default_int_handler:
        yield watch
        return
    pressed = patient = False

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        waits = patient and not pressed
        pressed = True
        if not waits:
            signal.default_int_handler(number, frame)

    def heed() -> None:
        if pressed:
            raise KeyboardInterrupt

    def step(name: str) -> None:
        nonlocal patient
        heed()
        patient = name == _PATIENT
        watch.step(name)

    def progress(done: int, total: int) -> None:
        heed()
        watch.progress(done, total)

    signal.signal(signal.SIGINT, press)
    try:
        yield Watch(step, progress)
    except Exception as error:
        if pressed:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, before)
