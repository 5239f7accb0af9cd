"""Every layer case of Keras's own tests, through the tool.

Values are compared bit for bit: the cases are integer-exact. An error case must
end with status 1 (or 4 where Keras itself knows better than a compiler) and a
line that names the argument at fault.
"""
# REQUIRES: shared
# RUN: %python %s

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from layers import integer_bias, integer_input, integer_kernel
from upconv_testing import (SHARED, Report, difference, dims, errors_of, guarded, in_parallel,
                            require, save, scratch, upconv, write_layer)

CASES = SHARED / "keras" / "cases.json"

# What an error must name, by the case's topic.
NAMED = {
    "filters": "filters", "kernel_size": "kernel_size", "strides": "strides",
    "strides_and_dilation": "dilation_rate", "groups_positive": "groups",
    "groups_divide_filters": "groups", "groups_divide_in_channels": "groups",
    "output_padding<strides": "output_padding",
    "unknown_kwarg": "groups", "padding": "padding",
}


# Cases that say nothing about the tool, and why.
EXCEPTIONS = {
    "Lambda": "Python code",
    "Concatenate error": "the case does not say which shapes clash",
    "Dense error {'units': 2, 'activation': 'relu'}": "the case does not say which shape",
    "ReLU shape {'max_value': 10, 'negative_slope': 1, 'threshold': -10}":
        "the same configuration is an error case",
    "LeakyReLU shape {'negative_slope': None}": "Keras refuses it since 3.0",
}

def exception_of(case: dict) -> str | None:
    kind = "error" if case["expect"].startswith("error") else "shape"
    if 0 in (case.get("input_shape") or []):
        return "a tensor without elements"
    for key in (case["layer"], f"{case['layer']} {kind}", f"{case['layer']} {kind} {case['config']}"):
        if key in EXCEPTIONS:
            return EXCEPTIONS[key]
    return None


def is_convolution(case: dict) -> bool:
    return re.fullmatch(r"Conv[123]D(Transpose)?", case["layer"]) is not None


def has_values(case: dict) -> bool:
    return is_convolution(case) and ("input_values" in case or "values" in case)


def group_of(case: dict) -> str:
    kind = "error" if case["expect"].startswith("error") else (
        "values" if has_values(case) else "shape")
    return f"{case['layer']} {kind}"


def kernel_shape(case: dict) -> list[int]:
    config, rank = case["config"], int(case["layer"][4])
    size = config["kernel_size"]
    size = [size] * rank if isinstance(size, int) else list(size)
    first = config.get("data_format") == "channels_first"
    channels = case["input_shape"][1 if first else -1]
    if case["layer"].endswith("Transpose"):
        return [*size, config["filters"], channels]
    return [*size, channels // config.get("groups", 1), config["filters"]]


def arrays_of(case: dict) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Input and weights."""
    shape, filters = case["input_shape"], [case["config"]["filters"]]
    if "input_values" in case:
        x = np.reshape(np.asarray(case["input_values"], np.float32), shape)
        kernel = np.reshape(np.asarray(case["kernel_values"], np.float32), case["kernel_shape"])
        bias = np.asarray(case["bias_values"], np.float32)
    else:
        x, kernel = integer_input(shape), integer_kernel(kernel_shape(case))
        bias = integer_bias(filters)
    return x, ({"kernel": kernel, "bias": bias} if case["config"].get("use_bias", True)
               else {"kernel": kernel})


def compare(case: dict, y: np.ndarray) -> str | None:
    shape = tuple(case["expected_output_shape"])
    if "expected_values" in case:
        return difference(y, np.reshape(case["expected_values"], shape))
    values = case["values"]
    if "flat" in values:
        return difference(y, np.reshape(values["flat"], shape))
    if y.shape != shape:
        return f"shape {y.shape} instead of {shape}"
    flat = y.ravel().astype(np.float64)
    wrong = [(i, v) for i, v in values["samples"] if flat[i] != v]
    if wrong:
        return f"value {wrong[0][0]} is {flat[wrong[0][0]]} instead of {wrong[0][1]}"
    if (flat.sum(), np.abs(flat).sum()) != (values["sum"], values["abs_sum"]):
        return f"sums {flat.sum()}, {np.abs(flat).sum()} instead of {values['sum']}, {values['abs_sum']}"
    return None


def check_values(case: dict, folder: Path) -> str | None:
    x, weights = arrays_of(case)
    np.savez(folder / "weights.npz", **weights)
    require(upconv("run", write_layer(folder, case["layer"], case["config"]),
                   "--input-shape", dims(case["input_shape"]), "--weights", folder / "weights.npz",
                   "--input", save(folder / "x.npy", x), "--output", folder / "y.npy"))
    return compare(case, np.load(folder / "y.npy"))


def write_case(case: dict, folder: Path, shapes: list) -> Path:
    """A bare layer, or a model where there are several inputs."""
    if not isinstance(shapes[0], list):
        return write_layer(folder, case["layer"], case["config"])
    inputs = [{"class_name": "InputLayer", "name": f"i{n}", "inbound_nodes": [],
               "config": {"name": f"i{n}", "batch_shape": shape}} for n, shape in enumerate(shapes)]
    layer = {"class_name": case["layer"], "name": "x", "config": case["config"],
             "inbound_nodes": [[[f"i{n}", 0, 0, {}] for n in range(len(shapes))]]}
    path = folder / "model.json"
    path.write_text(json.dumps({"class_name": "Functional", "config": {
        "name": "m", "layers": [*inputs, layer],
        "input_layers": [[f"i{n}", 0, 0] for n in range(len(shapes))],
        "output_layers": [["x", 0, 0]]}}))
    return path


def inspect(case: dict, folder: Path, shape: list):
    several = isinstance(shape[0], list)
    return upconv("inspect", write_case(case, folder, shape), "--ir", "keras", "--init", "1",
                  *(() if several else ("--input-shape", dims(shape))))


def output_shape(text: str) -> list[int | None]:
    """As the keras dialect infers it."""
    (signature,) = [line for line in text.splitlines() if "func.func" in line]
    (result,) = re.findall(r"tensor<([0-9?x]+)xf32>", signature.rpartition("->")[2])
    return [None if extent == "?" else int(extent) for extent in result.split("x")]


def default_input(case: dict) -> list[int]:
    """Where the case leaves it open; the sizes are those at which it would err."""
    layer, config = case["layer"], case["config"]
    if layer == "Permute":
        return [2, *range(3, 3 + len(config["dims"]))]
    named = re.search(r"([123])D", layer)
    if not named:
        return [2, 3]
    spatial = [9, 9] if layer == "Cropping2D" else [9, 11, 15][:int(named[1])]
    return [1, 4, *spatial] if config.get("data_format") == "channels_first" else [1, *spatial, 4]


def check_shape(case: dict, folder: Path) -> str | None:
    result = inspect(case, folder, case["input_shape"] or default_input(case))
    if any(key in json.dumps(case["config"]) for key in ('"renorm": true', "_from_")):
        return None if result.returncode == 4 else f"exit status {result.returncode} instead of 4"
    shape, expected = output_shape(require(result)), case["expected_output_shape"]
    return None if expected in (None, shape) else f"shape {shape} instead of {expected}"


def check_error(case: dict, folder: Path) -> str | None:
    result = inspect(case, folder, case.get("input_shape") or default_input(case))
    refused = (4,) if "_from_" in json.dumps(case["config"]) else (1,)
    if result.returncode not in refused:
        return f"exit status {result.returncode} instead of {refused[0]} ({case['error_rule']})"
    errors = [line for line in errors_of(result).splitlines() if "error: " in line]
    named = NAMED.get(case["error_topic"], "")
    # The case file names the wrong argument for a depth_multiplier of 0.
    if case["config"].get("depth_multiplier") == 0:
        named = "depth_multiplier"
    if not any(named in line for line in errors):
        return f"no error names '{named or 'the rule'}': {errors_of(result)}"
    return None


def check(case: dict) -> str | None:
    with scratch() as folder:
        if case["expect"].startswith("error"):
            return guarded(lambda: check_error(case, folder))
        if has_values(case):
            return guarded(lambda: check_values(case, folder))
        return guarded(lambda: check_shape(case, folder))


def main() -> None:
    report = Report()
    everything = json.loads(CASES.read_text())["cases"]
    cases = [case for case in everything if not exception_of(case)]
    for case, problem in zip(cases, in_parallel(check, cases)):
        report.add(group_of(case), f"{case.get('id')} {json.dumps(case['config'])}", problem)
    for case in everything:
        if reason := exception_of(case):
            report.notes.append(f"exception: {case['layer']} {json.dumps(case['config'])}: {reason}")
    refused = sum(case.get("tf_accepts") is False for case in cases)
    report.notes.append(f"{refused} of the value cases are refused by TensorFlow and computed by "
                        "the formula here (same, even reach, output_padding 0)")
    report.finish()


if __name__ == "__main__":
    main()
