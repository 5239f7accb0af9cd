"""What the integration tests share: running the tool, arrays, counting.

A test drives the finished tool through its command line and nothing else. It
collects its findings in a `Report`, which prints counts per group and every
failure, and ends the process.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterable, Iterator, Sequence, TypeVar

import numpy as np

BUILD = Path(os.environ["UPCONV_BUILD"])
SOURCE = Path(os.environ["UPCONV_SOURCE"])
LLVM_TOOLS = Path(os.environ["UPCONV_LLVM_TOOLS"])
CC = os.environ.get("UPCONV_CC", "cc")
CXX = os.environ.get("UPCONV_CXX", "c++")
UPCONV = BUILD / "bin" / "upconv"
UPCONV_OPT = BUILD / "bin" / "upconv-opt"
EXAMPLES = SOURCE / "examples"
SHARED = SOURCE.parent / "shared"
DATA = Path(__file__).parent.parent / "data"

JOBS = int(os.environ.get("UPCONV_TEST_JOBS", "2"))
FULL = os.environ.get("UPCONV_TEST_FULL", "") not in ("", "0")
TIMEOUT = 300  # seconds; a command that takes longer has hung

EXAMPLE_NAMES = ("generator", "upsampler", "denoiser")
SHARED_NAMES = ("timeseries_ae", "vae_decoder", "denoise_ae", "gan_ada_generator",
                "timeseries_ae_anylen")

Item = TypeVar("Item")
Result = TypeVar("Result")


# Running commands -----------------------------------------------------------


def run(*command: object, cwd: Path | None = None, stdin: bytes = b"",
        env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """Runs a command to its end, whatever its status."""
    return subprocess.run([str(part) for part in command], cwd=cwd, input=stdin,
                          capture_output=True, timeout=TIMEOUT, check=False,
                          env={**os.environ, **(env or {})})


def upconv(*arguments: object, **options) -> subprocess.CompletedProcess[bytes]:
    return run(UPCONV, *arguments, **options)


class Skipped(Exception):
    """Raised by a check that cannot be made here, with the reason."""


class CommandError(Exception):
    """A command that had to succeed did not."""


def require(result: subprocess.CompletedProcess[bytes]) -> str:
    """The standard output of a command that must have succeeded."""
    if result.returncode != 0:
        command = " ".join(Path(part).name if "/" in part else part for part in result.args)
        raise CommandError(f"'{command}' ended with {result.returncode}: {errors_of(result)}")
    return result.stdout.decode(errors="replace")


def succeed(result: subprocess.CompletedProcess[bytes]) -> None:
    """For a command of which only the status matters."""
    require(result)


def errors_of(result: subprocess.CompletedProcess[bytes], limit: int = 400) -> str:
    text = result.stderr.decode(errors="replace").strip()
    return text if len(text) <= limit else text[:limit] + " ..."


def in_parallel(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    with ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(function, items))


@contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="upconv-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# Models and layers ----------------------------------------------------------


@dataclass(frozen=True)
class Model:
    """A model with what Keras computes for it."""

    name: str
    path: Path
    io: Path

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        with np.load(self.io) as data:
            return {key[len(prefix):]: data[key] for key in data.files if key.startswith(prefix)}

    def only(self, prefix: str) -> np.ndarray:
        (array,) = self.arrays(prefix).values()
        return array


def example_models() -> list[Model]:
    return [Model(name, EXAMPLES / f"{name}.keras", EXAMPLES / f"{name}.io.npz")
            for name in EXAMPLE_NAMES]


def shared_models(names: Sequence[str] = SHARED_NAMES) -> list[Model]:
    """Empty without the shared folder."""
    folder = SHARED / "keras" / "models"
    return [Model(name, folder / f"{name}.keras", folder / f"{name}.io.npz")
            for name in names if (folder / f"{name}.keras").exists()]


def write_layer(folder: Path, class_name: str, config: dict) -> Path:
    """A bare layer's JSON."""
    path = folder / "layer.json"
    path.write_text(json.dumps({"class_name": class_name, "config": config}))
    return path


def dims(shape: Sequence[int | None]) -> str:
    """A shape as `--input-shape` wants it."""
    return ",".join("?" if extent is None else str(extent) for extent in shape)


def save(path: Path, array: np.ndarray) -> Path:
    np.save(path, np.ascontiguousarray(array, dtype=np.float32))
    return path


# Comparing ------------------------------------------------------------------


def relative_error(actual: np.ndarray, expected: np.ndarray) -> float:
    """||actual - expected|| / ||expected|| in float64; infinite if shapes differ."""
    if actual.shape != expected.shape:
        return float("inf")
    a, e = actual.astype(np.float64), expected.astype(np.float64)
    norm = float(np.linalg.norm(e))
    difference = float(np.linalg.norm(a - e))
    return difference / norm if norm else difference


def difference(actual: np.ndarray, expected: np.ndarray) -> str | None:
    """None if both are equal bit for bit, up to the sign of zero."""
    if actual.dtype != np.float32:
        return f"dtype {actual.dtype} instead of float32"
    if actual.shape != expected.shape:
        return f"shape {actual.shape} instead of {expected.shape}"
    wrong = np.flatnonzero(actual.ravel() != expected.ravel())
    if wrong.size == 0:
        return None
    first = wrong[0]
    return (f"{wrong.size} of {actual.size} values differ, first at {first}: "
            f"{actual.ravel()[first]} instead of {expected.ravel()[first]}")


# Reporting ------------------------------------------------------------------


@dataclass
class Report:
    """Counts per group; `finish` prints them and ends the process."""

    passed: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    skips: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, group: str, name: str, problem: str | None) -> None:
        """One finding: None means that all is well."""
        if problem is None:
            self.passed[group] += 1
        else:
            self.failures.append((group, name, problem))

    def collect(self, function: Callable[[Item], Iterable[tuple[str, str, str | None]]], items: Iterable[Item]) -> None:
        """The findings that `function` makes of each item, in parallel."""
        for findings in in_parallel(function, items):
            for finding in findings:
                self.add(*finding)

    def check(self, group: str, name: str, function: Callable[[], str | None]) -> None:
        """Runs `function`; an exception of a command is a finding too."""
        try:
            self.add(group, name, guarded(function))
        except Skipped as skipped:
            self.skip(f"{group} {name}", str(skipped))

    def skip(self, what: str, reason: str) -> None:
        self.skips.append((what, reason))

    def finish(self) -> None:
        failed = Counter(group for group, _, _ in self.failures)
        lines = [f"{group}: {self.passed[group]} passed, {failed[group]} failed"
                 for group in sorted(set(self.passed) | set(failed))]
        lines += [f"{what}: skipped, {reason}" for what, reason in self.skips]
        lines += [f"note: {note}" for note in self.notes]
        keep(lines)
        lines += [f"FAILED {group}: {name}: {problem}" for group, name, problem in self.failures]
        if not (self.passed or self.failures or self.skips):
            lines.append("FAILED: nothing was tested")
        print("\n".join(lines))
        sys.exit(1 if self.failures or not (self.passed or self.skips) else 0)


def keep(lines: list[str]) -> None:
    """For print_reports.py, which shows the counts of a whole run."""
    folder = BUILD / "test" / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{Path(sys.argv[0]).stem}.txt").write_text("\n".join(lines) + "\n")


def guarded(function: Callable[[], str | None]) -> str | None:
    try:
        return function()
    except CommandError as error:
        return str(error)
    except subprocess.TimeoutExpired as error:
        return f"no end after {error.timeout} s"
    except (OSError, ValueError, KeyError) as error:
        return f"{type(error).__name__}: {error}"
