"""Layers on a device of OpenCL: PoCL's, where there is no GPU.

Layers of unknown sizes and of the smallest ones, bit for bit; one layer of every
class and every activation behind a tile against the reference (with
UPCONV_TEST_FULL all of layer_verify.py); weights from outside.
"""
# REQUIRES: opencl
# RUN: %python %s

from __future__ import annotations

import json

import numpy as np

from grid import Layer, forward, transposed_1d, transposed_nd
from layer_verify import ACTIVATIONS, CASES, check
from layers import integer_input
from opencl import GPU, TABLE, TRANSPOSED, one_per_class
from upconv_testing import (FULL, Report, difference, dims, errors_of, guarded, in_parallel, require, save, scratch,
                            succeed, upconv, write_layer)

UNKNOWN = (
    Layer("Conv1DTranspose", (8,), (4,), "same", 5, 17, (1,)),
    Layer("Conv1DTranspose", (3,), (2,), "valid", 16, 1, (1,), output_padding=(1,)),
    Layer("Conv2DTranspose", (4, 3), (2, 2), "same", 6, 40, (1, 1), activation="relu"),
    Layer("Conv2DTranspose", (2, 2), (2, 2), "valid", 3, 5, (1, 1), data_format="channels_first"),
    Layer("Conv2D", (3, 3), (2, 1), "same", 5, 12, (1, 1)),
    Layer("Conv3D", (2, 3, 1), (1, 2, 1), "valid", 4, 6, (1, 1, 1), groups=2),
)
# Long, then short, then long again: what is on the device grows and stays.
LENGTHS = (7, 2, 41)


def check_unknown(layer: Layer) -> str | None:
    with scratch() as folder:
        np.savez(folder / "weights.npz", **layer.weights())
        require(upconv("compile", write_layer(folder, layer.class_name, layer.config()), "-o", folder, "--name",
                       "layer", "--emit", "shared-library", "--input-shape", dims(layer.input_shape(None)),
                       "--weights", folder / "weights.npz", "-j1", *GPU))
        for length in LENGTHS:
            x = integer_input(layer.input_shape(length))
            require(upconv("run", folder / "liblayer.so", "--input", save(folder / "x.npy", x),
                           "--output", folder / "y.npy"))
            problem = difference(np.load(folder / "y.npy"), layer.expected(x))
            if problem:
                return f"length {length}: {problem}"
    return None


def check_small(item: tuple[Layer, int]) -> str | None:
    """Layers smaller than a block: one thread, one pixel, edges only."""
    layer, length = item
    if layer.expected(integer_input(layer.input_shape(length))) is None:
        return None
    with scratch() as folder:
        np.savez(folder / "weights.npz", **layer.weights())
        x = save(folder / "x.npy", integer_input(layer.input_shape(length)))
        require(upconv("verify", write_layer(folder, layer.class_name, layer.config()), "--exact", "--input-shape",
                       dims(layer.input_shape(length)), "--weights", folder / "weights.npz", "--input", x, *GPU))
    return None


def small_layers() -> list[tuple[Layer, int]]:
    layers = transposed_1d()[::1 if FULL else 9] + transposed_nd(2, 5) + transposed_nd(3, 3) + forward(5)
    return [(layer, (1, 2, 3, 7)[number % 4]) for number, layer in enumerate(layers)]


def check_activations() -> None:
    """Every activation behind a tile's sums: a model with an output of each."""
    def node(class_name: str, name: str, source: str | None, **config: object) -> dict:
        return {"class_name": class_name, "name": name, "config": {"name": name, **config},
                "inbound_nodes": [[[source, 0, 0, {}]]] if source else []}
    names = ("linear", "relu", *ACTIVATIONS)
    layers = [node("InputLayer", "x", None, batch_input_shape=[2, 13, 7], dtype="float32"),
              *(node("Conv1D", f"of_{name}", "x", filters=9, kernel_size=[2], activation=name) for name in names)]
    model = {"class_name": "Functional", "config": {
        "name": "activations", "layers": layers, "input_layers": [["x", 0, 0]],
        "output_layers": [[f"of_{name}", 0, 0] for name in names]}}
    with scratch() as folder:
        path = folder / "model.json"
        path.write_text(json.dumps(model))
        (folder / "mine" / "opencl").mkdir(parents=True)
        (folder / "mine" / "opencl" / "conv-f32.yaml").write_text(
            TABLE.format(use="{ strategy: tile, nv: 1, tx: 2, bc: 2, bx: 4 }"))
        succeed(upconv("verify", path, "--init", "1", "--input", "random:3", "--schedules", folder / "mine", *GPU))


def check_weights(mode: str) -> None:
    name, config, shape = TRANSPOSED[0]
    with scratch() as folder:
        require(upconv("verify", write_layer(folder, name, {"name": "layer", **config}), "--init", "1",
                       "--input-shape", dims(shape), "--weights-mode", mode, *GPU))


def check_refused(status: int, message: str, command: str, *flags: object) -> str | None:
    name, config, shape = TRANSPOSED[0]
    with scratch() as folder:
        result = upconv(command, write_layer(folder, name, {"name": "layer", **config}), "--init", "1",
                        "--input-shape", dims(shape), *flags)
    if result.returncode != status or message not in errors_of(result):
        return f"status {result.returncode}: {errors_of(result)}"
    return None


def main() -> None:
    report = Report()

    def each(group, items, function, name=str):
        for item, problem in zip(items, in_parallel(lambda item: guarded(lambda: function(item)), items)):
            report.add(group, name(item), problem)

    each("small sizes", small_layers(), check_small)
    each("unknown sizes", UNKNOWN, check_unknown)
    each("layers", CASES if FULL else one_per_class(), lambda item: check(item, *GPU), lambda item: item.name)
    report.check("activations", "behind a tile", check_activations)
    each("weights", ("external", "argument"), check_weights)
    report.check("refused", "several targets", lambda: check_refused(
        4, "a library for a GPU and other targets is not supported", "compile", "--target", "x86-64,opencl"))
    report.check("refused", "another system", lambda: check_refused(
        2, "'opencl' is for 'linux' only", "compile", "--target", "opencl-android"))
    report.finish()


if __name__ == "__main__":
    main()
