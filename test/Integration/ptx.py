"""The schedules for GPUs as CUDA's assembler sees them: registers, stack, spills.

Of every line of the tables of `cuda-sm_80` and `cuda-sm_90` the smallest, a
middling and the largest layer that reach it go through ptxas for sm_80 and sm_90. Which these are follows from the lines' own conditions: of a grid of layers
those are sorted by size that a table's lookup gives to the line. No kernel may have
a stack or spill, and a block's registers must fit a multiprocessor.
"""
# REQUIRES: ptxas
# RUN: %python %s

from __future__ import annotations

import itertools
import math
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from upconv_testing import (SOURCE, CommandError, Report, dims, guarded, in_parallel, require, run, scratch,
                            upconv, write_layer)

PTXAS = os.environ.get("UPCONV_PTXAS", "ptxas")
ARCHITECTURES = ("sm_80", "sm_90")
REGISTERS = 65536  # of a multiprocessor, sm_80 and sm_90
FLAT_THREADS = 128  # of a block with a thread per element
RESULT = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads\n.*?Used (\d+) registers")
SCHEDULE = re.compile(r'schedule <"[^"]*", (\{[^}]*\}), "([^"]*)", (\d+)>')
FOLDERS = ("cuda-sm_80", "cuda-sm_90")
OTHERS = (
    ("DepthwiseConv2D", {"kernel_size": 3, "padding": "same"}, (1, 33, 31, 64)),
    ("Conv2D", {"filters": 12, "kernel_size": 3, "groups": 3, "activation": "gelu"}, (2, 9, 13, 9)),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2}, (1, 33, 31, 64)),
    ("AveragePooling2D", {"pool_size": 2, "padding": "same"}, (None, None, None, 19)),
    ("LayerNormalization", {}, (None, None, 19)),
    ("Softmax", {}, (2, 5, 19)),
    ("UpSampling2D", {"size": [2, 3], "interpolation": "bilinear"}, (2, 3, 5, 3)),
    ("Embedding", {"input_dim": 7, "output_dim": 5}, (2, 6)),
    ("Activation", {"activation": "mish"}, (2, 5, 19)),
    ("ZeroPadding2D", {"padding": [[1, 2], [0, 3]]}, (2, 3, 5, 17)),
)


@dataclass(frozen=True)
class Layer:
    op: str
    rank: int
    kernel: int
    stride: int
    cin: int
    cout: int
    extent: int | None  # of the input, along every axis
    batch: int | None

    def traits(self) -> dict[str, int | None]:
        out = self.extent and (self.extent * self.stride if self.op == "conv-transpose"
                               else -(-self.extent // self.stride))
        return {"rank": self.rank, "kernel": self.kernel, "stride": self.stride, "dilation": 1, "cin": self.cin,
                "cout": self.cout, "groups": 1, "batch": self.batch, "in": self.extent, "out": out,
                "positions": out and out ** self.rank}

    def work(self) -> float:
        pixels = math.inf if self.extent is None or self.batch is None else self.batch * self.extent ** self.rank
        return pixels * self.kernel ** self.rank * self.cin * self.cout

    def command(self) -> tuple[str, dict, tuple]:
        if self.op == "matmul":
            return "Dense", {"units": self.cout, "activation": "relu"}, (self.batch, self.cin)
        name = f"Conv{self.rank}D" + ("Transpose" if self.op == "conv-transpose" else "")
        config = {"filters": self.cout, "kernel_size": self.kernel, "strides": self.stride, "padding": "same",
                  "activation": "relu"}
        return name, config, (self.batch, *[self.extent] * self.rank, self.cin)


CHANNELS_IN, CHANNELS_OUT = (1, 3, 32, 128, 256, 512, 1026, 2050), (1, 2, 3, 4, 5, 8, 16, 17, 32, 33, 64, 128, 512)


def layers(op: str) -> list[Layer]:
    if op == "matmul":
        return [Layer(op, 0, 1, 1, cin, cout, 1, batch) for cin, cout, batch in itertools.product(
            CHANNELS_IN, (*CHANNELS_OUT, 4096), (1, 3, 8, 16, 128, 1000, None))]
    shapes = ((1, 4, 2), (1, 16, 8), (1, 25, 4), (1, 1024, 256), (1, 3, 1), (2, 2, 2), (2, 3, 2), (2, 4, 2), (2, 5, 2),
              (2, 9, 4), (2, 3, 1), (2, 7, 1), (3, 2, 2), (3, 3, 2), (3, 4, 2), (3, 3, 1))
    extents = {1: (1, 5, 16, 64, 224, 1000, 36224, None), 2: (1, 3, 8, 19, 33, 64, 512, None), 3: (1, 2, 4, 9, 20, 64)}
    return [Layer(op, rank, kernel, stride, cin, cout, extent, 1 if extent else None)
            for rank, kernel, stride in shapes if op == "conv-transpose" or stride <= 2
            for cin, cout, extent in itertools.product(CHANNELS_IN, CHANNELS_OUT, extents[rank])
            # Tensors have less than 2^31 elements; 64 MB of weights take a second to draw.
            if max(cin, cout) * ((extent or 1) * (stride if op == "conv-transpose" else 1)) ** rank < 2 ** 31
            and kernel ** rank * cin * cout <= 2 ** 24]


def holds(condition: str, value: int | None) -> bool:
    if value is None:
        return False
    match = re.fullmatch(r"(>=|<=|>|<)?(\d+)", condition)
    if not match:
        raise ValueError(f"a condition of which this test knows nothing: '{condition}'")
    bound = int(match[2])
    return {">=": value >= bound, "<=": value <= bound, ">": value > bound, "<": value < bound,
            None: value == bound}[match[1]]


@dataclass(frozen=True)
class Line:
    name: str  # as `inspect` has it
    when: tuple[tuple[str, str], ...]
    strategy: str

    def takes(self, layer: Layer) -> bool:
        # Stacked are residues that share taps, and there must be two.
        more = layer.kernel % layer.stride
        if self.strategy == "tile-stacked" and max(more, layer.stride - more) < 2:
            return False
        traits = layer.traits()
        return all(holds(condition, traits[trait]) for trait, condition in self.when)


def lines_of(table: Path) -> list[Line]:
    result = []
    for number, text in enumerate(table.read_text().splitlines(), 1):
        if not text.startswith("  - {"):
            continue
        when = re.search(r"when: \{ (.*?) \}", text)
        conditions = re.findall(r"(\w+): \"?([^\",]+)\"?", when[1]) if when else []
        result.append(Line(f"{table.parent.name}/{table.name}:{number}", tuple(conditions),
                           re.search(r"strategy: ([\w-]+)", text)[1]))
    return result


def chosen(table: Path) -> list[tuple[Line, list[Layer]]]:
    """Every line with the smallest, a middling and the largest layer that reach it."""
    lines, grid = lines_of(table), sorted(layers(table.name.removesuffix("-f32.yaml")), key=Layer.work)
    reached = {line.name: [] for line in lines}
    for layer in grid:
        line = next((line for line in lines if line.takes(layer)), None)
        if line:
            reached[line.name].append(layer)
    return [(line, [own[0], own[len(own) // 2], own[-1]] if own else []) for line in lines
            for own in [reached[line.name]]]


def threads_of(knobs: str) -> int:
    values = {name: int(value) for name, value in re.findall(r"(\w+) = (\d+)", knobs)}
    return values["bc"] * values["bx"] * values.get("by", 1) if "bc" in values else FLAT_THREADS


def assemble(path: Path, threads: int) -> str | None:
    for architecture in ARCHITECTURES:
        result = run(PTXAS, "-v", f"-arch={architecture}", path, "-o", path.with_suffix(".cubin"))
        if result.returncode != 0:
            raise CommandError(f"{architecture}: {result.stderr.decode()[:300]}")
        found = RESULT.findall(result.stderr.decode())
        if not found:
            return f"{architecture}: ptxas says nothing of a kernel"
        for stack, stores, loads, registers in found:
            if (int(stack), int(stores), int(loads)) != (0, 0, 0):
                return f"{architecture}: {stack} bytes of stack, {stores} and {loads} of spills"
            if int(registers) * threads > REGISTERS:
                return f"{architecture}: {registers} registers for each of {threads} threads"
    return None


def check(layer: tuple, target: str, line: str = "") -> str | None:
    name, config, shape = layer
    with scratch() as folder:
        flags = (write_layer(folder, name, {"name": "layer", **config}), "--input-shape", dims(shape),
                 "--init", "1", "--target", target, "-j1")
        kernels = SCHEDULE.findall(require(upconv("inspect", *flags, "--ir", "schedule")))
        taken = [f"{file}:{number}" for _, file, number in kernels]
        if line and line not in taken:
            return f"{line} does not take it, but {taken}"
        texts = re.split(r"^// kernel .*\n", require(upconv("inspect", *flags, "--ir", "ptx")), flags=re.MULTILINE)[1:]
        if not texts:
            return "no PTX"
        path = folder / "kernel.ptx"
        for text in texts:
            path.write_text(text)
            problem = assemble(path, max(threads_of(knobs) for knobs, _, _ in kernels))
            if problem:
                return problem
    return None


def main() -> None:
    report, items = Report(), []
    for folder in FOLDERS:
        for table in sorted((SOURCE / "scheduling" / folder).iterdir()):
            for line, own in chosen(table):
                if not own:
                    report.add(folder, line.name, "no layer reaches it")
                items += [(folder, line.name, layer) for layer in own]
    problems = in_parallel(lambda item: guarded(lambda: check(item[2].command(), item[0], item[1])), items)
    for (folder, line, layer), problem in zip(items, problems):
        report.add(folder, f"{line} {layer}", problem)
    problems = in_parallel(lambda layer: guarded(lambda: check(layer, "cuda-sm_80")), OTHERS)
    for layer, problem in zip(OTHERS, problems):
        report.add("others", str(layer), problem)
    report.finish()


if __name__ == "__main__":
    main()
