"""Every value of every knob of the strategies of thread blocks, on a device of OpenCL.

Schedules that together have each value of scheduling/strategies/tile.yaml and
tile-stacked.yaml, each on a layer that it is neither too wide nor too long for, whose
sizes are unknown: no tile is made smaller than the knobs say. And the shapes that
residues are made of: kernels shorter than the stride, no multiple of it, dilated.
Bit for bit against NumPy, at lengths of 1, primes, and beyond a block.
"""
# REQUIRES: opencl
# RUN: %python %s

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import numpy as np

from grid import ACTIVATIONS, Layer
from layers import integer_input
from opencl import GPU, TABLE
from upconv_testing import (SOURCE, Report, difference, dims, guarded, in_parallel, require, save,
                            scratch, upconv, write_layer)

STRATEGIES = ("tile", "tile-stacked")
LENGTHS = (1, 7, 41)
KNOB = re.compile(r"- \{ name: (\w+), values: \[([\d, ]+)\]")
MOST_THREADS, MOST_SUMS, MOST_SHARED = 1024, 128, 48 * 1024
# What is looked for first in an empty schedule: small and quick to compile.
SMALL = {"nv": 1, "tx": 2, "ty": 1, "bc": 2, "bx": 4, "by": 1, "kc": 4, "kt": 2}


def values_of(strategy: str) -> dict[str, list[int]]:
    text = (SOURCE / "scheduling" / "strategies" / f"{strategy}.yaml").read_text()
    return {name: [int(value) for value in values.split(",")] for name, values in KNOB.findall(text)}


def is_legal(knobs: dict[str, int]) -> bool:
    """docs/RationaleGpu.md, with room for how inputs are laid out."""
    span = knobs["tx"] * knobs["bx"] + knobs["kt"] + 3
    rows, columns = knobs["ty"] * knobs["by"], 4 * knobs["nv"] * knobs["bc"]
    shared = 4 * ((knobs["kc"] + 4) * span * rows + columns * knobs["kc"] * knobs["kt"])
    return (knobs["bc"] * knobs["bx"] * knobs["by"] <= MOST_THREADS
            and 4 * knobs["nv"] * knobs["tx"] * knobs["ty"] <= MOST_SUMS and shared <= MOST_SHARED)


def covering(strategy: str) -> list[dict[str, int]]:
    """Schedules with as many new values as fit each, until every value was there."""
    values, chance = values_of(strategy), random.Random(strategy)
    left = {(name, value) for name in values for value in values[name]}
    schedules = []
    while left:
        knobs = {name: SMALL.get(name, values[name][0]) for name in values}
        order = sorted(left)
        chance.shuffle(order)
        moved: set[str] = set()
        for name, value in order:
            if name not in moved and is_legal(knobs | {name: value}):
                knobs[name] = value
                moved.add(name)
        if not moved:
            raise ValueError(f"no legal schedule has {sorted(left)}")
        left -= set(knobs.items())
        schedules.append(knobs)
    return schedules


@dataclass(frozen=True)
class Case:
    strategy: str
    knobs: tuple[tuple[str, int], ...]
    layer: Layer
    must_be_legal: bool = True

    def __str__(self) -> str:
        return f"{self.strategy} {dict(self.knobs)} of {self.layer}"


def layer_for(strategy: str, knobs: dict[str, int], number: int) -> Layer:
    """Columns for all threads along them, taps for all that are staged at a time, some more channels than a step
    has; every second one with whole vectors of channels, others with none; rows where there are knobs of rows."""
    stride = 2
    columns = 4 * knobs["nv"] * knobs["bc"]
    filters = max(1, columns // (stride if strategy == "tile-stacked" else 1) - (number % 2))
    kernel = stride * knobs["kt"] - (number % 3 == 1 and strategy == "tile")
    has_rows = knobs["ty"] > 1 or knobs["by"] > 1
    channels = max(knobs["kc"] + number % 4, knobs.get("split", 1))  # a part of them for each part of the sums
    axes = ((2, kernel), (1, stride), (1, 1)) if has_rows else ((kernel,), (stride,), (1,))
    return Layer("Conv2DTranspose" if has_rows else "Conv1DTranspose", *axes[:2], ("valid", "same")[number % 2],
                 channels, filters, axes[2], activation=list(ACTIVATIONS)[number % len(ACTIVATIONS)],
                 data_format=("channels_last", "channels_first")[number // 2 % 2], use_bias=number % 5 != 0)


def knob_cases() -> list[Case]:
    return [Case(strategy, tuple(knobs.items()), layer_for(strategy, knobs, number))
            for strategy in STRATEGIES for number, knobs in enumerate(covering(strategy))]


# s > k, k % s != 0, primes, k = 1, dilated, cropped to less than a kernel's length.
EDGES = (
    Layer("Conv1DTranspose", (2,), (5,), "valid", 3, 7, (1,)),
    Layer("Conv1DTranspose", (1,), (3,), "same", 5, 4, (1,), activation="relu6"),
    Layer("Conv1DTranspose", (7,), (3,), "same", 13, 11, (1,), data_format="channels_first"),
    Layer("Conv1DTranspose", (5,), (4,), "valid", 4, 3, (1,), output_padding=(2,)),
    Layer("Conv1DTranspose", (3,), (1,), "same", 6, 5, (3,), activation="hard_tanh"),
    Layer("Conv2DTranspose", (1, 3), (2, 2), "same", 3, 6, (1, 1), activation="soft_shrink"),
)


def edge_cases() -> list[Case]:
    knobs = tuple((SMALL | {"kc": 4, "kt": 3, "by": 2}).items())
    return [Case(strategy, knobs, layer, must_be_legal=strategy == "tile")
            for strategy in STRATEGIES for layer in EDGES]


def check(case: Case) -> str | None:
    layer = case.layer
    use = ", ".join(f"{name}: {value}" for name, value in (("strategy", case.strategy), *case.knobs))
    with scratch() as folder:
        (folder / "mine" / "opencl").mkdir(parents=True)
        (folder / "mine" / "opencl" / "conv-transpose-f32.yaml").write_text(TABLE.format(use=f"{{ {use} }}"))
        np.savez(folder / "weights.npz", **layer.weights())
        said = require(upconv("compile", write_layer(folder, layer.class_name, layer.config()), "-o", folder,
                              "--name", "layer", "--emit", "shared-library,header", "--input-shape",
                              dims(layer.input_shape(None)), "--weights", folder / "weights.npz",
                              "--schedules", folder / "mine", "-j1", *GPU))
        if "mine/opencl/" not in (folder / "layer.h").read_text():
            return f"the schedule is not taken: {said}" if case.must_be_legal else None
        for length in LENGTHS:
            x = integer_input(layer.input_shape(length))
            expected = layer.expected(x)
            result = upconv("run", folder / "liblayer.so", "--input", save(folder / "x.npy", x),
                            "--output", folder / "y.npy")
            if expected is None and result.returncode == 1:
                continue
            require(result)
            problem = difference(np.load(folder / "y.npy"), expected)
            if problem:
                return f"length {length}: {problem}"
    return None


def main() -> None:
    report = Report()
    for group, cases in (("every value of every knob", knob_cases()), ("residues", edge_cases())):
        for case, problem in zip(cases, in_parallel(lambda case: guarded(lambda: check(case)), cases)):
            report.add(group, str(case), problem)
    report.finish()


if __name__ == "__main__":
    main()
