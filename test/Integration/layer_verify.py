"""Every layer, compiled, against the float64 reference (grid.py has more of the convolutions).

A line is a layer, its arguments and its inputs; '?' sizes are run-time extents,
and the run takes the sizes behind the bar. Sizes are odd, prime, 1 and beside
the vector width.
"""
# RUN: %python %s

from __future__ import annotations

from dataclasses import dataclass

from upconv_testing import Report, guarded, in_parallel, require, scratch, upconv, write_layer


@dataclass(frozen=True)
class Case:
    layer: str
    config: dict
    shapes: tuple[str, ...]

    @property
    def name(self) -> str:
        arguments = ", ".join(f"{key}={value}" for key, value in self.config.items())
        return f"{self.layer}({arguments}) of {' and '.join(self.shapes)}"


def case(layer: str, /, *shapes: str, **config) -> Case:
    return Case(layer, config, shapes)


def layer(class_name: str, **config) -> dict:
    """What a wrapper has inside."""
    return {"class_name": class_name, "config": {"name": "inner", **config}}


def both_formats(layer: str, last: str, first: str, **config) -> list[Case]:
    return [case(layer, last, data_format="channels_last", **config),
            case(layer, first, data_format="channels_first", **config)]


ACTIVATIONS = ("celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh",
               "leaky_relu", "log_sigmoid", "log_softmax", "mish", "relu6", "selu", "sigmoid", "silu",
               "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid",
               "squareplus", "tanh", "tanh_shrink")

CASES: list[Case] = [
    # convolutions over all channels
    *(case(f"Conv{rank}D{kind}", ",".join(["2", *"5967"[:rank], "3"]), filters=5, kernel_size=3, strides=2,
           padding="same", activation="relu") for rank in (1, 2, 3) for kind in ("", "Transpose")),
    case("Dense", "2,5,7", units=17, activation="tanh"),
    *(case("Activation", "2,5,19", activation=name) for name in ACTIVATIONS),
    case("Conv1DTranspose", "2,7,5", filters=6, kernel_size=5, strides=2, padding="same", activation="mish"),
    case("ELU", "2,3,17", alpha=0.5), case("ReLU", "2,3,17", max_value=1.5, negative_slope=0.1, threshold=0.2),
    case("LeakyReLU", "2,3,17", negative_slope=0.2),
    case("PReLU", "2,3,4,5"), case("PReLU", "2,3,4,5", shared_axes=[1, 2]),
    case("Softmax", "2,3,4,5", axis=[1, 2]), case("Softmax", "2,3,17", axis=1),
    # merging
    *(case(layer, "2,3,5", "2,1,5", "2,3,5") for layer in ("Add", "Multiply", "Average", "Maximum", "Minimum")),
    case("Subtract", "2,3,17", "2,1,17"),
    case("Concatenate", "2,3,4,5", "2,3,4,2"), case("Concatenate", "2,3,4", "2,1,4", "2,5,4", axis=1),
    case("Dot", "2,5,7", "2,7,4", axes=[2, 1]), case("Dot", "2,7", "2,7", axes=1, normalize=True),
    # shape
    case("Reshape", "2,4,6", target_shape=[3, -1, 2]), case("Flatten", "2,3,4,5"), case("Flatten", "?,3,5|2,3,5"),
    case("CenterCrop", "2,9,8,3", height=4, width=5),
    case("Permute", "2,3,4,5", dims=[3, 1, 2]), case("RepeatVector", "3,17", n=4),
    case("ZeroPadding1D", "2,5,3", padding=[2, 1]), case("ZeroPadding1D", "?,?,3|2,1,3", padding=3),
    *both_formats("ZeroPadding2D", "2,3,5,17", "2,17,3,5", padding=[[1, 2], [0, 3]]),
    *both_formats("ZeroPadding3D", "1,2,3,4,5", "1,5,2,3,4", padding=1),
    case("Cropping1D", "2,9,3", cropping=[2, 3]), case("Cropping1D", "?,?,3|2,7,3", cropping=3),
    *both_formats("Cropping2D", "2,7,9,17", "2,17,7,9", cropping=[[1, 2], [0, 3]]),
    *both_formats("Cropping3D", "1,5,6,7,4", "1,4,5,6,7", cropping=1),
    case("UpSampling1D", "2,5,3", size=3), case("UpSampling1D", "?,?,17|2,7,17", size=2),
    *(one for interpolation in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area")
      for one in both_formats("UpSampling2D", "2,3,5,3", "2,3,3,5", size=[2, 3], interpolation=interpolation)),
    case("UpSampling2D", "?,?,?,17|1,4,1,17", size=[3, 2], interpolation="bilinear"),
    *both_formats("UpSampling3D", "1,2,3,4,5", "1,5,2,3,4", size=2),
    # convolutions of each channel on its own
    case("DepthwiseConv1D", "2,9,17", kernel_size=3, padding="same"),
    *both_formats("DepthwiseConv2D", "2,7,9,17", "2,17,7,9", kernel_size=3, strides=2, padding="same",
                  activation="relu"),
    case("DepthwiseConv2D", "?,?,?,5|2,7,6,5", kernel_size=[3, 2], depth_multiplier=3, dilation_rate=2),
    case("SeparableConv1D", "2,9,6", filters=5, kernel_size=3, depth_multiplier=2),
    *both_formats("SeparableConv2D", "2,7,9,17", "2,17,7,9", filters=6, kernel_size=3, padding="same",
                  activation="gelu"),
    # pooling
    *(one for kind in ("Max", "Average") for keepdims in (False, True)
      for one in both_formats(f"Global{kind}Pooling2D", "2,5,7,17", "2,17,5,7", keepdims=keepdims)),
    *(case(f"Global{kind}Pooling1D", "?,?,5|3,7,5") for kind in ("Max", "Average")),
    *(case(f"{kind}Pooling{rank}D", ",".join(["2", *"9787"[:rank], "5"]), pool_size=3, strides=2, padding="same")
      for kind in ("Max", "Average") for rank in (1, 2, 3)),
    # dimensions of one element have no loop
    case("MaxPooling1D", "1,1,1", padding="same"), case("AveragePooling2D", "2,1,1,17", pool_size=3, padding="same"),
    case("GlobalMaxPooling2D", "2,1,1,17"), case("GlobalAveragePooling1D", "2,1,5"),
    *both_formats("GlobalAveragePooling3D", "2,3,4,5,6", "2,6,3,4,5"),
    # normalization
    case("LayerNormalization", "2,5,19"), case("LayerNormalization", "2,3,4,5", axis=[1, 3], epsilon=1e-5),
    case("LayerNormalization", "?,?,16|2,3,16", center=False),
    case("GroupNormalization", "2,3,5,12", groups=4), case("GroupNormalization", "2,7,17", groups=-1),
    case("GroupNormalization", "?,4,1,8|2,4,1,8", groups=2), case("GroupNormalization", "2,1,1,4", groups=4),
    case("GroupNormalization", "2,12,3,5", groups=3, axis=1), case("GroupNormalization", "3,12", groups=2),
    case("RMSNormalization", "2,5,19"), case("UnitNormalization", "2,5,19"),
    case("UnitNormalization", "2,3,4,5", axis=[1, 2]),
    case("Rescaling", "2,5,3", scale=0.5, offset=-1.0),
    case("Rescaling", "2,5,3", scale=[0.5, 2.0, -3.0], offset=[1.0, 0.0, -1.0]),
    case("Rescaling", "?,?,17|2,3,17", scale=list(range(17))), case("Rescaling", "2,5,3", scale=2, offset=[1, 2, 3]),
    case("Normalization", "2,5,3", mean=[1.0, 2.0, 3.0], variance=[0.25, 4.0, 9.0]),
    case("Normalization", "2,4,3", axis=[1, 2], mean=list(range(12)), variance=list(range(1, 13)), invert=True),
    case("Normalization", "2,4,3", axis=1, mean=[[0], [1], [2], [3]], variance=[[1], [2], [3], [4]]),
    case("Normalization", "?,5,17|3,5,17"), case("Normalization", "2,5,3", axis=None, mean=0.5, variance=2.0),
    case("BatchNormalization", "2,4,3,5", axis=1), case("BatchNormalization", "2,4,3,5", axis=[1, 3]),
    case("BatchNormalization", "?,4,17|2,4,17", axis=[2, 1], scale=False),
    # wrappers
    case("TimeDistributed", "2,5,7", layer=layer("Dense", units=17, activation="relu")),
    case("TimeDistributed", "?,?,7|2,3,7", layer=layer("Dense", units=4)),
    case("TimeDistributed", "?,?,8,9,3|2,3,8,9,3", layer=layer("Conv2D", filters=5, kernel_size=3, strides=2)),
    case("TimeDistributed", "2,3,4,5", layer=layer("Conv1DTranspose", filters=3, kernel_size=4, strides=2)),
    case("TimeDistributed", "?,4,6,5|2,4,6,5", layer=layer("BatchNormalization", axis=1)),
    case("TimeDistributed", "?,4,6,5|2,4,6,5", layer=layer("GlobalMaxPooling1D")),
    case("TimeDistributed", "?,?,6,5|2,1,6,5", layer=layer("LayerNormalization")),
    case("TimeDistributed", "2,2,3,4", layer=layer("TimeDistributed", layer=layer("Dense", units=5))),
    case("SpectralNormalization", "2,9,5", layer=layer("Conv1D", filters=6, kernel_size=3, activation="gelu")),
    case("SpectralNormalization", "2,5", layer=layer("Embedding", input_dim=7, output_dim=3)),
    # resizing
    *(one for interpolation in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area", "gaussian",
                                "mitchellcubic")
      for one in both_formats("Resizing", "2,7,10,3", "2,3,7,10", height=9, width=4, interpolation=interpolation)),
    case("Resizing", "?,7,5,17|2,7,5,17", height=14, width=15), case("Resizing", "1,5,7,2", height=1, width=1),
    case("Resizing", "1,12,8,2", height=3, width=4, interpolation="area"),
    # adaptive pooling
    *(one for kind in ("Max", "Average")
      for one in (case(f"Adaptive{kind}Pooling1D", "?,8,17|3,8,17", output_size=5),
                  case(f"Adaptive{kind}Pooling1D", "2,3,5", output_size=7),
                  case(f"Adaptive{kind}Pooling3D", "1,7,4,5,2", output_size=[3, 2, 4]),
                  *both_formats(f"Adaptive{kind}Pooling2D", "2,7,12,5", "2,5,7,12", output_size=[3, 4]))),
    # others
    case("Embedding", "2,5", input_dim=7, output_dim=17), case("Masking", "2,5,3", mask_value=0.0),
    *(case(layer, "2,3,4,5", **config) for layer, config in (
        ("Dropout", {"rate": 0.5}), ("SpatialDropout2D", {"rate": 0.5}), ("GaussianNoise", {"stddev": 1.0}), ("GaussianDropout", {"rate": 0.5}),
        ("AlphaDropout", {"rate": 0.5}), ("ActivityRegularization", {"l1": 0.1}), ("Identity", {}))),
]


def check(item: Case, *flags: str) -> str | None:
    with scratch() as folder:
        path = write_layer(folder, item.layer, {"name": "layer", **item.config})
        arguments: list[str] = []
        for number, shape in enumerate(item.shapes):
            compiled, _, actual = shape.partition("|")
            name = "input" if number == 0 else f"input_{number + 1}"
            arguments += ["--input-shape", f"{name}={compiled}"]
            if actual:
                arguments += ["--input", f"{name}={random_input(folder, actual)}"]
        require(upconv("verify", path, "--init", "1", *flags, *arguments))
        return None


def random_input(folder, shape: str) -> str:
    import numpy as np
    from upconv_testing import save
    sizes = [int(size) for size in shape.split(",")]
    return str(save(folder / "input.npy", np.random.default_rng(1).standard_normal(sizes)))


def main() -> None:
    report = Report()
    for item, problem in zip(CASES, in_parallel(lambda item: guarded(lambda: check(item)), CASES)):
        report.add(item.layer, item.name, problem)
    report.finish()


if __name__ == "__main__":
    main()
