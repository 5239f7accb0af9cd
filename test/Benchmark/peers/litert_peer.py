"""LiteRT: the Keras layer converted, run by XNNPACK, by the built-in kernels without it otherwise."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from problem import Problem, Runner, Settings
from tensorflow_peer import frozen, make

RESOLVERS = {"XNNPACK": OpResolverType.AUTO, "built-in kernels": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}


def versions() -> dict[str, str]:
    return {"ai-edge-litert": version("ai-edge-litert")}


def convert(problem: Problem) -> bytes:
    return tf.lite.TFLiteConverter.from_concrete_functions([frozen(make(problem), problem)]).convert()


def runner(problem: Problem, model: bytes, resolver: OpResolverType) -> Runner:
    interpreter = Interpreter(model_content=model, num_threads=problem.threads,
                              experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], problem.x)
    output = interpreter.get_output_details()[0]["index"]
    return Runner(interpreter.invoke, lambda: interpreter.get_tensor(output))


def settings(problem: Problem) -> Settings:
    # Keras makes a 2-D operation of a 1-D layer anyway, with two reshapes around it.
    flat = problem.layer.rank == 1
    form = problem.as_2d() if flat else problem
    model = convert(form)
    return {("as 2-D, " if flat else "") + name: lambda r=resolver: runner(form, model, r)
            for name, resolver in RESOLVERS.items()}
