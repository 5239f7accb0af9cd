"""Makes the example models with Keras itself, and what Keras computes for them.

Run it in a virtual environment that has test/Oracle/requirements.txt:

    KERAS_BACKEND=tensorflow python examples/make_examples.py

For each model NAME it writes, beside this file,

    NAME.keras    the model as Keras saves it
    NAME.io.npz   in_<input>, out32_<output> (Keras in float32) and
                  out64_<output> (the same weights and inputs in float64)

Weights are drawn from a seeded generator, batch-normalisation statistics
included, so that no layer is trivial.
"""

import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

FOLDER = Path(__file__).parent


def upsampler() -> keras.Model:
    """Sixteen times as many audio samples; any length."""
    return keras.Sequential(
        [
            keras.Input((None, 1), name="audio"),
            layers.Conv1D(16, 7, padding="same", name="analysis"),
            layers.LeakyReLU(negative_slope=0.1, name="analysis_act"),
            layers.Conv1DTranspose(16, 8, strides=4, padding="same", name="up0"),
            layers.BatchNormalization(name="up0_norm"),
            layers.LeakyReLU(negative_slope=0.1, name="up0_act"),
            layers.Conv1DTranspose(8, 9, strides=4, padding="same", name="up1"),
            layers.LeakyReLU(negative_slope=0.1, name="up1_act"),
            layers.Conv1D(1, 7, padding="same", activation="tanh", name="samples"),
        ],
        name="upsampler",
    )


def generator() -> keras.Model:
    """A small DCGAN generator: 32 numbers to a 32 x 32 picture."""
    return keras.Sequential(
        [
            keras.Input((32,), name="z"),
            layers.Dense(4 * 4 * 48, use_bias=False, name="project"),
            layers.BatchNormalization(name="project_norm"),
            layers.ReLU(name="project_act"),
            layers.Reshape((4, 4, 48), name="seed"),
            layers.Conv2DTranspose(24, 4, strides=2, padding="same", use_bias=False, name="up0"),
            layers.BatchNormalization(name="up0_norm"),
            layers.ReLU(name="up0_act"),
            layers.Conv2DTranspose(12, 4, strides=2, padding="same", use_bias=False, name="up1"),
            layers.BatchNormalization(name="up1_norm"),
            layers.ReLU(name="up1_act"),
            layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="tanh", name="image"),
        ],
        name="generator",
    )


def denoiser() -> keras.Model:
    """A denoising autoencoder with a skip connection."""
    noisy = keras.Input((28, 28, 1), name="noisy")
    full = layers.Conv2D(12, 3, padding="same", activation="relu", name="enc0")(noisy)
    x = layers.MaxPooling2D(2, name="pool0")(full)
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="enc1")(x)
    x = layers.Dropout(0.2, name="drop")(x)
    x = layers.Conv2DTranspose(12, 3, strides=2, padding="same", activation="relu", name="dec0")(x)
    x = layers.Add(name="skip")([x, full])
    clean = layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="clean")(x)
    return keras.Model(noisy, clean, name="denoiser")


def draw_weights(model: keras.Model, seed: int) -> None:
    """Every variable from a seeded generator, at a scale that keeps signals alive."""
    random = np.random.default_rng(seed)
    for variable in model.weights:
        shape = variable.shape
        if variable.name == "kernel":
            value = random.normal(0, (2 / fan_in(variable.path, shape)) ** 0.5, shape)
        elif variable.name == "gamma":
            value = random.uniform(0.5, 1.5, shape)
        elif variable.name == "moving_variance":
            value = random.uniform(0.3, 2.0, shape)
        else:  # bias, beta, moving_mean
            value = random.normal(0, 0.1, shape)
        variable.assign(value.astype(np.float32))


def fan_in(path: str, shape: tuple[int, ...]) -> int:
    """Terms per output; a transposed layer of stride 2 or 4 sees a fraction of its taps."""
    if "/up" in path or "dec0" in path or "image" in path:
        return int(np.prod(shape[:-2])) * shape[-1] // 4 or 1
    return int(np.prod(shape[:-1]))


def in_float64(model: keras.Model) -> keras.Model:
    """The same model and weights, computed in float64."""
    config = model.to_json().replace('"float32"', '"float64"')
    double = keras.models.model_from_json(config)
    double.set_weights([w.astype(np.float64) for w in model.get_weights()])
    return double


def write(model: keras.Model, input_shape: tuple[int, ...], seed: int) -> None:
    draw_weights(model, seed)
    x = np.random.default_rng(seed + 1).normal(0, 1, input_shape).astype(np.float32)
    out32 = np.asarray(model(x, training=False))
    out64 = np.asarray(in_float64(model)(x.astype(np.float64), training=False))
    assert out32.dtype == np.float32 and out64.dtype == np.float64
    error = np.linalg.norm(out32 - out64) / np.linalg.norm(out64)
    source, result = model.inputs[0].name, model.layers[-1].name
    model.save(FOLDER / f"{model.name}.keras")
    np.savez_compressed(
        FOLDER / f"{model.name}.io.npz",
        **{f"in_{source}": x, f"out32_{result}": out32, f"out64_{result}": out64},
    )
    print(f"{model.name}: {model.count_params()} parameters, {x.shape} -> {out32.shape}, "
          f"std {out64.std():.3f}, float32 error {error:.2e}")


def main() -> None:
    write(upsampler(), (2, 50, 1), 11)
    write(generator(), (2, 32), 22)
    write(denoiser(), (2, 28, 28, 1), 33)


if __name__ == "__main__":
    main()
