"""Random configurations with one thing wrong, where the tool must refuse as Keras does.

A valid model's JSON gets one argument changed. Keras judges by loading the JSON
and calling the model on zeros; the tool by importing the same file. What Keras
refuses must end with status 1 or 4 and a located message; what Keras accepts must
not end with status 1. `JUSTIFIED` lists where both may differ, with the reason.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

import keras
import numpy as np

from draw import Draw
from models import draw_model
from recipe import build
from tool import LOCATION, Result, Tool

IGNORED = ("name", "trainable", "dtype", "seed", "noise_shape")
TRAINING = ("initializer", "regularizer", "constraint", "momentum", "renorm", "synchronized", "momentum", "rate", "stddev")
MAX_ELEMENTS = 1 << 22  # a mutation may ask for more than is worth computing

# What TensorFlow says of its kernels for a CPU, not of the configuration.
OF_THE_PROCESSOR = ("only supports NHWC", "only supports the NHWC", "only supports NDHWC", "Current CPU implementation")

# (who accepts, part of Keras's or of the tool's message or of the mutation, reason)
JUSTIFIED: tuple[tuple[str, str, str], ...] = (
    ("keras", "must be true or false", "Keras takes any value for a truth value"),
    ("keras", "'epsilon' must not be negative", "Keras takes a negative epsilon, and gives NaN"),
    ("keras", "(ops.squeeze): 'axis' must name different axes", "Keras squeezes an axis that is named twice"),
    ("tool", "must be fully-defined", "the tool is told the sizes, Keras builds the layer before it knows them"),
    ("tool", "the file records the output shape", "the tool warns and goes by the arguments, Keras builds by the record"),
    ("keras", "(Concatenate): 'axis' must name different axes other than the batch", "Keras joins batches too, which here are the caller's"),
    ("keras", "must be positive, got 0, with input length", "Keras gives an empty tensor"),
    ("keras", "'target_shape' must be a list of integers", "Keras takes numerals in strings"),
    ("keras", "must be a number, got \"", "Keras takes numerals in strings"),
    ("keras", "must be a number, got []", "Keras takes an empty list for a number, and gives an empty tensor"),
)


@dataclass(frozen=True)
class Mutation:
    """What was done to which argument of which layer."""

    number: int
    layer: str
    change: str
    text: str  # the JSON
    shapes: list[list[int]]


@dataclass
class Refusals:
    agreed: Counter[str] = field(default_factory=Counter)
    justified: Counter[str] = field(default_factory=Counter)
    by_layer: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def summary(self) -> list[str]:
        table = lambda counter: ", ".join(f"{key} {count}" for key, count in sorted(counter.items())) or "none"
        return [f"{self.agreed.total() + self.justified.total() + len(self.failures)} changed configurations: "
                f"{table(self.agreed)}; {len(self.failures)} disagreements",
                f"refused by both, by layer: {table(self.by_layer)}", f"justified differences: {table(self.justified)}"]


# Changing a configuration ---------------------------------------------------


def layers_of(config: dict) -> Iterator[dict]:
    for layer in config["config"]["layers"]:
        if "layers" in layer["config"]:
            yield from layers_of(layer)
        elif layer["class_name"] != "InputLayer":
            yield layer


def wrong_values(c: Draw, value: Any) -> Any:
    """A value that is most often wrong in the place of `value`."""
    if isinstance(value, bool):
        return c.pick("yes", 3, None, [True])
    if isinstance(value, str):
        return c.pick("nonsense", "", 3, None, [value], "causal", "full")
    if isinstance(value, (int, float)):
        return c.pick(0, -1, -3, "3", None, [value, value], 2.5, 7, [], {}, 64)
    if isinstance(value, list):
        changed = copy.deepcopy(value)
        if not changed:
            return c.pick(3, "x", None)
        at = c.randrange(len(changed))
        kind = c.randrange(5)
        if kind == 0:
            return changed[:-1]
        if kind == 1:
            return [*changed, changed[-1]]
        if kind == 2:
            return c.pick(-1, "text", None, 0)
        changed[at] = c.pick(0, -1, -2, 9, 64, "1", None, [1]) if not isinstance(changed[at], list) else wrong_values(c, changed[at])
        return changed
    return c.pick(-1, 0, "nonsense", 3, [1])


def change(c: Draw, whole: dict) -> tuple[str, str] | None:
    """Changes `whole` in place; the layer's class and what was done."""
    layer = c.choice(list(layers_of(whole)))
    config = layer["config"]
    if c.odds(0.12):
        key = c.pick("filtres", "group", "pading", "foo", "kernel")
        config[key] = 1
        return layer["class_name"], f"{key}=1 (unknown)"
    keys = [key for key in config if key not in IGNORED and not any(part in key for part in TRAINING)]
    if not keys:
        return None
    key = c.choice(keys)
    old = config[key]
    if c.odds(0.08):
        del config[key]
        return layer["class_name"], f"without {key}"
    config[key] = wrong_values(c, old)
    return (layer["class_name"], f"{key}: {old!r} -> {config[key]!r}") if config[key] != old else None


def draw_mutation(number: int, seed: int, supported: set[str]) -> Mutation:
    c = Draw(f"invalid/{seed}/{number}")
    c.allowed = supported.__contains__
    while True:
        recipe = draw_model(c)
        if len(recipe.nodes) > 3:
            continue
        try:
            whole = json.loads(build(recipe, keras).to_json())
        except Exception:  # Keras refuses it unchanged
            continue
        done = change(c, whole)
        if done:
            return Mutation(number, *done, json.dumps(whole, indent=1), recipe.sizes[0])


# Judging --------------------------------------------------------------------


def keras_refuses(mutation: Mutation) -> str | None:
    """Keras's message; None if it computes the model."""
    try:
        model = keras.models.model_from_json(mutation.text)
        tensors = [keras.ops.zeros(shape) for shape in mutation.shapes]
        sizes = [tensor.shape for layer in model.layers for tensor in [getattr(layer, "output", None)]
                 if hasattr(tensor, "shape")]
        if any(np.prod([size or 4 for size in shape]) > MAX_ELEMENTS for shape in sizes):
            return None
        model(tensors[0] if len(tensors) == 1 else tensors, training=False)
    except Exception as error:  # of any class: that is the refusal
        if any(part in str(error) for part in OF_THE_PROCESSOR):
            return None
        return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return None


def tool_says(tool: Tool, mutation: Mutation, folder: Path) -> Result:
    path = folder / f"{mutation.number}"
    path.mkdir(parents=True)
    (path / "model.json").write_text(mutation.text)
    # Static sizes, as Keras is called with.
    names = [layer["config"]["name"] for layer in json.loads(mutation.text)["config"]["layers"]
             if layer["class_name"] == "InputLayer"]
    shapes = [f"{name}={','.join(map(str, shape))}" for name, shape in zip(names, mutation.shapes)]
    flags = [flag for shape in shapes for flag in ("--input-shape", shape)]
    return tool("inspect", "model.json", "--ir", "keras", "--init", "1", *flags, cwd=path)


def judge(mutation: Mutation, refusal: str | None, result: Result) -> tuple[str, str | None]:
    """The group of an agreement, or the problem."""
    if result.crash:
        return "", f"crash: {result.crash}"
    if result.status in (1, 4) and not LOCATION.search(result.err):
        return "", f"no location: {result.message}"
    if result.status == 4:
        return "not supported (status 4)", None
    if (refusal is None) == (result.status == 0):
        return "accepted by both" if refusal is None else "refused by both", None
    verdict = result.message if result.status else f"accepts {result.message}".strip()
    said = f"Keras: {refusal or 'accepts'}\n    tool: {verdict}"
    return "", said


def justification(problem: str, mutation: Mutation) -> str | None:
    subject = f"{mutation.layer} {mutation.change} {problem}"
    accepts = "tool" if "tool: accepts" in problem else "keras"
    return next((reason for who, part, reason in JUSTIFIED if who == accepts and part in subject), None)


def check_invalid(tool: Tool, count: int, seed: int, supported: set[str], jobs: int, folder: Path,
                  out: Path) -> Refusals:
    """`count` configurations that Keras refuses; those that it accepts count apart."""
    refusals, number = Refusals(), 0
    with ThreadPoolExecutor(jobs) as pool:
        while refusals.agreed["refused by both"] + len(refusals.failures) + refusals.justified.total() < count:
            block = [draw_mutation(number + i, seed, supported) for i in range(4 * jobs)]
            number += len(block)
            futures = [pool.submit(tool_says, tool, mutation, folder / "invalid") for mutation in block]
            for mutation, future in zip(block, futures):
                settle(mutation, keras_refuses(mutation), future.result(), refusals, out)
            keras.backend.clear_session()
            if number > 20 * count:
                break
    shutil.rmtree(folder / "invalid", ignore_errors=True)
    return refusals


def settle(mutation: Mutation, refusal: str | None, result: Result, refusals: Refusals, out: Path) -> None:
    group, problem = judge(mutation, refusal, result)
    if problem is None:
        refusals.agreed[group] += 1
        if group == "refused by both":
            refusals.by_layer[mutation.layer] += 1
        return
    reason = justification(problem, mutation)
    if reason:
        refusals.justified[reason] += 1
        return
    path = out / f"invalid_{mutation.number}.json"
    path.write_text(mutation.text)
    refusals.failures.append(problem)
    print(f"DISAGREEMENT {mutation.number} {mutation.layer}, {mutation.change} on {mutation.shapes} ({path})\n    {problem}",
          flush=True)
