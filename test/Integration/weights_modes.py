"""Libraries without weights inside: the weights in a file, checked before use,
give the numbers of the library that embeds them, bit for bit."""
# RUN: %python %s

from __future__ import annotations

from pathlib import Path

import numpy as np

from programs import build, compile_archive, data_of, macros, raw
from upconv_testing import (LLVM_TOOLS, Model, Report, errors_of, example_models, require, run,
                            save, scratch, upconv)


def embedded_output(model: Model, folder: Path) -> np.ndarray:
    """What the library with its weights inside makes of the stored input."""
    x = save(folder / "x.npy", model.only("in_"))
    require(upconv("run", model.path, "--input", x, "--output", folder / "embedded.npy"))
    return np.load(folder / "embedded.npy")


def holds_no_weights(archive: Path, weights: Path) -> str | None:
    symbols = require(run(LLVM_TOOLS / "llvm-nm", archive))
    if "packed_weights" in symbols:
        return "the archive has a section of weights"
    values = weights.read_bytes()[64:]
    longest = max(range(0, len(values) - 255, 256), key=lambda at: len(set(values[at:at + 256])))
    return "the archive holds the weights' bytes" if values[longest:longest + 256] in archive.read_bytes() else None


def external_program(model: Model, pinned: bool) -> str | None:
    with scratch() as folder:
        archive = compile_archive(model, folder / "out", model.name, pinned, "--weights-mode", "external")
        weights = archive.with_name(f"{model.name}.weights")
        expected = raw(folder / "expected", embedded_output(model, folder))
        program = build("external_weights.c", [archive], folder / "program",
                        *macros(model, model.name, pinned))
        require(run(program, weights, data_of(model, folder)[0], expected))
        return holds_no_weights(archive, weights)


def tool_modes(model: Model, mode: str) -> str | None:
    with scratch() as folder:
        expected = embedded_output(model, folder)
        require(upconv("run", model.path, "--weights-mode", mode, "--input", folder / "x.npy",
                       "--output", folder / "y.npy"))
        require(upconv("verify", model.path, "--weights-mode", mode, "--input", folder / "x.npy"))
        same = np.array_equal(np.load(folder / "y.npy"), expected)
        return None if same else "other numbers than with the weights inside"


def compiled_library(model: Model) -> str | None:
    """`run LIBRARY` finds the file beside it, takes another by --weights, and refuses a wrong one."""
    with scratch() as folder:
        expected = embedded_output(model, folder)
        require(upconv("compile", model.path, "-o", folder, "--name", "m", "--emit", "shared-library",
                       "--weights-mode", "external"))
        arguments = ("run", folder / "libm.so", "--input", folder / "x.npy", "--output", folder / "y.npy")
        require(upconv(*arguments))
        if not np.array_equal(np.load(folder / "y.npy"), expected):
            return "other numbers than with the weights inside"
        moved = (folder / "m.weights").rename(folder / "elsewhere")
        require(upconv(*arguments, "--weights", moved))
        wrong = folder / "wrong"
        wrong.write_bytes(moved.read_bytes()[:-1] + b"\x55")
        for extra, message in (((), "m.weights"), (("--weights", wrong), "not those of this library")):
            result = upconv(*arguments, *extra)
            if result.returncode != 1 or message not in errors_of(result):
                return f"status {result.returncode} and '{errors_of(result)}' instead of '{message}'"
        return None


def main() -> None:
    report = Report()
    for model in example_models():
        for pinned in (True, False):
            what = f"{model.name}, {'known' if pinned else 'unknown'} dimensions"
            report.check("external", what, lambda: external_program(model, pinned))
        report.check("run and verify", f"{model.name}, external", lambda: tool_modes(model, "external"))
    report.check("run LIBRARY", "external", lambda: compiled_library(example_models()[0]))
    report.finish()


if __name__ == "__main__":
    main()
