import json

import pytest

from tests.cli.ended_command import Run


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("command", [("related", "hp-0021"), ("popular",), ("slots", "hp-0021")])
def test_what_the_page_shows_elsewhere_is_left_out(command: tuple[str, ...], run: Run) -> None:
    first = ids(run(*command, "--json").out)
    rest = ids(run(*command, "--shown", first[0], "--shown", "nobody", "--json").out)
    assert rest
    assert first[0] not in rest


def ids(out: str) -> list[str]:
    data = json.loads(out)["data"]
    slots = data.values() if isinstance(data, dict) else [data]
    return [card["id"] for slot in slots for card in slot]
