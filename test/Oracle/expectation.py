"""Weights, inputs, and what Keras computes for them.

TensorFlow on a CPU cannot run channels_first or dilated transposed convolutions.
Such a layer is computed by its twin: channels_last between two transposes (the
definition of data_format), and a kernel spread with zeros instead of a dilation
(both have the same effective kernel, of which alone Keras's lengths depend).

TensorFlow's Conv3D for CPUs, and without oneDNN its 3-D pooling, pads "same" by
a negative amount where a stride is larger than the kernel and the input (5
elements, kernel 3, stride 5: it reads elements 1 to 3), against its own
documentation, max(..., 0), and its 1-D and 2-D layers. Its twin is padded by the
documented formula; an average counts the elements alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from recipe import Node, Recipe, build, is_operation, layer_of, make_layer, make_node

Arrays = list[np.ndarray]


class Unusable(Exception):
    """This model cannot be judged: Keras does not compute it, or not to finite values."""


# Weights and inputs ---------------------------------------------------------


def random_value(name: str, shape: tuple, state: np.random.Generator) -> np.ndarray:
    if name in ("gamma", "moving_variance", "scale", "variance"):
        return state.uniform(0.5, 2, shape).astype(np.float32)
    if len(shape) >= 2:  # keeps the size of what flows through
        fan_in = max(1, int(np.prod(shape[:-1])))
        return (state.normal(0, 1, shape) / np.sqrt(min(fan_in, 64))).astype(np.float32)
    return state.uniform(-0.5, 0.5, shape).astype(np.float32)


def in_float64(recipe: Recipe) -> Recipe:
    """The policy alone leaves inputs alone, and layers that compute as their input says."""
    wide = copy.deepcopy(recipe)
    for item in wide.inputs:
        item.dtype = item.dtype.replace("float32", "float64")
    for node in wide.nodes:
        node.inner = node.inner and in_float64(node.inner)
    return wide


def exact(recipe: Recipe, model: Any, inputs: Arrays) -> Arrays | None:
    """The outputs in float64, by the same weights. Where TensorFlow has no such kernel in float64, a layer works in
    float32 on what the others gave; None where that fails too."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        double = build(in_float64(recipe), keras)
        copy_weights(recipe, model, double)
        wide = [array.astype(np.float64) if array.dtype == np.float32 else array for array in inputs]
        try:
            outputs = evaluate(recipe, double, wide)
        except Exception:  # of TensorFlow's many classes
            outputs = evaluate_nodes(recipe, double, wide, narrow=model)
        return outputs if all(output.dtype == np.float64 for output in outputs) else None
    except Exception:
        return None
    finally:
        keras.config.set_dtype_policy(policy)


def set_weights(model: Any, seed: int) -> None:
    """Every float variable gets values of its own; none keeps its initial ones."""
    state = np.random.default_rng(seed)
    for variable in model.weights:
        if str(variable.dtype).startswith("float"):
            variable.assign(random_value(variable.name, tuple(variable.shape), state))


def copy_weights(recipe: Recipe, source: Any, target: Any) -> None:
    """Layer by layer, between models of one recipe (which may be of two Keras versions)."""
    for node in recipe.nodes:
        if node.shares or is_operation(node.layer):
            continue
        if node.inner:
            copy_weights(node.inner, layer_of(source, node), layer_of(target, node))
        else:
            layer_of(target, node).set_weights(layer_of(source, node).get_weights())


def draw_inputs(recipe: Recipe, run: int, seed: int) -> Arrays:
    state = np.random.default_rng([seed, run])
    return [state.integers(0, 7, shape).astype(np.int32 if item.dtype == "int32" else np.float32)
            if reads_indices(recipe, item.name) else state.normal(0, 1, shape).astype(np.float32)
            for item, shape in zip(recipe.inputs, recipe.sizes[run])]


def reads_indices(recipe: Recipe, name: str) -> bool:
    return any(node.layer == "Embedding" and name in node.inputs for node in recipe.nodes)


# Evaluation -----------------------------------------------------------------


def expected(recipe: Recipe, model: Any, inputs: Arrays) -> Arrays:
    """Keras's outputs in the model's order; raises Unusable."""
    try:
        with np.errstate(all="ignore"):
            outputs = evaluate(recipe, model, inputs)
    except Exception as error:
        raise Unusable(f"{type(error).__name__}: {str(error)[:300]}") from error
    for output in outputs:
        if output.size == 0 or not np.all(np.isfinite(output)):
            raise Unusable("an output is empty or not finite")
        if float(np.linalg.norm(output)) > 1e6:
            raise Unusable("an output has grown out of all bounds")
    return outputs


def evaluate(recipe: Recipe, model: Any, inputs: Arrays) -> Arrays:
    if not needs_twins(recipe):
        tensors = [keras.ops.convert_to_tensor(array) for array in inputs]
        result = model(tensors[0] if len(tensors) == 1 else tensors, training=False)
        return [np.asarray(value) for value in (result if isinstance(result, (list, tuple)) else [result])]
    return evaluate_nodes(recipe, model, inputs)


def evaluate_nodes(recipe: Recipe, model: Any, inputs: Arrays, visit: Callable[[np.ndarray], None] = lambda value: None,
                   narrow: Any = None) -> Arrays:
    """One layer after the other, twins where they are needed; `visit` sees every layer's output. A layer that fails is
    called in float32, in the model `narrow`, if there is one."""
    values = {item.name: array for item, array in zip(recipe.inputs, inputs)}
    for node in recipe.nodes:
        arguments = [values[name] for name in node.inputs]
        owner = recipe.node(node.shares) if node.shares else node
        layer, single = (make_node(keras, node) if is_operation(node.layer) else each and layer_of(each, node)
                         for each in (model, narrow))
        if owner.inner:
            values[node.name] = evaluate_nodes(owner.inner, layer, arguments, visit, single)[0]
        else:
            try:
                values[node.name] = call(owner, layer, arguments)
            except Exception:  # of TensorFlow's many classes
                if narrow is None:
                    raise
                shortened = [array.astype(np.float32) if array.dtype == np.float64 else array for array in arguments]
                values[node.name] = call(owner, single, shortened).astype(np.float64)
        visit(values[node.name])
    return [values[name] for name in recipe.outputs]


def passes_empty(recipe: Recipe, inputs: Arrays) -> bool:
    """Some layer's output has no element, though the model's may have: a transposed convolution of nothing is a bias."""
    sizes: list[int] = []
    try:
        evaluate_nodes(recipe, build(recipe, keras), inputs, lambda value: sizes.append(value.size))
    except Exception:  # of TensorFlow's many classes
        return False
    return 0 in sizes


def needs_twins(recipe: Recipe) -> bool:
    return any(needs_twins(node.inner) if node.inner else needs_twin(node) for node in recipe.nodes)


def is_first(config: dict) -> bool:
    return config.get("data_format") == "channels_first"


def needs_twin(node: Node) -> bool:
    dilated = np.max(node.config.get("dilation_rate", 1)) > 1
    return (node.layer != "Flatten" and is_first(node.config) or (node.layer.endswith("Transpose") and bool(dilated))
            or is_padded_3d(node))


def is_padded_3d(node: Node) -> bool:
    return (node.layer in ("Conv3D", "AveragePooling3D", "MaxPooling3D") and node.config.get("padding") == "same"
            and np.max(node.config.get("strides") or 1) > 1)


def padded_same(x: np.ndarray, layer: Any, value: float) -> np.ndarray:
    """`value` around the spatial axes of `x`, channels last, by TensorFlow's documented formula."""
    window = getattr(layer, "kernel_size", None) or layer.pool_size
    widths = [(0, 0)]
    for n, k, d, s in zip(x.shape[1:], window, getattr(layer, "dilation_rate", (1, 1, 1)), layer.strides):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        widths.append((total // 2, total - total // 2))
    return np.pad(x, [*widths, (0, 0)], constant_values=value)


def call(node: Node, layer: Any, arguments: Arrays) -> np.ndarray:
    if not needs_twin(node):
        tensors = [keras.ops.convert_to_tensor(array) for array in arguments]
        flags = {} if is_operation(node.layer) else {"training": False}
        return np.asarray(layer(tensors if node.listed else tensors[0], **flags))
    twin, weights = twin_of(node, layer)
    (x,) = arguments
    first = is_first(node.config)
    x = np.moveaxis(x, 1, -1) if first else x
    elements = None  # that an average is of
    if is_padded_3d(node):
        elements = padded_same(np.ones_like(x), layer, 0) if node.layer == "AveragePooling3D" else None
        x = padded_same(x, layer, -np.inf if node.layer == "MaxPooling3D" else 0)
    if layer.weights:
        twin.build(x.shape)
        twin.set_weights(weights)
    y = np.asarray(twin(keras.ops.convert_to_tensor(x), training=False))
    if elements is not None:
        y = y / np.asarray(twin(keras.ops.convert_to_tensor(elements)))
    # The activation looks at axes (softmax), so it comes after the way back.
    y = np.moveaxis(y, -1, 1) if first and y.ndim > 2 else y
    activation = getattr(layer, "activation", None)
    return y if activation is None else np.asarray(activation(keras.ops.convert_to_tensor(y)))


def twin_of(node: Node, layer: Any) -> tuple[Any, Arrays]:
    config = {key: value for key, value in node.config.items() if key != "activation"}
    if is_first(config):
        config["data_format"] = "channels_last"
    if is_padded_3d(node):
        config["padding"] = "valid"
    weights = layer.get_weights()
    if node.layer.endswith("Transpose") and max(layer.dilation_rate) > 1:
        rank = len(layer.kernel_size)
        size = [(k - 1) * d + 1 for k, d in zip(layer.kernel_size, layer.dilation_rate)]
        kernel = np.zeros((*size, *weights[0].shape[rank:]), weights[0].dtype)
        kernel[tuple(slice(None, None, d) for d in layer.dilation_rate)] = weights[0]
        weights[0] = kernel
        config |= {"kernel_size": size, "dilation_rate": 1}
    return make_layer(keras, node.layer, config), weights
