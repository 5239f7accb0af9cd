"""Libraries without weights inside: the weights in a file, checked before use,
or packed by the program itself, give the numbers of the library that embeds
them, bit for bit."""
# RUN: %python %s

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np

from programs import build, compile_archive, data_of, fields_of, macros, random_variables, raw, shape_of
from upconv_testing import (LLVM_TOOLS, Model, Report, errors_of, example_models, require, run,
                            save, scratch, upconv)


@functools.cache
def embedded_output(model: Model, pinned: bool) -> np.ndarray:
    """What the library with its weights inside makes of the stored input."""
    with scratch() as folder:
        x = save(folder / "x.npy", model.only("in_"))
        require(upconv("run", model.path, *shape_of(model, pinned), "--input", x, "--output", folder / "embedded.npy"))
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
        expected = raw(folder / "expected", embedded_output(model, pinned))
        program = build("external_weights.c", [archive], folder / "program",
                        *macros(model, model.name, pinned))
        require(run(program, weights, data_of(model, folder)[0], expected))
        return holds_no_weights(archive, weights)


def tool_modes(model: Model, mode: str) -> str | None:
    with scratch() as folder:
        x = save(folder / "x.npy", model.only("in_"))
        require(upconv("run", model.path, "--weights-mode", mode, "--input", x, "--output", folder / "y.npy"))
        require(upconv("verify", model.path, "--weights-mode", mode, "--input", x))
        same = np.array_equal(np.load(folder / "y.npy"), embedded_output(model, False))
        return None if same else "other numbers than with the weights inside"


def compiled_library(model: Model) -> str | None:
    """`run LIBRARY` finds the file beside it, takes another by --weights, and refuses a wrong one."""
    with scratch() as folder:
        x = save(folder / "x.npy", model.only("in_"))
        require(upconv("compile", model.path, "-o", folder, "--name", "m", "--emit", "shared-library",
                       "--weights-mode", "external"))
        arguments = ("run", folder / "libm.so", "--input", x, "--output", folder / "y.npy")
        require(upconv(*arguments))
        if not np.array_equal(np.load(folder / "y.npy"), embedded_output(model, False)):
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


# Packing by the program ------------------------------------------------------

def packing_program(model: Model) -> str | None:
    """Variables of its own, so that nothing of the model's file can help."""
    with scratch() as folder:
        archive = compile_archive(model, folder / "out", model.name, True, "--weights-mode", "argument")
        variables = random_variables(fields_of(archive.with_name(f"{model.name}.h")))
        np.savez(folder / "w.npz", **variables)
        x = save(folder / "x.npy", model.only("in_"))
        require(upconv("run", model.path, *shape_of(model, True), "--weights", folder / "w.npz", "--input", x,
                       "--output", folder / "y.npy"))
        counts = ",".join(str(value.size) for value in variables.values())
        program = build("packed_weights.c", [archive], folder / "program", f"-DCOUNTS={counts}",
                        *macros(model, model.name, True))
        flat = np.concatenate([value.ravel() for value in variables.values()])
        require(run(program, raw(folder / "variables", flat), data_of(model, folder)[0],
                    raw(folder / "expected", np.load(folder / "y.npy"))))
        return None


def layer(class_name: str, **config: object) -> dict:
    return {"class_name": class_name, "config": config}


NORM = layer("BatchNormalization")
SAME = {"padding": "same"}
# Every recipe: folds, upsampled kernels, groups, tables, weights of maps.
SEQUENCES = {
    "1-D": ((None, 21, 6), [
        layer("Conv1D", filters=20, kernel_size=3, groups=2, **SAME), NORM, NORM,
        layer("Conv1DTranspose", filters=9, kernel_size=7, strides=3, use_bias=False), NORM,
        layer("PReLU"), layer("LayerNormalization"),
        layer("SeparableConv1D", filters=33, kernel_size=5, depth_multiplier=2, **SAME), NORM,
        layer("Dense", units=3)]),
    "2-D": ((None, 9, 7, 5), [
        layer("UpSampling2D", size=[2, 3]), layer("Conv2D", filters=18, kernel_size=[3, 5], **SAME), NORM,
        layer("DepthwiseConv2D", kernel_size=3, depth_multiplier=2, **SAME), NORM,
        layer("GroupNormalization", groups=4),
        layer("Conv2DTranspose", filters=3, kernel_size=[5, 4], strides=[2, 2], dilation_rate=1, **SAME)]),
    "3-D": ((None, 4, 5, 3, 4), [
        layer("UpSampling3D", size=2), layer("Conv3D", filters=5, kernel_size=3, use_bias=False, **SAME), NORM,
        layer("Conv3DTranspose", filters=17, kernel_size=2, strides=2)]),
    "table": ((None, 6), [
        layer("Embedding", input_dim=1, output_dim=8), layer("Flatten"), layer("Dense", units=30), NORM]),
}


def sequence(name: str) -> str | None:
    shape, layers = SEQUENCES[name]
    first = layer("InputLayer", batch_shape=[2, *shape[1:]])
    named = [{**item, "config": {"name": f"l{number}", **item["config"]}}
             for number, item in enumerate([first, *layers])]
    with scratch() as folder:
        model = folder / "m.json"
        model.write_text(json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": named}}))
        require(upconv("compile", model, "-o", folder, "--name", "m", "--emit", "header",
                       "--weights-mode", "argument"))
        np.savez(folder / "w.npz", **random_variables(fields_of(folder / "m.h")))
        outputs: list[np.ndarray] = []
        for mode in ("embed", "argument"):
            require(upconv("run", model, "--weights", folder / "w.npz", "--weights-mode", mode,
                           "--input", "constant:0" if name == "table" else "random:3",
                           "--output", folder / "y.npy"))
            outputs.append(np.load(folder / "y.npy"))
        return None if np.array_equal(*outputs) else "other numbers than with the weights inside"


def main() -> None:
    report = Report()
    for model in example_models():
        for pinned in (True, False):
            what = f"{model.name}, {'known' if pinned else 'unknown'} dimensions"
            report.check("external", what, lambda: external_program(model, pinned))
        for mode in ("external", "argument"):
            report.check("run and verify", f"{model.name}, {mode}", lambda: tool_modes(model, mode))
        report.check("pack", model.name, lambda: packing_program(model))
    for name in SEQUENCES:
        report.check("recipes", name, lambda: sequence(name))
    report.check("run LIBRARY", "external", lambda: compiled_library(example_models()[0]))
    report.finish()


if __name__ == "__main__":
    main()
