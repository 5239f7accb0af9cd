"""Libraries for AArch64, made on any machine: linked statically by the cross
compiler, run under qemu-user, held against Keras."""
# REQUIRES: aarch64
# RUN: %python %s

from __future__ import annotations

import numpy as np

from programs import build, compile_archive, data_of, macros
from upconv_testing import (Model, Report, Skipped, errors_of, example_models, relative_error,
                            require, run, save, scratch, upconv)

COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
UNSUPPORTED = 4


def check_program(model: Model, pinned: bool) -> None:
    with scratch() as folder:
        archive = compile_archive(model, folder / "out", model.name, pinned, "--target", "aarch64")
        program = build("run_once.c", [archive], folder / "program", "-static",
                        *macros(model, model.name, pinned), compiler=COMPILER)
        require(run(EMULATOR, program, *data_of(model, folder)))


def check_run(model: Model) -> str | None:
    """The tool itself runs what it emits for another processor, where it can."""
    with scratch() as folder:
        result = upconv("run", model.path, "--target", "aarch64", "--input",
                        save(folder / "x.npy", model.only("in_")), "--output", folder / "y.npy")
        if result.returncode == UNSUPPORTED:
            raise Skipped(errors_of(result))
        require(result)
        error = relative_error(np.load(folder / "y.npy"), model.only("out64_"))
        return None if error <= 1e-5 else f"relative error norm {error:.2e}"


def main() -> None:
    report = Report()
    for model in example_models():
        report.check("program, known dimensions", model.name, lambda: check_program(model, True))
        report.check("program, unknown dimensions", model.name, lambda: check_program(model, False))
        report.check("upconv run", model.name, lambda: check_run(model))
    report.finish()


if __name__ == "__main__":
    main()
