"""Ctrl-C: `signal.raise_signal` calls the handler before it returns."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from recommender.cli.stopping import stoppable
from recommender.jobs.steps import Watch

pytestmark = pytest.mark.usefixtures("ctrl_c")


def press() -> None:
    signal.raise_signal(signal.SIGINT)


@contextmanager
def stopped() -> Iterator[Watch]:
    """What happens inside ends in a KeyboardInterrupt, after which Ctrl-C is as it was."""
    with pytest.raises(KeyboardInterrupt), stoppable(Watch()) as watch:
        yield watch
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_while_texts_are_embedded_it_waits_for_the_chunk() -> None:
    kept = []
    with stopped() as watch:
        watch.step("embed")
        press()
        kept.append("chunk")
        watch.progress(64, 200)
        kept.append("another")
    assert kept == ["chunk"]


def test_a_second_one_does_not_wait() -> None:
    with stopped() as watch:
        watch.step("embed")
        press()
        press()
        pytest.fail("it waited")


def test_in_other_steps_it_stops_at_once() -> None:
    with stopped() as watch:
        watch.step("embed")
        watch.step("index")
        press()
        pytest.fail("it waited")


def test_what_a_library_swallowed_is_raised_again() -> None:
    with stopped() as watch:
        watch.step("index")
        with suppress(KeyboardInterrupt):
            press()
        watch.step("write")
        pytest.fail("it was lost")


def test_an_error_after_it_is_its_consequence() -> None:
    with stopped() as watch:
        watch.step("embed")
        press()
        raise ImportError("half imported")
    with pytest.raises(ImportError), stoppable(Watch()):
        raise ImportError("without it")


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable(Watch()) as watch:
            watch.step("index")
            press()
            watch.step("write")
    finally:
        signal.signal(signal.SIGINT, before)
