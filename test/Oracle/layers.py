"""One table of layers: which tensors each takes, and how its arguments are drawn.

A generator gets the dice and the input's shape and returns the arguments, or None
where the layer does not fit. What Keras still refuses is drawn again, so a
generator need not repeat Keras's rules. Sizes stay small: a model compiles in
about a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from draw import Draw, Shape, channels, spatial

Config = dict[str, Any]
Generator = Callable[[Draw, Shape], "Config | None"]

ACTIVATIONS = (
    "linear", "relu", "leaky_relu", "sigmoid", "tanh", "softmax", "relu6", "elu", "selu", "silu", "swish", "gelu",
    "softplus", "softsign", "exponential", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "mish", "celu", "glu", "log_sigmoid",
    "log_softmax", "hard_shrink", "soft_shrink", "tanh_shrink", "squareplus", "sparse_plus",
    "sparse_sigmoid", "sparsemax")


@dataclass(frozen=True)
class Layer:
    name: str
    ranks: tuple[int, ...]  # of the input, batch included
    draw: Generator
    weight: float = 1.0
    inputs: int = 1  # 2: a list of two or more

    def takes(self, shape: Shape) -> bool:
        return len(shape) in self.ranks


# Activations ----------------------------------------------------------------


def activation(c: Draw, shape: Shape) -> Config:
    """For a layer's own `activation` argument: none, a name, or an object."""
    if c.odds(0.5):
        return {}
    name = c.feature("activation", *ACTIVATIONS)
    if name is None or name in ("softmax", "log_softmax", "sparsemax", "glu") and shape[-1] in (None, 1):
        return {}
    if c.odds(0.08) and c.allowed("activation object"):
        return {"activation": c.pick({"class_name": "LeakyReLU", "config": {"negative_slope": 0.25}},
                                     {"class_name": "ReLU", "config": {"max_value": 1.5}})}
    return {"activation": name}


def activation_layer(c: Draw, shape: Shape) -> Config | None:
    name = c.feature("activation", *ACTIVATIONS)
    if name is None or name in ("softmax", "log_softmax", "sparsemax") and shape[-1] is None:
        return None
    return {"activation": name}


def re_lu(c: Draw, shape: Shape) -> Config:
    return c.options(0.4, max_value=lambda: c.pick(0.5, 1, 6.0, None), negative_slope=lambda: c.pick(0.0, 0.125, 1),
                     threshold=lambda: c.pick(0, 0.25, 0.5))


def leaky_re_lu(c: Draw, shape: Shape) -> Config:
    return c.options(0.6, negative_slope=lambda: c.pick(0.0, 0.01, 0.3, 1, 2.5))


def p_re_lu(c: Draw, shape: Shape) -> Config:
    axes = [axis for axis in range(1, len(shape)) if shape[axis] is None or c.odds(0.4)]
    return {"shared_axes": axes} if axes else {}


def elu(c: Draw, shape: Shape) -> Config:
    return c.options(0.5, alpha=lambda: c.pick(0.5, 1, 2.0))


def softmax(c: Draw, shape: Shape) -> Config | None:
    axis = c.randint(1, len(shape) - 1)
    if shape[axis] is None:
        return None
    return c.options(0.5, axis=lambda: c.pick(axis, axis - len(shape)))


# Convolutions ---------------------------------------------------------------


def convolution(c: Draw, shape: Shape, *, transposed: bool = False, depthwise: bool = False,
                separable: bool = False) -> Config:
    rank = len(shape) - 2
    config: Config = c.data_format(shape)
    dilated = c.odds(0.2)
    kernel = c.axes(rank, 1, 2, 3, 3, 4, 5, 7) if rank < 3 else c.axes(rank, 1, 2, 3, 4)
    strides = [1] * rank if dilated or c.odds(0.3) else c.axes(rank, 1, 2, 2, 3, 4, 5)
    if depthwise or separable:
        strides = strides[:1] * rank  # TensorFlow wants them equal
    config["kernel_size"] = c.spread(kernel)
    if max(strides) > 1 or c.odds(0.3):
        config["strides"] = c.spread(strides)
    if dilated:
        config["dilation_rate"] = c.spread(c.axes(rank, 1, 2, 3) if not (depthwise or separable) else [2] * rank)
    if c.odds(0.6):
        config["padding"] = c.pick("same", "same", "valid", "SAME" if c.odds(0.05) else "same")
    config |= c.options(0.2, use_bias=False)
    if depthwise or separable:
        config |= c.options(0.4, depth_multiplier=lambda: c.pick(1, 2, 3))
    if not depthwise:
        config["filters"] = c.pick(1, 2, 3, 4, 5, 8, 11, 16)
    if transposed and not dilated and c.odds(0.3):
        padding = [c.randrange(s) for s in strides]
        # TensorFlow refuses an even reach without output padding.
        if config.get("padding", "valid") == "valid" or all(k % 2 or p for k, p in zip(kernel, padding)):
            config["output_padding"] = c.spread(padding)
    return config | activation(c, shape)


def forward(c: Draw, shape: Shape) -> Config:
    config = convolution(c, shape)
    cin = channels(shape, config)
    if cin and c.odds(0.25):
        groups = c.choice([g for g in range(1, cin + 1) if cin % g == 0])
        config |= {"groups": groups, "filters": groups * c.pick(1, 2, 3)}
    if len(shape) == 3 and c.odds(0.2) and config.get("data_format") != "channels_first":
        config["padding"] = "causal"
    return config


def transpose(c: Draw, shape: Shape) -> Config:
    return convolution(c, shape, transposed=True)


def depthwise(c: Draw, shape: Shape) -> Config:
    return convolution(c, shape, depthwise=True)


def separable(c: Draw, shape: Shape) -> Config:
    return convolution(c, shape, separable=True)


def pooling(c: Draw, shape: Shape) -> Config:
    rank = len(shape) - 2
    config: Config = c.data_format(shape) | {"pool_size": c.spread(c.axes(rank, 1, 2, 2, 3, 5))}
    return config | c.options(0.4, strides=lambda: c.spread(c.axes(rank, 1, 2, 3))) | c.options(
        0.5, padding=lambda: c.pick("same", "valid"))


def global_pooling(c: Draw, shape: Shape) -> Config:
    return c.data_format(shape) | c.options(0.4, keepdims=lambda: c.odds(0.7))


def adaptive_pooling(c: Draw, shape: Shape) -> Config:
    return c.data_format(shape) | {"output_size": c.spread(c.axes(len(shape) - 2, 1, 2, 3))}


# Resampling and reshaping ---------------------------------------------------


def up_sampling(c: Draw, shape: Shape) -> Config:
    rank = len(shape) - 2
    if rank == 1:
        return c.options(0.7, size=lambda: c.pick(1, 2, 3))
    config = c.data_format(shape) | c.options(0.7, size=lambda: c.spread(c.axes(rank, 1, 2, 3)))
    if rank == 2 and c.odds(0.4):
        name = c.feature("interpolation", "nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area")
        config |= {"interpolation": name} if name else {}
    return config


def resizing(c: Draw, shape: Shape) -> Config:
    name = c.feature("interpolation", "nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5")
    return {"height": c.randint(1, 9), "width": c.randint(1, 9)} | ({"interpolation": name} if name else {})


def borders(key: str) -> Generator:
    def draw(c: Draw, shape: Shape) -> Config:
        rank = len(shape) - 2
        pairs = [[c.randint(0, 2), c.randint(0, 2)] for _ in range(rank)]
        if rank == 1:
            value: Any = c.pick(c.randint(0, 2), pairs[0])
        else:
            value = c.pick(c.randint(0, 2), [low for low, _ in pairs], pairs)
        format_ = c.data_format(shape) if key == "padding" or rank > 1 else {}
        return format_ | c.options(0.9, **{key: value})
    return draw


def reshape(c: Draw, shape: Shape) -> Config | None:
    sizes = list(shape[1:])
    if sizes.count(None) > 1:
        return None
    if None in sizes:
        known = [s for s in sizes if s is not None]
        return {"target_shape": c.pick([-1, *known], [-1, 1, *known], [*known, -1])}
    total = 1
    for size in sizes:
        total *= size
    target, rest = [], total
    for _ in range(c.randint(0, 3)):
        divisors = [d for d in range(1, rest + 1) if rest % d == 0]
        target.append(c.choice(divisors))
        rest //= target[-1]
    target.append(rest)
    c.shuffle(target)
    if c.odds(0.4):
        target[c.randrange(len(target))] = -1
    return {"target_shape": target}


def permute(c: Draw, shape: Shape) -> Config:
    dims = list(range(1, len(shape)))
    c.shuffle(dims)
    return {"dims": dims}


def flatten(c: Draw, shape: Shape) -> Config | None:
    return None if None in shape[1:] else c.options(0.2, data_format=lambda: c.pick("channels_last", "channels_first"))


def repeat_vector(c: Draw, shape: Shape) -> Config:
    return {"n": c.randint(1, 5)}


def center_crop(c: Draw, shape: Shape) -> Config | None:
    if None in shape[1:]:
        return None
    return {"height": c.randint(1, shape[-3]), "width": c.randint(1, shape[-2])}


# Dense and normalization ----------------------------------------------------


def dense(c: Draw, shape: Shape) -> Config | None:
    if shape[-1] is None:
        return None
    return {"units": c.pick(1, 2, 3, 5, 8, 10, 17)} | c.options(0.2, use_bias=False) | activation(c, shape)


def einsum_dense(c: Draw, shape: Shape) -> Config | None:
    if shape[-1] is None:
        return None
    return {2: {"equation": "ab,bc->ac", "output_shape": 5, "bias_axes": "c"},
            3: {"equation": "abc,cd->abd", "output_shape": [None, 4], "bias_axes": "d"},
            4: {"equation": "abcd,def->abcef", "output_shape": [None, None, 2, 3], "bias_axes": "ef"}}[len(shape)]


def embedding(c: Draw, shape: Shape) -> Config:
    return {"input_dim": 7, "output_dim": c.pick(1, 3, 4, 8)}


def known_axis(c: Draw, shape: Shape) -> int | None:
    """The last one most often."""
    known = [axis for axis in range(1, len(shape)) if shape[axis] is not None]
    if not known:
        return None
    axis = known[-1] if c.odds(0.6) else c.choice(known)
    return axis if c.odds(0.4) else axis - len(shape)


def batch_normalization(c: Draw, shape: Shape) -> Config | None:
    axis = known_axis(c, shape)
    if axis is None:
        return None
    return {"axis": axis} | c.options(0.3, center=False, scale=False, epsilon=lambda: c.pick(1e-5, 0.01))


def layer_normalization(c: Draw, shape: Shape) -> Config | None:
    axis = known_axis(c, shape)
    if axis is None:
        return None
    if c.odds(0.25):
        known = [a for a in range(1, len(shape)) if shape[a] is not None]
        axes: Any = sorted(c.sample(known, c.randint(1, len(known))))
    else:
        axes = axis
    return {"axis": axes} | c.options(0.3, center=False, scale=False, epsilon=lambda: c.pick(1e-5, 0.01))


def group_normalization(c: Draw, shape: Shape) -> Config | None:
    axis = known_axis(c, shape)
    if axis is None:
        return None
    size = shape[axis]
    groups = c.choice([g for g in range(1, size + 1) if size % g == 0] + [-1])
    return {"axis": axis, "groups": groups} | c.options(0.3, center=False, scale=False, epsilon=1e-5)


def rms_normalization(c: Draw, shape: Shape) -> Config | None:
    return None if shape[-1] is None else c.options(0.4, epsilon=1e-4)


def unit_normalization(c: Draw, shape: Shape) -> Config:
    return c.options(0.5, axis=lambda: c.randint(1, len(shape) - 1))


def rescaling(c: Draw, shape: Shape) -> Config:
    return {"scale": c.pick(0.5, 2, 1 / 255)} | c.options(0.5, offset=lambda: c.pick(-1, 0.25))


def normalization(c: Draw, shape: Shape) -> Config | None:
    if shape[-1] is None:
        return None
    return {"axis": -1, "mean": [0.5] * shape[-1], "variance": [c.pick(0.25, 2.0)] * shape[-1]} | c.options(
        0.2, invert=True)


# Merges and what does nothing -----------------------------------------------


def nothing(c: Draw, shape: Shape) -> Config:
    return {}


def concatenate(c: Draw, shape: Shape) -> Config:
    return c.options(0.6, axis=lambda: c.pick(-1, -1, len(shape) - 1, 1))


def dot(c: Draw, shape: Shape) -> Config:
    axis = c.randint(1, len(shape) - 1)
    return {"axes": c.pick(axis, [axis, axis], -1)} | c.options(0.3, normalize=True)


def rate(c: Draw, shape: Shape) -> Config:
    return {"rate": c.pick(0.1, 0.25, 0.5)}


def gaussian_noise(c: Draw, shape: Shape) -> Config:
    return {"stddev": 0.5}


def regularization(c: Draw, shape: Shape) -> Config:
    return {"l1": 0.01, "l2": 0.5}


def random_flip(c: Draw, shape: Shape) -> Config:
    return {"mode": "horizontal"}


def masking(c: Draw, shape: Shape) -> Config:
    return c.options(0.5, mask_value=0.5)


# Wrappers, recurrent layers and attention -----------------------------------


def wrapped(*names: str) -> Generator:
    def draw(c: Draw, shape: Shape) -> Config | None:
        inner_shape = (shape[0], *shape[2:])
        rows = [row for row in TABLE if row.name in names and row.takes(inner_shape) and c.allowed(row.name)]
        if not rows:
            return None
        row = c.choice(rows)
        inner = row.draw(c, inner_shape)
        return None if inner is None else {"layer": {"class_name": row.name, "config": inner}}
    return draw


def spectral(c: Draw, shape: Shape) -> Config | None:
    if shape[-1] is None or not c.allowed("Dense"):
        return None
    return {"layer": {"class_name": "Dense", "config": {"units": 4}}}


def recurrent(c: Draw, shape: Shape) -> Config | None:
    if shape[-1] is None:
        return None
    return {"units": c.pick(1, 3, 4)} | c.options(
        0.4, return_sequences=True, go_backwards=True, use_bias=False)


def bidirectional(c: Draw, shape: Shape) -> Config | None:
    if shape[-1] is None:
        return None
    return {"layer": {"class_name": c.pick("LSTM", "GRU", "SimpleRNN"), "config": recurrent(c, shape) or {"units": 2}}}


def conv_lstm(c: Draw, shape: Shape) -> Config:
    return {"filters": 2, "kernel_size": 3} | c.options(0.5, padding="same", return_sequences=True)


def attention(c: Draw, shape: Shape) -> Config:
    return c.options(0.4, score_mode="concat")


# Functions of keras.ops -------------------------------------------------------


def operation_axis(c: Draw, shape: Shape) -> Config:
    return {"axis": c.pick(c.randint(1, len(shape) - 1), -1)} | c.options(0.4, keepdims=True)


def with_constant(c: Draw, shape: Shape) -> Config:
    return {"with": c.pick(0.5, 2.0, -1.5)}


def clip(c: Draw, shape: Shape) -> Config:
    return {"x_min": -0.5, "x_max": c.pick(0.5, 1.5)}


def expand_dims(c: Draw, shape: Shape) -> Config:
    return {"axis": c.pick(c.randint(1, len(shape)), -1)}


def squeeze(c: Draw, shape: Shape) -> Config | None:
    ones = [axis for axis in range(1, len(shape)) if shape[axis] == 1]
    return {"axis": c.choice(ones)} if ones and len(shape) > 2 else None


def axes_order(c: Draw, shape: Shape) -> Config:
    order = list(range(1, len(shape)))
    c.shuffle(order)
    return {"axes": [0, *order]}


def operation_concatenate(c: Draw, shape: Shape) -> Config:
    return {"axis": c.pick(-1, len(shape) - 1, 1)}


OPERATIONS = (
    *(Layer(f"ops.{name}", (2, 3, 4, 5), nothing, 0.1)
      for name in ("relu", "tanh", "sigmoid", "exp", "abs", "square", "negative", "softplus", "silu", "gelu", "leaky_relu")),
    *(Layer(f"ops.{name}", (2, 3, 4, 5), with_constant, 0.2) for name in ("add", "multiply", "subtract", "maximum")),
    *(Layer(f"ops.{name}", (3, 4), operation_axis, 0.2) for name in ("mean", "sum", "max")),
    Layer("ops.clip", (2, 3, 4), clip, 0.2), Layer("ops.expand_dims", (2, 3, 4), expand_dims, 0.2),
    Layer("ops.squeeze", (3, 4, 5), squeeze, 0.4), Layer("ops.transpose", (3, 4, 5), axes_order, 0.2),
    *(Layer(f"ops.{name}", (2, 3, 4, 5), nothing, 0.2, 2) for name in ("divide", "minimum")),
    Layer("ops.concatenate", (2, 3, 4, 5), operation_concatenate, 0.3, 2),
)

TABLE = (
    *(Layer(f"Conv{r}DTranspose", (r + 2,), transpose, 5) for r in (1, 2, 3)),
    *(Layer(f"Conv{r}D", (r + 2,), forward, 3) for r in (1, 2, 3)),
    *(Layer(f"SeparableConv{r}D", (r + 2,), separable, 1.5) for r in (1, 2)),
    *(Layer(f"DepthwiseConv{r}D", (r + 2,), depthwise, 1.5) for r in (1, 2)),
    *(Layer(f"{kind}Pooling{r}D", (r + 2,), pooling) for r in (1, 2, 3) for kind in ("Max", "Average")),
    *(Layer(f"Global{kind}Pooling{r}D", (r + 2,), global_pooling, 0.3) for r in (1, 2, 3) for kind in ("Max", "Average")),
    *(Layer(f"Adaptive{kind}Pooling{r}D", (r + 2,), adaptive_pooling, 0.3) for r in (1, 2, 3) for kind in ("Max", "Average")),
    *(Layer(f"UpSampling{r}D", (r + 2,), up_sampling, 1.5) for r in (1, 2, 3)),
    *(Layer(f"ZeroPadding{r}D", (r + 2,), borders("padding")) for r in (1, 2, 3)),
    *(Layer(f"Cropping{r}D", (r + 2,), borders("cropping")) for r in (1, 2, 3)),
    Layer("Reshape", (2, 3, 4, 5), reshape, 1.5), Layer("Permute", (3, 4, 5), permute),
    Layer("Flatten", (2, 3, 4, 5), flatten, 0.5), Layer("RepeatVector", (2,), repeat_vector),
    Layer("Resizing", (4,), resizing, 0.7), Layer("CenterCrop", (4,), center_crop, 0.7),
    Layer("Dense", (2, 3, 4), dense, 2), Layer("EinsumDense", (2, 3, 4), einsum_dense, 0.5),
    Layer("Embedding", (2, 3), embedding, 0),  # only right behind an input of integers
    Layer("BatchNormalization", (2, 3, 4, 5), batch_normalization, 2),
    Layer("LayerNormalization", (2, 3, 4, 5), layer_normalization),
    Layer("GroupNormalization", (3, 4, 5), group_normalization),
    Layer("RMSNormalization", (2, 3, 4), rms_normalization, 0.5),
    Layer("UnitNormalization", (2, 3, 4), unit_normalization, 0.5),
    Layer("Rescaling", (2, 3, 4, 5), rescaling, 0.5), Layer("Normalization", (2, 3, 4), normalization, 0.5),
    Layer("SpectralNormalization", (2, 3), spectral, 0.3),
    Layer("ReLU", (2, 3, 4, 5), re_lu), Layer("LeakyReLU", (2, 3, 4, 5), leaky_re_lu),
    Layer("PReLU", (2, 3, 4, 5), p_re_lu), Layer("ELU", (2, 3, 4), elu, 0.7),
    Layer("Softmax", (2, 3, 4, 5), softmax, 0.7), Layer("Activation", (2, 3, 4, 5), activation_layer, 1.5),
    *(Layer(name, (2, 3, 4, 5), nothing, 1, 2)
      for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")),
    Layer("Concatenate", (2, 3, 4, 5), concatenate, 2, 2), Layer("Dot", (2, 3, 4), dot, 0.5, 2),
    *(Layer(name, (2, 3, 4), rate, 0.3) for name in ("Dropout", "GaussianDropout", "AlphaDropout")),
    *(Layer(f"SpatialDropout{r}D", (r + 2,), rate, 0.2) for r in (1, 2, 3)),
    Layer("GaussianNoise", (2, 3, 4), gaussian_noise, 0.3), Layer("Identity", (2, 3, 4, 5), nothing, 0.3),
    Layer("ActivityRegularization", (2, 3, 4), regularization, 0.2),
    Layer("RandomFlip", (4,), random_flip, 0.2), Layer("Masking", (3,), masking, 0.2),
    Layer("TimeDistributed", (4, 5), wrapped("Conv1D", "Conv2D", "Dense", "Conv1DTranspose", "Flatten", "MaxPooling2D"), 0.5),
    *(Layer(name, (3,), recurrent, 0.2) for name in ("LSTM", "GRU", "SimpleRNN")),
    Layer("Bidirectional", (3,), bidirectional, 0.2), Layer("ConvLSTM1D", (4,), conv_lstm, 0.1),
    Layer("Attention", (3,), nothing, 0.2, 2), Layer("AdditiveAttention", (3,), nothing, 0.1, 2),
    *OPERATIONS,
)

BY_NAME = {row.name: row for row in TABLE}
