"""Models that once failed against Keras (`make check-keras` shrank them), with Keras's outputs.

A folder of data/regressions holds case.json (what was found, and the arguments
that hand the model to the tool), the model's files, and io.npz: per run r the
inputs `in<r>_<i>` and the outputs `out<r>_<i>` in the model's order. A folder
without io.npz is a model that Keras refuses: it must end with status 1 or 4 and a
located message.
"""
# RUN: %python %s

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from upconv_testing import (DATA, Report, errors_of, guarded, in_parallel, relative_error, require, scratch, upconv)

TOLERANCE = 1e-5
REFUSED = (1, 4)


def port_names(ir: str) -> tuple[list[str], list[str]]:
    """The layers that name the inputs and the outputs, in order."""
    line = next(line for line in ir.splitlines() if re.search(r"func\.func @(?!.*private)", line))
    head, _, tail = line.partition("->")
    return tuple(re.findall(r'keras\.name = "([^"]*)"', part) for part in (head, tail))


def check_run(folder: Path, arguments: list[str], data: dict[str, np.ndarray], run: int, out: Path) -> str | None:
    names, results = port_names(require(upconv("inspect", *arguments, "--ir", "keras", cwd=folder)))
    flags: list[str] = []
    for number, name in enumerate(names):
        np.save(out / f"in{number}.npy", data[f"in{run}_{number}"])
        flags += ["--input", f"{name}={out}/in{number}.npy"]
    for number, name in enumerate(results):  # a layer that is called twice may be two outputs
        flags += ["--output", f"{name}={out}/out{number}.npy" if len(set(results)) == len(results) else f"{out}/out{number}.npy"]
    require(upconv("run", *arguments, *flags, cwd=folder))
    for number, name in enumerate(results):
        actual, expected = np.load(out / f"out{number}.npy"), data[f"out{run}_{number}"]
        if actual.shape != expected.shape:
            return f"'{name}': shape {actual.shape} instead of {expected.shape}"
        error = relative_error(actual, expected)
        if not error <= TOLERANCE:
            return f"'{name}': relative error norm {error:.2e}"
    return None


def check_refusal(folder: Path, arguments: list[str]) -> str | None:
    result = upconv("inspect", *arguments, "--ir", "keras", "--init", "1", cwd=folder)
    if result.returncode not in REFUSED:
        return f"exit status {result.returncode} where Keras refuses: {errors_of(result)}"
    return None if re.search(r"^\S+:\d+:\d+: error: ", errors_of(result), re.MULTILINE) else (
        f"no location: {errors_of(result)}")


def check(folder: Path) -> str | None:
    def body() -> str | None:
        arguments = json.loads((folder / "case.json").read_text())["arguments"]
        if not (folder / "io.npz").exists():
            return check_refusal(folder, arguments)
        with np.load(folder / "io.npz") as stored:
            data = dict(stored)
        for run in sorted({int(re.match(r"in(\d+)_", key)[1]) for key in data if key.startswith("in")}):
            with scratch() as out:
                problem = check_run(folder, arguments, data, run, out)
            if problem:
                return f"run {run}: {problem}"
        return None
    return guarded(body)


def main() -> None:
    report = Report()
    folders = sorted(path.parent for path in (DATA / "regressions").glob("*/case.json"))
    for folder, problem in zip(folders, in_parallel(check, folders)):
        report.add("regressions", folder.name, problem)
    report.finish()


if __name__ == "__main__":
    main()
