import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from recommender.api.app import create_app
from recommender.engine import Recommender
from recommender.readers.events import Event
from recommender.wiring import assemble
from tests.api.clock import STARTED, Clock
from tests.api.paper import articles


@pytest.fixture(scope="session")
def built_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a snapshot of `articles` and a few readers; copy it before changing it."""
    home = tmp_path_factory.mktemp("built")
    with Recommender.open(home) as recommender:
        recommender.rebuild(articles())
        recommender.record(
            [
                Event(type="view", article_id=article_id, reader=f"r{reader}", at=STARTED)
                for article_id, readers in (("football-0", 5), ("hospital-1", 3), ("bridge-1", 2))
                for reader in range(readers)
            ]
        )
    return home


@pytest.fixture
def home(built_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    return shutil.copytree(built_home, tmp_path / "home", symlinks=True)


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    """The application over a home of the test's own; what goes wrong is an answer."""
    app = create_app(Recommender.open(home, follow=False))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def reading(built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The application for tests that change nothing, at a time that stands still."""
    home = shutil.copytree(built_home, tmp_path_factory.mktemp("reading") / "home", symlinks=True)
    app = create_app(Recommender(assemble(home), follow=False, clock=Clock(STARTED)))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
