"""Reads the suite's layers, and says what Keras on TensorFlow means by their padding.

Every peer counts its crops in its own way; all of them are derived from `crops`,
the positions dropped at the beginning and the end of the natural result. Only the
standard library is used, so that `make check` can test it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

Axes = tuple[int, ...]


class SuiteError(Exception):
    """The suite, or what is wanted of it, is wrong."""


@dataclass(frozen=True)
class Layer:
    id: str
    tier: str
    batch: int
    in_spatial: Axes
    cin: int
    cout: int
    kernel: Axes
    strides: Axes
    dilation: Axes
    padding: str
    output_padding: Axes | None
    useful_macs: int

    @property
    def rank(self) -> int:
        return len(self.in_spatial)

    @property
    def extents(self) -> Axes:
        """Of the kernel with its holes, per axis: (k - 1) * d + 1."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation))

    @property
    def out_spatial(self) -> Axes:
        return tuple(out_length(*axis) for axis in self._axes())

    @property
    def natural(self) -> Axes:
        """The uncropped lengths: from the first tap of the first input to the last of the last."""
        return tuple((n - 1) * s + e for n, s, e in zip(self.in_spatial, self.strides, self.extents))

    @property
    def crops(self) -> tuple[tuple[int, int], ...]:
        """Per axis what is dropped in front and behind; less than 0 behind: a tail of as many zeros."""
        result = []
        for axis, natural, out in zip(self._axes(), self.natural, self.out_spatial):
            front = crop_in_front(*axis[1:])
            result.append((front, natural - front - out))
        return tuple(result)

    @property
    def input_shape(self) -> Axes:
        return (self.batch, *self.in_spatial, self.cin)

    @property
    def kernel_shape(self) -> Axes:
        """As Keras keeps it: outputs before inputs."""
        return (*self.kernel, self.cout, self.cin)

    @property
    def output_shape(self) -> Axes:
        return (self.batch, *self.out_spatial, self.cout)

    def _axes(self) -> list[tuple[int, int, int, str, int | None]]:
        paddings = self.output_padding or (None,) * self.rank
        return [(n, e, s, self.padding, o)
                for n, e, s, o in zip(self.in_spatial, self.extents, self.strides, paddings)]


def out_length(length: int, extent: int, stride: int, padding: str, output_padding: int | None) -> int:
    if output_padding is None:
        return length * stride + (max(extent - stride, 0) if padding == "valid" else 0)
    return (length - 1) * stride + output_padding + (extent if padding == "valid" else extent % 2)


def crop_in_front(extent: int, stride: int, padding: str, output_padding: int | None) -> int:
    """TensorFlow's rule for the forward convolution, whose gradient the layer is: the odd position behind."""
    if padding == "valid":
        return 0
    total = extent - stride if output_padding is None else extent - extent % 2 - output_padding
    return max(total, 0) // 2


def with_leading_axis(layer: Layer) -> Layer:
    """A 1-D layer as a 2-D one of height 1, for peers whose 2-D code is the better one."""
    padding = None if layer.output_padding is None else (0, *layer.output_padding)
    # Of the new axis nothing is cropped under either padding: 'same' and no output padding for extent 1.
    return Layer(layer.id, layer.tier, layer.batch, (1, *layer.in_spatial), layer.cin, layer.cout,
                 (1, *layer.kernel), (1, *layer.strides), (1, *layer.dilation), layer.padding, padding,
                 layer.useful_macs)


def read_layer(value: dict) -> Layer:
    def axes(key: str) -> Axes:
        return tuple(value[key])

    outputs = value["output_padding"]
    layer = Layer(value["id"], value["tier"], value["batch"], axes("in_spatial"), value["cin"], value["cout"],
                  axes("kernel"), axes("strides"), axes("dilation"), value["padding"],
                  None if outputs is None else tuple(outputs), value["derived"]["macs_useful"])
    if list(layer.out_spatial) != value["derived"]["out_spatial"]:
        raise SuiteError(f"layer '{layer.id}': the suite derives an output of {value['derived']['out_spatial']}, "
                         f"Keras makes {list(layer.out_spatial)}")
    return layer


def read_suite(path: Path, tier: str = "", layer: str = "") -> list[Layer]:
    """The layers of a tier and of an id; all where these are empty."""
    try:
        layers = [read_layer(value) for value in json.loads(path.read_text())["layers"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SuiteError(f"{path}: {type(error).__name__}: {error}") from error
    chosen = [one for one in layers if tier in ("", one.tier) and layer in ("", one.id)]
    if not chosen:
        raise SuiteError(f"{path}: no layer of tier '{tier or 'any'}' and id '{layer or 'any'}'")
    return chosen
