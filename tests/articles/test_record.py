# ruff: noqa: RUF001 - texts under test hold the characters that real ones hold
from datetime import UTC, datetime

import pytest

from recommender.articles.record import RecordReader, article_from_record
from recommender.errors import InputError


def refused(record: dict[str, object], mapping: dict[str, str] | None = None) -> str:
    with pytest.raises(InputError) as caught:
        article_from_record(record, mapping=mapping or {})
    return str(caught.value)


def test_every_field_is_read() -> None:
    article = article_from_record(
        {
            "id": 17,
            "url": "https://example.org/a?page=2&utm_source=x",
            "title": "Ferry\nreturns ",
            "teaser": "<p>Back at <b>last</b></p>",
            "body": ["First paragraph.", "", "Second &amp; last."],
            "section": "Harbour",
            "tags": "ferry, port ,ferry",
            "authors": [{"name": "Ada Moe"}, "Bo Lind"],
            "language": "nb-NO",
            "published_at": "2024-05-31T10:00:00+02:00",
            "updated_at": 1717142400,
            "image_url": {"url": "//img.example.org/1.jpg"},
            "editors_choice": "yes",
            "evergreen": 1,
            "status": "Withdrawn",
            "source": {"name": "Daily"},
            "word_count": 99,
        }
    )
    assert article.id == "17"
    assert article.url == "https://example.org/a?page=2"
    assert article.title == "Ferry returns"
    assert article.teaser == "Back at last"
    assert article.body == "First paragraph.\n\nSecond & last."
    assert article.section == "Harbour"
    assert article.tags == ("ferry", "port")
    assert article.authors == ("Ada Moe", "Bo Lind")
    assert article.language == "nb"
    assert article.published_at == datetime(2024, 5, 31, 8, tzinfo=UTC)
    assert article.updated_at == datetime(2024, 5, 31, 8, tzinfo=UTC)
    assert article.image_url == "https://img.example.org/1.jpg"
    assert article.editors_choice
    assert article.evergreen
    assert article.status == "withdrawn"
    assert article.source == "Daily"


def test_wordpress_json_is_understood_without_a_map() -> None:
    article = article_from_record(
        {
            "id": 5,
            "date": "2024-01-02T03:04:05",
            "date_gmt": "2024-01-02T02:04:05",
            "link": "https://example.org/five/",
            "status": "publish",
            "title": {"rendered": "Five &#8211; five"},
            "content": {"rendered": "<p>One</p>\n<p>Two</p>"},
            "excerpt": {"rendered": ""},
        }
    )
    assert article.title == "Five – five"
    assert article.body == "One\n\nTwo"
    assert article.published_at == datetime(2024, 1, 2, 2, 4, 5, tzinfo=UTC)


def test_json_ld_is_understood_without_a_map() -> None:
    article = article_from_record(
        {
            "@id": "https://example.org/#7",
            "headline": "Seven",
            "articleBody": "Text.",
            "datePublished": "2024-01-02",
            "inLanguage": "en-GB",
            "image": [{"@type": "ImageObject", "url": "https://example.org/7.png"}],
        }
    )
    assert (article.id, article.title, article.body) == ("https://example.org/#7", "Seven", "Text.")
    assert article.image_url == "https://example.org/7.png"


@pytest.mark.parametrize("status", ["withdrawn", "draft", "Trash", "private"])
def test_to_take_an_article_away_it_is_enough_to_name_it(status: str) -> None:
    named = article_from_record({"id": "a1", "status": status})
    assert (named.id, named.status) == ("a1", "withdrawn")
    page = "https://example.org/a1"
    whole = article_from_record({"url": page, "title": "T", "body": "B"})
    assert article_from_record({"url": page, "status": status}).id == whole.id
    with pytest.raises(InputError, match="needs a title or a body"):
        article_from_record({"status": status})
    with pytest.raises(InputError, match="needs a title or a body"):
        article_from_record({"id": "a1", "status": "published"})


def test_the_canonical_name_wins_and_an_empty_one_gives_way() -> None:
    both = article_from_record({"headline": "Other", "title": "Own", "text": "x"})
    assert both.title == "Own"
    empty = article_from_record({"headline": "Other", "title": None, "text": "x"})
    assert empty.title == "Other"


def test_map_renames_reaches_inside_and_leaves_out() -> None:
    reader = RecordReader({"title": "head.main", "body": "content.full", "url": ""})
    article = reader.article(
        {"title": "kicker", "head": {"main": "Main"}, "content": {"full": "F"}, "url": "nowhere"}
    )
    assert (article.title, article.body, article.url) == ("Main", "F", "")


@pytest.mark.parametrize(
    ("record", "parts"),
    [
        ({"title": ["a", "b"]}, ["title", "expected text", "['a', 'b']"]),
        ({"title": {"x": 1}}, ["title", "an object with 'x'"]),
        ({"title": True}, ["title", "True"]),
        ({"title": "t", "body": 1.5}, ["body", "1.5"]),
        ({"title": "t", "body": float("nan")}, ["body", "nan"]),
        ({"title": "t", "published_at": float("nan")}, ["published_at", "nan"]),
        ({"title": "t", "published_at": "0000-00-00 00:00:00"}, ["published_at", "0000-00-00"]),
        ({"title": "t", "published_at": "soon"}, ["2024-05-31T08:00:00Z", "'soon'"]),
        ({"title": "t", "date": "9999-12-31"}, ["date:", "the year 9999"]),
        ({"title": "t", "updated_at": True}, ["updated_at", "a time"]),
        ({"title": "t", "url": "javascript:alert(1)"}, ["url", "https://", "--map url="]),
        ({"title": "t", "link": "/relative"}, ["link:", "/relative"]),
        ({"title": "t", "image_url": "data:image/png;base64,AA"}, ["image_url"]),
        ({"title": "t", "language": "English"}, ["language", "'English'", "--map language="]),
        ({"title": "t", "editors_choice": "perhaps"}, ["editors_choice", "true or false"]),
        ({"title": "t", "evergreen": 2}, ["evergreen", "2"]),
        ({"title": "t", "status": "green"}, ["status", "published or withdrawn", "'green'"]),
        ({"title": "t", "tags": [["a"]]}, ["tags", "['a']"]),
        ({"title": "t", "authors": {"x": 1}}, ["authors"]),
        ({"title": "t", "id": 1.0}, ["id", "a string or an integer", "1.0"]),
        ({"title": "t", "id": False}, ["id", "False"]),
        ({"title": "t", "id": "a\x00b"}, ["id", "control"]),
        ({"title": "t", "id": "x" * 513}, ["id", "512", "513"]),
        ({"title": "x" * 5000, "id": {}}, ["id", "an object with nothing in it"]),
    ],
)
def test_a_refusal_names_field_expectation_and_what_came(
    record: dict[str, object], parts: list[str]
) -> None:
    message = refused(record)
    assert all(part in message for part in parts), message
    assert len(message) < 300


def test_neither_title_nor_body_is_refused_with_what_there_is() -> None:
    assert "title is '', body is ' \\x03'" in refused({"id": 1, "title": "", "body": " \x03"})
    message = refused({"id": 1, "titel": "Hello"})
    assert "id, titel" in message
    assert "--map title=titel" in message
    assert "finds nothing (did you mean 'head_line'?)" in refused(
        {"head_line": "x"}, {"title": "headlin"}
    )


@pytest.mark.parametrize("field", ["title", "body", "teaser"])
def test_one_text_is_enough(field: str) -> None:
    assert getattr(article_from_record({field: "Words"}), field) == "Words"


def test_a_missing_id_comes_from_the_address_and_outlives_tracking() -> None:
    ids = {
        article_from_record({"title": title, "url": url}).id
        for title, url in [
            ("a", "http://Example.org:80/x/?utm_source=feed&fbclid=1#top"),
            ("b", "https://example.org/x"),
            ("c", "https://example.org:443/x/?gclid=2"),
        ]
    }
    assert len(ids) == 1
    assert ids.pop().startswith("u-")
    other = article_from_record({"title": "a", "url": "https://example.org/x?id=2"})
    assert other.id not in ids


def test_without_address_the_id_comes_from_the_content() -> None:
    first = article_from_record({"title": "A", "body": "B", "section": "x"})
    again = article_from_record({"title": " A ", "text": "<p>B</p>"})
    other = article_from_record({"title": "A", "body": "C"})
    # stored in catalogs: another hash would make every article new
    assert first.id == again.id == "c-e02604b79a282fd1"
    assert other.id != first.id


def test_language_and_teaser_are_left_to_completion() -> None:
    article = article_from_record({"title": "t", "body": "A long enough English body text."})
    assert (article.language, article.teaser) == ("", "")
    assert article_from_record({"title": "t", "language": "und"}).language == ""


def test_a_semicolon_parts_names_with_commas_in_them() -> None:
    article = article_from_record(
        {"title": "t", "authors": "Moe, Ada; Lind, Bo", "tags": "R&amp;D"}
    )
    assert article.authors == ("Moe, Ada", "Lind, Bo")
    assert article.tags == ("R&D",)


def test_a_record_tells_whether_its_id_was_made_here() -> None:
    reader = RecordReader()
    assert not reader.read({"guid": "a", "title": "T"}).without_id
    found = reader.read({"id": "", "url": "https://example.org/a", "title": "T"})
    assert found.without_id
    assert found.article.id.startswith("u-")
