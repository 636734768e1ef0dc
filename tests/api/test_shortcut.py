import pytest
from starlette.requests import Request
from starlette.responses import Response

from recommender.api.shortcut import Address


async def nothing(_: Request) -> Response:
    return Response()


RELATED = Address("GET", "/v1/articles/{article_id:path}/related", nothing)
BEACONS = Address("POST", "/v1/events", nothing)


@pytest.mark.parametrize(
    "article_id", ["hp-1", "2020/06/late", "", "related", "/related", "a/related"]
)
def test_an_article_is_named_as_the_framework_names_it(article_id: str) -> None:
    found = RELATED.parameters(f"/v1/articles/{article_id}/related")
    assert found == {"article_id": article_id}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/articles/related",
        "/v1/articles/hp-1/slots",
        "/v1/articles/hp-1/related/",
        "/root/v1/articles/hp-1/related",
        "/v1/articles/hp\n1/related",
        "",
    ],
)
def test_what_is_another_address_is_left_to_the_framework(path: str) -> None:
    assert RELATED.parameters(path) is None


def test_a_literal_address_names_nothing() -> None:
    assert BEACONS.parameters("/v1/events") == {}
    assert BEACONS.parameters("/v1/events/") is None
