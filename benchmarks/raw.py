"""Raw results: what a part of a run measured, on which machine, of which state of the code."""

import os
import platform
import subprocess
import time
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from benchmarks.definitions import Part
from benchmarks.figures import Contest, Goal
from benchmarks.lineup import Lineup

_LIBRARIES = (
    "related-articles",
    "numpy",
    "faiss-cpu",
    "torch",
    "sentence-transformers",
    "fastapi",
    "uvicorn",
    "sqlalchemy",
    "scipy",
)
_STAT = Path("/proc/stat")
_BUSY = 0.2  # cores
_CODE = ("index", "recommender", "benchmarks/*.py", "benchmarks/contestants")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Machine(_Record):
    """Where it was measured.

    Attributes:
        cpu: model, as the system names it.
        cores: that this process may use.
        memory_gib: of the machine.
        busy: cores' worth of work by others in the second before the part began; None where the
            system does not tell.
    """

    cpu: str
    cores: int
    memory_gib: float
    system: str
    python: str
    libraries: dict[str, str]
    busy: float | None

    @property
    def was_busy(self) -> bool:
        """Whether something else took enough time to be seen in the figures."""
        return self.busy is not None and self.busy > _BUSY


class Raw(_Record):
    """The file of one part.

    Attributes:
        about: what is measured, in words.
        commit: of the code; "unknown" outside a checkout.
        changed: whether the code differed from that commit.
        warm_up: what came before and does not count, in words.
    """

    part: Part
    about: str
    taken_at: datetime
    commit: str
    changed: bool
    machine: Machine
    corpus: str
    seed: int
    warm_up: str
    contests: tuple[Contest, ...] = ()
    lineups: tuple[Lineup, ...] = ()
    goals: tuple[Goal, ...] = ()


def this_machine() -> Machine:
    """The machine as it is now."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _cores(),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        system=platform.platform(terse=True),
        python=platform.python_version(),
        libraries={name: found for name in _LIBRARIES if (found := _version(name))},
        busy=_busy(),
    )


def commit_of(checkout: Path) -> tuple[str, bool]:
    """The commit of the checkout, and whether code was changed since."""
    found = _git(checkout, "rev-parse", "HEAD")
    return found or "unknown", bool(_git(checkout, "status", "--porcelain", "--", *_CODE))


def write(raw: Raw, folder: Path) -> Path:
    """Writes `raw` as PART.json, in place of what an earlier run left."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{raw.part}.json"
    path.write_text(raw.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> Raw:
    """What `write` wrote.

    Raises:
        pydantic.ValidationError: another file, or one of another version of this program.
    """
    return Raw.model_validate_json(path.read_bytes())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:  # a machine that measures one part may lack what others need
        return None


def _git(checkout: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=checkout, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def _cores() -> int:
    return os.cpu_count() or 1


def _busy() -> float | None:
    """Cores at work within a second in which this process sleeps."""
    if not _STAT.is_file():
        return None
    idle, start = _idle(), time.monotonic()
    time.sleep(1)
    idle_cores = (_idle() - idle) / (time.monotonic() - start)
    return round(max(0.0, _cores() - idle_cores), 2)


def _idle() -> float:
    """Seconds that the cores have been idle or waiting for the disk, added up, since the start."""
    _, _, _, _, idle, waiting, *_ = _STAT.read_text(encoding="ascii").splitlines()[0].split()
    return (int(idle) + int(waiting)) / os.sysconf("SC_CLK_TCK")
