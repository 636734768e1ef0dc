from recommender.meant import did_you_mean, nearest, suggestion

KNOWN = ("limit", "offset", "section")


def test_the_most_similar_stands_first() -> None:
    assert nearest("limits", ["limit", "limited", "limits_of"])[0] == "limit"
    assert nearest("sektion", KNOWN) == ["section"]
    assert nearest("colour", KNOWN) == []
    assert len(nearest("a", [f"a{n}" for n in range(9)], 3)) == 3


def test_where_nothing_is_near_all_are_told() -> None:
    assert suggestion("limt", KNOWN) == " Did you mean limit?"
    assert suggestion("colour", KNOWN) == " There are: limit, offset, section."
    assert did_you_mean(("a", "b")) == " Did you mean a or b?"
    assert did_you_mean(()) == ""
