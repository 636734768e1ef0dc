"""Which articles of a corpus a rule is about, and what all rules together say of a page."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from recommender.articles.listed import Listed, same_name
from recommender.editors.rule import Action, RecordedRule, Rule, Target
from recommender.meant import nearest
from recommender.slots.candidates import Candidates
from recommender.slots.corpus import Corpus
from recommender.slots.remembered import Remembered
from recommender.slots.ruling import Matched, Positions, Ruling

_BY_DATE = frozenset({"story"})
"""Of sources in the order of what happened a rule for all slots takes articles out, no more."""

_OF_ALL_COPIES = frozenset({"block", "boost", "bury"})
"""What is said of an article is said of its copies too: else another one stands in its place."""

_MEASURED = 20_000
"""Small arrays, of one page each."""

_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """The rules that hold at one moment, for the articles of one corpus.

    Attributes:
        corpus: whose positions these are.
        everywhere: rules for all pages, the oldest first.
        by_page: rules for one page, by the position of its article, the oldest first.
        slots: names of the slots that a rule for all pages names.
        measured: what `Sources` remembers of articles that rules placed: their likeness to the
            article at the first position of the key.
    """

    corpus: Corpus
    everywhere: tuple[Matched, ...]
    by_page: dict[int, tuple[Matched, ...]]
    slots: frozenset[str]
    measured: Remembered[tuple[int, ...], Candidates] = field(
        default_factory=lambda: Remembered(_MEASURED)
    )
    _made: dict[str, Ruling] = field(default_factory=dict)

    def on(self, page: int | None, slot: str, source: str) -> Ruling | None:
        """What holds in a slot of the page of the article at `page`; None where nothing does.

        Args:
            page: None for a page that is about no article.
            slot: its name.
            source: where its articles come from.
        """
        if not self.everywhere and not self.by_page:
            return None
        general = self._general(slot, source)
        own = self.by_page.get(page, ()) if page is not None else ()
        own = tuple(one for one in own if _speaks(one.rule, slot, source))
        return _on_page(self.corpus, general, own) if own else general

    def _general(self, slot: str, source: str) -> Ruling:
        # slots that no rule names share one ruling, which has a row for every article
        name = slot if slot in self.slots else source if source in _BY_DATE else ""
        made = self._made.get(name)
        if made is None:
            chosen = [one for one in self.everywhere if _speaks(one.rule, slot, source)]
            made = self._made[name] = _ruling(self.corpus, chosen)
        return made


def _speaks(rule: Rule, slot: str, source: str) -> bool:
    if rule.slot is None and source in _BY_DATE:
        return rule.action == "block"
    return rule.slot in (None, slot)


def bounds_of(rules: Sequence[RecordedRule]) -> tuple[datetime, ...]:
    """When one of them begins to hold, or ceases to; ascending."""
    bounds = ((one.rule.valid_from, one.rule.valid_to) for one in rules)
    return tuple(sorted({bound for both in bounds for bound in both if bound is not None}))


def resolve(corpus: Corpus, standing: Sequence[RecordedRule], at: datetime) -> Rules:
    """Those of the standing rules that hold at a moment, for `corpus`.

    A page or an article that is not in the corpus is passed over.
    """
    everywhere: list[Matched] = []
    by_page: dict[int, list[Matched]] = {}
    for one in standing:
        if not one.rule.holds_at(at):
            continue
        if one.rule.target.kind == "pair":
            places = [corpus.position(name) for name in one.rule.target.names]
            for page, other in (places, places[::-1]):
                if page is not None and other is not None:
                    by_page.setdefault(page, []).append(_matched(corpus, one, _array(other)))
            continue
        matched = _matched(corpus, one, positions_of(corpus, one.rule.target))
        if one.rule.page is None:
            everywhere.append(matched)
        elif (page := corpus.position(one.rule.page)) is not None:
            by_page.setdefault(page, []).append(matched)
    return Rules(
        corpus=corpus,
        everywhere=tuple(everywhere),
        by_page={page: tuple(found) for page, found in by_page.items()},
        slots=frozenset(one.rule.slot for one in everywhere if one.rule.slot is not None),
    )


def positions_of(corpus: Corpus, target: Target) -> Positions:
    """The articles of `corpus` that a target names, ascending; hidden ones may be among them."""
    name = target.names[0]
    if target.kind == "section":
        codes = list(_sections(corpus, name))
        first = len(corpus.base)
        early = np.flatnonzero(np.isin(corpus.base.columns.section, codes))
        late = np.flatnonzero(np.isin(corpus.overlay.columns.section, codes)) + first
        return np.concatenate([early, late])
    if target.kind == "tag":
        return _listed(corpus, corpus.base.lists.tags, corpus.overlay.lists.tags, name)
    if target.kind == "author":
        return _listed(corpus, corpus.base.lists.authors, corpus.overlay.lists.authors, name)
    found = (corpus.position(one) for one in target.names)
    return np.array(sorted(one for one in found if one is not None), dtype=np.int64)


def ruled_positions(corpus: Corpus, rule: Rule) -> Positions:
    """The articles of `corpus` that a rule is about, ascending, copies too where it is theirs."""
    return _with_copies(corpus, rule, positions_of(corpus, rule.target))


def names_like(corpus: Corpus, target: Target) -> list[str]:
    """Sections, tags or authors of `corpus` that look like the name of a target, nearest first.

    Tags and authors as `same_name` writes them. Nothing for articles.
    """
    name = same_name(target.names[0])
    match target.kind:
        case "section":
            sections = {same_name(one): one for one in corpus.vocabularies.sections if one}
            return [sections[one] for one in nearest(name, sections)]
        case "tag":
            both = corpus.base.lists.tags, corpus.overlay.lists.tags
        case "author":
            both = corpus.base.lists.authors, corpus.overlay.lists.authors
        case _:
            return []
    return nearest(name, {one.names.at(place) for one in both for place in range(len(one.names))})


def _with_copies(corpus: Corpus, rule: Rule, positions: Positions) -> Positions:
    if rule.target.kind not in ("article", "pair") or rule.action not in _OF_ALL_COPIES:
        return positions
    copies = [corpus.copies_of(position) for position in positions.tolist()]
    return np.unique(np.concatenate([_NONE, *copies]))


def _sections(corpus: Corpus, name: str) -> frozenset[int]:
    wanted = same_name(name)
    sections = corpus.vocabularies.sections
    return frozenset(code for code, one in enumerate(sections) if same_name(one) == wanted)


def _listed(corpus: Corpus, early: Listed, late: Listed, name: str) -> Positions:
    return np.concatenate([early.of(name), late.of(name) + len(corpus.base)]).astype(np.int64)


def _matched(corpus: Corpus, one: RecordedRule, positions: Positions) -> Matched:
    positions = _with_copies(corpus, one.rule, positions)
    newest = _NONE
    if one.rule.action in ("pin", "promote"):
        # undated ones last
        published = np.nan_to_num(corpus.columns_at(positions).published_at, nan=-np.inf)
        newest = positions[np.argsort(-published, kind="stable")]
    return Matched(one.number, one.rule, positions, newest)


def _array(position: int) -> Positions:
    return np.array([position], dtype=np.int64)


def _ruling(corpus: Corpus, matched: Sequence[Matched]) -> Ruling:
    """What rules for all pages say; they come the oldest first."""
    barred = corpus.hidden
    blocks = [one for one in matched if one.rule.action == "block"]
    if blocks:
        barred = barred.copy()
        for one in blocks:
            barred[one.positions] = True
    factors: npt.NDArray[np.float32] | None = None
    numbers: npt.NDArray[np.int64] | None = None
    weighing = [one for one in matched if one.rule.action in ("boost", "bury")]
    if weighing:
        factors = np.ones(len(corpus), dtype=np.float32)
        numbers = np.zeros(len(corpus), dtype=np.int64)
        for one in weighing:
            factors[one.positions] = one.rule.factor
            numbers[one.positions] = one.number
    return Ruling(
        barred=barred,
        blocked=_NONE,
        factors=factors,
        numbers=numbers,
        own_factors=(),
        pins=_latest_first(matched, "pin"),
        promotions=_latest_first(matched, "promote"),
        ignored=_ignored(corpus, matched),
    )


def _on_page(corpus: Corpus, general: Ruling, own: Sequence[Matched]) -> Ruling:
    """`general` with the rules of one page besides; they come the oldest first."""
    blocks = [one.positions for one in own if one.rule.action == "block"]
    return replace(
        general,
        blocked=np.unique(np.concatenate(blocks)) if blocks else _NONE,
        own_factors=tuple(one for one in own if one.rule.action in ("boost", "bury")),
        pins=_latest_first([*general.pins, *own], "pin"),
        promotions=_latest_first([*general.promotions, *own], "promote"),
        ignored=general.ignored | _ignored(corpus, own),
    )


def _latest_first(matched: Sequence[Matched], action: Action) -> tuple[Matched, ...]:
    chosen = (one for one in matched if one.rule.action == action)
    return tuple(sorted(chosen, key=lambda one: -one.number))


def _ignored(corpus: Corpus, matched: Sequence[Matched]) -> frozenset[int]:
    named = (one.rule.target.names[0] for one in matched if one.rule.action == "ignore_section")
    return frozenset(code for name in named for code in _sections(corpus, name))
