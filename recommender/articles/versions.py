"""Which version of an article counts, where several come in."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from recommender.articles.article import Article


def record_digest(article: Article) -> str:
    """128 bits of the whole article, as hexadecimal: equal where every field is."""
    content = orjson.dumps(article)
    if article.expires_at is None:
        # as before there was this last field: nothing that catalogs know has changed for it
        content = content.removesuffix(b',"expires_at":null}') + b"}"
    return _digest(content)


def text_digest(text: str) -> str:
    """128 bits of the text, as hexadecimal."""
    return _digest(text.encode())


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Version:
    """What the catalog needs to know of an article to judge another that comes in.

    Attributes:
        digest: of the article as it came.
        time: its `updated_at`, else its `published_at`; None where it has neither.
        withdrawn_at: when the publisher withdrew it; None where the publisher did not.
    """

    digest: str
    time: datetime | None
    withdrawn_at: datetime | None = None

    @classmethod
    def of(cls, article: Article) -> "Version":
        """The version of an article that comes in."""
        return cls(record_digest(article), article.updated_at or article.published_at)

    def older_than(self, other: "Version") -> bool:
        """Whether it must not replace `other`; without a time, what comes later is newer."""
        return self.time is not None and other.time is not None and self.time < other.time

    def reinstates(self, other: "Version") -> bool:
        """Whether it was made after the publisher withdrew `other`."""
        return (
            self.time is not None
            and other.withdrawn_at is not None
            and self.time > other.withdrawn_at
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """What of a batch is to be written, and how many articles met which fate.

    Attributes:
        added: positions in the batch of articles with a new id.
        changed: positions of articles that replace a stored one.
        unchanged, outdated, withheld: numbers; see `Upserted`.
    """

    added: tuple[int, ...]
    changed: tuple[int, ...]
    unchanged: int
    outdated: int
    withheld: int


def settle(
    articles: Sequence[Article],
    versions: Sequence[Version],
    stored: Mapping[str, Version],
    *,
    reinstate: bool,
) -> Settled:
    """Compares a batch, in its order, with what is stored under the same ids.

    How a sequence of articles is cut into batches makes no difference to what ends up stored.
    """
    current = dict(stored)
    winners: dict[str, int] = {}
    unchanged = outdated = withheld = 0
    for position, (article, version) in enumerate(zip(articles, versions, strict=True)):
        known = current.get(article.id)
        if known is not None:
            if version.older_than(known):
                outdated += 1
                continue
            withdrawn = known.withdrawn_at is not None
            if withdrawn and not (reinstate or version.reinstates(known)):
                withheld += 1
                continue
            if not withdrawn and version.digest == known.digest:
                unchanged += 1
                continue
        # a winner from earlier in this batch is beaten before it was ever written
        outdated += article.id in winners
        winners[article.id] = position
        current[article.id] = version

    added, changed = [], []
    for identifier, position in winners.items():
        before = stored.get(identifier)
        if before is None:
            added.append(position)
        elif before.digest != versions[position].digest or before.withdrawn_at is not None:
            changed.append(position)
        else:
            # beaten and restored within the batch
            unchanged += 1
    return Settled(tuple(added), tuple(changed), unchanged, outdated, withheld)
