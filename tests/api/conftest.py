import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from recommender.api.app import create_app
from recommender.articles.article import Article
from recommender.engine import Recommender
from recommender.readers.events import Event

STORIES = {
    "bridge": (
        "city",
        (
            "Bridge closes for repairs after rust is found in its cables",
            "Council argues over the cost of the bridge repairs",
            "Ferry carries commuters while the bridge is closed",
            "Engineers say the bridge will open again in spring",
            "Shopkeepers by the closed bridge ask for help",
        ),
    ),
    "football": (
        "sport",
        (
            "Town football club wins the cup after penalties",
            "Football coach praises the young goalkeeper",
            "Thousands celebrate the cup at the football ground",
            "Striker leaves the football club for the capital",
            "Football club plans a larger stadium",
        ),
    ),
    "hospital": (
        "health",
        (
            "Hospital opens a new children's ward",
            "Nurses at the hospital call for more staff",
            "Hospital waiting times fall for the first time in years",
            "Doctors at the hospital test a vaccine against influenza",
            "Donations pay for a scanner at the hospital",
        ),
    ),
    "school": (
        "city",
        (
            "School cook wins a prize for her soup",
            "Pupils plant trees behind the old school",
            "School roof leaks and lessons move to the library",
            "Teachers and parents debate telephones at school",
            "School choir sings in the cathedral",
        ),
    ),
}
LATEST = datetime(2026, 6, 1, 12, tzinfo=UTC)


def articles() -> list[Article]:
    """Twenty articles of four running stories, a day apart."""
    made: list[Article] = []
    for topic, (section, titles) in STORIES.items():
        for number, title in enumerate(titles):
            made.append(
                Article(
                    id=f"{topic}-{number}",
                    url=f"https://paper.example/{topic}/{number}",
                    title=title,
                    teaser=f"{title}.",
                    body=f"{title}. More about the {topic} was said on day {number}.",
                    section=section,
                    language="en",
                    published_at=LATEST - timedelta(days=len(made)),
                    editors_choice=number == 0,
                )
            )
    # an id as publishers have them, with a slash in it
    made.append(
        Article(
            id="2026/06/late",
            title="Bridge cables: what the engineers found",
            body="Rust in the cables of the bridge, the engineers said.",
            section="city",
            language="en",
            published_at=LATEST,
        )
    )
    return made


@pytest.fixture(scope="session")
def built_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a snapshot of `articles` and a few readers; copy it before changing it."""
    home = tmp_path_factory.mktemp("built")
    with Recommender.open(home) as recommender:
        recommender.rebuild(articles())
        now = datetime.now(UTC)
        recommender.record(
            [
                Event(type="view", article_id=article_id, reader=f"r{reader}", at=now)
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
    """The application for tests that change nothing."""
    home = shutil.copytree(built_home, tmp_path_factory.mktemp("reading") / "home", symlinks=True)
    app = create_app(Recommender.open(home, follow=False))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
