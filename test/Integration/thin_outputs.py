"""Few output channels: sums over lanes, residues of two axes in one tile, and activations
behind them, with the default tables of every x86 target that runs here.

Layers of one to sixteen outputs per pixel at odd sizes, against the reference; without
an activation bit for bit."""
# RUN: %python %s

from __future__ import annotations

import platform

from precision import runnable_targets
from upconv_testing import Report, errors_of, scratch, upconv, write_layer

# (class, filters, kernel, strides, padding, input shape, activation)
LAYERS = [
    ("Conv2DTranspose", 1, (2, 2), (2, 2), "valid", (2, 13, 17, 16), "sigmoid"),
    ("Conv2DTranspose", 1, (2, 2), (2, 2), "valid", (1, 1, 1, 16), "tanh"),
    ("Conv2DTranspose", 2, (2, 2), (2, 2), "same", (1, 7, 31, 12), "tanh"),
    ("Conv2DTranspose", 3, (2, 2), (2, 2), "valid", (1, 9, 29, 5), "sigmoid"),
    ("Conv2DTranspose", 4, (2, 2), (2, 2), "valid", (1, 11, 13, 7), "elu"),
    ("Conv2DTranspose", 1, (4, 4), (4, 4), "valid", (1, 5, 19, 6), "tanh"),
    ("Conv2DTranspose", 3, (3, 3), (3, 3), "valid", (1, 5, 23, 9), "tanh"),
    ("Conv2DTranspose", 4, (3, 3), (3, 3), "valid", (2, 3, 8, 36), "gelu"),
    ("Conv2DTranspose", 8, (2, 2), (2, 2), "valid", (1, 9, 7, 5), "relu"),
    ("Conv2DTranspose", 12, (2, 2), (2, 2), "valid", (1, 9, 15, 3), "softplus"),
    ("Conv3DTranspose", 1, (2, 2, 2), (2, 2, 2), "valid", (1, 3, 5, 11, 8), "sigmoid"),
    ("Conv3DTranspose", 16, (2, 2, 2), (2, 2, 2), "valid", (1, 3, 5, 7, 4), "tanh"),
    ("Conv2DTranspose", 3, (4, 4), (2, 2), "same", (1, 13, 37, 32), "tanh"),
    ("Conv2DTranspose", 1, (5, 5), (2, 2), "same", (1, 9, 41, 16), "sigmoid"),
    ("Conv2DTranspose", 2, (3, 3), (1, 1), "same", (1, 9, 41, 16), "tanh"),
    ("Conv1DTranspose", 1, (25,), (4,), "same", (1, 101, 64), "tanh"),
    ("Conv2D", 1, (1, 1), (1, 1), "same", (2, 17, 31, 32), "sigmoid"),
    ("Conv2D", 3, (7, 7), (1, 1), "same", (1, 9, 21, 16), "tanh"),
    ("Conv1D", 1, (7,), (1,), "same", (1, 103, 32), "tanh"),
]


def agrees(case: tuple[tuple, str]) -> list[tuple[str, str, str | None]]:
    (class_name, filters, kernel, strides, padding, shape, activation), target = case
    findings = []
    for kind, function, flags in (("within the bound", activation, ("--init", "1")), ("exact", "linear", ("--exact",))):
        with scratch() as folder:
            layer = write_layer(folder, class_name,
                                {"name": "layer", "filters": filters, "kernel_size": list(kernel),
                                 "strides": list(strides), "padding": padding, "activation": function})
            result = upconv("verify", layer, "--input-shape", ",".join(map(str, shape)), "--threads", "2",
                            "--target", target, *flags)
        problem = errors_of(result) or result.stdout.decode() if result.returncode else None
        findings.append((kind, f"{class_name} {filters} of {shape}, kernel {kernel}, strides {strides}, "
                               f"{function}, {target}", problem))
    return findings


def main() -> None:
    report = Report()
    if platform.machine() != "x86_64":
        report.skip("all", f"the tables are x86's, this machine is {platform.machine()}")
        report.finish()
    report.collect(agrees, [(layer, target) for target in runnable_targets() for layer in LAYERS])
    report.finish()


if __name__ == "__main__":
    main()
