"""ONNX Runtime's CPU provider: constant weights, every graph optimisation, bound buffers, NCHW (all it has)."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime

import onnx_model
from problem import Problem, Runner, Settings


def versions() -> dict[str, str]:
    return {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}


def runner(problem: Problem) -> Runner:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = problem.threads
    options.inter_op_num_threads = 1
    layer = problem.layer
    model = onnx_model.model(problem, [(front, max(behind, 0)) for front, behind in layer.crops],
                             [max(-behind, 0) for _, behind in layer.crops])
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
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
