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


def unused(*names: str, mapping: dict[str, str] | None = None) -> dict[str, str]:
    return {one.name: one.meant for one in FieldNames(mapping or {}).unused(names)}


def test_what_no_field_is_read_from_is_told_with_what_it_may_mean() -> None:
    assert unused("Title", "catgory", "expire_at", "word_count", "x") == {
        "catgory": "category",
        "expire_at": "expires_at",
        "word_count": "",
        "x": "",
    }


def test_nothing_is_meant_that_the_record_has() -> None:
    # WordPress's
    assert unused("id", "link", "_links", "author", "author_id") == {"_links": "", "author_id": ""}
    assert unused("titel") == {"titel": "title"}
    assert unused("titel", "headline") == {"titel": ""}


def test_what_the_map_takes_or_leaves_on_purpose_is_not_unused() -> None:
    mapping = {"title": "kopf", "body": "content.full", "tags": ""}
    assert unused("kopf", "content", "title", "tags", "keywords", "tgas", mapping=mapping) == {
        "tgas": ""
    }
