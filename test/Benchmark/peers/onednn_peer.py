"""oneDNN itself: every implementation that it offers for the layer, in three layouts of the tensors.

Weights lie as each implementation wants them; so do the tensors under 'any layout'.
"""

from __future__ import annotations

import ctypes
import weakref
from ctypes import POINTER, c_char_p, c_float, c_int64, c_void_p

import numpy as np

from measure import BUILT
from problem import Problem, Runner, Settings, Unsupported

LAYOUTS = ("channels last", "channels first", "any layout")
TEXT = 400


class LayerSizes(ctypes.Structure):
    _fields_ = ([(name, c_int64) for name in ("rank", "batch", "cin", "cout")] +
                [(name, POINTER(c_int64)) for name in
                 ("in", "out", "kernel", "strides", "dilation", "front", "behind")])


def library() -> ctypes.CDLL:
    try:
        found = ctypes.CDLL(str(BUILT / "libonednn_peer.so"))
    except OSError as error:
        raise ImportError(str(error)) from error
    found.onednn_create.restype = c_void_p
    found.onednn_create.argtypes = [POINTER(LayerSizes), c_int64, c_int64, *[POINTER(c_float)] * 3, c_char_p, c_int64]
    found.onednn_run.argtypes = [c_void_p, c_int64]
    found.onednn_result.argtypes = [c_void_p, POINTER(c_float)]
    found.onednn_destroy.argtypes = [c_void_p]
    found.onednn_version.argtypes = [c_char_p, c_int64]
    return found


def versions() -> dict[str, str]:
    text = ctypes.create_string_buffer(TEXT)
    library().onednn_version(text, TEXT)
    return {"onednn": text.value.decode()}


def sizes(problem: Problem) -> LayerSizes:
    layer = problem.layer

    def axes(values) -> ctypes.Array:
        return (c_int64 * layer.rank)(*values)

    return LayerSizes(layer.rank, layer.batch, layer.cin, layer.cout, axes(layer.in_spatial),
                      axes(layer.out_spatial), axes(layer.kernel), axes(layer.strides), axes(layer.dilation),
                      axes(front for front, _ in layer.crops), axes(behind for _, behind in layer.crops))


def floats(array: np.ndarray) -> ctypes._Pointer:
    return array.ctypes.data_as(POINTER(c_float))


def create(problem: Problem, layout: int, implementation: int) -> tuple[int | None, str]:
    """A primitive and its name, or None and why not; no reason where there are no more implementations."""
    text = ctypes.create_string_buffer(TEXT)
    made = library().onednn_create(ctypes.byref(sizes(problem)), layout, implementation, floats(problem.x),
                                   floats(problem.kernel), floats(problem.bias), text, TEXT)
    return made, text.value.decode()


def runner(problem: Problem, layout: int, implementation: int) -> Runner:
    calls = library()
    made, name = create(problem, layout, implementation)
    if not made:
        raise Unsupported(name)

    def output() -> np.ndarray:
        y = np.empty(problem.layer.output_shape, np.float32)
        calls.onednn_result(made, floats(y))
        return y

    # Its wheel runs on a SYCL queue, whose submission and end cost 0.1 ms.
    result = Runner(lambda: calls.onednn_run(made, 1), output, lambda runs: calls.onednn_run(made, runs), 4e-3)
    weakref.finalize(result, calls.onednn_destroy, made)
    return result


def settings(problem: Problem) -> Settings:
    forms = {"": problem}
    if problem.layer.rank == 1:
        forms["as 2-D, "] = problem.as_2d()
    result: Settings = {}
    reasons = []
    for prefix, form in forms.items():
        for layout, layout_name in enumerate(LAYOUTS):
            implementation = 0
            while True:
                made, name = create(form, layout, implementation)
                if not made:
                    if name:
                        reasons.append(name)
                    break
                library().onednn_destroy(made)
                # The reference loops are three orders of magnitude behind everything else.
                if not name.startswith("ref") or not result:
                    result[f"{prefix}{layout_name}, {name}"] = (
                        lambda f=form, l=layout, i=implementation: runner(f, l, i))
                implementation += 1
    if not result:
        raise Unsupported(reasons[0] if reasons else "oneDNN offers no implementation")
    return result
