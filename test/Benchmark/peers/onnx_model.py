"""The layer as an ONNX model with constant weights, channels first."""

from __future__ import annotations

from typing import Sequence

from onnx import TensorProto, helper, numpy_helper

from problem import Problem


def model(problem: Problem, crops: Sequence[tuple[int, int]], output_padding: Sequence[int]) -> bytes:
    """`crops` in front and behind, at least 0, of a natural result that is longer by `output_padding` behind."""
    layer = problem.layer
    node = helper.make_node(
        "ConvTranspose", ["x", "kernel", "bias"], ["y"], kernel_shape=layer.kernel, strides=layer.strides,
        dilations=layer.dilation, pads=[front for front, _ in crops] + [behind for _, behind in crops],
        output_padding=output_padding)
    lengths = [natural + more - front - behind
               for natural, (front, behind), more in zip(layer.natural, crops, output_padding)]
    shapes = {"x": (layer.batch, layer.cin, *layer.in_spatial), "y": (layer.batch, layer.cout, *lengths)}
    values = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()}
    constants = [numpy_helper.from_array(problem.kernel_planar(), "kernel"),
                 numpy_helper.from_array(problem.bias, "bias")]
    graph = helper.make_graph([node], "layer", [values["x"]], [values["y"]], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
