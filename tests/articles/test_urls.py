import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles.urls import canonical_url, web_url


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        ("https://example.org/a?b=1#c", "https://example.org/a?b=1#c"),
        (" https://example.org/a\n", "https://example.org/a"),
        ("//example.org/a", "https://example.org/a"),
        ("HTTP://Example.org/A", "HTTP://Example.org/A"),
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("https://example.org/?utm_medium=m&id=3&fbclid=x", "https://example.org/?id=3"),
        ("https://example.org/?UTM_Source=m", "https://example.org/"),
        ("https://example.org/?12345", "https://example.org/?12345"),
        (
            "https://example.org/?cid=9&gallery=2&ref=x",
            "https://example.org/?cid=9&gallery=2&ref=x",
        ),
        ("https://example.org/?q=&x=%20", "https://example.org/?q=&x=%20"),
        ("https://пример.рф/новость", "https://пример.рф/новость"),
    ],
)
def test_an_address_is_kept_but_for_tracking(given_url: str, kept: str) -> None:
    assert web_url(given_url) == kept


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.org/a", "/a", "ftp://example.org/a", "javascript:alert(1)", "https://"),
        *("https:///a", "https://[::1/a", "https://example.org:port/", "mailto:a@example.org"),
        "https://example.org/" + "a" * 5000,
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - some messages are the library's
        web_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a",
        "https://EXAMPLE.org./a/",
        "https://example.org:443/a//",
        "http://example.org:80/a#part",
        "https://example.org/a?utm_campaign=1&mc_cid=2",
        "https://user@example.org/a",
    ],
)
def test_one_page_has_one_canonical_address(url: str) -> None:
    assert canonical_url(url) == "https://example.org/a"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/A",
        "https://www.example.org/a",
        "https://example.org:8080/a",
        "https://example.org/a?id=1",
        "https://example.org/a?1",
        "https://example.org/a;x",
    ],
)
def test_another_page_has_another(url: str) -> None:
    assert canonical_url(url) != "https://example.org/a"


@given(st.text(max_size=60))
def test_accepted_addresses_are_stable(text: str) -> None:
    try:
        url = web_url(f"https://example.org/{text}")
    except ValueError:
        return
    assert web_url(url) == url
    assert canonical_url(canonical_url(url)) == canonical_url(url)
