"""Draws a model and prepares all that judging it needs: files, inputs, Keras's outputs."""

from __future__ import annotations

import os
import warnings
import zlib
from collections import Counter
from pathlib import Path

import keras
import numpy as np

from check import TOLERANCE, Case, relative_error
from draw import Draw
from expectation import Unusable, copy_weights, draw_inputs, evaluate, exact, expected, set_weights
from formats import Form, save_bare, save_keras2, save_keras3
from layers import TABLE
from models import draw_model
from recipe import Node, Recipe, build, features

os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")
import tf_keras  # noqa: E402

AT_MOST_UNLISTED = 0.15  # of the models have a layer that need not work
SINGLE = 0.2  # have one layer alone


class CaseMaker:
    def __init__(self, supported: set[str], formats: str) -> None:
        self.supported, self.formats = supported, formats
        self.redrawn: Counter[str] = Counter()
        self.made = 0
        warnings.filterwarnings("ignore")

    def make(self, seed: str, number: int, folder: Path, layer: str | None = None) -> Case:
        """Draws until Keras computes the model to finite values."""
        c = Draw(seed)
        while True:
            self.made += 1
            if self.made % 20 == 0:
                keras.backend.clear_session()
                tf_keras.backend.clear_session()
            c.allowed = self.supported.__contains__
            unlisted = [row.name for row in TABLE if row.name not in self.supported]
            must = layer or (c.choice(unlisted) if unlisted and c.odds(AT_MOST_UNLISTED) else None)
            recipe = draw_model(c, must)
            try:
                return prepare(recipe, seed, number, folder, self.formats)
            except Unusable as reason:
                self.redrawn[str(reason)[:90].splitlines()[0]] += 1


def prepare(recipe: Recipe, seed: str, number: int, folder: Path, formats: str) -> Case:
    """Raises Unusable where Keras does not compute the model."""
    model, value_seed = build(recipe, keras), zlib.crc32(seed.encode())
    set_weights(model, value_seed)
    inputs, outputs = [], []
    for run in range(len(recipe.sizes)):
        arrays = draw_inputs(recipe, run, value_seed)
        try:
            outputs.append(expected(recipe, model, arrays))
            inputs.append(arrays)
        except Unusable:
            if run + 1 == len(recipe.sizes) and not inputs:  # some sizes may be too short for a kernel
                raise
    folder.mkdir(parents=True, exist_ok=True)
    forms = save(recipe, model, folder, formats, inputs[0], outputs[0])
    run_form = forms[value_seed % len(forms)]
    return Case(number, seed, recipe, folder, forms, run_form, inputs, outputs,
                [exact(recipe, model, arrays) for arrays in inputs], features(recipe))


def save(recipe: Recipe, model: keras.Model, folder: Path, formats: str, inputs: list[np.ndarray],
         outputs: list[np.ndarray]) -> list[Form]:
    forms = save_keras3(recipe, model, folder)
    bare = save_bare(recipe, model, folder)
    if bare:
        forms.append(bare)
    if formats == "keras2":
        forms += save_older(recipe, model, folder, inputs, outputs)
    return forms[:1] if formats == "one" else forms


def all_nodes(recipe: Recipe) -> list[Node]:
    return [inner for node in recipe.nodes for inner in (all_nodes(node.inner) if node.inner else [node])]


def is_forgotten(node: Node) -> bool:
    """Keras 2 leaves the dilation of a Conv3DTranspose out of its files."""
    return node.layer == "Conv3DTranspose" and np.max(node.config.get("dilation_rate", 1)) > 1


def save_older(recipe: Recipe, model: keras.Model, folder: Path, inputs: list[np.ndarray],
               outputs: list[np.ndarray]) -> list[Form]:
    """Keras 2's forms, where it has these layers and means the same by them."""
    if any(is_forgotten(node) for node in all_nodes(recipe)):
        return []
    try:
        older = build(recipe, tf_keras)
        copy_weights(recipe, model, older)
        # Tighter than what the tool is held to: a hard_sigmoid of another slope may be scaled down behind it.
        if any(relative_error(a, b) > TOLERANCE / 2 for a, b in zip(evaluate(recipe, older, inputs), outputs)):
            return []
        return save_keras2(older, folder)
    except Exception:  # another version of a layer refuses in its own way
        return []
