"""--precision bf16: convolutions and Dense layers with operands rounded to bfloat16
stay within the bound of the rounding, are exact on small integers, and are rounded
only where a table says so. The tables here let any processor run such kernels, with
shifts in place of the instructions that the tables of the tool are for."""
# RUN: %python %s

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np

from upconv_testing import (Report, errors_of, example_models, require, save, scratch, upconv,
                            write_layer)

# (class, arguments, input shape, strategy)
LAYERS = [
    ("Conv1DTranspose", {"filters": 40, "kernel_size": 4, "strides": 2, "padding": "same"}, "2,37,33", "phase"),
    ("Conv1DTranspose", {"filters": 16, "kernel_size": 16, "strides": 8, "padding": "same"}, "1,13,12", "phase-gemm"),
    ("Conv2DTranspose", {"filters": 24, "kernel_size": 4, "strides": 2, "padding": "same"}, "1,5,7,13", "phase"),
    ("Conv2DTranspose", {"filters": 16, "kernel_size": 2, "strides": 2}, "1,5,7,8", "stacked"),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 5, "strides": 3, "activation": "relu"}, "1,6,4,17", "gather"),
    ("Conv3DTranspose", {"filters": 17, "kernel_size": 3, "strides": 2, "padding": "same"}, "1,3,4,5,6", "phase"),
    ("Conv1D", {"filters": 33, "kernel_size": 7, "dilation_rate": 2, "padding": "same"}, "1,50,9", "conv"),
    ("Conv2D", {"filters": 64, "kernel_size": 3, "strides": 2, "padding": "same"}, "2,9,11,32", "conv"),
    ("Dense", {"units": 100, "activation": "relu"}, "5,37", "matmul"),
]
TARGETS = ("x86-64-v4", "x86-64-v3", "x86-64")


def table(folder: Path, target: str, strategy: str) -> Path:
    """A folder whose only table rounds what this strategy serves."""
    op = {"conv": "conv", "matmul": "matmul"}.get(strategy, "conv-transpose")
    path = folder / "tables" / target / f"{op}-bf16.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"basis: model\nentries:\n  - {{ use: {{ strategy: {strategy} }}, why: test }}\n")
    return folder / "tables"


def runnable_targets() -> list[str]:
    """The strongest that this machine runs, and all below it."""
    with scratch() as folder:
        layer = write_layer(folder, "Dense", {"units": 1})
        listing = require(upconv("inspect", layer, "--input-shape", "1,1", "--init", "1"))
    host = next(line.split()[1] for line in listing.splitlines() if line.startswith("Target:"))
    return list(TARGETS[TARGETS.index(host):]) if host in TARGETS else list(TARGETS)


def verified(case: tuple[tuple, str, bool]) -> list[tuple[str, str, str | None]]:
    (class_name, arguments, shape, strategy), target, strongest = case
    findings = []
    with scratch() as folder:
        layer = write_layer(folder, class_name, {"name": "layer", **arguments})
        common = (layer, "--input-shape", shape, "--target", target, "--precision", "bf16", "--schedules",
                  table(folder, target, strategy))
        name = f"{class_name} of {shape}, {strategy}, {target}"
        checks = [("bound", ("--init", "1")), ("exact", ("--exact",))]
        if strongest:
            checks += [("packed at run time", ("--exact", "--weights-mode", "argument")),
                       ("threads", ("--exact", "--threads", "2"))]
        for group, flags in checks:
            result = upconv("verify", *common, *flags)
            problem = errors_of(result) or result.stdout.decode() if result.returncode else None
            if not problem and group == "bound" and b"of what rounding to bfloat16 allows" not in result.stdout:
                problem = f"nothing was rounded: {result.stdout.decode()}"
            findings.append((group, name, problem))
    return findings


def unknown_sizes() -> str | None:
    """The same bits as with known sizes."""
    with scratch() as folder:
        layer = write_layer(folder, "Conv2DTranspose", {"filters": 9, "kernel_size": 4, "strides": 2})
        tables = table(folder, runnable_targets()[0], "phase")
        x = save(folder / "x.npy", np.random.default_rng(1).standard_normal((2, 5, 6, 7)))
        outputs = []
        for shape in ("2,5,6,7", "?,?,?,7"):
            require(upconv("run", layer, "--input-shape", shape, "--init", "1", "--precision", "bf16", "--schedules",
                           tables, "--target", runnable_targets()[0], "--input", x, "--output", folder / "y.npy"))
            outputs.append(np.load(folder / "y.npy"))
        return None if np.array_equal(*outputs) else "other numbers than with known sizes"


def permission() -> str | None:
    """A target without a table for it computes as without the permission."""
    with scratch() as folder:
        for precision in ("f32", "bf16"):
            layer = write_layer(folder, "Conv1DTranspose", {"filters": 16, "kernel_size": 4, "strides": 2})
            require(upconv("compile", layer, "--input-shape", "1,9,16", "--init", "1", "--target", "x86-64-v3",
                           "--precision", precision, "--emit", "object", "-o", folder / precision))
        objects = [sorted((folder / precision).iterdir()) for precision in ("f32", "bf16")]
        same = all(a.name == b.name and a.read_bytes() == b.read_bytes() for a, b in zip(*objects, strict=True))
        return None if same else "other objects than for f32"


def models(report: Report) -> None:
    for model in example_models():
        with scratch() as folder:
            for strategy in ("phase", "conv", "matmul"):
                tables = table(folder, runnable_targets()[0], strategy)
            x = save(folder / "x.npy", model.only("in_"))
            result = upconv("verify", model.path, "--input", x, "--precision", "bf16", "--schedules", tables)
            report.add("models", model.name, errors_of(result) or result.stdout.decode() if result.returncode else None)
            kernels = require(upconv("inspect", model.path, "--ir", "kernels", "--precision", "bf16"))
            listing = require(upconv("inspect", model.path, "--precision", "bf16", "--schedules", tables))
            # One rounding per tensor, in front of a rounded contraction.
            contractions = kernels.count("upconv.conv")
            report.add("roundings", model.name, None if 0 < listing.count(" round ") <= contractions
                       else f"{listing.count(' round ')} roundings for {contractions} contractions")


def mistakes() -> str | None:
    with scratch() as folder:
        layer = write_layer(folder, "Dense", {"units": 3})
        result = upconv("inspect", layer, "--input-shape", "1,4", "--precision", "f16")
        if result.returncode != 2 or "'--precision' must be f32, bf16 or f32-winograd, got 'f16'" not in errors_of(result):
            return f"status {result.returncode}, '{errors_of(result)}'"
        return None


def main() -> None:
    report = Report()
    if platform.machine() != "x86_64":
        report.skip("all", f"the tables are for x86-64, this machine is {platform.machine()}")
        report.finish()
    targets = runnable_targets()
    cases = [(layer, target, target == targets[0]) for layer in LAYERS for target in targets]
    report.collect(verified, cases)
    report.check("unknown sizes", "Conv2DTranspose", unknown_sizes)
    report.check("permission", "x86-64-v3", permission)
    models(report)
    report.check("mistakes", "an unknown precision", mistakes)
    report.finish()


if __name__ == "__main__":
    main()
