"""What was learned of relevance, out of a small readable file: weights, and what a score means."""

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.errors import SettingsError
from recommender.similarity.pairs import TEXT_SIGNALS

SHIPPED = Path(__file__).with_name("learned.toml")


@dataclass(frozen=True, slots=True)
class Calibration:
    """From a score to a probability: 1 / (1 + exp(-(slope * score + intercept))); slope > 0."""

    slope: float
    intercept: float

    def probability(self, scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """In [0, 1]; shape of the scores."""
        exponents = np.clip(-(self.slope * scores + self.intercept), -60, 60)
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
        related: the probability that an editor would accept the link.
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

    def likeness(self, signals: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """The probability that pairs tell of one story.

        Args:
            signals: shape (..., len(TEXT_SIGNALS), n).

        Returns:
            Shape (..., n), in [0, 1].
        """
        row = np.array([self.weights.get(one, 0.0) for one in TEXT_SIGNALS], dtype=np.float32)
        return self.same_story.probability(row @ signals.astype(np.float32))


def read_learned(path: Path = SHIPPED) -> Learned:
    """The weights of `path`.

    Raises:
        SettingsError: it is not such a file; says what is wrong.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        weights = {name: float(one["value"]) for name, one in content["weights"].items()}
        kinds = content["calibration"]
        related, same = (
            Calibration(float(kinds[name]["slope"]), float(kinds[name]["intercept"]))
            for name in ("related", "same_story")
        )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}. Mend it or move it away.") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(
            f"{path}: expected [weights.NAME] with a value, and [calibration.related] and "
            f"[calibration.same_story] with slope and intercept; {error!r} is missing or no "
            "number. Run recommender tune again, or move the file away."
        ) from error
    numbers = (*weights.values(), related.intercept, same.intercept)
    if not all(map(math.isfinite, numbers)) or min(related.slope, same.slope) <= 0:
        raise SettingsError(f"{path}: expected finite numbers and slopes above 0. Mend it.")
    return Learned(weights, related, same)


def write_learned(learned: Learned, path: Path, *, source: str) -> None:
    """As `read_learned` reads it; `source` says of each number where it comes from."""
    told = source.replace("\\", "/").replace('"', "'")
    lines = [f"# Written by recommender tune from {told}.", ""]
    for name, value in learned.weights.items():
        lines += [f"[weights.{name}]", f"value = {value!r}", f'source = "{told}"', ""]
    for name in ("related", "same_story"):
        one: Calibration = getattr(learned, name)
        lines += [f"[calibration.{name}]", f"slope = {one.slope!r}"]
        lines += [f"intercept = {one.intercept!r}", f'source = "{told}"', ""]
    aside = path.with_suffix(".part")
    aside.write_text("\n".join(lines), encoding="utf-8")
    aside.replace(path)
