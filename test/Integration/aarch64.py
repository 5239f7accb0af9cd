"""Libraries for AArch64, made on any machine: linked statically by the cross
compiler, run under qemu-user, held against Keras."""
# REQUIRES: aarch64
# RUN: %python %s

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from programs import build, compile_archive, data_of, macros, raw
from upconv_testing import (LLVM_TOOLS, Model, Report, dims, errors_of, example_models, relative_error,
                            require, run, save, scratch, upconv, write_layer)

COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
UNSUPPORTED = 4

# One layer per kind of kernel, and of edge, that the examples do not have.
LAYERS = (
    ("Conv2DTranspose", {"filters": 20, "kernel_size": 5, "strides": 2, "padding": "same"}, (1, 4, 4, 256)),
    ("Conv2DTranspose", {"filters": 13, "kernel_size": [3, 4], "strides": [1, 2], "padding": "same"}, (2, 3, 16, 9)),
    ("Conv2D", {"filters": 14, "kernel_size": 3, "padding": "same"}, (1, 3, 8, 9)),
    ("ZeroPadding2D", {"padding": [[1, 2], [0, 3]]}, (2, 3, 5, 17)),
    ("Cropping1D", {"cropping": [2, 1]}, (2, 9, 3)),
    ("UpSampling2D", {"size": [2, 3], "interpolation": "bilinear"}, (2, 3, 5, 3)),
    ("UpSampling2D", {"size": 2, "interpolation": "lanczos3"}, (1, 4, 3, 17)),
    ("GlobalAveragePooling2D", {}, (2, 5, 7, 19)),
    ("LayerNormalization", {}, (2, 5, 19)),
    ("GroupNormalization", {"groups": 3}, (2, 5, 12)),
    ("SeparableConv2D", {"filters": 6, "kernel_size": 3, "padding": "same", "activation": "gelu"}, (1, 7, 9, 17)),
    ("Embedding", {"input_dim": 7, "output_dim": 5}, (2, 6)),
    ("Permute", {"dims": [3, 1, 2]}, (2, 3, 4, 5)),
    ("Activation", {"activation": "mish"}, (2, 5, 19)),
    ("Activation", {"activation": "log_softmax"}, (2, 5, 19)),
)

# Bit for bit with small integers: the lines of the tables, their tails, and
# channels that come in fours and that do not.
EXACT = (
    ("Conv1DTranspose", {"filters": 32, "kernel_size": 8, "strides": 4, "padding": "same"}, (2, 21, 64)),
    ("Conv1DTranspose", {"filters": 13, "kernel_size": 7, "strides": 3}, (1, 10, 12)),
    ("Conv1DTranspose", {"filters": 1, "kernel_size": 25, "strides": 4, "padding": "same"}, (1, 19, 20)),
    ("Conv1DTranspose", {"filters": 24, "kernel_size": 40, "strides": 20}, (1, 7, 8)),
    ("Conv2DTranspose", {"filters": 40, "kernel_size": 4, "strides": 2, "padding": "same"}, (1, 1, 1, 64)),
    ("Conv2DTranspose", {"filters": 24, "kernel_size": 5, "strides": 2, "padding": "same"}, (1, 4, 4, 68)),
    ("Conv2DTranspose", {"filters": 17, "kernel_size": 3, "strides": 2, "padding": "same"}, (2, 5, 19, 16)),
    ("Conv2DTranspose", {"filters": 36, "kernel_size": 2, "strides": 2}, (1, 6, 11, 20)),
    ("Conv2DTranspose", {"filters": 5, "kernel_size": 2, "strides": 3, "dilation_rate": 1}, (1, 4, 9, 8)),
    ("Conv2DTranspose", {"filters": 18, "kernel_size": 3, "strides": 2}, (1, 4, 9, 21)),
    ("Conv2DTranspose", {"filters": 16, "kernel_size": 3, "strides": 2, "data_format": "channels_first"}, (1, 8, 6, 8)),
    ("Conv3DTranspose", {"filters": 1, "kernel_size": 3, "strides": 2, "padding": "same"}, (1, 3, 4, 13, 12)),
    ("Conv3DTranspose", {"filters": 12, "kernel_size": 3, "strides": 2, "padding": "same"}, (1, 3, 4, 9, 16)),
    ("Conv2D", {"filters": 33, "kernel_size": 3, "padding": "same"}, (1, 9, 17, 16)),
    ("Conv2D", {"filters": 3, "kernel_size": 7, "padding": "same"}, (1, 9, 13, 8)),
    ("Conv1D", {"filters": 20, "kernel_size": 3, "dilation_rate": 3, "padding": "same"}, (2, 31, 24)),
)

# One per line of the tables for `--precision bf16`.
ROUNDED = (
    ("Conv2DTranspose", {"filters": 65, "kernel_size": 4, "strides": 2, "padding": "same"}, (1, 1, 1, 67)),
    ("Conv2DTranspose", {"filters": 64, "kernel_size": 5, "strides": 2, "padding": "same"}, (1, 2, 2, 257)),
    ("Conv1DTranspose", {"filters": 64, "kernel_size": 16, "strides": 8}, (1, 4, 256)),
    ("Conv2D", {"filters": 66, "kernel_size": 3, "strides": 2, "padding": "same"}, (1, 4, 4, 256)),
    ("Dense", {"units": 130}, (1, 65)),
    ("Dense", {"units": 64}, (3, 64)),
)


def check_exact(layer: str, config: dict, shape: tuple[int, ...]) -> None:
    with scratch() as folder:
        path = write_layer(folder, layer, {"name": "layer", **config})
        require(upconv("verify", path, "--exact", "--input-shape", dims(shape),
                       "--target", "aarch64", "--input", "random:3"))


def check_rounded(layer: str, config: dict, shape: tuple[int, ...]) -> str | None:
    """Within the bound of the rounding, bit for bit with small integers, and rounded at all."""
    with scratch() as folder:
        path = write_layer(folder, layer, {"name": "layer", **config})
        common = ("verify", path, "--input-shape", dims(shape), "--target", "aarch64", "--precision", "bf16")
        require(upconv(*common, "--exact"))
        text = require(upconv(*common, "--init", "1"))
        return None if "of what rounding to bfloat16 allows" in text else "nothing was rounded"


def check_refusal() -> str | None:
    """Without an emulator the tool says what it would take."""
    with scratch() as folder:
        path = write_layer(folder, "Dense", {"name": "layer", "units": 3})
        result = upconv("verify", path, "--init", "1", "--input-shape", "1,4",
                        "--target", "aarch64", env={"PATH": str(folder)})
    if result.returncode != UNSUPPORTED or "which is not installed" not in errors_of(result):
        return f"status {result.returncode}: {errors_of(result)}"
    return None


def check_program(model: Model, pinned: bool) -> None:
    with scratch() as folder:
        archive = compile_archive(model, folder / "out", model.name, pinned, "--target", "aarch64")
        program = build("run_once.c", [archive], folder / "program", "-static",
                        *macros(model, model.name, pinned), compiler=COMPILER)
        require(run(EMULATOR, program, *data_of(model, folder)))


def check_android(model: Model) -> str | None:
    """Android's C library is not at hand; its functions that a library uses are those of Linux
    (undefined-symbols.txt), so the code runs in a program for Linux. x18 is the platform's."""
    with scratch() as folder:
        archive = compile_archive(model, folder / "out", model.name, True, "--target", "aarch64-android",
                                  "--emit", "static-library,shared-library,header")
        code = require(run(LLVM_TOOLS / "llvm-objdump", "-d", "--no-show-raw-insn", archive))
        if not re.search(r"\bx17\b|\bfmla\b", code) or re.search(r"\b[xw]18\b", code):
            return "the code uses x18, or is none"
        needed = require(run(LLVM_TOOLS / "llvm-readelf", "--needed-libs", archive.with_suffix(".so")))
        if re.findall(r"\w+\.so", needed) != ["libc.so"]:
            return f"needs {needed}"
        program = build("run_once.c", [archive], folder / "program", "-static",
                        *macros(model, model.name, True), compiler=COMPILER)
        require(run(EMULATOR, program, *data_of(model, folder)))
        return None


def check_run(model: Model) -> str | None:
    """The tool itself runs what it emits for another processor, under the emulator."""
    with scratch() as folder:
        result = upconv("run", model.path, "--target", "aarch64", "--input",
                        save(folder / "x.npy", model.only("in_")), "--output", folder / "y.npy")
        require(result)
        error = relative_error(np.load(folder / "y.npy"), model.only("out64_"))
        return None if error <= 1e-5 else f"relative error norm {error:.2e}"


def check_layer(layer: str, config: dict, shape: tuple[int, ...]) -> None:
    """Against this machine's own library, which layer_verify.py holds against the reference."""
    with scratch() as folder:
        check_file(write_layer(folder, layer, {"name": "layer", **config}), folder, shape)


def check_file(path: Path, folder: Path, shape: tuple[int, ...]) -> None:
    """A model with one input, and one output 'layer'."""
    flags = ("--init", "1", "--input-shape", ",".join(map(str, shape)))
    array = np.random.default_rng(1).uniform(-3, 3, shape).astype(np.float32)
    require(upconv("run", path, *flags, "--input", save(folder / "x.npy", array),
                   "--output", folder / "y.npy"))
    require(upconv("compile", path, *flags, "--target", "aarch64", "--name", "one", "-o", folder))
    program = build("run_once.c", [folder / "libone.a"], folder / "program", "-static",
                    '-DHEADER="one.h"', "-DNAME=one", "-DUPPER=ONE", "-DINPUT=input",
                    "-DOUTPUT=layer", compiler=COMPILER)
    require(run(EMULATOR, program, raw(folder / "x", array),
                raw(folder / "y", np.load(folder / "y.npy"))))


def main() -> None:
    report = Report()
    for layer, config, shape in LAYERS:
        report.check("layers", f"{layer} {config}", lambda: check_layer(layer, config, shape))
    for layer, config, shape in EXACT:
        report.check("exact", f"{layer} {config}", lambda: check_exact(layer, config, shape))
    for layer, config, shape in ROUNDED:
        report.check("bfloat16", f"{layer} {config}", lambda: check_rounded(layer, config, shape))
    report.check("upconv run", "no emulator", check_refusal)
    for model in example_models():
        report.check("program, known dimensions", model.name, lambda: check_program(model, True))
        report.check("program, unknown dimensions", model.name, lambda: check_program(model, False))
        report.check("android", model.name, lambda: check_android(model))
        report.check("upconv run", model.name, lambda: check_run(model))
    report.finish()


if __name__ == "__main__":
    main()
