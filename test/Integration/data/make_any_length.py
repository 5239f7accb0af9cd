"""Makes any_length.npz: what Keras computes for models of unknown length.

    KERAS_BACKEND=tensorflow python test/Integration/data/make_any_length.py MODEL.keras...

For each model, length n and batch b: `<model>_b<b>_n<n>_in` (float32) and
`..._out`, computed by Keras in float64 and rounded to float32.
"""

import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402

BATCHES = (1, 3)
LENGTHS = {"timeseries_ae_anylen": (1, 7, 288, 1000), "upsampler": (1, 7, 50, 300)}


def in_float64(model: keras.Model) -> keras.Model:
    config = model.to_json().replace('"float32"', '"float64"')
    double = keras.models.model_from_json(config)
    double.set_weights([w.astype(np.float64) for w in model.get_weights()])
    return double


def main() -> None:
    arrays: dict[str, np.ndarray] = {}
    random = np.random.default_rng(7)
    for path in map(Path, sys.argv[1:]):
        model = in_float64(keras.models.load_model(path))
        channels = model.input_shape[-1]
        for batch in BATCHES:
            for length in LENGTHS[path.stem]:
                x = random.normal(0, 1, (batch, length, channels)).astype(np.float32)
                y = np.asarray(model(x.astype(np.float64), training=False))
                key = f"{path.stem}_b{batch}_n{length}"
                arrays[f"{key}_in"] = x
                arrays[f"{key}_out"] = y.astype(np.float32)
                print(key, x.shape, y.shape, y.dtype)
    np.savez_compressed(Path(__file__).with_name("any_length.npz"), **arrays)


if __name__ == "__main__":
    main()
