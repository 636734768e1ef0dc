import pytest

from recommender.slots.corpus import Corpus
from tests.slots.ruled_corpus import ruled_corpus
from tests.slots.small_corpus import town_corpus


@pytest.fixture
def town() -> Corpus:
    return town_corpus()


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Not to be changed."""
    return ruled_corpus(0)
