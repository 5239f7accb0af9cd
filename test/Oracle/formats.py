"""Saves one model in every form that Keras writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from recipe import Recipe, is_operation


@dataclass(frozen=True)
class Form:
    """One way to hand a model to the tool."""

    name: str
    keras: int  # the version whose spelling it has: 2 or 3
    arguments: tuple[str, ...]  # relative to the model's folder


def npz_names(recipe: Recipe, model: Any) -> dict[str, np.ndarray] | None:
    """`<layer>/<variable>`; None where a layer holds others."""
    arrays = {}
    for node in recipe.nodes:
        if node.inner or "layer" in node.config or node.layer in ("LSTM", "GRU", "SimpleRNN", "ConvLSTM1D"):
            return None
        if not node.shares and not is_operation(node.layer):
            arrays |= {f"{node.name}/{weight.name}": weight.numpy() for weight in model.get_layer(node.name).weights}
    return arrays


def save_keras3(recipe: Recipe, model: Any, folder: Path) -> list[Form]:
    (folder / "folder").mkdir(exist_ok=True)
    (folder / "model.json").write_text(model.to_json())
    model.save_weights(folder / "model.weights.h5")
    model.save(folder / "archive.keras")
    model.save(folder / "folder", zipped=False)
    forms = [Form("keras", 3, ("archive.keras",)),
             Form("json+weights.h5", 3, ("model.json", "--weights", "model.weights.h5")),
             Form("directory", 3, ("folder",))]
    try:
        model.save(folder / "legacy.h5")
        forms.append(Form("h5", 3, ("legacy.h5",)))
    except ValueError as error:  # a nested model whose variables share a name has no place in a legacy file
        if "name already exists" not in str(error):
            raise
    arrays = npz_names(recipe, model)
    if arrays:
        np.savez(folder / "model.npz", **arrays)
        forms.append(Form("json+npz", 3, ("model.json", "--weights", "model.npz")))
    return forms


def save_keras2(model: Any, folder: Path) -> list[Form]:
    (folder / "keras2.json").write_text(model.to_json())
    model.save_weights(folder / "keras2.weights.h5")
    model.save_weights(folder / "keras2_weights_legacy.h5")
    model.save(folder / "keras2.keras")
    model.save(folder / "keras2.h5")
    return [Form("keras2 keras", 2, ("keras2.keras",)),
            Form("keras2 json+weights.h5", 2, ("keras2.json", "--weights", "keras2.weights.h5")),
            Form("keras2 h5", 2, ("keras2.h5",)),
            Form("keras2 json+h5 weights", 2, ("keras2.json", "--weights", "keras2_weights_legacy.h5"))]


def save_bare(recipe: Recipe, model: Any, folder: Path) -> Form | None:
    """The layer alone, where the model is one layer on one input."""
    node = recipe.nodes[0]
    if len(recipe.nodes) > 1 or node.inner or node.listed or is_operation(node.layer) or None in recipe.inputs[0].shape[1:]:
        return None
    arrays = npz_names(recipe, model)
    if arrays is None:
        return None
    whole = keras.saving.serialize_keras_object(model.get_layer(node.name))
    (folder / "bare.json").write_text(json.dumps({key: whole[key] for key in ("class_name", "config")}))
    shape = ",".join("?" if size is None else str(size) for size in recipe.inputs[0].shape)
    flags: tuple[str, ...] = ("--input-shape", shape)
    if arrays:
        np.savez(folder / "bare.npz", **{name.split("/")[1]: array for name, array in arrays.items()})
        flags += ("--weights", "bare.npz")
    return Form("bare layer", 0, ("bare.json", *flags))
