"""What an editor may order: pins, boosts, buries, blocks, ignored sections and promotions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias, get_args

from recommender.errors import InputError

Action: TypeAlias = Literal["pin", "boost", "bury", "block", "ignore_section", "promote"]
TargetKind: TypeAlias = Literal["article", "pair", "section", "tag", "author"]
Amount: TypeAlias = Literal["position", "factor", "share"]

ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
TARGET_KINDS: Final[tuple[TargetKind, ...]] = get_args(TargetKind)

MAX_POSITION = 1_000
MAX_NAME = 512
PAIR = 2

AMOUNTS: Final[Mapping[Action, Amount]] = {
    "pin": "position",
    "boost": "factor",
    "bury": "factor",
    "promote": "share",
}
_FACTORS: Final[Mapping[Action, tuple[float, float]]] = {"boost": (1.0, 10.0), "bury": (0.0, 0.9)}


@dataclass(frozen=True, slots=True)
class Target:
    """Which articles a rule is about.

    Attributes:
        kind: what the names are.
        names: one; of a pair the ids of two articles, each of which is ruled on the other's page.
            Sections, tags and authors are compared without regard to case.
    """

    kind: TargetKind
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.kind not in TARGET_KINDS:
            raise InputError(
                f"Expected a rule about one of {', '.join(TARGET_KINDS)}, got {self.kind!r}."
            )
        wanted = PAIR if self.kind == "pair" else 1
        if len(self.names) != wanted:
            raise InputError(
                f"Expected {wanted} name{'s' if wanted > 1 else ''} for a rule about "
                f"{'a pair' if self.kind == 'pair' else f'one {self.kind}'}, "
                f"got {len(self.names)}."
            )
        for name in self.names:
            if not name.strip() or len(name) > MAX_NAME:
                raise InputError(
                    f"Expected a name of 1 to {MAX_NAME} characters for the {self.kind} of a rule, "
                    f"got {name[:60]!r}."
                )
        if len(set(self.names)) < len(self.names):
            raise InputError(
                f"Expected two different articles for a pair, got {self.names[0]!r} twice."
            )

    @classmethod
    def of(cls, given: Mapping[str, str | Sequence[str] | None]) -> "Target":
        """The one target that is given, by its kind; what is None counts as not given.

        Raises:
            InputError: none is given, or more than one.
        """
        named = {kind: names for kind, names in given.items() if names is not None}
        if len(named) != 1:
            came = " and ".join(named) or "none"
            raise InputError(f"Expected one of {', '.join(TARGET_KINDS)} in a rule, got {came}.")
        ((kind, names),) = named.items()
        for known in TARGET_KINDS:
            if kind == known:
                return cls(known, (names,) if isinstance(names, str) else tuple(names))
        raise InputError(f"Expected a rule about one of {', '.join(TARGET_KINDS)}, got {kind!r}.")

    def __str__(self) -> str:
        return f"{self.kind} {' and '.join(self.names)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One order.

    A block beats everything. A pin beats the ranking. Of pins to one place, of pins of one
    article, and of boosts and buries that meet on one article, the latest rule alone counts. A
    block, boost or bury of an article is one of its copies too: they are shown in its place.

    Attributes:
        action: what happens to the articles. "ignore_section" is about a section: on the pages of
            its articles, standing in the same section is no reason, and excludes nothing.
        target: which articles; a pin to a section, tag or author takes the best placed of them.
        position: of a pin, from 1; where there is not enough for the places before it, it stands
            last. A slot that is asked for fewer places does not show it.
        factor: of a boost, 1 to 10, and of a bury, 0 to 0.9: the score times this. At 0 the
            article stands behind all others.
        share: of a promotion, above 0 and at most 1: of every beginning of a slot, this part at
            least, rounded down, is from the target.
        page: id of the article on whose page the rule holds; None for all pages.
        slot: name of the slot that it holds in; None for all slots. The timeline of a story is
            as it happened: there a rule that does not name it only blocks.
        valid_from: aware; None for at once.
        valid_to: aware, no longer included; None for ever. A rule that was ended holds at no time,
            not even for a page as of a day before.
    """

    action: Action
    target: Target
    position: int | None = None
    factor: float | None = None
    share: float | None = None
    page: str | None = None
    slot: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise InputError(f"Expected an action of {', '.join(ACTIONS)}, got {self.action!r}.")
        self._check_amounts()
        self._check_place()
        self._check_times()

    def holds_at(self, moment: datetime) -> bool:
        """Whether `moment`, aware, lies in its validity."""
        begun = self.valid_from is None or self.valid_from <= moment
        return begun and (self.valid_to is None or moment < self.valid_to)

    def _check_amounts(self) -> None:
        wanted = AMOUNTS.get(self.action)
        given = {"position": self.position, "factor": self.factor, "share": self.share}
        for name, value in given.items():
            if value is not None and name != wanted:
                takes = f"takes a {wanted}" if wanted else "takes no number"
                raise InputError(f"The action {self.action} {takes}; leave {name} out.")
        if wanted is not None and given[wanted] is None:
            raise InputError(
                f"Expected a {wanted} for the action {self.action}: {range_of(self.action)}."
            )
        if not _in_range(self):
            came = given[wanted] if wanted is not None else None
            raise InputError(
                f"Expected {range_of(self.action)} for the action {self.action}, got {came}."
            )

    def _check_place(self) -> None:
        kind = self.target.kind
        if self.action == "ignore_section" and kind != "section":
            raise InputError(f"The action ignore_section is about a section, got {self.target}.")
        if kind == "pair" and self.page is not None:
            raise InputError("A pair names its two pages itself; leave the page out.")
        if kind == "article" and self.page in self.target.names:
            raise InputError(
                f"The article {self.page!r} never stands on its own page; name another page."
            )
        for name, value in (("page", self.page), ("slot", self.slot)):
            if value is not None and not value.strip():
                raise InputError(f"Expected the name of a {name}, got an empty one; leave it out.")

    def _check_times(self) -> None:
        for moment in (self.valid_from, self.valid_to):
            if moment is not None and moment.tzinfo is None:
                raise InputError(
                    f"Expected a time with a zone, got {moment.isoformat()}; write {moment}+00:00."
                )
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            raise InputError(
                "Expected a rule to begin before it ends, got "
                f"{self.valid_from.isoformat()} to {self.valid_to.isoformat()}."
            )


@dataclass(frozen=True, slots=True)
class RecordedRule:
    """A rule as the rule book has it.

    Attributes:
        number: of the rule, from 1; a later rule has a greater one.
        rule: never changed.
        by: who made it.
        why: in that person's words.
        made_at: aware.
        ended_at: aware; None while it stands.
        replaced_by: number of the rule that stands in its place; None where there is none.
    """

    number: int
    rule: Rule
    by: str
    why: str
    made_at: datetime
    ended_at: datetime | None = None
    replaced_by: int | None = None


def _in_range(rule: Rule) -> bool:
    # a NaN is in no range
    if rule.position is not None:
        return 1 <= rule.position <= MAX_POSITION
    if rule.factor is not None:
        least, most = _FACTORS[rule.action]
        return least <= rule.factor <= most
    return rule.share is None or 0 < rule.share <= 1


def range_of(action: Action) -> str:
    """What the amount of an action may be, in words, for one of `AMOUNTS`."""
    if action == "pin":
        return f"a position from 1 to {MAX_POSITION}"
    if action == "promote":
        return "a share above 0 and at most 1"
    least, most = _FACTORS[action]
    return f"a factor from {least:g} to {most:g}"
