"""One layer with its numbers: inputs, weights and what should come out of it."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np

from suite import Layer, with_leading_axis


class Unsupported(Exception):
    """The peer cannot do the layer; the message says why."""


@dataclass(frozen=True)
class Problem:
    """float32, all in Keras's layouts: channels last, kernels (k..., cout, cin)."""

    layer: Layer
    x: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray
    threads: int

    @property
    def useful_macs(self) -> int:
        return self.layer.useful_macs

    def planar(self, array: np.ndarray) -> np.ndarray:
        """Channels first, as a copy."""
        return np.ascontiguousarray(np.moveaxis(array, -1, 1))

    def kernel_planar(self) -> np.ndarray:
        """(cin, cout, k...), as PyTorch, ONNX and OpenVINO keep it."""
        return np.ascontiguousarray(np.moveaxis(self.kernel, (-1, -2), (0, 1)))

    def cut(self, y: np.ndarray) -> np.ndarray:
        """A view of the output without what a peer that crops both ends alike has behind."""
        return y[(slice(None), *(slice(length) for length in self.layer.out_spatial))]

    def as_2d(self) -> Problem:
        """A 1-D layer as a 2-D one of height 1."""
        return Problem(with_leading_axis(self.layer), self.x[:, None], self.kernel[None], self.bias, self.threads)


@dataclass(frozen=True)
class Runner:
    """A prepared setting: `run` is what is timed, `output` the last result in Keras's layout.

    `run_many` executes so many runs, for a peer whose runs are queued: it is timed over
    at least `shortest` seconds, so that waiting for the queue's end does not count.
    """

    run: Callable[[], object]
    output: Callable[[], np.ndarray]
    run_many: Callable[[int], object] | None = None
    shortest: float = 1e-3

    def timed(self, runs: int) -> None:
        if self.run_many:
            self.run_many(runs)
        else:
            for _ in range(runs):
                self.run()


Settings = dict[str, Callable[[], Runner]]


def draw(layer: Layer, threads: int = 1) -> Problem:
    """The same numbers for every peer; the kernel is scaled so that outputs are about 1."""
    random = np.random.default_rng(1)
    taps = math.prod(max(1, k // s) for k, s in zip(layer.kernel, layer.strides))
    x = random.uniform(-1, 1, layer.input_shape).astype(np.float32)
    kernel = random.uniform(-1, 1, layer.kernel_shape).astype(np.float32)
    kernel *= np.float32(3 / math.sqrt(layer.cin * taps))
    return Problem(layer, x, kernel, random.uniform(-1, 1, layer.cout).astype(np.float32), threads)


def reference(problem: Problem) -> np.ndarray:
    """The layer in float64: every tap's product is added where it lands, then crop and bias."""
    layer = problem.layer
    x, kernel = problem.x.astype(np.float64), problem.kernel.astype(np.float64)
    lengths = tuple(max(n, front + out) for n, (front, _), out in zip(layer.natural, layer.crops, layer.out_spatial))
    total = np.zeros((layer.batch, *lengths, layer.cout))
    for tap in itertools.product(*map(range, layer.kernel)):
        window = tuple(slice(k * d, k * d + (n - 1) * s + 1, s)
                       for k, d, n, s in zip(tap, layer.dilation, layer.in_spatial, layer.strides))
        total[(slice(None), *window)] += x @ kernel[tap].T
    kept = tuple(slice(front, front + out) for (front, _), out in zip(layer.crops, layer.out_spatial))
    return total[(slice(None), *kept)] + problem.bias


def error_norm(found: np.ndarray, wanted: np.ndarray) -> float:
    """Relative to the norm of what is wanted; infinite for another shape or a value that is no number."""
    found = found.reshape(wanted.shape) if found.size == wanted.size else None
    if found is None or not np.isfinite(found).all():
        return math.inf
    return float(np.linalg.norm((found - wanted).ravel()) / np.linalg.norm(wanted.ravel()))


def save(problem: Problem, folder: Path) -> None:
    arrays = {"x": problem.x, "kernel": problem.kernel, "bias": problem.bias, "wanted": reference(problem)}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


def load(layer: Layer, folder: Path, threads: int) -> Problem:
    return Problem(layer, *(np.load(folder / f"{name}.npy") for name in ("x", "kernel", "bias")), threads)
