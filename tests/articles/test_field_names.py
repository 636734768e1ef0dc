import pytest

from recommender.articles.field_names import FieldNames, parse_map
from recommender.errors import InputError


def test_options_become_a_map() -> None:
    assert parse_map(["title=headline", " tags = ", "body=a=b"]) == {
        "title": "headline",
        "tags": "",
        "body": "a=b",
    }


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["title"], "FIELD=NAME"),
        (["titel=x"], "did you mean 'title'"),
        (["title=a", "title=b"], "twice"),
    ],
)
def test_a_wrong_option_is_refused(options: list[str], part: str) -> None:
    with pytest.raises(InputError, match=part):
        parse_map(options)


def test_case_and_punctuation_do_not_matter() -> None:
    plan = FieldNames().of(("Publication Date", "IMAGE-URL", "editorsChoice", "Key Words"))
    assert plan == {
        "published_at": ("Publication Date",),
        "image_url": ("IMAGE-URL",),
        "editors_choice": ("editorsChoice",),
        "tags": ("Key Words",),
    }


def test_a_mapped_name_serves_its_field_alone() -> None:
    plan = FieldNames({"title": "summary"}).of(("summary", "title", "text"))
    assert plan == {"title": ("summary",), "body": ("text",)}
