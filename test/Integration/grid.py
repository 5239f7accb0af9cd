"""Layers over a grid of arguments, bit for bit against NumPy.

kernel 1-4 x stride 1-4 x padding x output_padding in 1-D, a seeded selection in
2-D, 3-D and of forward convolutions; each layer is compiled once with unknown
lengths and run at lengths 1, 2, 3 and 7. UPCONV_TEST_FULL=1 takes both data
formats of everything and more of the selection. Needs no data beside itself.
"""
# RUN: %python %s

from __future__ import annotations

import itertools
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from layers import (channels_last, conv, conv_transpose, from_channels_last, integer_bias,
                    integer_input, integer_kernel)
from upconv_testing import (FULL, Report, difference, dims, guarded, in_parallel, require, save,
                            scratch, succeed, upconv, write_layer)

LENGTHS = (1, 2, 3, 7)
# Of small integers these are exact.
ACTIVATIONS = {
    "linear": lambda y: y, "relu": lambda y: np.maximum(y, 0), "relu6": lambda y: np.clip(y, 0, 6),
    "hard_tanh": lambda y: np.clip(y, -1, 1), "hard_shrink": lambda y: np.where(np.abs(y) > 0.5, y, 0),
    "soft_shrink": lambda y: np.sign(y) * np.maximum(np.abs(y) - 0.5, 0)}
CHANNELS = ((1, 1), (3, 5), (4, 8), (2, 16), (16, 3), (5, 17))
BATCH = 2


@dataclass(frozen=True)
class Layer:
    """A convolution with everything that the witness needs to know."""

    class_name: str
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    channels: int
    filters: int
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...] | None = None
    groups: int = 1
    data_format: str = "channels_last"
    activation: str = "linear"
    use_bias: bool = True

    @property
    def rank(self) -> int:
        return len(self.kernel)

    @property
    def transposed(self) -> bool:
        return self.class_name.endswith("Transpose")

    def config(self) -> dict:
        config = {"name": "layer", "filters": self.filters, "kernel_size": list(self.kernel),
                  "strides": list(self.strides), "padding": self.padding,
                  "dilation_rate": list(self.dilation), "data_format": self.data_format,
                  "activation": self.activation, "use_bias": self.use_bias}
        if self.transposed:
            config["output_padding"] = None if self.output_padding is None else list(self.output_padding)
        else:
            config["groups"] = self.groups
        return config

    def input_shape(self, length: int | None) -> list[int | None]:
        batch = None if length is None else BATCH
        # Axes of different length, so that a mixed-up axis shows.
        spatial = [None if length is None else length + axis for axis in range(self.rank)]
        return ([batch, self.channels, *spatial] if self.data_format == "channels_first"
                else [batch, *spatial, self.channels])

    def weights(self) -> dict[str, np.ndarray]:
        shape = ((*self.kernel, self.filters, self.channels) if self.transposed
                 else (*self.kernel, self.channels // self.groups, self.filters))
        kernel = integer_kernel(shape)
        return {"kernel": kernel, "bias": integer_bias((self.filters,))} if self.use_bias else {"kernel": kernel}

    def expected(self, x: np.ndarray) -> np.ndarray | None:
        weights, x = self.weights(), channels_last(x, self.data_format)
        if self.transposed:
            y = conv_transpose(x, weights["kernel"], weights.get("bias"), self.strides,
                               self.dilation, self.padding, self.output_padding)
        else:
            y = conv(x, weights["kernel"], weights.get("bias"), self.strides, self.dilation,
                     self.padding, self.groups)
        if y is None:
            return None
        return from_channels_last(ACTIVATIONS[self.activation](y), self.data_format)


def variety(number: int) -> dict:
    """Arguments that must not matter to the others, cycled through the grid."""
    channels, filters = CHANNELS[number % len(CHANNELS)]
    return {"channels": channels, "filters": filters,
            "data_format": ("channels_last", "channels_first")[number // 2 % 2],
            "activation": ("linear", "relu")[number // 3 % 2], "use_bias": number % 5 != 0}


def transposed_1d() -> list[Layer]:
    layers = []
    grid = itertools.product(range(1, 5), range(1, 5), ("valid", "same"))
    for k, s, padding in grid:
        for op in (None, *range(s)):
            for formats in (("channels_last",), ("channels_first",)) if FULL else (None,):
                arguments = variety(len(layers))
                if formats:
                    arguments["data_format"] = formats[0]
                layers.append(Layer("Conv1DTranspose", (k,), (s,), padding, dilation=(1,),
                                    output_padding=None if op is None else (op,), **arguments))
    for k, d, padding in itertools.product((2, 3), (2, 3), ("valid", "same")):
        layers.append(Layer("Conv1DTranspose", (k,), (1,), padding, dilation=(d,), **variety(len(layers))))
    for k, s in ((16, 8), (7, 2), (11, 3), (1, 8), (8, 8)):
        layers.append(Layer("Conv1DTranspose", (k,), (s,), "same", dilation=(1,), **variety(len(layers))))
    return layers


def transposed_nd(rank: int, count: int) -> list[Layer]:
    chance, layers = random.Random(rank), []
    for number in range(count * (8 if FULL else 1)):
        dilated = number % 5 == 4
        strides = tuple(1 if dilated else chance.randint(1, 3) for _ in range(rank))
        op = (tuple(chance.randrange(s) for s in strides) if number % 3 == 1 else None)
        layers.append(Layer(
            f"Conv{rank}DTranspose", tuple(chance.randint(1, 4 if rank == 2 else 3) for _ in range(rank)),
            strides, chance.choice(("valid", "same")), output_padding=op,
            dilation=tuple(chance.randint(1, 2) if dilated else 1 for _ in range(rank)),
            **variety(number)))
    return layers


def forward(count: int = 25) -> list[Layer]:
    chance, layers = random.Random(0), []
    for number in range(count * (5 if FULL else 1)):
        rank = (1, 1, 2, 2, 3)[number % 5]
        dilated = number % 4 == 3
        arguments = variety(number)
        groups = 2 if number % 6 == 2 else 1
        if groups == 2:
            arguments |= {"channels": 4, "filters": 6}
        layers.append(Layer(
            f"Conv{rank}D", tuple(chance.randint(1, 4) for _ in range(rank)),
            tuple(1 if dilated else chance.randint(1, 3) for _ in range(rank)),
            chance.choice(("valid", "same", "causal") if rank == 1 else ("valid", "same")),
            dilation=tuple(chance.randint(1, 3) if dilated else 1 for _ in range(rank)),
            groups=groups, **arguments))
    return layers


def compile_layer(layer: Layer, folder: Path) -> Path:
    np.savez(folder / "weights.npz", **layer.weights())
    require(upconv("compile", write_layer(folder, layer.class_name, layer.config()), "-o", folder,
                   "--name", "layer", "--emit", "shared-library", "--input-shape",
                   dims(layer.input_shape(None)), "--weights", folder / "weights.npz", "-j1"))
    return folder / "liblayer.so"


def run_at(layer: Layer, library: Path, length: int, folder: Path) -> str | None:
    x = integer_input(layer.input_shape(length))
    expected = layer.expected(x)
    result = upconv("run", library, "--input", save(folder / "x.npy", x), "--output", folder / "y.npy")
    if expected is None:
        return None if result.returncode == 1 else (
            f"length {length}: an empty output must be refused, exit status {result.returncode}")
    require(result)
    problem = difference(np.load(folder / "y.npy"), expected)
    return problem and f"length {length}: {problem}"


def check(layer: Layer) -> str | None:
    with scratch() as folder:
        def body() -> str | None:
            library = compile_layer(layer, folder)
            return next(filter(None, (run_at(layer, library, n, folder) for n in LENGTHS)), None)
        return guarded(body)


def check_exact(layer: Layer) -> str | None:
    """The tool's own comparison with its float64 reference, sizes known."""
    with scratch() as folder:
        np.savez(folder / "weights.npz", **layer.weights())
        x = save(folder / "x.npy", integer_input(layer.input_shape(7)))
        return guarded(lambda: succeed(upconv(
            "verify", write_layer(folder, layer.class_name, layer.config()), "--exact", "--input-shape",
            dims(layer.input_shape(7)), "--weights", folder / "weights.npz", "--input", x)))


def check_seed(arguments: tuple[tuple[int, ...], dict, tuple[int, ...]]) -> str | None:
    """The layers of the questions that began this project: shapes only."""
    shape, config, expected = arguments
    with scratch() as folder:
        def body() -> str | None:
            require(upconv("run", write_layer(folder, "Conv1DTranspose", config), "--input-shape",
                           dims(shape), "--init", "1", "--output", folder / "y.npy"))
            actual = np.load(folder / "y.npy").shape
            return None if actual == expected else f"shape {actual} instead of {expected}"
        return guarded(body)


SEEDS = [((4, 28, 1), {"filters": 8, "kernel_size": 4, "strides": 2}, (4, 58, 8)),
         ((4, 4, 1), {"filters": 3, "kernel_size": 3, "strides": 1}, (4, 6, 3))]


GROUPS = {
    "transposed 1-D": (check, transposed_1d),
    "transposed 2-D": (check, lambda: transposed_nd(2, 16)),
    "transposed 3-D": (check, lambda: transposed_nd(3, 8)),
    "forward": (check, forward),
    "verify --exact": (check_exact, lambda: transposed_1d()[::11] + transposed_nd(2, 4) + forward(6)),
    "the first questions": (check_seed, lambda: SEEDS),
}


def main(groups: list[str]) -> None:
    report = Report()
    for group in groups:
        function, select = GROUPS[group]
        items = select()
        for item, problem in zip(items, in_parallel(function, items)):
            report.add(group, str(item), problem)
    report.finish()


if __name__ == "__main__":
    main(sys.argv[1:] or list(GROUPS))
