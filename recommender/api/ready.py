"""Answers that are ready: the same question, while nothing has changed, is not computed twice."""

from dataclasses import dataclass

from recommender.slots.slot import SlotName

_MOST_BYTES = 128 * 2**20
_OVERHEAD = 500  # of the objects around them


@dataclass(slots=True)
class Rendered:
    """A filled slot or page, written out. Not to be changed.

    Attributes:
        body: of the answer, JSON.
        slot: the slot, or the first of the page.
        fallback: what filled the slot, or each slot by name; None where nothing stood in.
        tag: its ETag.
        until: when an article of the corpus expires next, seconds since 1970.
    """

    # frozen in all but name: freezing triples the time it takes to make one
    body: bytes
    slot: SlotName
    fallback: SlotName | dict[SlotName, SlotName | None] | None
    tag: str
    until: float


class ReadyAnswers:
    """Rendered answers by question; all are forgotten as soon as anything has changed.

    For one thread: the event loop's.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        """Keeps so many bytes of questions and answers; what nobody asks for goes first."""
        self._most_bytes = most_bytes
        self._state: object = None
        self._answers: dict[tuple[str, bytes], Rendered] = {}
        self._bytes = 0

    def get(self, state: object | None, question: tuple[str, bytes]) -> Rendered | None:
        """The answer that was kept in this same `state`; None where there is none."""
        if state is None or state is not self._state:
            return None
        answer = self._answers.pop(question, None)
        if answer is not None:
            self._answers[question] = answer  # the last that goes
        return answer

    def keep(self, state: object | None, question: tuple[str, bytes], answer: Rendered) -> None:
        """Keeps an answer that was computed wholly in `state`; None keeps nothing."""
        if state is None:
            return
        if state is not self._state:
            self._state, self._answers, self._bytes = state, {}, 0
        before = self._answers.pop(question, None)
        if before is not None:
            self._bytes -= _cost(question, before)
        self._answers[question] = answer
        self._bytes += _cost(question, answer)
        while self._bytes > self._most_bytes:
            oldest = next(iter(self._answers))
            self._bytes -= _cost(oldest, self._answers.pop(oldest))


def _cost(question: tuple[str, bytes], answer: Rendered) -> int:
    """Bytes in memory: a question may be longer than its answer."""
    return len(answer.body) + len(question[0]) + len(question[1]) + _OVERHEAD
