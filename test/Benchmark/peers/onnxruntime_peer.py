"""ONNX Runtime's CPU provider: constant weights, every graph optimisation, bound buffers, NCHW (all it has)."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from problem import Problem, Runner, Settings


def versions() -> dict[str, str]:
    return {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}


def model(problem: Problem) -> bytes:
    layer = problem.layer
    crops = layer.crops
    node = helper.make_node(
        "ConvTranspose", ["x", "kernel", "bias"], ["y"], kernel_shape=layer.kernel, strides=layer.strides,
        dilations=layer.dilation, pads=[front for front, _ in crops] + [max(behind, 0) for _, behind in crops],
        output_padding=[max(-behind, 0) for _, behind in crops])
    shapes = {"x": (layer.batch, layer.cin, *layer.in_spatial), "y": (layer.batch, layer.cout, *layer.out_spatial)}
    values = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()}
    constants = [numpy_helper.from_array(problem.kernel_planar(), "kernel"),
                 numpy_helper.from_array(problem.bias, "bias")]
    graph = helper.make_graph([node], "layer", [values["x"]], [values["y"]], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def runner(problem: Problem) -> Runner:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = problem.threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model(problem), options, providers=["CPUExecutionProvider"])
    layer = problem.layer
    y = np.empty((layer.batch, layer.cout, *layer.out_spatial), np.float32)
    values = {"x": onnxruntime.OrtValue.ortvalue_from_numpy(problem.planar(problem.x)),
              "y": onnxruntime.OrtValue.ortvalue_from_numpy(y)}
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", values["x"])
    binding.bind_ortvalue_output("y", values["y"])
    return Runner(lambda: session.run_with_iobinding(binding), lambda: np.moveaxis(values["y"].numpy(), 1, -1))


def settings(problem: Problem) -> Settings:
    result: Settings = {"channels first": lambda: runner(problem)}
    if problem.layer.rank == 1:
        result["as 2-D, channels first"] = lambda: runner(problem.as_2d())
    return result
