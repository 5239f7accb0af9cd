"""A whole Keras model with its numbers, as a file that upconv and every peer read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np


@dataclass(frozen=True)
class ModelProblem:
    """One input; float32."""

    folder: Path
    x: np.ndarray
    threads: int
    useful_macs: int

    def model(self) -> keras.Model:
        return keras.models.load_model(self.folder / "model.keras", compile=False)


def unet(shape: tuple[int, ...]) -> keras.Model:
    """Ronneberger et al.'s U-Net, padded: two 3x3 convolutions per level, 64 to 1024 channels, 2x2 upsampling."""
    layers = keras.layers

    def level(x, filters: int):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        return x

    x = inputs = keras.Input(shape)
    skips = []
    for filters in (64, 128, 256, 512):
        skips.append(level(x, filters))
        x = layers.MaxPooling2D()(skips[-1])
    x = level(x, 1024)
    for filters, skip in zip((512, 256, 128, 64), reversed(skips)):
        x = layers.Conv2DTranspose(filters, 2, strides=2)(x)
        x = level(layers.Concatenate()([skip, x]), filters)
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x), name="unet")


def write_problem(description: Path | None, shape: tuple[int, ...], folder: Path) -> None:
    """The model with drawn weights, its input and what Keras makes of it."""
    keras.utils.set_random_seed(1)
    made = keras.models.model_from_json(description.read_text()) if description else unet(shape[1:])
    x = np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)
    made.save(folder / "model.keras")
    np.save(folder / "x.npy", x)
    np.save(folder / "wanted.npy", np.asarray(made(x, training=False)))


def load_problem(folder: Path, threads: int) -> ModelProblem:
    macs = json.loads((folder / "macs.json").read_text())
    return ModelProblem(folder, np.load(folder / "x.npy"), threads, macs)
