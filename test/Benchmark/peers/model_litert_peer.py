"""LiteRT: the Keras model converted, run by XNNPACK."""

from __future__ import annotations

import tensorflow as tf

from litert_peer import RESOLVERS, runner, versions  # noqa: F401
from model_problem import ModelProblem
from model_tensorflow_peer import inference
from problem import Settings
from tensorflow_peer import frozen


def settings(problem: ModelProblem) -> Settings:
    model = tf.lite.TFLiteConverter.from_concrete_functions([frozen(inference(problem), problem)]).convert()
    return {name: lambda r=resolver: runner(problem, model, r) for name, resolver in RESOLVERS.items()}
