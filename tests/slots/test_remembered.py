from recommender.slots.remembered import Remembered


def test_what_nobody_asked_for_the_longest_time_is_forgotten() -> None:
    kept: Remembered[str, int] = Remembered(2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    assert kept.get("a") == 1
    kept.keep("c", 3)
    assert [kept.get(one) for one in "abc"] == [1, None, 3]


def test_a_value_takes_the_place_of_the_one_before() -> None:
    kept: Remembered[str, int] = Remembered(2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    kept.keep("a", 3)
    assert [kept.get(one) for one in "ab"] == [3, 2]
