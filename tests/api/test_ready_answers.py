from math import inf

from recommender.api.ready import ReadyAnswers, Rendered


def _answer(data: bytes) -> Rendered:
    return Rendered(data, "related", None, '"tag"', inf)


def test_an_answer_is_ready_while_nothing_has_changed() -> None:
    ready, now, later = ReadyAnswers(), object(), object()
    ready.keep(now, ("a", b""), _answer(b"[1]"))
    assert ready.get(now, ("a", b"")) == _answer(b"[1]")
    assert ready.get(now, ("a", b"limit=3")) is None
    assert ready.get(later, ("a", b"")) is None
    ready.keep(later, ("b", b""), _answer(b"[2]"))
    assert ready.get(later, ("a", b"")) is None
    assert ready.get(now, ("a", b"")) is None


def test_in_an_unknown_state_nothing_is_kept() -> None:
    ready = ReadyAnswers()
    ready.keep(None, ("a", b""), _answer(b"[1]"))
    assert ready.get(None, ("a", b"")) is None


def test_the_oldest_go_where_there_are_too_many() -> None:
    ready, now = ReadyAnswers(most_bytes=1_500), object()
    for name in "abc":
        ready.keep(now, (name, b""), _answer(b"1234"))
        ready.keep(now, (name, b""), _answer(b"4321"))  # in the place of the other
    assert ready.get(now, ("a", b"")) is None
    assert ready.get(now, ("b", b"")) is not None
    assert ready.get(now, ("c", b"")) is not None


def test_long_questions_with_short_answers_take_room_too() -> None:
    ready, now = ReadyAnswers(most_bytes=3_000), object()
    for name in "abc":
        ready.keep(now, (name, b"q" * 1_000), _answer(b"[]"))
    assert ready.get(now, ("a", b"q" * 1_000)) is None
    assert ready.get(now, ("c", b"q" * 1_000)) is not None


def test_what_is_asked_again_stays() -> None:
    ready, now = ReadyAnswers(most_bytes=1_500), object()
    for name in "abc":
        ready.keep(now, (name, b""), _answer(b"1234"))
        ready.get(now, ("a", b""))
    assert ready.get(now, ("a", b"")) is not None
    assert ready.get(now, ("b", b"")) is None
