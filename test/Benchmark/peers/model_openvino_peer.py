"""OpenVINO: the exported Keras model through its TensorFlow front end, latency hint, float32, bound buffers."""

from __future__ import annotations

import openvino

from model_problem import ModelProblem
from openvino_peer import run_compiled, versions  # noqa: F401
from problem import Runner, Settings


def settings(problem: ModelProblem) -> Settings:
    saved = problem.folder / "exported"
    if not saved.exists():
        problem.model().export(str(saved), verbose=False)
    model = openvino.convert_model(str(saved), input=[list(problem.x.shape)])

    def runner() -> Runner:
        return run_compiled(model, problem.x, problem.threads)

    return {"TensorFlow front end": runner}
