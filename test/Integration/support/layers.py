"""Convolutions in NumPy, for integer data: the tests' own witness.

Written from the index formulas: the transposed layer builds its natural,
uncropped result tap by tap and cuts the output out of it. Every sum is exact in
float64, and in float32 too while it stays below 2^24.
"""

from __future__ import annotations

import itertools
from typing import Sequence

import numpy as np


def transposed_length(n: int, k: int, s: int, d: int, padding: str, op: int | None) -> int:
    reach = (k - 1) * d + 1
    if padding == "valid":
        return (n - 1) * s + (max(reach, s) if op is None else reach + op)
    return n * s if op is None else (n - 1) * s + reach % 2 + op


def transposed_crop(k: int, s: int, d: int, padding: str, op: int | None) -> int:
    reach = (k - 1) * d + 1
    if padding == "valid":
        return 0
    return max(reach - s if op is None else reach - reach % 2 - op, 0) // 2


def conv_transpose(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None,
                   strides: Sequence[int], dilation: Sequence[int], padding: str,
                   output_padding: Sequence[int] | None) -> np.ndarray | None:
    """Channels last; None if an output axis would be empty."""
    rank = len(strides)
    sizes, taps = x.shape[1:-1], kernel.shape[:rank]
    ops = output_padding if output_padding is not None else [None] * rank
    out = [transposed_length(*axis, padding, op)
           for *axis, op in zip(sizes, taps, strides, dilation, ops)]
    if min(out) < 1:
        return None
    crops = [transposed_crop(k, s, d, padding, op)
             for k, s, d, op in zip(taps, strides, dilation, ops)]
    natural = [max((n - 1) * s + (k - 1) * d + 1, crop + length)
               for n, k, s, d, crop, length in zip(sizes, taps, strides, dilation, crops, out)]
    result = np.zeros((x.shape[0], *natural, kernel.shape[rank]))
    for tap in itertools.product(*map(range, taps)):
        reached = tuple(slice(t * d, t * d + (n - 1) * s + 1, s)
                        for t, n, s, d in zip(tap, sizes, strides, dilation))
        result[(slice(None), *reached)] += x.astype(np.float64) @ kernel[tap].T
    result = result[(slice(None), *(slice(c, c + length) for c, length in zip(crops, out)))]
    return result if bias is None else result + bias


def conv(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None, strides: Sequence[int],
         dilation: Sequence[int], padding: str, groups: int) -> np.ndarray | None:
    """Channels last; None if an output axis would be empty."""
    rank = len(strides)
    pads, out = [(0, 0)], []
    for n, k, s, d in zip(x.shape[1:-1], kernel.shape, strides, dilation):
        reach = (k - 1) * d + 1
        length = (n - reach) // s + 1 if padding == "valid" else -(-n // s)
        total = max((length - 1) * s + reach - n, 0)
        pads.append({"valid": (0, 0), "causal": (reach - 1, 0),
                     "same": (total // 2, total - total // 2)}[padding])
        out.append(length)
    if min(out) < 1:
        return None
    padded = np.pad(x.astype(np.float64), [*pads, (0, 0)])
    cin, cout = x.shape[-1] // groups, kernel.shape[-1] // groups
    result = np.zeros((x.shape[0], *out, kernel.shape[-1]))
    for tap in itertools.product(*map(range, kernel.shape[:rank])):
        window = padded[(slice(None), *(slice(t * d, t * d + (length - 1) * s + 1, s)
                                        for t, d, s, length in zip(tap, dilation, strides, out)))]
        for g in range(groups):
            result[..., g * cout:(g + 1) * cout] += (
                window[..., g * cin:(g + 1) * cin] @ kernel[tap][:, g * cout:(g + 1) * cout])
    return result if bias is None else result + bias


def channels_last(array: np.ndarray, data_format: str) -> np.ndarray:
    return np.moveaxis(array, 1, -1) if data_format == "channels_first" else array


def from_channels_last(array: np.ndarray, data_format: str) -> np.ndarray:
    return np.moveaxis(array, -1, 1) if data_format == "channels_first" else array


def integers(shape: Sequence[int], a: int, b: int, m: int, o: int) -> np.ndarray:
    """Element i (row-major) is ((a*i + b) mod m) - o."""
    i = np.arange(int(np.prod(shape)), dtype=np.int64)
    return (((a * i + b) % m) - o).reshape(shape).astype(np.float32)


def integer_input(shape: Sequence[int]) -> np.ndarray:
    return integers(shape, 7, 3, 11, 5)


def integer_kernel(shape: Sequence[int]) -> np.ndarray:
    return integers(shape, 5, 2, 7, 3)


def integer_bias(shape: Sequence[int]) -> np.ndarray:
    return integers(shape, 3, 1, 5, 2)
