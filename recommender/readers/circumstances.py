"""What is known of a request beside its events: is it a bot, a prefetch, one of the editors?"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from crawlerdetect import CrawlerDetect

from recommender.errors import SettingsError
from recommender.readers.event import Aside

Network: TypeAlias = IPv4Network | IPv6Network

_AGENT_LENGTH = 1024
_detector = CrawlerDetect()


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks of addresses such as 192.0.2.0/24, or of a single one.

    Raises:
        SettingsError: one is none; says which.
    """
    found = []
    for text in texts:
        try:
            found.append(ip_network(text, strict=False))
        except ValueError as error:
            raise SettingsError(
                f"events.own_networks: {error}. Write them as 192.0.2.0/24 or 2001:db8::/32."
            ) from error
    return tuple(found)


@lru_cache(maxsize=10_000)
def is_bot(user_agent: str) -> bool:
    """Whether crawlerdetect's list knows it as a program's; nobody in particular is no bot."""
    return bool(user_agent) and bool(_detector.isCrawler(user_agent[:_AGENT_LENGTH]))


def is_prefetch(*purposes: str) -> bool:
    """Whether one of the headers Purpose, Sec-Purpose and X-Moz says so."""
    return any("prefetch" in one.lower() or "prerender" in one.lower() for one in purposes)


def is_own(address: str, own: Sequence[Network]) -> bool:
    """Whether `address` lies in one of the networks; what is no address does not."""
    if not own or not address:
        return False
    try:
        found = ip_address(address)
    except ValueError:
        return False
    # an IPv4 client of an IPv6 socket
    mapped = getattr(found, "ipv4_mapped", None) or found
    return any(mapped in network for network in own)


def aside_of(
    *, user_agent: str = "", prefetch: bool = False, address: str = "", own: Sequence[Network] = ()
) -> Aside | None:
    """Why nothing that came like this counts; None where it does."""
    if is_bot(user_agent):
        return "bot"
    if prefetch:
        return "prefetch"
    return "own_address" if is_own(address, own) else None
