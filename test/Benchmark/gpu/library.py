"""A layer's library on the device: a handle, its tensors, and what checks its numbers.

The libraries have one input and one output and take Keras's kernel and bias when
they run, so that no weights have to travel. docs/HeaderABI.md has the functions.
"""

from __future__ import annotations

import ctypes
import math
from contextlib import ExitStack
from ctypes import POINTER, c_char_p, c_double, c_float, c_int, c_int64, c_size_t, c_uint64, c_void_p
from pathlib import Path

from driver import Device
from suite import Layer

NAME = "layer"  # of every library
CURRENT_DEVICE = -1
AXES, SAMPLES = 3, 1 << 16
NOTHING = 0xFFFFFFFF  # what outputs hold before: a NaN


class LibraryError(Exception):
    """A function of a library returned a status."""


class Geometry(ctypes.Structure):
    """As in support.c."""

    _fields_ = [(name, c_int64) for name in ("rank", "batch", "cin", "cout", "is_relu")] + [
        (name, c_int64 * AXES) for name in ("in_", "out", "kernel", "stride", "dilation", "front")]

    @classmethod
    def of(cls, layer: Layer, activation: str) -> Geometry:
        fronts = tuple(front for front, _ in layer.crops)
        lists = (layer.in_spatial, layer.out_spatial, layer.kernel, layer.strides, layer.dilation, fronts)
        return cls(layer.rank, layer.batch, layer.cin, layer.cout, activation == "relu",
                   *((c_int64 * AXES)(*values) for values in lists))


class Support:
    """support.c, compiled."""

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        self.draw, self.error_norm = library.draw, library.error_norm
        floats = POINTER(c_float)
        self.draw.restype, self.draw.argtypes = None, (floats, c_int64, c_uint64, c_float)
        self.error_norm.restype = c_double
        self.error_norm.argtypes = (POINTER(Geometry), floats, floats, floats, floats, c_int64)


class Numbers:
    """A layer's tensors on the host, in Keras's layouts; outputs are about 1."""

    def __init__(self, layer: Layer, activation: str, support: Support) -> None:
        self.layer, self.support = layer, support
        self.geometry = Geometry.of(layer, activation)
        taps = math.prod(max(1, k // s) for k, s in zip(layer.kernel, layer.strides))
        scale = 3 / math.sqrt(layer.cin * taps)
        self.x = self._drawn(layer.input_shape, 1, 1)
        self.kernel = self._drawn(layer.kernel_shape, 2, scale)
        self.bias = self._drawn((layer.cout,), 3, 1)
        self.y = (c_float * math.prod(layer.output_shape))()

    def _drawn(self, shape: tuple[int, ...], seed: int, scale: float) -> ctypes.Array:
        array = (c_float * math.prod(shape))()
        self.support.draw(array, len(array), seed, scale)
        return array

    def error(self) -> float:
        """Of `y`, against float64 at SAMPLES of its values, or at all if there are no more."""
        return self.support.error_norm(self.geometry, self.x, self.kernel, self.bias, self.y, SAMPLES)


def error_bound(layer: Layer) -> float:
    """Of the relative error norm of one layer: docs/RationaleNumerics.md."""
    terms = layer.cin * math.prod(-(-k // s) for k, s in zip(layer.kernel, layer.strides))
    return max(2e-6, 2.5e-8 * math.sqrt(terms))


class Info(ctypes.Structure):
    """The first fields of upconv_rt_info, up to what is wanted of it."""

    _fields_ = [("struct_size", c_size_t), *((name, c_char_p) for name in ("version", "model", "json")),
                *((name, c_void_p) for name in ("prepare", "call", "sizes", "extents_error", "status_string")),
                ("packed_size", c_size_t)]


class OpenLayer:
    """A handle of a library, with its input on the device; `close` gives all back."""

    def __init__(self, device: Device, path: Path, numbers: Numbers) -> None:
        self.device, self.stack = device, ExitStack()
        self._library = ctypes.CDLL(str(path))
        describe = self._library[f"{NAME}_describe"]
        describe.restype = POINTER(Info)
        weights, kept = self._packed(numbers, describe().contents.packed_size)
        handle = c_void_p()
        self._call("cuda_open", ctypes.byref(handle), CURRENT_DEVICE, weights, c_size_t(kept))
        self._handle = handle
        self.stack.callback(lambda: self._call("cuda_close", handle))
        self.output_bytes = ctypes.sizeof(numbers.y)
        self.input = self.stack.enter_context(device.memory(ctypes.sizeof(numbers.x)))
        self.output = self.stack.enter_context(device.memory(self.output_bytes))
        device.upload(self.input, numbers.x)
        # NAME_inputs and NAME_outputs are a pointer each.
        self._inputs, self._outputs = c_void_p(self.input), c_void_p(self.output)
        self._run = self._library[f"{NAME}_cuda_run"]

    def _call(self, name: str, *arguments: object) -> None:
        function = self._library[f"{NAME}_{name}"]
        function.restype = c_int
        self._check(name, function(*arguments))

    def _check(self, name: str, status: int) -> None:
        if status:
            text = self._library[f"{NAME}_status_string"]
            text.restype = c_char_p
            raise LibraryError(f"{NAME}_{name}: {text(status).decode()}")

    def _packed(self, numbers: Numbers, size: int) -> tuple[c_void_p, int]:
        """Aligned to 64 bytes; NAME_weights is the pointers of kernel and bias."""
        self._block = ctypes.create_string_buffer(size + 64)
        at = c_void_p(-(-ctypes.addressof(self._block) // 64) * 64)
        variables = (c_void_p * 2)(ctypes.addressof(numbers.kernel), ctypes.addressof(numbers.bias))
        self._call("pack", variables, at)
        return at, size

    def enqueue(self) -> None:
        """One run on the device's stream."""
        status = self._run(self._handle, ctypes.byref(self._inputs), ctypes.byref(self._outputs),
                           c_void_p(self.device.stream))
        self._check("cuda_run", status)

    def result(self, numbers: Numbers) -> None:
        """One run into `numbers.y`; what it leaves unwritten is no number there."""
        self.device.fill(self.output, self.output_bytes, NOTHING)
        self.enqueue()
        self.device.download(numbers.y, self.output)

    def close(self) -> None:
        self.stack.close()
