"""OpenVINO's CPU plugin, which is oneDNN: constant weights, latency hint, float32, bound buffers."""

from __future__ import annotations

import numpy as np
import openvino
from openvino import opset8 as ops

from problem import Problem, Runner, Settings


def versions() -> dict[str, str]:
    return {"openvino": openvino.__version__}


def model(problem: Problem, channels_last: bool) -> openvino.Model:
    layer = problem.layer
    rank = layer.rank
    crops = layer.crops
    shape = layer.input_shape if channels_last else (layer.batch, layer.cin, *layer.in_spatial)
    x = ops.parameter(shape, np.float32, name="x")
    axes_in = [0, rank + 1, *range(1, rank + 1)]
    axes_out = [0, *range(2, rank + 2), 1]
    # The plugin folds these two into the layouts that its kernels work in.
    data = ops.transpose(x, np.array(axes_in)) if channels_last else x
    y = ops.convolution_backprop_data(
        data, ops.constant(problem.kernel_planar()), list(layer.strides),
        pads_begin=[front for front, _ in crops], pads_end=[max(behind, 0) for _, behind in crops],
        dilations=list(layer.dilation), output_padding=[max(-behind, 0) for _, behind in crops])
    y = ops.add(y, ops.constant(problem.bias.reshape(1, -1, *(1,) * rank)))
    return openvino.Model([ops.transpose(y, np.array(axes_out)) if channels_last else y], [x], "layer")


def run_compiled(described: openvino.Model, x: np.ndarray, threads: int) -> Runner:
    compiled = openvino.Core().compile_model(described, "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads), "ENABLE_CPU_PINNING": False})
    y = np.empty(tuple(compiled.outputs[0].shape), np.float32)
    request = compiled.create_infer_request()
    tensors = [openvino.Tensor(array, shared_memory=True) for array in (x, y)]
    request.set_input_tensor(tensors[0])
    request.set_output_tensor(tensors[1])

    def run() -> None:
        request.start_async()
        request.wait()

    return Runner(run, lambda: tensors[1].data)


def runner(problem: Problem, channels_last: bool) -> Runner:
    described = model(problem, channels_last)
    if channels_last:
        return run_compiled(described, problem.x, problem.threads)
    planar = run_compiled(described, problem.planar(problem.x), problem.threads)
    return Runner(planar.run, lambda: np.moveaxis(planar.output(), 1, -1))


def settings(problem: Problem) -> Settings:
    forms = {"": problem}
    if problem.layer.rank == 1:
        forms["as 2-D, "] = problem.as_2d()
    return {f"{prefix}channels {'last' if last else 'first'}": lambda f=form, c=last: runner(f, c)
            for prefix, form in forms.items() for last in (False, True)}
