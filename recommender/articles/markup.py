"""HTML fragments to plain text; news text that merely has a "<" in it is told apart."""

import re

from selectolax.lexbor import LexborHTMLParser


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCKS = _words(
    "address article aside blockquote body caption center dd details dialog dir div dl dt "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li main menu nav ol p pre "
    "section summary table tr ul"
)
_INLINE = _words(
    "a abbr acronym b bdi bdo big br cite code col colgroup data del dfn em font i img input ins "
    "kbd label legend link mark meta nobr noscript option output picture q rp rt ruby s samp "
    "small source span strike strong sub sup tbody td tfoot th thead time track tt u var wbr"
)
_UNWANTED = _words(
    "script style template svg math object embed applet audio video canvas noscript iframe "
    "select button head"
)
_STANDALONE = _BLOCKS | _words("br img wbr input link meta")
_KNOWN = _BLOCKS | _INLINE | _UNWANTED | _words("html fieldset")
_SHELLS = _words("title textarea plaintext xmp noframes noembed frame frameset param")
_SWALLOWING = _UNWANTED | _SHELLS  # unclosed, these would take the rest of the text with them

# possessive, lest a name without its ">" be tried at every length
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:.-]*+)([^<>]*+)>")
_OPENING = re.compile(r"<(/?)([a-zA-Z][\w:.-]*+)?([^<>]*+)(>?)")
_SPACE = re.compile(r"\s+")
# where these part the text, a line's end in the source is no line's end on the page
_LAYOUT = frozenset({"p", "div", "br", "td"})
# the parser's time grows with the square of the depth; no article is nested like this
_MAX_DEPTH = 2000
_BLOCK_SELECTOR = ", ".join(sorted(_BLOCKS - {"body"}))
_PARAGRAPH = "\n\n"


def has_markup(text: str) -> bool:
    """Whether `text` is HTML: closing tags, attributes, or tags that stand alone such as <br>.

    "a < b", stock tickers ("Phillips <P>"), names ("<The Palace>") and a single <b> are text.
    """
    for slash, name, rest in _TAG.findall(text):
        folded = name.lower()
        if folded not in _KNOWN:
            continue
        if slash or "=" in rest or rest.endswith("/"):
            return True
        # a bare upper-case <P> may be a ticker; <BR> never was one
        if folded in _STANDALONE and not rest.strip() and (name.islower() or folded == "br"):
            return True
    return "<!--" in text and "-->" in text


def markup_to_text(markup: str) -> str:
    """The readable text of an HTML fragment or page, blocks parted by blank lines.

    Scripts, styles, embedded players and forms' controls are dropped. Entities are decoded once.
    """
    tags = [(name.lower(), bool(slash)) for slash, name, _ in _TAG.findall(markup)]
    if _depth(tags) > _MAX_DEPTH:
        return _TAG.sub(_PARAGRAPH, markup)
    parser = LexborHTMLParser(_defused(markup, tags))
    parser.strip_tags(sorted(_UNWANTED))
    root = parser.body or parser.root
    if root is None:
        return ""
    blocks = root.css(_BLOCK_SELECTOR)
    for block in blocks:
        block.insert_before(_PARAGRAPH)
        block.insert_after(_PARAGRAPH)
    for line_break in root.css("br"):
        line_break.insert_before("\n")
    for cell in root.css("td, th"):
        cell.insert_after(" ")
    return root.text()


def _depth(tags: list[tuple[str, bool]]) -> int:
    depth = deepest = 0
    for name, closes in tags:
        if name not in _STANDALONE or name in _BLOCKS:
            depth += -1 if closes else 1
            deepest = max(deepest, depth)
    return deepest


def _defused(markup: str, tags: list[tuple[str, bool]]) -> str:
    """`markup` with every "<" that opens no tag escaped, and nothing that swallows the rest."""
    closed = {name for name, closes in tags if closes}
    text = markup.replace("<![CDATA[", "").replace("]]>", "")
    if text.count("<!--") != text.count("-->"):
        text = text.replace("<!--", " ").replace("-->", " ")
    if any(name in _LAYOUT for name, _ in tags):
        text = _SPACE.sub(" ", text)

    def keep_or_escape(match: re.Match[str]) -> str:
        _, name, rest, end = match.groups()
        if name is None:
            is_tag = rest.startswith(("!--", "!DOCTYPE", "!doctype", "?"))
            return match[0] if is_tag else f"&lt;{match[0][1:]}"
        folded = name.lower()
        if folded in _SHELLS or (folded in _SWALLOWING and folded not in closed):
            return " "
        if folded in _KNOWN:
            is_tag = not rest.strip(" /") or "=" in rest or name.islower()
        else:
            is_tag = folded in closed or "=" in rest or (":" in name and bool(end))
        return match[0] if is_tag else f"&lt;{match[0][1:]}"

    return _OPENING.sub(keep_or_escape, text)
