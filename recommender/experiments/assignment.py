"""Which readers see which pipeline: experiments, and the arm of each reader."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate, combinations
from typing import Final

import orjson

from recommender.errors import SettingsError
from recommender.slots.slot import SlotName

INTERLEAVED: Final = "interleaved"
"""The arm of readers who are shown a list that two pipelines made together."""

_BITS = 64
_ROUNDING = 1e-9
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Experiment:
    """Pipelines that are compared in one slot.

    Attributes:
        name: as in the settings.
        arms: share of the readers by pipeline, the one that others are compared with first; what
            the shares leave over is no part of the experiment.
        slot: which one it is about.
        salt: readers are dealt out anew under another one.
        interleave: readers of all arms are shown one list that two pipelines made together.
        starts: aware; None for ever since.
        ends: aware, no part of it; None for open.
    """

    name: str
    arms: Mapping[str, float]
    slot: SlotName = "related"
    salt: str = ""
    interleave: bool = False
    starts: datetime | None = None
    ends: datetime | None = None

    def runs(self, at: datetime) -> bool:
        """Whether it is on at that time."""
        return (self.starts or _BEGINNING) <= at < (self.ends or _END)

    def arm_of(self, reader: str) -> str | None:
        """The reader's arm, the same one for ever; None of those who take no part."""
        number = _number(reader, self._key)
        for limit, arm in self._limits:
            if number < limit:
                return arm
        return None

    @cached_property
    def _key(self) -> bytes:
        return blake2b((self.salt or self.name).encode(), digest_size=32).digest()

    @cached_property
    def _limits(self) -> Sequence[tuple[int, str]]:
        sums = accumulate(self.arms.values())
        found = [round(min(total, 1.0) * 2**_BITS) for total in sums]
        if sum(self.arms.values()) > 1 - _ROUNDING:
            found[-1] = 2**_BITS  # three thirds are everybody
        if self.interleave:
            return [(found[-1], INTERLEAVED)]
        return list(zip(found, self.arms, strict=True))


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one reader is shown.

    Attributes:
        experiment: that decides it.
        arm: a pipeline, or `INTERLEAVED`.
    """

    experiment: Experiment
    arm: str


class Experiments:
    """Those of the settings, in their order."""

    def __init__(
        self,
        experiments: Sequence[Experiment],
        pipelines: AbstractSet[str],
        slots: AbstractSet[SlotName],
    ) -> None:
        """Takes them where they can be carried out.

        Raises:
            SettingsError: one cannot; says which, and why.
        """
        self.by_name: Mapping[str, Experiment] = {one.name: one for one in experiments}
        for one in experiments:
            _check(one, pipelines, slots)
        for left, right in combinations(experiments, 2):
            _check_both(left, right)

    def assigned(
        self, reader: str, slots: Sequence[SlotName], at: datetime, *, alone: bool = True
    ) -> Assignment | None:
        """Which arm of which experiment decides what this reader sees; None where none does.

        Args:
            reader: of a name that stays; "" where unknown.
            slots: of the page: the first that an experiment is about decides for all of them.
            at: aware.
            alone: whether the slot is answered by itself; only then can it be interleaved.
        """
        if not reader:
            return None
        for slot in slots:
            for one in self.by_name.values():
                if one.slot == slot and one.runs(at) and (alone or not one.interleave):
                    arm = one.arm_of(reader)
                    return None if arm is None else Assignment(one, arm)
        return None


def coins(*names: str, count: int) -> list[bool]:
    """So many fair coins, always the same ones for the same names."""
    said = orjson.dumps(names)
    drawn = b"".join(
        blake2b(said, digest_size=_BITS, salt=block.to_bytes(8, "little")).digest()
        for block in range(-(-count // (8 * _BITS)))
    )
    return [bool(drawn[one // 8] >> one % 8 & 1) for one in range(count)]


def _number(reader: str, key: bytes) -> int:
    """Evenly spread over [0, 2**64)."""
    name = reader.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=_BITS // 8, key=key).digest(), "little")


def _check(one: Experiment, pipelines: AbstractSet[str], slots: AbstractSet[SlotName]) -> None:
    setting = f"experiments.{one.name}"
    if one.slot not in slots:
        raise SettingsError(
            f"{setting}.slot: there is no slot {one.slot!r}; the settings have: "
            f"{', '.join(sorted(slots))}."
        )
    if INTERLEAVED in one.arms:
        raise SettingsError(
            f"{setting}.arms: a pipeline named {INTERLEAVED!r} cannot be an arm: events call a "
            "list so that two pipelines made together. Give the pipeline another name."
        )
    unknown = [arm for arm in one.arms if arm not in pipelines]
    if unknown:
        raise SettingsError(
            f"{setting}.arms: there is no pipeline {unknown[0]!r}; the settings have: "
            f"{', '.join(sorted(pipelines))}."
        )
    if len(one.arms) < 2 or (one.interleave and len(one.arms) != 2):  # noqa: PLR2004 - a comparison
        expected = "exactly two pipelines" if one.interleave else "two pipelines or more"
        raise SettingsError(
            f"{setting}.arms: expected {expected}, got {', '.join(one.arms) or 'none'}. "
            "Write: arms = {default = 0.5, similarity = 0.5}"
        )
    total = sum(one.arms.values())
    if total > 1 + _ROUNDING:
        raise SettingsError(
            f"{setting}.arms: expected shares of at most 1 together, got {total:g}."
        )
    if one.starts and one.ends and one.ends <= one.starts:
        raise SettingsError(
            f"{setting}: expected ends after starts, got {one.starts.isoformat()} to "
            f"{one.ends.isoformat()}."
        )


def _check_both(left: Experiment, right: Experiment) -> None:
    apart = (left.ends or _END) <= (right.starts or _BEGINNING) or (
        (right.ends or _END) <= (left.starts or _BEGINNING)
    )
    if left.slot == right.slot and not apart:
        raise SettingsError(
            f"experiments.{left.name} and experiments.{right.name} are about the slot "
            f"{left.slot} at the same time. Give one of them starts and ends, or take it out."
        )
