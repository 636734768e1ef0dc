"""What an article is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["published", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article of a publisher, cleaned: text without markup, times with a zone.

    Attributes:
        id: the publisher's own identifier; derived from the canonical URL or the content where
            the publisher has none.
        url: where readers find it; "" where unknown.
        title: headline, plain text.
        teaser: standfirst, plain text; the first sentences of the body where the source has none.
        body: full plain text, paragraphs parted by a blank line.
        section: the one rubric it stands in; "" where unknown.
        tags: keywords, in the publisher's order.
        authors: names, in the publisher's order.
        language: ISO 639-1 code (ISO 639-3 where there is none); "und" where it cannot be told.
        published_at: first publication, aware; None where unknown.
        updated_at: last change, aware; None where unknown.
        image_url: lead picture; "" where there is none.
        editors_choice: an editor recommends it.
        evergreen: does not age.
        status: a withdrawn article is never shown.
        source: the outlet or agency it comes from; "" where unknown.
        expires_at: from this time on, aware, it is as one that is withdrawn; None where it stays.
    """

    id: str
    url: str = ""
    title: str = ""
    teaser: str = ""
    body: str = ""
    section: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    language: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    image_url: str = ""
    editors_choice: bool = False
    evergreen: bool = False
    status: Status = "published"
    source: str = ""
    expires_at: datetime | None = None

    def may_be_shown(self, at: datetime) -> bool:
        """Whether readers may see it at that time, aware: neither withdrawn nor expired."""
        expired = self.expires_at is not None and self.expires_at <= at
        return self.status == "published" and not expired
