import numpy as np

from benchmarks.corpora import HashedWords, between, made_up, varied_sample


def test_made_up_articles_are_the_same_for_the_same_seed() -> None:
    one, other = (made_up(20, np.random.default_rng(seed)) for seed in (3, 3))
    assert one == other
    assert made_up(20, np.random.default_rng(4)) != one
    assert len({article.id for article in one}) == 20


def test_varied_texts_differ_so_that_none_is_embedded_once_for_two() -> None:
    texts = [article.title + article.body for article in varied_sample(600)]
    assert len(set(texts)) == 600


def test_hashed_words_are_unit_rows_and_near_where_words_are_shared() -> None:
    alike, like, other = HashedWords().embed(
        ["harbour ferry late again", "ferry late harbour storm", "budget council vote school"]
    )
    assert abs(float(alike @ alike) - 1) < 1e-5
    assert float(alike @ like) > 0.5 > abs(float(alike @ other))


def test_vectors_between_real_ones_have_unit_length() -> None:
    rng = np.random.default_rng(0)
    made = between(np.eye(8, dtype=np.float32), 50, rng)
    assert made.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
