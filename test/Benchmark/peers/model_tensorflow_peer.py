"""A Keras model on TensorFlow: as a graph, and compiled by XLA, its weights as variables or constants."""

from __future__ import annotations

from typing import Callable

from model_problem import ModelProblem
from problem import Settings
from tensorflow_peer import settings_of, use_threads, versions  # noqa: F401


def inference(problem: ModelProblem) -> Callable:
    made = problem.model()
    return lambda x: made(x, training=False)


def settings(problem: ModelProblem) -> Settings:
    use_threads(problem.threads)
    return settings_of(inference(problem), problem)
