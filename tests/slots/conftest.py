import pytest

from recommender.slots.corpus import Corpus
from tests.slots.small_corpus import town_corpus


@pytest.fixture
def town() -> Corpus:
    return town_corpus()
