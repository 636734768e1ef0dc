"""What a document that was taken for something else looks like, in words for an error."""

import re
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

_HEAD = 64 * 1024
_STARTS = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive or an office document",
    b"\x1f\x8b": "gzip-compressed data inside gzip",
    b"\x28\xb5\x2f\xfd": "zstd-compressed data",
    b"BZh": "bzip2-compressed data",
    b"\xfd7zXZ": "xz-compressed data",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "an SQLite database",
    b"{": "JSON (files of articles are named .jsonl or .json)",
    b"[": "JSON (files of articles are named .jsonl or .json)",
}
_ROOT = re.compile(rb"<([A-Za-z_][\w:.-]*)")
_FEED_LINK = "link[rel~=alternate][type*=rss], link[rel~=alternate][type*=atom]"


def looks_like(data: bytes, address: str = "") -> str:
    """Such as "an HTML page" or "binary data"; of a page also the feed that it names."""
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    lower = head[:1024].lower()
    if b"<html" in lower or b"<!doctype html" in lower:
        return _page(head, address)
    if head.startswith(b"<"):
        return _xml(head)
    return next((what for start, what in _STARTS.items() if head.startswith(start)), _plain(head))


def _plain(head: bytes) -> str:
    if not head:
        return "an empty file"
    return "binary data" if b"\0" in head else "plain text"


def _xml(head: bytes) -> str:
    root = _ROOT.search(head)
    name = root[1].decode() if root else "?"
    if name in {"urlset", "sitemapindex"}:
        return "a sitemap, which names pages but has no articles"
    return f"XML of another kind (<{name}>)"


def _page(head: bytes, address: str) -> str:
    link = LexborHTMLParser(head.decode(errors="replace")).css_first(_FEED_LINK)
    href = (link.attributes.get("href") or "") if link else ""
    if not href:
        return "an HTML page"
    try:
        href = urljoin(address, href)
    except ValueError:
        return "an HTML page"
    return f"an HTML page; the feed that it names is {href}"
