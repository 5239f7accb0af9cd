"""JAX, compiled by XLA for the CPU: the layer as a convolution of a dilated input, which is what JAX has for it.

In both layouts of the tensors, with the weights as arguments and as constants.
"""

from __future__ import annotations

from typing import Callable

import jax
import numpy as np

from problem import Problem, Runner, Settings

SPACE = "DHW"


def versions() -> dict[str, str]:
    return {"jax": jax.__version__, "jaxlib": jax.lib.__version__}


def layer_of(problem: Problem, channels_last: bool) -> Callable:
    layer = problem.layer
    space = SPACE[-layer.rank:]
    data = f"N{space}C" if channels_last else f"NC{space}"
    # Tap k of the layer meets what tap extent - 1 - k of a convolution meets.
    padding = [(extent - 1 - front, extent - 1 - behind) for extent, (front, behind) in zip(layer.extents, layer.crops)]

    def apply(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> jax.Array:
        y = jax.lax.conv_general_dilated(
            x, kernel, (1,) * layer.rank, padding, lhs_dilation=layer.strides, rhs_dilation=layer.dilation,
            dimension_numbers=(data, f"{space}IO", data), precision=jax.lax.Precision.HIGHEST)
        return y + (bias if channels_last else bias.reshape(-1, *(1,) * layer.rank))

    return apply


def runner(problem: Problem, channels_last: bool, constant: bool) -> Runner:
    apply = layer_of(problem, channels_last)
    rank = problem.layer.rank
    flipped = np.flip(problem.kernel, tuple(range(rank)))
    weights = jax.numpy.asarray(np.ascontiguousarray(np.swapaxes(flipped, -1, -2))), jax.numpy.asarray(problem.bias)
    x = jax.numpy.asarray(problem.x if channels_last else problem.planar(problem.x))
    if constant:
        function = jax.jit(lambda x: apply(x, *weights)).lower(x).compile()
        arguments = (x,)
    else:
        function = jax.jit(apply).lower(x, *weights).compile()
        arguments = (x, *weights)
    last: list[jax.Array] = [x]

    def run() -> None:
        last[0] = function(*arguments).block_until_ready()

    def output() -> np.ndarray:
        y = np.asarray(last[0])
        return y if channels_last else np.moveaxis(y, 1, -1)

    return Runner(run, output)


def settings(problem: Problem) -> Settings:
    forms = {"": problem}
    if problem.layer.rank == 1:
        forms["as 2-D, "] = problem.as_2d()
    weights = {"constant weights": True, "weights as arguments": False}
    return {f"{prefix}channels {'last' if last else 'first'}, {name}":
            lambda f=form, l=last, c=constant: runner(f, l, c)
            for prefix, form in forms.items() for last in (True, False) for name, constant in weights.items()}
