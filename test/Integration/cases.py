"""Every ConvND and ConvNDTranspose case of Keras's own tests, through the tool.

Values are compared bit for bit: the cases are integer-exact. An error case must
end with status 1 and a line that names the argument at fault.
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
    "unknown_kwarg": "groups",
}


def is_ours(case: dict) -> bool:
    return re.fullmatch(r"Conv[123]D(Transpose)?", case["layer"]) is not None


def has_values(case: dict) -> bool:
    return "input_values" in case or "values" in case


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


def output_shape(layer: Path, input_shape: list[int | None]) -> list[int | None]:
    """As the keras dialect infers it."""
    text = require(upconv("inspect", layer, "--input-shape", dims(input_shape),
                          "--ir", "keras", "--init", "1"))
    (signature,) = [line for line in text.splitlines() if "func.func" in line]
    (result,) = re.findall(r"tensor<([0-9?x]+)xf32>", signature.rpartition("->")[2])
    return [None if extent == "?" else int(extent) for extent in result.split("x")]


def check_shape(case: dict, folder: Path) -> str | None:
    layer = write_layer(folder, case["layer"], case["config"])
    shape = output_shape(layer, case["input_shape"])
    expected = case["expected_output_shape"]
    return None if shape == expected else f"shape {shape} instead of {expected}"


def default_input(case: dict) -> list[int]:
    spatial = [8] * int(case["layer"][4])
    return [1, 4, *spatial] if case["config"].get("data_format") == "channels_first" else [1, *spatial, 4]


def check_error(case: dict, folder: Path) -> str | None:
    layer = write_layer(folder, case["layer"], case["config"])
    shape = case.get("input_shape") or default_input(case)
    result = upconv("inspect", layer, "--input-shape", dims(shape), "--ir", "keras", "--init", "1")
    if result.returncode != 1:
        return f"exit status {result.returncode} instead of 1 ({case['error_rule']})"
    errors = [line for line in errors_of(result).splitlines() if "error: " in line]
    named = NAMED.get(case["error_topic"], "")
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
    cases = [case for case in json.loads(CASES.read_text())["cases"] if is_ours(case)]
    for case, problem in zip(cases, in_parallel(check, cases)):
        report.add(group_of(case), f"{case['id']} {json.dumps(case['config'])}", problem)
    report.notes.append("no case is an exception")
    refused = sum(case.get("tf_accepts") is False for case in cases)
    report.notes.append(f"{refused} of the value cases are refused by TensorFlow and computed by "
                        "the formula here (same, even reach, output_padding 0)")
    report.finish()


if __name__ == "__main__":
    main()
