import json
from datetime import UTC, datetime

import pytest

from recommender.articles.article import Article
from recommender.articles.sources.feed import read_feed
from recommender.articles.sources.reject import Reject
from recommender.errors import SourceError

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Harbour News</title><link>https://example.org/</link><language>en-gb</language>
<item>
 <title>Ferry &amp;amp; port</title><link>/ferry?utm_source=rss</link>
 <guid isPermaLink="false">ferry-1</guid>
 <description>&lt;p&gt;Short.&lt;/p&gt;</description>
 <content:encoded><![CDATA[<p>Long <b>one</b>.</p>
 <script>x()</script><p>Two.</p>]]></content:encoded>
 <category>Harbour</category><category>Ferries</category>
 <dc:creator>Ada Moe</dc:creator>
 <pubDate>Fri, 31 May 2024 08:00:00 -0400</pubDate>
 <media:thumbnail url="/img/1.jpg"/>
</item>
<item><title>Second</title><link>https://example.org/2/</link><pubDate>never</pubDate>
 <enclosure url="https://example.org/2.png" type="image/png" length="1"/></item>
<item><link>https://example.org/3</link></item>
<item><description>Only text &lt;img src="/pixel.gif" width="1" height="1"&gt;
 &lt;img src="/4.jpg"&gt;</description></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example.org/" xml:lang="de">
<title>Zeitung</title>
<entry><id>tag:example.org,2024:1</id><title type="html">Eins &lt;i&gt;kursiv&lt;/i&gt;</title>
<link rel="alternate" href="eins.html"/><updated>2024-05-31T12:00:00Z</updated>
<author><name>Ada</name></author><author><name>Bo</name></author>
<category term="politik" label="Politik"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Text</p><p>Mehr</p></div></content>
</entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/"><channel rdf:about="https://example.org/"><title>C</title></channel>
<item rdf:about="https://example.org/1"><title>One</title><link>https://example.org/1</link></item>
</rdf:RDF>"""

JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "JSON News",
    "home_page_url": "https://example.org/",
    "language": "fr",
    "items": [
        {
            "id": 7,
            "url": "/sept",
            "title": "Sept",
            "content_html": "<p>Un</p><p>Deux</p>",
            "summary": "Un",
            "date_published": "2024-05-31T12:00:00Z",
            "date_modified": "mañana",
            "authors": [{"name": "Ada"}, {"url": "x"}],
            "tags": ["port", "mer"],
            "image": "https://example.org/7.jpg",
        },
        "no item",
        {"id": "8"},
        {"id": "9", "content_text": "a < b", "author": {"name": "Bo"}},
    ],
}


def read(data: str | bytes, address: str = "") -> list[Article | Reject]:
    return list(
        read_feed(data if isinstance(data, bytes) else data.encode(), name="f", address=address)
    )


def test_rss() -> None:
    first, second, third, fourth = read(RSS, "https://example.org/feed")
    assert first == Article(
        id="ferry-1",
        url="https://example.org/ferry",
        title="Ferry & port",
        teaser="Short.",
        body="Long one.\n\nTwo.",
        section="Harbour",
        tags=("Harbour", "Ferries"),
        authors=("Ada Moe",),
        language="en",
        published_at=datetime(2024, 5, 31, 12, tzinfo=UTC),
        image_url="https://example.org/img/1.jpg",
        source="Harbour News",
    )
    assert isinstance(second, Article)
    assert second.published_at is None  # a date that nobody can read costs the date alone
    assert second.image_url == "https://example.org/2.png"
    assert second.id.startswith("u-")
    assert isinstance(third, Reject)
    assert (third.position, third.excerpt) == (3, "https://example.org/3")
    assert isinstance(fourth, Article)
    assert (fourth.title, fourth.teaser, fourth.body) == ("", "Only text", "")
    assert fourth.image_url == "https://example.org/4.jpg"


def test_atom() -> None:
    (entry,) = read(ATOM)
    assert entry == Article(
        id="tag:example.org,2024:1",
        url="https://example.org/eins.html",
        title="Eins kursiv",
        body="Text\n\nMehr",
        section="Politik",
        tags=("Politik",),
        authors=("Ada", "Bo"),
        language="de",
        published_at=datetime(2024, 5, 31, 12, tzinfo=UTC),
        updated_at=datetime(2024, 5, 31, 12, tzinfo=UTC),
        source="Zeitung",
    )


def test_rss_1_and_the_oldest() -> None:
    (item,) = read(RDF)
    assert isinstance(item, Article)
    assert (item.title, item.source) == ("One", "C")
    (old,) = read("<rss version='0.91'><channel><item><title>Old</title></item></channel></rss>")
    assert isinstance(old, Article)
    assert old.title == "Old"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_json_feed(mark: str) -> None:
    first, text, empty, last = read(mark + json.dumps(JSON_FEED))
    assert first == Article(
        id="7",
        url="https://example.org/sept",
        title="Sept",
        teaser="Un",
        body="Un\n\nDeux",
        section="port",
        tags=("port", "mer"),
        authors=("Ada",),
        language="fr",
        published_at=datetime(2024, 5, 31, 12, tzinfo=UTC),
        image_url="https://example.org/7.jpg",
        source="JSON News",
    )
    assert isinstance(text, Reject)
    assert "got 'no item'" in text.reason
    assert isinstance(empty, Reject)
    assert empty.position == 3
    assert isinstance(last, Article)
    assert (last.teaser or last.body, last.authors) == ("a < b", ("Bo",))


def test_an_ill_formed_feed_is_read_as_far_as_it_goes() -> None:
    wild = RSS.replace("<enclosure", "<& <enclosure")
    titles = [record.title for record in read(wild) if isinstance(record, Article)]
    assert titles[:2] == ["Ferry & port", "Second"]
    (bare,) = read("<rss><channel><item><title>Fish & chips</title></item></channel>")
    assert isinstance(bare, Article)
    assert bare.title == "Fish & chips"


def test_a_long_description_is_the_text() -> None:
    text = "A sentence of some length. " * 40
    (item,) = read(f"<rss><channel><item><description>{text}</description></item></channel></rss>")
    assert isinstance(item, Article)
    assert (item.teaser, item.body) == ("", text.strip())


def test_what_a_wordpress_site_does_not_show_stays_hidden() -> None:
    def item(title: str, status: str, kind: str, password: str = "") -> str:
        return (
            f"<item><title>{title}</title><wp:status>{status}</wp:status>"
            f"<wp:post_type>{kind}</wp:post_type><wp:post_password>{password}</wp:post_password></item>"
        )

    records = read(
        '<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel>'
        + item("Shown", "publish", "post")
        + item("Draft", "draft", "post")
        + item("Picture", "inherit", "attachment")
        + item("About", "publish", "page")
        + item("Secret", "publish", "post", "pw")
        + item("Own kind", "publish", "match_report")
        + "</channel></rss>"
    )
    # what it showed once and does not show now has to go, so a reject would not be enough
    assert [(r.title, r.status) for r in records if isinstance(r, Article)] == [
        ("Shown", "published"),
        ("Draft", "withdrawn"),
        ("Secret", "withdrawn"),
        ("Own kind", "published"),
    ]
    reasons = [r.reason for r in records if isinstance(r, Reject)]
    assert "attachment" in reasons[0]
    assert "page" in reasons[1]


def test_of_a_feed_that_breaks_off_the_last_entry_is_rejected() -> None:
    feed = (
        '<rss version="2.0"><channel>'
        "<item><title>One</title><description>The first of them.</description></item>"
        "<item><title>Two</title><description>The second, whose text is long.</description></item>"
        "</channel></rss>"
    )
    assert [r.title for r in read(feed) if isinstance(r, Article)] == ["One", "Two"]
    # what is open behind the last entry costs nothing
    assert all(isinstance(r, Article) for r in read(feed.removesuffix("</channel></rss>")))
    # otherwise half a text would replace the whole one that is stored
    for end in ("second, whose", "<title>Two</title>", "<title>Tw"):
        cut = feed[: feed.index(end) + len(end)]
        *whole, broken = read(cut)
        assert [r.title for r in whole if isinstance(r, Article)] == ["One"], cut
        assert isinstance(broken, Reject), cut
        assert "breaks off" in broken.reason


@pytest.mark.parametrize(
    ("data", "looks"),
    [
        (b"", "an empty file"),
        (b"hello", "plain text"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"\x00\x01\x02", "binary data"),
        (b'{"a": 1}', "JSON"),
        (b"<urlset><url/></urlset>", "a sitemap"),
        (b"<?xml version='1.0'?><note>x</note>", "XML of another kind (<note>)"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "an HTML page"),
        (
            b"<html><head><link rel='alternate' type='application/rss+xml' href='/rss'></html>",
            "an HTML page; the feed that it names is https://example.org/rss",
        ),
    ],
)
def test_what_is_no_feed_is_refused_with_what_it_looks_like(data: bytes, looks: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(data, "https://example.org/")
    assert "expected RSS, Atom or JSON Feed" in str(caught.value)
    assert looks in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"version": "https://jsonfeed.org/version/1", "items": 3}',
        b'{"version": "https://jsonfeed.org/version/1", "items": [',
    ],
)
def test_a_broken_json_feed_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError, match="calls itself a JSON Feed"):
        read(data)


def test_entities_neither_explode_nor_reach_for_files() -> None:
    bomb = "<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
        f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9)
    )
    item = "<channel><item><title>T</title><description>&j;&f;</description></item></channel>"
    bomb += f"<!ENTITY f SYSTEM 'file:///etc/hostname'>]><rss version='2.0'>{item}</rss>"
    (record,) = read(bomb)
    assert isinstance(record, Article)
    assert record.title == "T"
    assert len(record.teaser + record.body) < 1000
