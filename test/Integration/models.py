"""Whole models against what Keras computed: relative error norm at most 1e-5.

The examples, the real models of the shared folder where there is one, and models
of unknown length at several lengths and batches from one compiled library.
"""
# RUN: %python %s

from __future__ import annotations

from pathlib import Path

import numpy as np

from upconv_testing import (DATA, Model, Report, example_models, relative_error, require, save,
                            scratch, shared_models, succeed, upconv)

TOLERANCE = 1e-5
ANY_LENGTH = {"timeseries_ae_anylen": (1, 7, 288, 1000), "upsampler": (1, 7, 50, 300)}
BATCHES = (1, 3)
# Nested and shared models, several inputs and outputs, layers by detours.
MORE_NAMES = ("functional_guide_autoencoder", "seed_conv1dtranspose_by_2d", "seed_reshape_valid",
              "shared_and_multi", "upsampling1d_conv1d")


def judge(actual: np.ndarray, expected: np.ndarray) -> str | None:
    if actual.shape != expected.shape:
        return f"shape {actual.shape} instead of {expected.shape}"
    error = relative_error(actual, expected)
    return None if error <= TOLERANCE else f"relative error norm {error:.2e}"


def port(name: str, arrays: dict[str, np.ndarray]) -> str:
    """How the command line names a port; one alone needs no name."""
    return f"{name}=" if len(arrays) > 1 else ""


def inputs_of(model: Model, folder: Path) -> list[str]:
    arrays = model.arrays("in_")
    flags: list[str] = []
    for name, array in arrays.items():
        flags += ["--input", f"{port(name, arrays)}{save(folder / f'in_{name}.npy', array)}"]
    return flags


def against_keras(model: Model, folder: Path) -> str | None:
    expected = model.arrays("out64_")
    flags: list[str] = []
    for name in expected:
        flags += ["--output", f"{port(name, expected)}{folder / f'out_{name}.npy'}"]
    require(upconv("run", model.path, *inputs_of(model, folder), *flags))
    problems = (judge(np.load(folder / f"out_{name}.npy"), array) for name, array in expected.items())
    return next((problem for problem in problems if problem), None)


def against_reference(model: Model, folder: Path) -> None:
    require(upconv("verify", model.path, *inputs_of(model, folder)))


def any_length(report: Report, model: Model, folder: Path) -> None:
    """One library; every length and batch against Keras and against the reference."""
    library, group = folder / "libany.so", f"any length {model.name}"
    report.check(group, "compile", lambda: succeed(upconv(
        "compile", model.path, "-o", folder, "--name", "any", "--emit", "shared-library")))
    if not library.exists():
        return
    with np.load(DATA / "any_length.npz") as data:
        for batch in BATCHES:
            for length in ANY_LENGTH[model.name]:
                key = f"{model.name}_b{batch}_n{length}"
                x = save(folder / "x.npy", data[f"{key}_in"])

                def run_library() -> str | None:
                    require(upconv("run", library, "--input", x, "--output", folder / "y.npy"))
                    return judge(np.load(folder / "y.npy"), data[f"{key}_out"])

                report.check(group, f"{key} against Keras", run_library)
        for batch, length in ((1, ANY_LENGTH[model.name][0]), (3, ANY_LENGTH[model.name][2])):
            x = save(folder / "x.npy", data[f"{model.name}_b{batch}_n{length}_in"])
            report.check(group, f"batch {batch}, length {length} against the reference",
                         lambda: succeed(upconv("verify", model.path, "--input", x)))


def main() -> None:
    report = Report()
    models = example_models() + shared_models() + shared_models(MORE_NAMES)
    if not shared_models():
        report.skip("shared models", "there is no shared folder")
    for model in models:
        with scratch() as folder:
            report.check("against Keras", model.name, lambda: against_keras(model, folder))
            report.check("against the reference", model.name, lambda: against_reference(model, folder))
            if model.name in ANY_LENGTH:
                any_length(report, model, folder)
    report.finish()


if __name__ == "__main__":
    main()
