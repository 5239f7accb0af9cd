"""Keras on TensorFlow: the layer as a graph, and compiled by XLA, its weights as variables or constants."""

from __future__ import annotations

from typing import Callable

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from problem import Problem, Runner, Settings, Unsupported

LAYERS = {1: keras.layers.Conv1DTranspose, 2: keras.layers.Conv2DTranspose, 3: keras.layers.Conv3DTranspose}


def versions() -> dict[str, str]:
    return {"tensorflow": tf.__version__, "keras": keras.__version__}


def make(problem: Problem) -> keras.layers.Layer:
    layer = problem.layer
    try:
        made = LAYERS[layer.rank](
            layer.cout, layer.kernel, layer.strides, padding=layer.padding, output_padding=layer.output_padding,
            dilation_rate=layer.dilation, data_format="channels_last")
        made.build(layer.input_shape)
    except ValueError as error:
        raise Unsupported(f"Keras: {error}") from error
    made.set_weights([problem.kernel, problem.bias])
    return made


def frozen(made: Callable, problem: Problem):
    """The layer, or model, as a concrete function whose weights are constants; it returns a list of one tensor."""
    function = tf.function(made).get_concrete_function(tf.TensorSpec(problem.x.shape, tf.float32))
    return convert_variables_to_constants_v2(function)


def runner(made: Callable, problem: Problem, xla: bool, constant: bool) -> Runner:
    x = tf.constant(problem.x)
    function = tf.function(lambda x: made(x), jit_compile=xla)
    if constant:
        constants = frozen(made, problem)
        function = tf.function(lambda x: constants(x)[0], jit_compile=xla)
    last: list[tf.Tensor] = [x]

    def run() -> None:
        last[0] = function(x)

    return Runner(run, lambda: np.asarray(last[0]))


def settings_of(made: Callable, problem: Problem) -> Settings:
    return {"graph": lambda: runner(made, problem, False, False),
            "graph, constant weights": lambda: runner(made, problem, False, True),
            "XLA": lambda: runner(made, problem, True, False),
            "XLA, constant weights": lambda: runner(made, problem, True, True)}


def use_threads(threads: int) -> None:
    """Before anything runs."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def settings(problem: Problem) -> Settings:
    use_threads(problem.threads)
    return settings_of(make(problem), problem)
