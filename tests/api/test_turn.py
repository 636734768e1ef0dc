import asyncio
from itertools import count

from recommender.api.turn import Turn


def test_what_came_together_is_asked_for_once_and_what_comes_later_anew() -> None:
    async def asked() -> tuple[list[int], list[int]]:
        numbers = count()
        turn = Turn(lambda: next(numbers))

        async def ask() -> int:
            return turn.value()

        first = list(await asyncio.gather(ask(), ask(), ask()))
        return first, list(await asyncio.gather(ask(), ask()))

    assert asyncio.run(asked()) == ([0, 0, 0], [1, 1])


def test_who_comes_while_others_ask_is_not_told_what_they_were_told() -> None:
    async def asked() -> list[int]:
        numbers = count()
        turn = Turn(lambda: next(numbers))
        told: list[int] = []

        async def ask() -> None:
            told.append(turn.value())

        def arrive() -> None:
            tasks.append(asyncio.ensure_future(ask()))

        tasks = [asyncio.ensure_future(ask())]
        asyncio.get_running_loop().call_soon(arrive)  # as data that a connection has next
        await asyncio.sleep(0.01)
        await asyncio.gather(*tasks)
        return told

    assert asyncio.run(asked()) == [0, 1]
