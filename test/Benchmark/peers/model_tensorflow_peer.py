"""A Keras model on TensorFlow: as a graph, and compiled by XLA, its weights as variables or constants."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from model_problem import ModelProblem, Runner, Settings
from tensorflow_peer import versions  # noqa: F401


def frozen(problem: ModelProblem):
    """The model as a concrete function whose weights are constants; it returns a list of one tensor."""
    made = problem.model()
    function = tf.function(lambda x: made(x, training=False))
    return convert_variables_to_constants_v2(
        function.get_concrete_function(tf.TensorSpec(problem.x.shape, tf.float32)))


def runner(problem: ModelProblem, xla: bool, constant: bool) -> Runner:
    x = tf.constant(problem.x)
    if constant:
        constants = frozen(problem)
        function = tf.function(lambda x: constants(x)[0], jit_compile=xla)
    else:
        made = problem.model()
        function = tf.function(lambda x: made(x, training=False), jit_compile=xla)
    last: list[tf.Tensor] = [x]

    def run() -> None:
        last[0] = function(x)

    return Runner(run, lambda: np.asarray(last[0]))


def settings(problem: ModelProblem) -> Settings:
    tf.config.threading.set_intra_op_parallelism_threads(problem.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return {f"{'XLA' if xla else 'graph'}{', constant weights' if constant else ''}":
            lambda xla=xla, constant=constant: runner(problem, xla, constant)
            for xla in (False, True) for constant in (False, True)}
