import pytest

from recommender.errors import SettingsError
from recommender.readers.circumstances import aside_of, is_bot, is_own, is_prefetch, networks

BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
    ),
    # a telephone of the maker Cubot
    (
        "Mozilla/5.0 (Linux; Android 10; CUBOT_X30) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/89.0.4389.105 Mobile Safari/537.36"
    ),
    "",
)
BOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
        "+https://openai.com/gptbot)"
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "HeadlessChrome/126.0.0.0 Safari/537.36"
    ),
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "curl/8.5.0",
    "python-requests/2.32.3",
)


@pytest.mark.parametrize("agent", BROWSERS)
def test_people_are_no_bots(agent: str) -> None:
    assert not is_bot(agent)
    assert aside_of(user_agent=agent) is None


@pytest.mark.parametrize("agent", BOTS)
def test_bots_are(agent: str) -> None:
    assert is_bot(agent)
    assert aside_of(user_agent=agent, prefetch=True) == "bot"


def test_prefetches_say_so_in_three_headers() -> None:
    assert is_prefetch("", "prefetch;prerender", "")
    assert is_prefetch("Prerender")
    assert not is_prefetch("", "", "")
    assert aside_of(prefetch=True, address="192.0.2.1", own=networks(["192.0.2.1"])) == "prefetch"


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("192.0.2.9", True),
        ("192.0.3.9", False),
        ("::ffff:192.0.2.9", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("testclient", False),
    ],
)
def test_editors_are_known_by_their_networks(address: str, own: bool) -> None:
    theirs = networks(["192.0.2.0/24", "2001:db8::/32"])
    assert is_own(address, theirs) is own
    assert aside_of(address=address, own=theirs) == ("own_address" if own else None)
    assert not is_own(address, ())


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"192\.0\.2\.0/40"):
        networks(["192.0.2.0/40"])
