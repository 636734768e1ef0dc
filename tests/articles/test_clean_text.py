# ruff: noqa: RUF001 - texts under test hold the characters that real ones hold
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recommender.articles.article import Article
from recommender.articles.text import article_text, body_without_title, clean_text

HOSTILE = st.text(
    alphabet=st.sampled_from(list("<>&;#/\\ \n\tabpBP=!-39'\"é\u200c\u200b\u0301Ãâ\x80\x93\ufeff")),
    max_size=60,
)
PIECES = st.lists(
    st.sampled_from(
        [
            *("<p>", "</p>", "<b>", "</b>", "<br/>", "<!--", "-->", "<script>", "</script>", "<"),
            *("&amp;", "amp;", "&lt;", "&#38;", "#39;", " ", "\n\n", "\\", "\\n", "\\\\", "Word"),
            *("<SRD>", "é", "Ã©", "â€™", "\u200d", "a < b", "C:\\x", "<td>", "<title>", "]]>"),
        ]
    ),
    max_size=14,
).map("".join)


@pytest.mark.parametrize(
    "text",
    [
        "a < b and c > d",
        "if x<y then <3",
        "STANDARD OIL <SRD> TO FORM UNIT",
        "Phillips Petroleum <P>, Barnes Group <B> and <S>",
        "introduced by <Data Access Systems> of Boston",
        "a part of <The Palace: Tale of Jang Noksu>",
        "AT&T, R&D and ?a=1&copy=2",
        "the <b> tag of HTML",
        "C:\\Users\\new and \\\\server\\team",
        "AC\\DC",
        "the command \\alpha",
        "ranked #12; out of #50; teams",
        "First paragraph.\n\nSecond paragraph.",
        "می\u200cخواهم",
        "👩\u200d🚀 lands",
        "naïve façade — “quoted” …",
    ],
)
def test_plain_text_is_left_alone(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("messy", "clean"),
    [
        ("  a \t b\nc \r\n\r\n\r\n d ", "a b c\n\nd"),
        ("Reuter \x03", "Reuter"),
        ("be\u00adyond \u200bzero\ufeff width\u2060", "beyond zero width"),
        ("e\u0301", "é"),
        ("\ud800x\uffff", "x"),
        ("Fish &amp; chips &#8211; it&#39;s", "Fish & chips – it's"),
        ("it&amp;#39;s &amp;amp; &amp;lt;3", "it's & <3"),
        ("<p>One<br>line</p><p>Two</p>", "One line\n\nTwo"),
        ("<p>a\n\nb</p>\n<p>c</p>", "a b\n\nc"),
        ("plain\n\n<b>bold</b> text\n\nend", "plain\n\nbold text\n\nend"),
        ("<div><h1>Head</h1>text<ul><li>x</li><li>y</li></ul></div>", "Head\n\ntext\n\nx\n\ny"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
        ("a<script>var x = '<p>';</script>b <style>p{}</style>c", "ab c"),
        ("<p>before<script>never closed <p>after</p>", "before never closed\n\nafter"),
        ("x <!-- gone --> y", "x y"),
        ("<p>x <!-- not closed</p><p>y</p>", "x not closed\n\ny"),
        ("<![CDATA[<p>inside</p>]]>", "inside"),
        ("<a href='u?a=1&b=2' title='1 > 0'>link</a> & <GM.N> up", "link & <GM.N> up"),
        ("&lt;p&gt;escaped&lt;/p&gt; markup", "escaped\n\nmarkup"),
        ("Costs &lt;b&gt;...&lt;/b&gt; more", "Costs ... more"),
        ("second\\team of rocketeers", "second team of rocketeers"),
        ("net income of \\$56, \\- Boys", "net income of $56, - Boys"),
        ("ends here.\\n\\nNext one", "ends here.\n\nNext one"),
        ("Adware\\\\Antivirus", "Adware\n\nAntivirus"),
        (
            "Oscar #39;s  #36;10 prize, AT amp;T  quot;so quot; on",
            'Oscar\'s $10 prize, AT&T "so" on',
        ),
        ("cafÃ© and itâ€™s", "café and it’s"),
        ("caf\u00e9 \x93quoted\x94", "café “quoted”"),
        ("a\u200cb \u200d", "ab"),
        ("one\u2029two", "one\n\ntwo"),
    ],
)
def test_mess_is_cleaned(messy: str, clean: str) -> None:
    assert clean_text(messy) == clean


@given(st.text() | HOSTILE | PIECES)
@example("Ã\u200b©")
@example("&amp;lt;b&amp;gt;x&amp;lt;/b&amp;gt;")
@settings(max_examples=400)
def test_cleaning_clean_text_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once


@given(st.text() | HOSTILE | PIECES)
def test_clean_text_has_no_junk(text: str) -> None:
    clean = clean_text(text)
    assert clean == clean.strip()
    assert unicodedata.is_normalized("NFC", clean)
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} for c in clean.replace("\n", ""))
    assert "\n" not in clean.replace("\n\n", "")
    assert "  " not in clean


@given(st.text(alphabet="abcXYZ .,é—ß字", min_size=1))
def test_words_are_never_lost(text: str) -> None:
    assert clean_text(text).split() == unicodedata.normalize("NFC", text).split()


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 150_000 + "x",
        "<" + "a" * 300_000 + " <a href=x>b</a>",
        "&amp;" * 50_000 + "<b>" * 50_000,
        "&" + "amp;" * 100_000,
        "<!--" * 50_000 + "</b>",
        "\n " * 50_000 + "\\" * 50_000 + "x",
    ],
    ids=["depth", "name", "unclosed", "ampersands", "comments", "white space"],
)
def test_hostile_text_takes_no_longer(text: str) -> None:
    start = time.process_time()
    clean_text(text)  # each took from ten seconds to hours with a naive pattern
    assert time.process_time() - start < 3


def test_escaping_fifty_times_is_undone() -> None:
    assert clean_text("&" + "amp;" * 50 + " co") == "& co"


def article(title: str, body: str, teaser: str = "") -> Article:
    return Article(id="1", title=title, body=body, teaser=teaser)


@pytest.mark.parametrize(
    ("title", "body", "rest"),
    [
        ("Budget passes", "Budget passes\n\nThe vote", "The vote"),
        ("Budget passes", "BUDGET PASSES.\n\nThe vote", "The vote"),
        ("Budget passes", "Budget passes", ""),
        ("Paris", "Paris is burning", "Paris is burning"),
        ("Paris", "Paris Mayor resigns", "Paris Mayor resigns"),
        ("The mayor of Paris resigns", "The mayor of Paris resigns She said", "She said"),
        ("The mayor of Paris resigns", "The mayor of Paris resigns over", None),
        ("The mayor of Paris resign", "The mayor of Paris resigns. She", None),
        ("", "Text", "Text"),
    ],
)
def test_a_repeated_title_is_skipped(title: str, body: str, rest: str | None) -> None:
    assert body_without_title(article(title, body)) == (body if rest is None else rest)


def test_the_text_that_stands_for_an_article() -> None:
    assert article_text(article("T", "B", "S")) == "T\n\nB"
    assert article_text(article("T", "", "S")) == "T\n\nS"
    assert article_text(article("T", "T\n\nB")) == "T\n\nB"
    assert article_text(article("T", "")) == "T"
    assert article_text(article("", "B")) == "B"
