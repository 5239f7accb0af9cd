"""test/Benchmark/gpu without a GPU: its dry run, and its evaluator against that of the other benchmarks."""
# RUN: %python %s

from __future__ import annotations

import ctypes
import sys

import numpy as np

from upconv_testing import SOURCE, UPCONV, Report, scratch

sys.path[:0] = [str(SOURCE / "test" / "Benchmark" / folder) for folder in ("gpu", "peers")]

from bundle import SUPPORT, build_support  # noqa: E402
from dry_run import LAYERS, dry_run  # noqa: E402
from library import SAMPLES, Numbers, Support, error_bound  # noqa: E402
from problem import Problem, reference  # noqa: E402
from suite import Layer  # noqa: E402


# More outputs than are looked at.
LARGE = Layer("large", "core", 2, (70, 90), 3, 9, (5, 4), (2, 2), (1, 1), "same", None, 1)


def view(array: ctypes.Array, shape: tuple[int, ...]) -> np.ndarray:
    return np.frombuffer(array, np.float32).reshape(shape)


class Case:
    """A layer whose outputs are right: float64's by other means, rounded."""

    def __init__(self, layer: Layer, support: Support) -> None:
        self.layer, self.numbers = layer, Numbers(layer, "relu", support)
        arrays = self.numbers.x, self.numbers.kernel, self.numbers.bias
        shapes = layer.input_shape, layer.kernel_shape, (layer.cout,)
        drawn = (view(array, shape) for array, shape in zip(arrays, shapes))
        self.y = view(self.numbers.y, layer.output_shape)
        self.y[...] = np.maximum(reference(Problem(layer, *drawn, 1)), 0)


def check_evaluator(layer: Layer, support: Support) -> str | None:
    """It agrees, and sees a value that is off, and one that is missing."""
    case = Case(layer, support)
    if not case.numbers.error() < 1e-7:
        return f"an error of {case.numbers.error()}"
    largest = np.unravel_index(np.argmax(case.y), case.y.shape)
    case.y[largest] *= 1.01
    if not case.numbers.error() > error_bound(layer):
        return f"an error of {case.numbers.error()} with a wrong value"
    case.y[largest] = np.nan
    return None if case.numbers.error() == np.inf else "a NaN is not seen"


def check_samples(layer: Layer, support: Support) -> str | None:
    """Of many outputs some are looked at, and of each edge enough."""
    case = Case(layer, support)
    if not (case.y.size > SAMPLES and case.numbers.error() < 1e-7):
        return f"an error of {case.numbers.error()} at {SAMPLES} of {case.y.size} values"
    for axis in range(1, layer.rank + 1):
        for end in (0, -1):
            edge = np.moveaxis(case.y, axis, 0)[end]
            kept = edge.copy()
            edge[...] = 0
            if not case.numbers.error() > 1e-2:
                return f"an edge of axis {axis} that is missing is not seen"
            edge[...] = kept
    return None


def main() -> None:
    report = Report()
    with scratch() as folder:
        build_support(folder)
        support = Support(folder / SUPPORT)
        for layer in LAYERS:
            report.check("evaluator", layer.id, lambda: check_evaluator(layer, support))
        report.check("evaluator", "samples", lambda: check_samples(LARGE, support))
    report.add("dry run", "all", "; ".join(dry_run(str(UPCONV))) or None)
    report.finish()


if __name__ == "__main__":
    main()
