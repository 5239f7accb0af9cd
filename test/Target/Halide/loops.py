"""The lowered loops of transposed convolutions hold no remainder, no division and
no parity select, and the executed multiply-adds are the useful ones: exactly for
`stacked`, up to the rounding of tiles and the edges' taps for `phase`."""
# RUN: %python %s

from __future__ import annotations

import json
import re
from pathlib import Path

from upconv_testing import Report, require, scratch, upconv, write_layer

# (class, kernel, strides, padding, filters, input shape, extra arguments)
LAYERS = [
    ("Conv1DTranspose", [4], [2], "same", 16, (1, 24, 8), {}),
    ("Conv1DTranspose", [16], [8], "same", 32, (1, 13, 4), {}),
    ("Conv1DTranspose", [7], [3], "valid", 8, (1, 11, 5), {}),
    ("Conv1DTranspose", [3], [1], "same", 16, (1, 17, 4), {"dilation_rate": [2]}),
    ("Conv1DTranspose", [5], [2], "same", 1, (1, 19, 16), {}),
    ("Conv1DTranspose", [4], [2], "same", 16, (1, None, 8), {}),
    ("Conv1DTranspose", [2], [2], "valid", 16, (1, 12, 8), {}),
    ("Conv2DTranspose", [4, 4], [2, 2], "same", 16, (1, 6, 12, 8), {}),
    ("Conv2DTranspose", [3, 3], [2, 2], "same", 16, (1, 5, 7, 4), {}),
    ("Conv2DTranspose", [2, 2], [2, 2], "valid", 32, (1, 6, 6, 8), {}),
    ("Conv2DTranspose", [5, 5], [2, 2], "same", 3, (1, 8, 8, 16), {}),
    ("Conv3DTranspose", [2, 2, 2], [2, 2, 2], "valid", 16, (1, 3, 4, 6, 4), {}),
    ("Conv3DTranspose", [3, 3, 3], [2, 2, 2], "same", 16, (1, 3, 3, 12, 4), {}),
]
TARGET = "x86-64-v4"

# A store to an accumulator: what runs once per tap and input channel.
ACCUMULATION = re.compile(r"\bacc\d*(\$\d+)?\[[^=]*\] = (?P<value>.*)")
# Which of the cut blocks at the two ends of an axis a tile is: decided once per tile,
# by its number alone.
TILE_CHOICE = re.compile(r"select\(\(out\.s\d+\.[xy]\d* < t\d+\) \|\| t\d+,")


def loop_problem(statement: str, guarded: bool) -> str | None:
    lines = [match["value"] for match in map(ACCUMULATION.search, statement.splitlines())
             if match and "*" in match["value"]]
    if not lines:
        return "no accumulation found in the lowered statement"
    for line in lines:
        if "%" in line or "/" in line:
            return f"a remainder or a division in a loop: {line[:160]}"
        if not guarded and "select" in TILE_CHOICE.sub("", line):
            return f"a select in a loop: {line[:160]}"
    return None


def guards_loads(kernel: dict) -> bool:
    return kernel["strategy"] == "gather" or kernel["knobs"].get("pad", 0) != 0


def count_problem(kernel: dict) -> str | None:
    useful, executed = kernel["useful_macs"], kernel["executed_macs"]
    if useful is None or executed is None:
        return None if useful is None else f"{useful} useful multiply-adds, executed unknown"
    if kernel["strategy"] == "stacked" and executed != useful:
        return f"stacked executes {executed} multiply-adds, {useful} are useful"
    if executed < useful:
        return f"{executed} executed multiply-adds are fewer than the {useful} useful ones"
    return None


def check(layer: tuple) -> list[tuple[str, str, str | None]]:
    class_name, kernel, strides, padding, filters, shape, extra = layer
    config = {"name": "up", "filters": filters, "kernel_size": kernel, "strides": strides,
              "padding": padding, **extra}
    name = f"{class_name} k{kernel} s{strides} {padding} {shape} -> {filters} {extra or ''}"
    dims = ",".join("?" if size is None else str(size) for size in shape)
    with scratch() as folder:
        path: Path = write_layer(folder, class_name, config)
        common = (path, "--input-shape", dims, "--target", TARGET)
        summary = json.loads(require(upconv("inspect", "--json", *common)))
        (up,) = [k for k in summary["kernels"] if k["strategy"] != "copy"]
        statement = require(upconv("inspect", "--ir", "stmt", "--layer", "up", *common))
        return [(f"loops of {up['strategy']}", name, loop_problem(statement, guards_loads(up))),
                (f"counts of {up['strategy']}", name, count_problem(up))]


def main() -> None:
    report = Report()
    report.collect(check, LAYERS)
    report.finish()


if __name__ == "__main__":
    main()
