"""Kernels for GPUs, run on a CPU through PoCL: the same code, the same thread blocks.

Every strategy and tile at odd sizes, and what the tables choose, bit for bit on
small integers. Beside it: opencl_knobs.py, opencl_layers.py, opencl_models.py,
opencl_timing.py.
"""
# REQUIRES: opencl
# RUN: %python %s

from __future__ import annotations

import numpy as np

from layer_verify import CASES
from models import inputs_of, judge, port
from upconv_testing import FULL, Model, Report, dims, guarded, in_parallel, require, scratch, upconv, write_layer

GPU = ("--target", "opencl")
TABLE = 'basis: model\ndate: 2026-11-22\nmethod: "for a test"\nentries:\n  - {{ use: {use}, why: "a test" }}\n'

TRANSPOSED = (
    ("Conv1DTranspose", {"filters": 13, "kernel_size": 7, "strides": 3}, (2, 21, 11)),
    ("Conv2DTranspose", {"filters": 18, "kernel_size": [3, 5], "strides": [2, 3], "padding": "same",
                         "activation": "relu"}, (2, 5, 19, 21)),
    ("Conv3DTranspose", {"filters": 12, "kernel_size": [3, 3, 2], "strides": 2}, (1, 3, 2, 9, 16)),
)
FORWARD = (
    ("Conv1D", {"filters": 20, "kernel_size": 3, "dilation_rate": 3, "padding": "same"}, (2, 31, 24)),
    ("Conv2D", {"filters": 12, "kernel_size": [3, 5], "strides": 2, "padding": "same", "groups": 3}, (2, 9, 13, 9)),
    ("Conv3D", {"filters": 9, "kernel_size": 3, "strides": 2, "padding": "same"}, (1, 5, 7, 6, 5)),
)
DENSE = (("Dense", {"units": 70}, (3, 37)), ("Dense", {"units": 3}, (19, 130)))

# Tiles of one thread, of odd shape, with rows, wider than the layer, and with
# steps of the reduction that do not divide it.
TILES = (
    "nv: 1, tx: 1, bc: 1, bx: 1, kc: 1, kt: 1",
    "nv: 4, tx: 4, ty: 2, bc: 4, bx: 4, by: 4, kc: 16, kt: 3",
    "nv: 2, tx: 8, ty: 1, bc: 2, bx: 4, by: 1, kc: 8, kt: 3, run: 1, split: 2",
    "nv: 1, tx: 2, ty: 4, bc: 4, bx: 2, by: 2, kc: 2, kt: 16, run: 1",
    "nv: 1, tx: 4, bc: 2, bx: 2, by: 2, kc: 4, kt: 2, split: 8",
    "nv: 1, tx: 6, ty: 4, bc: 2, bx: 2, by: 2, kc: 4, kt: 8",
    "nv: 1, tx: 2, bc: 32, bx: 32, kc: 2, kt: 2",
)


def with_tiles(layers: tuple, op: str, strategy: str) -> list[tuple]:
    """Every tile on some layer and the other way round; all pairs with UPCONV_TEST_FULL."""
    return [(layer, op, f"{{ strategy: {strategy}, {tile} }}")
            for i, tile in enumerate(TILES) for j, layer in enumerate(layers) if FULL or i % len(layers) == j]


FORCED = (
    *with_tiles(TRANSPOSED, "conv-transpose", "tile"), *with_tiles(TRANSPOSED, "conv-transpose", "tile-stacked"),
    *with_tiles(FORWARD, "conv", "tile"), *with_tiles(DENSE, "matmul", "tile"),
    *((layer, "conv-transpose", "{ strategy: gather }") for layer in TRANSPOSED),
    *((layer, "conv", "{ strategy: conv }") for layer in FORWARD),
    *((layer, "matmul", "{ strategy: matmul }") for layer in DENSE),
)

# What the embedded tables choose: each of their lines, narrow and wide.
CHOSEN = (
    ("Conv1DTranspose", {"filters": 32, "kernel_size": 8, "strides": 4, "padding": "same"}, (2, 21, 64)),
    ("Conv1DTranspose", {"filters": 1, "kernel_size": 4, "strides": 2}, (1, 200, 3)),
    ("Conv1DTranspose", {"filters": 1, "kernel_size": 4, "strides": 2, "padding": "same"}, (1, 5, 1)),
    ("Conv1DTranspose", {"filters": 1, "kernel_size": 25, "strides": 4, "padding": "same"}, (1, 19, 20)),
    ("Conv1DTranspose", {"filters": 24, "kernel_size": 40, "strides": 20}, (1, 7, 8)),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "dilation_rate": 2}, (2, 11, 5)),
    ("Conv2DTranspose", {"filters": 40, "kernel_size": 4, "strides": 2, "padding": "same"}, (1, 1, 1, 64)),
    ("Conv2DTranspose", {"filters": 70, "kernel_size": 5, "strides": 2, "padding": "same"}, (1, 9, 11, 17)),
    ("Conv2DTranspose", {"filters": 36, "kernel_size": 2, "strides": 2}, (1, 6, 11, 20)),
    ("Conv2DTranspose", {"filters": 5, "kernel_size": 2, "strides": 3}, (1, 4, 9, 8)),
    ("Conv2DTranspose", {"filters": 16, "kernel_size": 3, "strides": 2, "data_format": "channels_first"},
     (1, 8, 6, 8)),
    ("Conv3DTranspose", {"filters": 1, "kernel_size": 3, "strides": 2, "padding": "same"}, (1, 3, 4, 13, 12)),
    ("Conv3DTranspose", {"filters": 40, "kernel_size": 2, "strides": 2}, (2, 3, 4, 5, 9)),
    ("Conv2D", {"filters": 33, "kernel_size": 3, "padding": "same"}, (1, 9, 17, 16)),
    ("Conv2D", {"filters": 3, "kernel_size": 7, "padding": "same"}, (1, 9, 13, 8)),
    ("Conv2D", {"filters": 40, "kernel_size": 3, "padding": "same"}, (2, 7, 6, 33)),
    ("Conv1D", {"filters": 20, "kernel_size": 3, "padding": "causal"}, (2, 31, 24)),
    ("DepthwiseConv2D", {"kernel_size": 3, "padding": "same"}, (2, 9, 8, 7)),
    ("Dense", {"units": 200, "use_bias": False}, (1, 300)),
    ("Dense", {"units": 65}, (70, 33)),
)

def verify_exact(layer: tuple[str, dict, tuple[int, ...]], *flags: object, gpu: tuple[str, ...] = GPU) -> None:
    name, config, shape = layer
    with scratch() as folder:
        path = write_layer(folder, name, {"name": "layer", **config})
        require(upconv("verify", path, "--exact", "--input-shape", dims(shape), "--input", "random:3",
                       "--init", "1", "-j1", *gpu, *flags))


def check_forced(item: tuple[tuple[str, dict, tuple[int, ...]], str, str], gpu: tuple[str, ...] = GPU) -> str | None:
    layer, op, use = item
    name, config, shape = layer
    with scratch() as folder:
        (folder / "mine" / "opencl").mkdir(parents=True)
        (folder / "mine" / "opencl" / f"{op}-f32.yaml").write_text(TABLE.format(use=use))
        path = write_layer(folder, name, {"name": "layer", **config})
        shown = require(upconv("inspect", path, "--input-shape", dims(shape), "--init", "1", *gpu,
                               "--schedules", folder / "mine"))
        if "mine/opencl/" not in shown:
            return "the schedule is not legal for the layer"
        verify_exact(layer, "--schedules", folder / "mine", gpu=gpu)
    return None


def check_model(model: Model, gpu: tuple[str, ...] = GPU) -> str | None:
    with scratch() as folder:
        expected = model.arrays("out64_")
        flags = [word for name in expected
                 for word in ("--output", f"{port(name, expected)}{folder / f'out_{name}.npy'}")]
        require(upconv("run", model.path, *inputs_of(model, folder), *flags, *gpu))
        problems = (judge(np.load(folder / f"out_{name}.npy"), array) for name, array in expected.items())
        return next((problem for problem in problems if problem), None)


def one_per_class() -> list:
    return list({item.layer: item for item in CASES}.values())


def main() -> None:
    report = Report()

    def each(group, items, function, name=str):
        for item, problem in zip(items, in_parallel(lambda item: guarded(lambda: function(item)), items)):
            report.add(group, name(item), problem)

    each("every strategy and tile", FORCED, check_forced)
    each("the tables' lines", CHOSEN, verify_exact)
    report.finish()


if __name__ == "__main__":
    main()
