"""What was learned of relevance, out of a small readable file: weights, and what a score means."""

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, ValidationError

from recommender.errors import SettingsError
from recommender.similarity.pairs import TEXT_SIGNALS

SHIPPED = Path(__file__).with_name("learned.toml")

LEARNED_SIGNALS: tuple[str, ...] = (*TEXT_SIGNALS, "time_between")
"""What is learned of: all that depends on two articles alone and is measured at a rebuild."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """From a score to a probability: 1 / (1 + exp(-(slope * score + intercept))); slope > 0.

    The score is what the signals of the texts add up to, less what they add up to in the
    background of the corpus, see `Neighbours.background`.
    """

    slope: float
    intercept: float

    def probability(self, scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """In [0, 1]; shape of the scores."""
        exponents = -(self.slope * scores + self.intercept)
        exponents = np.minimum(np.maximum(exponents, -60), 60)  # in half the time of clip
        found: npt.NDArray[np.float32] = (1 / (1 + np.exp(exponents))).astype(np.float32)
        return found

    def score_of(self, probability: float) -> float:
        """The score whose probability this is; -inf for 0 and less, inf for 1 and more."""
        if probability <= 0:
            return -math.inf
        if probability >= 1:
            return math.inf
        return (math.log(probability / (1 - probability)) - self.intercept) / self.slope


@dataclass(frozen=True, slots=True)
class Learned:
    """A file of weights.

    Attributes:
        weights: of each signal that was learned, by its name.
        related: the probability that an editor would accept the link, as both are on one subject.
        same_story: the probability that both tell of one story.
    """

    weights: Mapping[str, float]
    related: Calibration
    same_story: Calibration

    @property
    def digest(self) -> str:
        """The same for the same numbers."""
        told = repr((sorted(self.weights.items()), self.related, self.same_story))
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def likeness(
        self, signals: npt.NDArray[np.floating], background: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.float32]:
        """The probability that pairs tell of one story.

        Args:
            signals: shape (..., len(TEXT_SIGNALS), n).
            background: shape (len(TEXT_SIGNALS),), of the corpus.

        Returns:
            Shape (..., n), in [0, 1].
        """
        row = np.array([self.weights.get(one, 0.0) for one in TEXT_SIGNALS], dtype=np.float32)
        return self.same_story.probability(row @ signals.astype(np.float32) - row @ background)


class _Weight(BaseModel):
    value: float = Field(ge=-10, le=10)


class _Curve(BaseModel):
    slope: float = Field(gt=0, allow_inf_nan=False)
    intercept: float = Field(allow_inf_nan=False)

    def calibration(self) -> Calibration:
        return Calibration(self.slope, self.intercept)


class _Curves(BaseModel):
    related: _Curve
    same_story: _Curve


class _File(BaseModel):
    format: Literal[2]
    weights: dict[Literal[LEARNED_SIGNALS], _Weight]  # type: ignore[valid-type]  # names by value
    calibration: _Curves


def read_learned(path: Path = SHIPPED) -> Learned:
    """The weights of `path`; a signal that it does not name counts 0.

    Raises:
        SettingsError: it is not such a file; says what is wrong.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        found = _File.model_validate(content)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}. Mend it or move it away.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(one) for one in first["loc"] if one != "[key]")
        wrong = (
            f"{path} has no {place}"
            if first["type"] == "missing"
            else f"{path}: {place}: {first['msg']}, got {repr(first['input'])[:60]}"
        )
        raise SettingsError(
            f"{wrong}. Move the file away, then run recommender tune again."
        ) from error
    return Learned(
        {str(name): one.value for name, one in found.weights.items()},
        found.calibration.related.calibration(),
        found.calibration.same_story.calibration(),
    )


def write_learned(learned: Learned, path: Path, *, source: str) -> None:
    """As `read_learned` reads it; `source` says of each number where it comes from."""
    told = source.replace("\\", "/").replace('"', "'")
    lines = [f"# Written by recommender tune from {told}.", "", "format = 2", ""]
    for name, value in learned.weights.items():
        lines += [f"[weights.{name}]", f"value = {value!r}", f'source = "{told}"', ""]
    for name in ("related", "same_story"):
        one: Calibration = getattr(learned, name)
        lines += [f"[calibration.{name}]", f"slope = {one.slope!r}"]
        lines += [f"intercept = {one.intercept!r}", f'source = "{told}"', ""]
    aside = path.with_suffix(".part")
    aside.write_text("\n".join(lines), encoding="utf-8")
    aside.replace(path)
