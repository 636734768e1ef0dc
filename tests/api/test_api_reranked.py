import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from starlette.testclient import TestClient

from recommender.api.app import create_app
from recommender.engine import Recommender
from recommender.slots.pipeline import Rescoring


class Backwards:
    """Judges the last candidate best, and keeps the names of the threads that asked."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def scores(self, subject: str, candidates: Sequence[str]) -> np.ndarray[tuple[int]]:
        assert subject
        self.threads.append(threading.current_thread().name)
        return np.arange(len(candidates), dtype=np.float32)


def test_a_model_never_reads_on_the_event_loop(home: Path) -> None:
    engine = Recommender.open(home, follow=False)
    model = Backwards()
    look = Rescoring(model, 3, lambda ids: {one: one for one in ids})
    plain = engine.pipeline("similarity")
    engine.parts.pipelines["backwards"] = replace(plain, name="backwards", rescoring=look)
    with TestClient(create_app(engine)) as client:

        def asked(pipeline: str, **more: bool) -> list[dict[str, object]]:
            address = "/v1/articles/bridge-0/related"
            answer = client.get(address, params={"pipeline": pipeline, "limit": 4, **more})
            assert answer.status_code == 200
            found: list[dict[str, object]] = answer.json()["data"]
            return found

        before = [one["id"] for one in asked("similarity")]
        after = asked("backwards", explain=True)
    assert [one["id"] for one in after] == [*before[2::-1], before[3]]
    assert len(model.threads) == 1
    assert model.threads[0].startswith("AnyIO worker thread")
    told = {one["signal"]: one["weight"] for one in after[0]["reasons"]}  # type: ignore[attr-defined]
    assert told["cross_encoder"] == 1
