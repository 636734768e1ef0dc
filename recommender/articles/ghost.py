"""What Ghost's webhooks say of a post, as an article."""

from collections.abc import Mapping, Sequence

from recommender.articles.article import Article
from recommender.articles.record import article_from_record
from recommender.errors import InputError


def article_from_hook(payload: object) -> Article:
    """The article of a webhook about a post; withdrawn where readers do not see the post any more.

    One that is withdrawn has nothing but its id and, unless the post was deleted, its time.

    Raises:
        InputError: it is not about a post, or the post has neither an id nor a text.
    """
    post = payload.get("post") if isinstance(payload, Mapping) else None
    if not isinstance(post, Mapping):
        raise InputError(
            "expected an object with a post, as Ghost's post events have it; got none. "
            "Subscribe to: post.published, post.published.edited, post.unpublished, post.deleted."
        )
    current, previous = _object(post, "current"), _object(post, "previous")
    # of a deleted post there is only what it was
    identifier = current.get("id") or previous.get("id")
    if not isinstance(identifier, str):
        raise InputError("post: expected an id in current or previous, got none.")
    if current.get("status") != "published":
        return article_from_record(
            {"id": identifier, "status": "withdrawn", "updated_at": current.get("updated_at")}
        )
    return article_from_record(
        {
            "id": identifier,
            "url": _address(current, "url"),
            "title": current.get("title"),
            "teaser": current.get("custom_excerpt"),
            "body": current.get("html"),
            "section": _object(current, "primary_tag").get("name"),
            "tags": _public_names(current.get("tags")),
            "authors": [name for one in _objects(current.get("authors")) if (name := _name(one))],
            "published_at": current.get("published_at"),
            "updated_at": current.get("updated_at"),
            "image_url": _address(current, "feature_image"),
            "editors_choice": current.get("featured"),
        }
    )


def _public_names(tags: object) -> list[str]:
    # those with a hash are the editors' own
    return [
        name
        for one in _objects(tags)
        if one.get("visibility", "public") == "public" and (name := _name(one))
    ]


def _name(fields: Mapping[str, object]) -> str:
    name = fields.get("name")
    return name if isinstance(name, str) else ""


def _address(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    # an address that Ghost did not make absolute must not cost the article
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else ""


def _object(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = fields.get(name)
    return value if isinstance(value, Mapping) else {}


def _objects(value: object) -> Sequence[Mapping[str, object]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
