"""--precision f32-winograd: convolutions that multiply sums. Exact on small integers at
every tail, within four times the direct form's rounding error, and only where it is
asked for."""
# RUN: %python %s

from __future__ import annotations

import itertools
import platform
from pathlib import Path

from precision import runnable_targets
from upconv_testing import (Report, errors_of, example_models, in_parallel, require, save, scratch, upconv,
                            write_layer)

ASK = ("--precision", "f32-winograd")


def tables(folder: Path, target: str, knobs: str) -> Path:
    for op in ("conv", "conv-transpose"):
        path = folder / "tables" / target / f"{op}-f32-winograd.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("basis: model\nentries:\n"
                        f"  - {{ use: {{ strategy: winograd, {knobs} }}, why: test }}\n")
    return folder / "tables"


SMALL = "tx: 2, ty: 2, nv: 2"  # blocks of 2 x 2 filters: 4 or 6 positions along an axis

# (class, arguments, input shape, knobs)
LAYERS = [
    ("Conv2DTranspose", {"kernel_size": 4, "strides": 2, "padding": "same"}, "1,9,13,64", "tx: 6, nv: 2, ku: 2"),
    ("Conv2DTranspose", {"kernel_size": 4, "strides": 2, "padding": "same"}, "2,9,13,64", "tx: 6, nv: 2, m: 3, pad: 1"),
    ("Conv2DTranspose", {"kernel_size": 5, "strides": 2, "padding": "same", "activation": "relu"}, "1,8,8,128", SMALL),
    ("Conv2DTranspose", {"kernel_size": 3, "strides": 2, "padding": "same"}, "2,8,9,48", SMALL + ", m: 3, kp: 16"),
    ("Conv2DTranspose", {"kernel_size": 3, "strides": 1, "use_bias": False}, "1,7,5,24", SMALL + ", kp: 32"),
    ("Conv2DTranspose", {"kernel_size": 7, "strides": 2, "padding": "same"}, "1,7,9,32", SMALL),
    ("Conv2DTranspose", {"kernel_size": 9, "strides": 4, "padding": "same"}, "1,7,9,16", SMALL + ", pad: 1"),
    ("Conv2DTranspose", {"kernel_size": [4, 2], "strides": 2, "output_padding": [1, 1]}, "1,7,9,130", SMALL),
    ("Conv2DTranspose", {"kernel_size": [1, 6], "strides": [1, 2]}, "1,4,9,17", SMALL + ", pad: 1"),
    ("Conv2DTranspose", {"kernel_size": 5, "strides": 3}, "1,6,7,3", SMALL),
    ("Conv2DTranspose", {"kernel_size": 4, "strides": 2, "padding": "same", "data_format": "channels_first"},
     "1,20,6,7", SMALL),
    ("Conv2DTranspose", {"kernel_size": [3, 2], "strides": 1}, "1,6,7,20", "tx: 4, nv: 1, order: 2"),
    ("Conv1DTranspose", {"kernel_size": 16, "strides": 8, "padding": "same"}, "1,37,64", "tx: 6, nv: 2, order: 1"),
    ("Conv1DTranspose", {"kernel_size": 6, "strides": 2}, "3,11,20", "tx: 3, nv: 1, lanes: 4"),
    ("Conv3DTranspose", {"kernel_size": 4, "strides": 2, "padding": "same"}, "1,4,5,6,32", SMALL),
    ("Conv3DTranspose", {"kernel_size": [5, 3, 4], "strides": [2, 1, 2]}, "1,3,5,4,17", SMALL + ", pad: 1"),
    ("Conv2D", {"kernel_size": 3, "padding": "same", "activation": "relu"}, "1,10,11,64", "tx: 6, nv: 4, pad: 1"),
    ("Conv2D", {"kernel_size": 2, "padding": "valid"}, "2,9,8,19", SMALL + ", m: 3"),
    ("Conv2D", {"kernel_size": [3, 1], "padding": "same"}, "1,9,8,96", SMALL + ", kp: 32, block: 64"),
    ("Conv1D", {"kernel_size": 3, "padding": "causal"}, "1,50,9", "tx: 6, nv: 2"),
    ("Conv3D", {"kernel_size": 3, "padding": "same", "use_bias": False}, "1,5,6,7,16", SMALL),
]


def strategies_of(*arguments: object) -> str:
    return require(upconv("inspect", *arguments, "--init", "1"))


def verified(case: tuple[tuple, str, bool]) -> list[tuple[str, str, str | None]]:
    (class_name, arguments, shape, knobs), target, strongest = case
    findings = []
    with scratch() as folder:
        layer = write_layer(folder, class_name, {"name": "layer", "filters": 37, **arguments})
        common = (layer, "--input-shape", shape, "--target", target, *ASK, "--schedules",
                  tables(folder, target, knobs))
        name = f"{class_name} {arguments} of {shape}, {knobs}, {target}"
        checks = [("exact", ("--exact", "--remarks"))]
        if strongest:
            checks += [("bound", ("--init", "1")), ("threads", ("--exact", "--threads", "3"))]
        for group, flags in checks:
            result = upconv("verify", *common, *flags)
            problem = errors_of(result) or result.stdout.decode() if result.returncode else None
            if "--remarks" in flags and b"uses strategy 'winograd'" not in result.stderr:
                problem = problem or "another strategy serves the layer"
            findings.append((group, name, problem))
    return findings


def tail(case: tuple[str, str, int, int, str]) -> tuple[str, str, str | None]:
    """One size between one position and two blocks and one."""
    target, pad, height, width, kind = case
    with scratch() as folder:
        layer = write_layer(folder, kind, {"name": "layer", "filters": 5, "kernel_size": 3, "padding": "same",
                                           "strides": 2 if kind == "Conv2DTranspose" else 1})
        result = upconv("verify", layer, "--input-shape", f"1,{height},{width},4", "--target", target, *ASK,
                        "--schedules", tables(folder, target, SMALL + f", pad: {pad}"), "--exact")
        return "tails", f"{kind} of {height}x{width}, pad {pad}, {target}", (
            errors_of(result) or result.stdout.decode() if result.returncode else None)


def error_norm(layer: Path, shape: str, *flags: object) -> float:
    text = require(upconv("verify", layer, "--input-shape", shape, "--init", "3", *flags))
    return float(text.split("relative error norm ")[1].split()[0])


def rounding() -> str | None:
    """At most four times the direct form's error, for what the tables of the tool choose."""
    target = runnable_targets()[0]
    if target == "x86-64":
        return None
    worst = 0.0
    for class_name, arguments, shape in (
            ("Conv2DTranspose", {"kernel_size": 4, "strides": 2, "padding": "same"}, "1,40,40,128"),
            ("Conv2DTranspose", {"kernel_size": 5, "strides": 2, "padding": "same"}, "1,16,16,256"),
            ("Conv2DTranspose", {"kernel_size": 3, "strides": 1, "padding": "same"}, "1,20,20,128"),
            ("Conv2D", {"kernel_size": 3, "padding": "same"}, "1,24,24,256")):
        with scratch() as folder:
            layer = write_layer(folder, class_name, {"name": "layer", "filters": 64, **arguments})
            if " winograd " not in strategies_of(layer, "--input-shape", shape, "--target", target, *ASK):
                return f"{class_name} of {shape} is not served by the tables"
            direct = error_norm(layer, shape, "--target", target)
            sums = error_norm(layer, shape, "--target", target, *ASK)
            worst = max(worst, sums / direct)
    return None if worst <= 4 else f"{worst:.2f} times the error"


def permission() -> str | None:
    """Nothing changes without it, and where no sizes are known."""
    with scratch() as folder:
        layer = write_layer(folder, "Conv2D", {"name": "layer", "filters": 64, "kernel_size": 3})
        for shape, flags in (("1,40,40,64", ()), ("?,?,?,64", ASK), ("1,40,40,64", (*ASK, "--target", "aarch64"))):
            if " winograd " in strategies_of(layer, "--input-shape", shape, *flags):
                return f"{shape} {flags}: multiplies sums"
        return None


def models(report: Report, target: str) -> None:
    for model in example_models():
        with scratch() as folder:
            x = save(folder / "x.npy", model.only("in_"))
            result = upconv("verify", model.path, "--input", x, "--target", target, *ASK, "--schedules",
                            tables(folder, target, SMALL))
            report.add("models", model.name, errors_of(result) or result.stdout.decode() if result.returncode else None)


def mistakes() -> str | None:
    with scratch() as folder:
        layer = write_layer(folder, "Conv2D", {"name": "layer", "filters": 8, "kernel_size": 3})
        common = (layer, "--input-shape", "1,9,9,8")
        result = upconv("compile", *common, *ASK, "--weights-mode", "argument", "-o", folder / "out")
        if result.returncode != 2 or "'--weights-mode argument' reorders" not in errors_of(result):
            return f"packed at run time: status {result.returncode}, '{errors_of(result)}'"
        if (folder / "out").exists():
            return "a refused compilation left its folder"
        table = folder / "wrong" / "generic" / "conv-f32.yaml"
        table.parent.mkdir(parents=True)
        table.write_text("basis: model\nentries:\n  - { use: { strategy: winograd }, why: test }\n")
        result = upconv("inspect", *common, "--schedules", folder / "wrong")
        if result.returncode == 0 or "conv-f32.yaml:3:5: error: strategy 'winograd' must not be in a table '-f32'" \
                not in errors_of(result):
            return f"a table of the wrong kind: status {result.returncode}, '{errors_of(result)}'"
    return None


def main() -> None:
    report = Report()
    if platform.machine() != "x86_64":
        report.skip("all", f"the tables are for x86-64, this machine is {platform.machine()}")
        report.finish()
    targets = runnable_targets()
    report.collect(verified, [(layer, t, t == targets[0]) for layer in LAYERS for t in targets])
    sizes = [(n, m) for n, m in itertools.product(range(1, 10), repeat=2) if n == m or n == 2 or m == 5]
    cases = [(targets[0], f"{(n + m) % 2}", n, m, kind) for n, m in sizes for kind in ("Conv2DTranspose", "Conv2D")]
    cases += [(target, "0", n, 10 - n, "Conv2DTranspose") for target in targets[1:] for n in range(1, 10, 2)]
    for finding in in_parallel(tail, cases):
        report.add(*finding)
    report.check("rounding", "against the direct form", rounding)
    report.check("permission", "only where it is asked for", permission)
    models(report, targets[0])
    report.check("mistakes", "usage and tables", mistakes)
    report.finish()


if __name__ == "__main__":
    main()
