"""Knobs `ahead` and `lead`: tiles of large inputs ask for what comes further along the row,
loops for the weights to come. The results are exact on every x86 target that runs here."""
# RUN: %python %s

from __future__ import annotations

import platform

from precision import runnable_targets
from stream import assembly_of, tables
from upconv_testing import Report, errors_of, scratch, upconv, write_layer

# (class, arguments, input shape, strategy and knobs); with `ahead` 4 MiB and more of input
LAYERS = [
    ("Conv2DTranspose", {"filters": 1, "kernel_size": 5, "strides": 2, "padding": "same"}, "1,201,331,16",
     "phase-gemm, reduce: 1, pad: 1, fuse: 4, ahead: 4"),
    ("Conv3DTranspose", {"filters": 1, "kernel_size": 3, "strides": 2, "padding": "same"}, "1,9,61,60,32",
     "phase-gemm, reduce: 2, pad: 1, tx: 8, nv: 2, order: 1, fuse: 4, ahead: 4"),
    ("Conv2DTranspose", {"filters": 12, "kernel_size": 2, "strides": 2, "activation": "relu"}, "1,259,257,16",
     "stacked, axes: 2, nv: 4, tx: 5, ahead: 4"),
    ("Conv1DTranspose", {"filters": 16, "kernel_size": 8, "strides": 4, "padding": "same"}, "1,33001,32",
     "phase, tx: 6, nv: 1, pad: 2, ahead: 4"),
    ("Conv2DTranspose", {"filters": 48, "kernel_size": 5, "strides": 2, "padding": "same"}, "1,4,5,96",
     "phase, tx: 5, ty: 4, nv: 1, pad: 2, lead: 2"),
]


def asks(assembly: str) -> bool:
    return "prefetcht0" in assembly


def same_result(case: tuple[tuple, str]) -> list[tuple[str, str, str | None]]:
    (class_name, arguments, shape, use), target = case
    name = f"{class_name} {use}, {target}"
    with scratch() as folder:
        layer = write_layer(folder, class_name, {"name": "layer", **arguments})
        common = ("--target", target, "--schedules", tables(folder, target, use))
        result = upconv("verify", layer, "--input-shape", shape, "--exact", "--threads", "2", *common)
        exact = errors_of(result) or result.stdout.decode() if result.returncode else None
        code = None if asks(assembly_of(folder, layer, shape, *common)) else "asks for nothing"
    return [("exact", name, exact), ("code", name, code)]


def not_ahead(target: str) -> str | None:
    """Too small, or of unknown size."""
    for shape in ("1,100,100,16", "1,?,?,16"):
        with scratch() as folder:
            layer = write_layer(folder, "Conv2DTranspose",
                                {"name": "layer", "filters": 16, "kernel_size": 2, "strides": 2})
            schedules = tables(folder, target, "phase, ahead: 4")
            if asks(assembly_of(folder, layer, shape, "--target", target, "--schedules", schedules)):
                return f"{shape}: asks ahead"
    return None


def main() -> None:
    report = Report()
    if platform.machine() != "x86_64":
        report.skip("all", f"the instruction is x86's, this machine is {platform.machine()}")
        report.finish()
    targets = runnable_targets()
    cases = [(layer, target) for target in targets for layer in (LAYERS if target == targets[0] else (LAYERS[0], LAYERS[-1]))]
    report.collect(same_result, cases)
    report.add("small", targets[0], not_ahead(targets[0]))
    report.finish()


if __name__ == "__main__":
    main()
