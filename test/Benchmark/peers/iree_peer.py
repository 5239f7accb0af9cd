"""IREE on the CPU, compiled for this processor at -O3, weights as constants: the layer from ONNX and from StableHLO.

With the compiler's own choices, and with those that its flags offer beside them:
data tiling, and convolutions as matrix products of gathered windows.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import iree.compiler.tools
import iree.runtime
import numpy as np

import onnx_model
from problem import Problem, Runner, Settings

FLAGS = {"": [], ", im2col": ["--iree-global-opt-use-im2col-for-convs"], ", data tiling": ["--iree-opt-data-tiling"]}


def versions() -> dict[str, str]:
    return {name: version(name) for name in ("iree-base-compiler", "iree-base-runtime")}


def tensor(shape) -> str:
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


def constant(array: np.ndarray) -> str:
    """As the bytes that lie in memory: a million numbers in decimal take minutes."""
    data = np.ascontiguousarray(array, "<f4").tobytes().hex().upper()
    return f'dense<"0x{data}"> : {tensor(array.shape)}'


def from_stablehlo(problem: Problem) -> str:
    """A convolution of an input with holes; StableHLO has no transposed one."""
    layer = problem.layer
    # Tap k of the layer meets what tap extent - 1 - k of a convolution meets.
    kernel = np.flip(np.swapaxes(problem.kernel, -1, -2), tuple(range(layer.rank)))
    padding = [[extent - 1 - front, extent - 1 - behind] for extent, (front, behind) in zip(layer.extents, layer.crops)]
    space = ", ".join(map(str, range(layer.rank)))
    x, y = tensor(layer.input_shape), tensor(layer.output_shape)
    return f"""
module @module {{
  func.func @layer(%x: {x}) -> {y} {{
    %kernel = stablehlo.constant {constant(kernel)}
    %bias = stablehlo.constant {constant(problem.bias)}
    %sums = stablehlo.convolution(%x, %kernel)
      dim_numbers = [b, {space}, f]x[{space}, i, o]->[b, {space}, f],
      window = {{stride = {[1] * layer.rank}, pad = {padding}, lhs_dilate = {list(layer.strides)},
                rhs_dilate = {list(layer.dilation)}}}
      {{batch_group_count = 1 : i64, feature_group_count = 1 : i64}}
      : ({x}, {tensor(kernel.shape)}) -> {y}
    %biases = stablehlo.broadcast_in_dim %bias, dims = [{layer.rank + 1}] : ({tensor(problem.bias.shape)}) -> {y}
    %y = stablehlo.add %sums, %biases : {y}
    return %y : {y}
  }}
}}
"""


def from_onnx(problem: Problem) -> str:
    """Its importer takes equal crops only; what Keras crops more behind is left out by a view."""
    crops = [(front, front) for front, _ in problem.layer.crops]
    more = [max(front - behind, 0) for front, behind in problem.layer.crops]
    with tempfile.TemporaryDirectory(prefix="upconv-iree-") as name:
        model, text = Path(name) / "layer.onnx", Path(name) / "layer.mlir"
        model.write_bytes(onnx_model.model(problem, crops, more))
        subprocess.run([sys.executable, "-m", "iree.compiler.tools.import_onnx", model, "-o", text], check=True)
        return text.read_text()


def runner(problem: Problem, onnx: bool, flags: list[str]) -> Runner:
    code = iree.compiler.tools.compile_str(
        from_onnx(problem) if onnx else from_stablehlo(problem), input_type="onnx" if onnx else "stablehlo",
        target_backends=["llvm-cpu"], extra_args=["--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3", *flags])
    # local-sync runs in the calling thread, local-task on threads of its own.
    config = iree.runtime.Config("local-sync" if problem.threads == 1 else "local-task")
    context = iree.runtime.SystemContext(config=config)
    context.add_vm_module(iree.runtime.VmModule.copy_buffer(context.instance, code))
    function = context.modules.module["layer"]
    x = iree.runtime.asdevicearray(config.device, problem.planar(problem.x) if onnx else problem.x)
    last = [x]

    def run() -> None:
        last[0] = function(x)

    def output() -> np.ndarray:
        y = last[0].to_host()
        return problem.cut(np.moveaxis(y, 1, -1)) if onnx else y

    return Runner(run, output)


def settings(problem: Problem) -> Settings:
    forms = {"": problem}
    if problem.layer.rank == 1:
        forms["as 2-D, "] = problem.as_2d()
    return {f"{prefix}{'ONNX' if onnx else 'StableHLO'}{name}": lambda f=form, n=onnx, o=flags: runner(f, n, o)
            for prefix, form in forms.items() for onnx in (True, False) for name, flags in FLAGS.items()}
