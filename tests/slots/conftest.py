import pytest
from small_corpus import town_corpus

from recommender.slots.corpus import Corpus


@pytest.fixture
def town() -> Corpus:
    return town_corpus()
