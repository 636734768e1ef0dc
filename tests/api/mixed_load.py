"""Everybody at once: readers, beacons, an editor, publishers, rebuilds; and what each must see."""

import http.client
import json
import random
import re
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

_TIMEOUT = 120.0
_TURNS = 5  # requests of a connection, which stays with one worker
_IDLE = 2.0  # seconds; the server closes what is idle for five
_BROWSER = "Mozilla/5.0 Firefox/128.0"
_EDITION = re.compile(r"edition (\d+)$")
_RING = 30  # articles that a publisher has, published and withdrawn by turns
_LOOKS = 3  # each at a worker of its own, if chance will have it


class Standing:
    """What was acknowledged and holds since; whoever looks gets all of it as of one moment."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._count = 0
        self._now: Mapping[str, int] = {}

    def begin(self, name: str) -> None:
        """To be called after the answer that acknowledged it."""
        with self._changing:
            self._count += 1
            self._now = {**self._now, name: self._count}

    def end(self, name: str) -> None:
        """To be called before the request that takes it back."""
        with self._changing:
            self._now = {one: count for one, count in self._now.items() if one != name}

    def now(self) -> Mapping[str, int]:
        return self._now


class Answer(NamedTuple):
    status: int
    tag: str
    body: Any


class Shown(NamedTuple):
    id: str
    title: str


class Client:
    """Asks, now of this worker, now of that one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None
        self._turns = 0
        self._last = 0.0

    def ask(self, method: str, path: str, body: object = None, tag: str = "") -> Answer:
        if self._turns >= _TURNS or time.monotonic() - self._last > _IDLE:
            self.renew()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT)
        headers = {"User-Agent": _BROWSER}
        if tag:
            headers["If-None-Match"] = tag
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body)
        self._connection.request(method, path, content, headers)
        response = self._connection.getresponse()
        raw = response.read()
        self._turns += 1
        self._last = time.monotonic()
        told = response.getheader("ETag") or ""
        return Answer(response.status, told, json.loads(raw) if raw else None)

    def renew(self) -> None:
        """The next request goes over a new connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._turns = None, 0


@dataclass(frozen=True, slots=True)
class Paper:
    """Ids of the articles that are there from the beginning.

    Attributes:
        stable: their pages are asked for.
        doomed: withdrawn in the end, never to come back.
        blockable: by the editor, now and then.
    """

    stable: Sequence[str]
    doomed: Sequence[str]
    blockable: Sequence[str]


class Load:
    """What all share: what was acknowledged, what went wrong, and whether it is over."""

    def __init__(self, port: int, paper: Paper) -> None:
        self.port = port
        self.paper = paper
        self.over = threading.Event()
        self.withdrawn = Standing()
        self.blocked = Standing()
        self.editions: dict[str, int] = {}
        self.failures: list[str] = []
        self.done: Counter[str] = Counter()
        self.events: set[str] = set()

    def fail(self, what: str) -> None:
        self.failures.append(what)


class Actor(threading.Thread, ABC):
    """Takes one step after another until it is over; whatever is raised is a failure."""

    pause = 0.01

    def __init__(self, load: Load, number: int) -> None:
        super().__init__(name=f"{type(self).__name__}-{number}", daemon=True)
        self.load = load
        self.rng = random.Random(self.name)  # noqa: S311 - a choice, no secret
        self.client = Client(load.port)
        self._kept: dict[str, tuple[str, tuple[Shown, ...]]] = {}

    def run(self) -> None:
        try:
            while not self.load.over.wait(self.pause):
                self.step()
        except Exception as error:  # noqa: BLE001 - told by the test
            self.load.fail(f"{self.name}: {error!r}")
        finally:
            self.client.renew()

    @abstractmethod
    def step(self) -> None:
        """What it does again and again."""

    def ask(self, method: str, path: str, body: object = None, tag: str = "") -> Answer:
        answer = self.client.ask(method, path, body, tag)
        self.load.done[f"{method} {answer.status}"] += 1
        return answer

    def expect(self, status: Sequence[int], method: str, path: str, body: object = None) -> Any:
        answer = self.ask(method, path, body)
        if answer.status not in status:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.body}")
        return answer.body

    def see(self, path: str, body: Mapping[str, object] | None = None) -> list[str]:
        """The ids that an address shows, none of which may be gone or out of date.

        What was kept of an earlier answer counts as shown where the server says that it holds.
        """
        load = self.load
        withdrawn, blocked = load.withdrawn.now(), load.blocked.now()
        editions = load.editions.copy()
        tag, kept = self._kept.get(path, ("", ()))
        answer = self.ask(
            "GET" if body is None else "POST", path, body, tag if body is None else ""
        )
        if answer.status == 304:
            shown = kept
        elif answer.status == 200:
            shown = _shown(answer.body["data"])
            if body is None:
                self._kept[path] = answer.tag, shown
        else:
            raise AssertionError(f"{path}: {answer.status} {answer.body}")
        ids = [one.id for one in shown]
        if len(set(ids)) < len(ids):
            load.fail(f"{path} shows an article twice: {ids}")
        for what, before, after in (
            ("withdrawn", withdrawn, load.withdrawn.now()),
            ("blocked", blocked, load.blocked.now()),
        ):
            stale = [one for one in ids if one in before and after.get(one) == before[one]]
            if stale:
                load.fail(f"{path} ({answer.status}) shows what is {what}: {stale}")
        for one in shown:
            edition = _EDITION.search(one.title)
            if edition and int(edition[1]) < editions.get(one.id, 0):
                load.fail(f"{path} shows {one.title!r} of {one.id} after {editions[one.id]}")
        return ids


def _shown(data: Any) -> tuple[Shown, ...]:
    slots = data.values() if isinstance(data, dict) else [data]
    return tuple(Shown(card["id"], card["title"]) for slot in slots for card in slot)


class Reader(Actor):
    """Opens pages, and keeps what a cache would keep."""

    def step(self) -> None:
        page = self.rng.choice(self.load.paper.stable[:20])
        match self.rng.randrange(6):
            case 0 | 1:
                self.see(f"/v1/articles/{page}/related?limit={self.rng.choice((5, 10))}")
            case 2:
                self.see("/v1/popular?limit=10")
            case 3:
                self.see(f"/v1/articles/{page}/slots?limit=6")
            case 4:
                self.see(f"/v1/articles/{page}/slots?slot=latest&slot=editors_choice&slot=story")
            case _:
                self._with_what_is_known(page)

    def _with_what_is_known(self, page: str) -> None:
        seen, shown = (self.rng.sample(self.load.paper.stable, 3) for _ in range(2))
        slots = [{"slot": "related", "limit": 8}, {"slot": "popular", "limit": 8}]
        ids = self.see(
            "/v1/slots", {"article_id": page, "slots": slots, "seen": seen, "shown": shown}
        )
        again = {*seen, *shown, page} & {*ids}
        if again:
            self.load.fail(f"{page} shows what was seen or stands there: {again}")


class Beacon(Actor):
    """Tells what readers did, some of it twice."""

    _count = 0

    def step(self) -> None:
        size = self.rng.choice((1, 1, 1, 10))
        events = [self._event() for _ in range(size)]
        body: object = events if size > 1 else events[0]
        for known in (0, size)[: self.rng.choice((1, 1, 1, 2))]:
            told = self.expect((202,), "POST", "/v1/events", body)["data"]
            self.load.events.update(str(one["id"]) for one in events)
            kept = told["kept"] + sum(told["set_aside"].values())
            if (kept, told["known"], told["refused"]) != (size - known, known, []):
                self.load.fail(f"of {size} events, {known} of them known: {told}")

    def _event(self) -> dict[str, object]:
        self._count += 1
        paper = self.load.paper
        return {
            "id": f"{self.name}-{self._count}",
            "type": self.rng.choice(("view", "view", "click", "impression")),
            "article_id": self.rng.choice(self.rng.choice((paper.stable, paper.blockable))),
            "reader": f"reader-{self.rng.randrange(2000)}",
        }


class Editor(Actor):
    """Blocks what stands on a page, and takes that back; gives other orders besides."""

    pause = 0.05

    def step(self) -> None:
        page = self.rng.choice(self.load.paper.stable[:20])
        address = f"/v1/articles/{page}/related?limit=10"
        there = [one for one in self.see(address) if one in self.load.paper.blockable]
        blocked = self.rng.choice(there or self.load.paper.blockable)
        rule = self._rule({"action": "block", "article": blocked})
        self.load.blocked.begin(blocked)
        for _ in range(_LOOKS):
            self.client.renew()
            self.see(address)
        raised = self.rng.choice(self.load.paper.stable)
        other = self._rule(
            self.rng.choice(
                (
                    {"action": "pin", "article": raised, "position": 2},
                    {"action": "bury", "article": raised, "factor": 0.5},
                    {"action": "boost", "section": "culture", "factor": 2},
                )
            )
        )
        self.load.over.wait(0.2)
        self.load.blocked.end(blocked)
        for number in (rule, other):
            self.expect((200,), "DELETE", f"/v1/rules/{number}?by=anna&why=over")

    def _rule(self, order: Mapping[str, object]) -> int:
        told = self.expect((201,), "POST", "/v1/rules", {**order, "by": "anna", "why": "load"})
        number: int = told["data"]["number"]
        return number


class Publisher(Actor):
    """Publishes, corrects and withdraws articles of its own, and looks at once whether it holds."""

    pause = 0.05
    _edition = 0

    def __init__(self, load: Load, number: int, words: Sequence[str]) -> None:
        super().__init__(load, number)
        self._words = words

    def step(self) -> None:
        article_id = f"{self.name}-{self.rng.randrange(_RING)}"
        for _ in range(self.rng.choice((1, 2))):
            self._put(article_id)
            self._look(article_id, there=True)
        if self.rng.random() < 0.6:
            self.expect((204,), "DELETE", f"/v1/articles/{article_id}")
            self.load.withdrawn.begin(article_id)
            self._look(article_id, there=False)

    def _put(self, article_id: str) -> None:
        self._edition += 1
        # words by chance, so that no two articles are copies of each other
        text = " ".join(self.rng.choices(self._words, k=60))
        article = {
            "title": f"{text[:40]}, edition {self._edition}",
            "body": text,
            "language": "en",
            "section": "news",
            "published_at": datetime.now(UTC).isoformat(),
        }
        self.load.withdrawn.end(article_id)
        self.expect((200, 201), "PUT", f"/v1/articles/{article_id}", article)
        self.load.editions[article_id] = self._edition

    def _look(self, article_id: str, *, there: bool) -> None:
        page = self.rng.choice(self.load.paper.stable)
        for _ in range(_LOOKS):
            self.client.renew()
            self.expect((200 if there else 404,), "GET", f"/v1/articles/{article_id}/related")
            latest = self.see(f"/v1/articles/{page}/slots?slot=latest&limit=30")
            if (article_id in latest) is not there:
                self.load.fail(f"{article_id} is there: {not there}, after it was told: {there}")


class Desk(Actor):
    """Withdraws, one by one, what was there from the beginning."""

    def __init__(self, load: Load, number: int, seconds: float) -> None:
        super().__init__(load, number)
        self._doomed = list(load.paper.doomed)
        self.pause = seconds / (len(self._doomed) + 1)

    def step(self) -> None:
        if not self._doomed:
            return
        page = self.rng.choice(self.load.paper.stable[:20])
        address = f"/v1/articles/{page}/related?limit=10"
        there = [one for one in self.see(address) if one in self._doomed]
        article_id = self.rng.choice(there or self._doomed)
        self._doomed.remove(article_id)
        self.expect((204,), "DELETE", f"/v1/articles/{article_id}")
        self.load.withdrawn.begin(article_id)
        for _ in range(_LOOKS):
            self.client.renew()
            self.see(address)


class Rebuilds(Actor):
    """Rebuilds from the source of the beginning, which still has what was withdrawn since."""

    pause = 1.0

    def __init__(self, load: Load, number: int, source: Path, home: Path) -> None:
        super().__init__(load, number)
        command = "import sys; from recommender.cli import main; sys.exit(main(sys.argv[1:]))"
        arguments = ["rebuild", str(source), "--home", str(home), "--json"]
        self._command = [sys.executable, "-c", command, *arguments]

    def step(self) -> None:
        done = subprocess.run(
            self._command, capture_output=True, text=True, check=False, timeout=600
        )
        if done.returncode != 0:
            raise AssertionError(f"rebuild: {done.returncode} {done.stderr}")
        self.load.done["rebuild"] += 1
