"""Makes a failing model smaller while it fails in the same way."""

from __future__ import annotations

import copy
import json
import shutil
import time
from pathlib import Path
from typing import Any, Iterator

import keras
import numpy as np

from case import prepare
from check import Case, Verdict, check
from recipe import Input, Recipe, symbolic
from tool import Tool

SECONDS = 90  # for one failure

DEFAULTS: dict[str, Any] = {"strides": 1, "dilation_rate": 1, "groups": 1, "kernel_size": 1, "padding": "valid",
                            "depth_multiplier": 1, "filters": 1, "units": 1}


def shrink(tool: Tool, case: Case, verdict: Verdict, supported: set[str], folder: Path) -> tuple[Case, Verdict]:
    end, number = time.monotonic() + SECONDS, 0
    best, best_verdict = case, verdict
    # The files of the failure are gone; the seed gives the same weights again.
    again = attempt(tool, case, case.recipe, verdict, supported, folder / f"{case.number}-0")
    if again is None:
        return case, Verdict("flaky", f"not again: {verdict.kind} {verdict.detail}", verdict.form)
    best, best_verdict = again
    progress = True
    while progress and time.monotonic() < end:
        progress = False
        for candidate in candidates(best.recipe):
            number += 1
            found = attempt(tool, case, candidate, verdict, supported, folder / f"{case.number}-{number}")
            if found:
                shutil.rmtree(best.folder, ignore_errors=True)
                best, best_verdict = found
                progress = True
                break
            if time.monotonic() > end:
                break
    return best, best_verdict


def attempt(tool: Tool, case: Case, recipe: Recipe, verdict: Verdict, supported: set[str],
            folder: Path) -> tuple[Case, Verdict] | None:
    """The smaller case if it fails alike."""
    try:
        small = prepare(recipe, case.seed, case.number, folder, "keras2" if verdict.kind == "formats differ" else "one"
                        if verdict.form and verdict.form.name == "keras" else "keras2")
        wanted = [form for form in small.forms if verdict.form and form.name == verdict.form.name]
        if verdict.kind != "formats differ":
            small.forms = wanted or small.forms[:1]
        small.run = small.forms[0] if not wanted else wanted[0]
        found = check(tool, small, supported)
    except Exception:  # Keras refuses the smaller model
        shutil.rmtree(folder, ignore_errors=True)
        return None
    if found.kind == verdict.kind:
        return small, found
    shutil.rmtree(folder, ignore_errors=True)
    return None


# Smaller models, most promising first ---------------------------------------


def candidates(recipe: Recipe) -> Iterator[Recipe]:
    for candidate in (*fewer_outputs(recipe), *cuts(recipe), *without_a_node(recipe), *opened(recipe),
                      *smaller_sizes(recipe), *simpler_arguments(recipe)):
        candidate = candidate.pruned()
        candidate.sequential = recipe.sequential and candidate.is_chain()
        if candidate.nodes:
            yield candidate


def fewer_outputs(recipe: Recipe) -> Iterator[Recipe]:
    names = [node.name for node in recipe.nodes]
    for name in recipe.outputs if len(recipe.outputs) > 1 else names[:-1]:
        smaller = copy.deepcopy(recipe)
        smaller.outputs = [name]
        yield smaller


def shapes_of(recipe: Recipe) -> dict[str, list]:
    return {name: list(tensor.shape) for name, tensor in symbolic(recipe, keras).items()}


def cuts(recipe: Recipe) -> Iterator[Recipe]:
    """A node's result as an input of the model."""
    try:
        shapes = shapes_of(recipe)
    except Exception:
        return
    for node in recipe.nodes[:-1]:
        smaller = copy.deepcopy(recipe)
        smaller.sizes = []
        smaller.inputs.append(Input(node.name + "_in", shapes[node.name]))
        for other in smaller.nodes:
            other.inputs = [name + "_in" if name == node.name else name for name in other.inputs]
        unknown = [1, 5] if any(None in item.shape[1:] for item in smaller.inputs) else [5]
        smaller.sizes = [[[2 if axis == 0 and size is None else value if size is None else size
                           for axis, size in enumerate(item.shape)] for item in smaller.inputs] for value in unknown]
        yield smaller


def without_a_node(recipe: Recipe) -> Iterator[Recipe]:
    for node in recipe.nodes:
        if any(other.shares == node.name for other in recipe.nodes):
            continue
        for source in node.inputs:
            smaller = copy.deepcopy(recipe)
            smaller.nodes = [other for other in smaller.nodes if other.name != node.name]
            for other in smaller.nodes:
                other.inputs = [source if name == node.name else name for name in other.inputs]
            smaller.outputs = [source if name == node.name else name for name in smaller.outputs]
            if not any(item.name in smaller.outputs for item in smaller.inputs):
                yield smaller


def opened(recipe: Recipe) -> Iterator[Recipe]:
    """Layers of a nested model on their own."""
    for node in recipe.nodes:
        if node.inner:
            smaller = copy.deepcopy(node.inner)
            smaller.sizes = [[[2, *(5 if size is None else size for size in item.shape[1:])] for item in smaller.inputs]]
            yield smaller


def smaller_sizes(recipe: Recipe) -> Iterator[Recipe]:
    if len(recipe.sizes) > 1:
        for run in recipe.sizes:
            smaller = copy.deepcopy(recipe)
            smaller.sizes = [run]
            yield smaller
    for index, item in enumerate(recipe.inputs):
        for axis, size in enumerate(item.shape):
            for value in {1, 2, (size or recipe.sizes[0][index][axis]) // 2} if size != 1 else ():
                smaller = copy.deepcopy(recipe)
                if size is not None and value < size:
                    smaller.inputs[index].shape[axis] = value
                for run in smaller.sizes:
                    run[index][axis] = value
                if value and smaller.sizes != recipe.sizes:
                    yield smaller


def simpler_arguments(recipe: Recipe) -> Iterator[Recipe]:
    for number, node in enumerate(recipe.nodes):
        for key, value in node.config.items():
            for replacement in simpler(key, value):
                smaller = copy.deepcopy(recipe)
                config = smaller.nodes[number].config
                if replacement is None:
                    del config[key]
                else:
                    config[key] = replacement
                yield smaller


def simpler(key: str, value: Any) -> Iterator[Any]:
    """None stands for leaving the argument out."""
    default = DEFAULTS.get(key)
    if value == default:
        if key not in ("filters", "kernel_size", "units"):
            yield None
        return
    if key not in ("filters", "kernel_size", "units", "target_shape", "dims", "layer"):
        yield None
    if default is not None:
        yield default
    if isinstance(value, int) and not isinstance(value, bool) and value > 2:
        yield value // 2
        yield value - 1
    if isinstance(value, list):
        for axis, entry in enumerate(value):
            if isinstance(entry, int) and entry > 1:
                yield [*value[:axis], entry - 1, *value[axis + 1:]]


# Keeping it -----------------------------------------------------------------


def keep_regression(case: Case, verdict: Verdict, out: Path) -> Path:
    """A folder as test/Integration/regressions.py reads it."""
    layers = "_".join(dict.fromkeys(node.layer for node in case.recipe.nodes)).lower()[:60]
    path = out / f"{layers}_{case.seed.replace('/', '_')}"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    if not case.folder.exists():
        return path
    form = verdict.form or case.run
    for argument in form.arguments:
        source = case.folder / argument
        if source.exists():
            (shutil.copytree if source.is_dir() else shutil.copy)(source, path / source.name)
    arrays = {f"in{run}_{number}": array for run, inputs in enumerate(case.inputs) for number, array in enumerate(inputs)}
    arrays |= {f"out{run}_{number}": array for run, outputs in enumerate(case.outputs)
               for number, array in enumerate(outputs)}
    np.savez_compressed(path / "io.npz", **arrays)
    (path / "case.json").write_text(json.dumps(
        {"found": f"{verdict.kind}: {verdict.detail}", "arguments": list(form.arguments)}, indent=1) + "\n")
    return path
