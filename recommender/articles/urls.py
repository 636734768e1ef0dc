"""Addresses: which are usable, and which mean the same page."""

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

MAX_URL = 4096

# Only names that never choose the page. courlan's list also takes ?cid=, ?gallery= and bare
# ?12345 for tracking, which would give different articles one address.
_TRACKING = re.compile(
    r"(?:utm_|mtm_|pk_|piwik_|hsa_|vero_|oly_|mkt_tok|at_(?:medium|campaign))\w*"
    r"|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|igsh|li_fat_id"
    r"|mc_[ce]id|_hsenc|_hsmi|_ga|_gl|_openstat|wt\.mc_id|ns_(?:mchannel|source|campaign)"
    r"|smid|ncid|icid|intcmp|ocid|cmpid|ito|s_cid|xtor|taid|guccounter|guce_referrer\w*",
    re.IGNORECASE,
)
_UNUSABLE = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def web_url(text: str) -> str:
    """`text` as a usable address: absolute, http or https, without tracking parameters.

    Everything else stays as the publisher gave it. "//host/path" is taken as https.

    Raises:
        ValueError: anything else; the message says what is wrong with it.
    """
    url = text.strip()
    if url.startswith("//"):
        url = f"https:{url}"
    if len(url) > MAX_URL:
        raise ValueError(f"it has {len(url)} characters, the limit is {MAX_URL}")
    if _UNUSABLE.search(url):
        url = _UNUSABLE.sub(lambda match: f"%{ord(match[0]):02X}", url)
    parts = _split(url)
    return url if not parts.query else urlunsplit(parts._replace(query=_untracked(parts.query)))


def canonical_url(url: str) -> str:
    """One spelling for all addresses of a page: what ids are derived from, not for visiting.

    http and https, host case, default port, trailing slash, fragment and tracking parameters
    are folded. The order of parameters, "www." and the path's case may choose the page and stay.

    Raises:
        ValueError: not an absolute http(s) address.
    """
    parts = _split(url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    return urlunsplit(("https", host, parts.path.rstrip("/"), _untracked(parts.query), ""))


def _split(url: str) -> SplitResult:
    parts = urlsplit(url)  # a ValueError of its own where brackets do not match
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("it does not start with http:// or https://")
    if not parts.hostname:
        raise ValueError("it names no host")
    parts.port  # noqa: B018 - asked for its ValueError: a port may be no number
    return parts


def _untracked(query: str) -> str:
    if not query:
        return ""
    kept = [part for part in query.split("&") if not _TRACKING.fullmatch(part.partition("=")[0])]
    return "&".join(kept)
