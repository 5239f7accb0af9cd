"""Holds `upconv run` against live Keras over a grid of layers and small models.

Opt-in, since it needs an environment with requirements.txt:

    python -m venv .venv-oracle && .venv-oracle/bin/pip install -r test/Oracle/requirements.txt
    .venv-oracle/bin/python test/Oracle/compare_with_keras.py build/bin/upconv [--count N] [--seed S]

Integer layers must agree bit for bit, models to a relative error norm of 1e-5.
Where TensorFlow refuses a layer on this machine (channels_first and dilated
transposed layers on a CPU, an even reach with output_padding 0), the layer is
counted as refused.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

TOLERANCE = 1e-5


def draw_transposed(chance: random.Random) -> layers.Layer:
    rank = chance.choice((1, 1, 2, 3))
    dilated = chance.random() < 0.2
    strides = [1 if dilated else chance.randint(1, 4) for _ in range(rank)]
    return getattr(layers, f"Conv{rank}DTranspose")(
        chance.choice((1, 3, 8, 17)), [chance.randint(1, 5) for _ in range(rank)], strides=strides,
        padding=chance.choice(("valid", "same")),
        output_padding=chance.choice((None, None, [chance.randrange(s) for s in strides])),
        dilation_rate=[chance.randint(1, 3) if dilated else 1 for _ in range(rank)],
        activation=chance.choice((None, "relu")), use_bias=chance.random() < 0.8)


def draw_forward(chance: random.Random) -> layers.Layer:
    rank = chance.choice((1, 2, 3))
    dilated = chance.random() < 0.3
    return getattr(layers, f"Conv{rank}D")(
        chance.choice((2, 4, 8)), [chance.randint(1, 4) for _ in range(rank)],
        strides=[1 if dilated else chance.randint(1, 3) for _ in range(rank)],
        padding=chance.choice(("valid", "same", "causal") if rank == 1 else ("valid", "same")),
        dilation_rate=[chance.randint(1, 2) if dilated else 1 for _ in range(rank)],
        groups=chance.choice((1, 1, 2)), activation=chance.choice((None, "relu")))


def integers(shape: tuple[int, ...], random_state: np.random.Generator) -> np.ndarray:
    return random_state.integers(-4, 5, shape).astype(np.float32)


def run_upconv(tool: Path, model: Path, folder: Path, x: np.ndarray, *flags: object) -> np.ndarray | str:
    """The output, or what the tool said."""
    np.save(folder / "x.npy", x)
    command = [tool, "run", model, *flags, "--input", folder / "x.npy", "--output", folder / "y.npy"]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    return np.load(folder / "y.npy") if result.returncode == 0 else result.stderr.strip()


def compare_layer(tool: Path, layer: layers.Layer, state: np.random.Generator, folder: Path) -> tuple[str, str]:
    """Verdict and detail."""
    rank = len(layer.kernel_size)
    shape = (2, *(int(n) for n in state.integers(3, 8, rank)), 4)
    x = integers(shape, state)
    try:
        layer.build(shape)
        layer.set_weights([integers(w.shape, state) for w in layer.get_weights()])
        expected = np.asarray(layer(x))
    except Exception as error:  # whatever TensorFlow raises: it refuses the layer
        return "refused by TensorFlow", type(error).__name__
    path = folder / "layer.json"
    path.write_text(json.dumps({"class_name": type(layer).__name__, "config": layer.get_config()}, default=str))
    np.savez(folder / "w.npz", **{w.name: w.numpy() for w in layer.weights})
    actual = run_upconv(tool, path, folder, x, "--input-shape", ",".join(map(str, shape)),
                        "--weights", folder / "w.npz")
    if isinstance(actual, str):
        return "failed", actual
    if actual.shape != expected.shape:
        return "failed", f"shape {actual.shape} instead of {expected.shape}"
    return ("equal", "") if np.array_equal(actual, expected) else (
        "failed", f"{np.count_nonzero(actual != expected)} of {actual.size} values differ")


def draw_model(chance: random.Random) -> keras.Model:
    """A chain of two dimensions with every kind of layer that the tool knows."""
    stack = [keras.Input((chance.randint(6, 12), chance.randint(6, 12), 3), name="x")]
    for _ in range(chance.randint(3, 7)):
        stack.append(chance.choice((
            lambda: layers.Conv2D(chance.choice((4, 8)), 3, padding="same"),
            lambda: layers.Conv2DTranspose(chance.choice((4, 6)), chance.choice((3, 4)), strides=2, padding="same",
                                           activation=chance.choice((None, "relu", "tanh", "sigmoid"))),
            lambda: layers.BatchNormalization(), lambda: layers.ReLU(max_value=6.0), lambda: layers.LeakyReLU(),
            lambda: layers.MaxPooling2D(2, padding="same"), lambda: layers.AveragePooling2D(2, padding="same"),
            lambda: layers.Dropout(0.3)))())
    if chance.random() < 0.5:
        stack += [layers.Flatten(), layers.Dense(10, activation=chance.choice((None, "softmax")))]
    return keras.Sequential(stack)


def compare_model(tool: Path, model: keras.Model, state: np.random.Generator, folder: Path) -> tuple[str, str]:
    for variable in model.weights:
        low, high = (0.5, 2) if variable.name in ("gamma", "moving_variance") else (-0.5, 0.5)
        variable.assign(state.uniform(low, high, variable.shape).astype(np.float32))
    x = state.normal(0, 1, (2, *model.input_shape[1:])).astype(np.float32)
    expected = np.asarray(model(x, training=False)).astype(np.float64)
    model.save(folder / "model.keras")
    actual = run_upconv(tool, folder / "model.keras", folder, x)
    if isinstance(actual, str):
        return "failed", actual
    if actual.shape != expected.shape:
        return "failed", f"shape {actual.shape} instead of {expected.shape}"
    error = np.linalg.norm(actual - expected) / (np.linalg.norm(expected) or 1)
    return ("close", "") if error <= TOLERANCE else ("failed", f"relative error norm {error:.2e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", type=Path)
    parser.add_argument("--count", type=int, default=100, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance, state = random.Random(arguments.seed), np.random.default_rng(arguments.seed)
    kinds = {"transposed": (draw_transposed, compare_layer), "forward": (draw_forward, compare_layer),
             "model": (draw_model, compare_model)}
    failed = False
    for kind, (draw, compare) in kinds.items():
        verdicts: Counter[str] = Counter()
        for number in range(arguments.count):
            subject = draw(chance)
            with tempfile.TemporaryDirectory() as folder:
                verdict, detail = compare(arguments.tool.resolve(), subject, state, Path(folder))
            verdicts[verdict] += 1
            if verdict == "failed":
                failed = True
                print(f"FAILED {kind} {number}: {detail}\n  {json.dumps(subject.get_config(), default=str)}")
        print(f"{kind}: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items())))
    sys.exit(failed)


if __name__ == "__main__":
    main()
