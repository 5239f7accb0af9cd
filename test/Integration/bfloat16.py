"""The kernels for Sapphire Rapids, with its missing instructions emulated: the same
bits as float32 on small integers, and on other numbers what the same schedule gives
on a processor that multiplies bfloat16 numbers with shifts."""
# RUN: %python %s

from __future__ import annotations

import platform
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emulated import STAND_IN, TARGET, library, permissive_targets
from upconv_testing import (Report, difference, errors_of, relative_error, require, save, scratch,
                            upconv, write_layer)


class Case(NamedTuple):
    layer: str
    config: dict
    shape: tuple[int, ...]
    use: str | None  # of a table's entry; None: what the tool's own tables say
    instruction: str = "dpbf16ps"

    @property
    def name(self) -> str:
        return f"{self.layer}({self.config}) of {self.shape}, {self.use or 'own tables'}"


CASES = [
    Case("Dense", {"units": 200}, (2, 70), None),
    Case("Conv2DTranspose", {"filters": 64, "kernel_size": 4, "strides": 2, "padding": "same"}, (1, 2, 2, 256), None),
    Case("Conv2DTranspose", {"filters": 72, "kernel_size": 4, "strides": 2, "padding": "same"}, (1, 5, 9, 33),
         "{ strategy: phase, tx: 6, nv: 4, ku: 2 }"),
    Case("Conv1DTranspose", {"filters": 5, "kernel_size": 9, "strides": 4}, (2, 31, 18),
         "{ strategy: phase-gemm, tx: 6, nv: 4, ku: 2 }"),
    Case("Conv2DTranspose", {"filters": 16, "kernel_size": 2, "strides": 2}, (1, 5, 7, 16),
         "{ strategy: stacked, tx: 6, nv: 4 }"),
    Case("Conv2D", {"filters": 40, "kernel_size": 3, "padding": "same", "activation": "relu"}, (2, 9, 11, 20),
         "{ strategy: conv, tx: 12, nv: 2, panel: 64 }"),
]


def write_tables(folder: Path, case: Case) -> Path:
    tables = permissive_targets(folder)
    if case.use:
        op = {"Conv2D": "conv", "Dense": "matmul"}.get(case.layer, "conv-transpose")
        for target in (TARGET, STAND_IN):
            (tables / target).mkdir(exist_ok=True)
            (tables / target / f"{op}-bf16.yaml").write_text(
                f"basis: model\nentries:\n  - {{ use: {case.use}, why: test }}\n")
    return tables


def variables(case: Case, draw) -> dict[str, np.ndarray]:
    cin, cout = case.shape[-1], case.config.get("filters", case.config.get("units"))
    taps = (case.config["kernel_size"],) * (len(case.shape) - 2) if "kernel_size" in case.config else ()
    channels = (cout, cin) if case.layer.endswith("Transpose") else (cin, cout)
    return {"kernel": draw((*taps, *channels)), "bias": draw((cout,))}


def check(case: Case) -> list[tuple[str, str, str | None]]:
    random = np.random.default_rng(5)
    findings = []
    with scratch() as folder:
        layer = write_layer(folder, case.layer, {"name": "layer", **case.config})
        tables = write_tables(folder / "tables", case)
        shape = ",".join(map(str, case.shape))
        for kind, draw in (("exact", lambda shape: random.integers(-3, 4, shape).astype(np.float32)),
                           ("rounded", lambda shape: random.standard_normal(shape).astype(np.float32))):
            np.savez(folder / "w.npz", **variables(case, draw))
            x = save(folder / "x.npy", draw(case.shape))
            common = ("--input-shape", shape, "--weights", folder / "w.npz")
            archive, text = library(layer, folder / kind, *common, "--precision", "bf16", "--schedules", tables)
            require(upconv("run", archive, "--input", x, "--output", folder / "y.npy"))
            # The integers in float32; the others where shifts take the place of the instructions.
            like = () if kind == "exact" else ("--precision", "bf16", "--schedules", tables)
            require(upconv("run", layer, *common, "--target", STAND_IN, "--input", x, "--output",
                           folder / "expected.npy", *like))
            actual, expected = np.load(folder / "y.npy"), np.load(folder / "expected.npy")
            problem = difference(actual, expected) if kind == "exact" else None
            if case.instruction not in text:
                problem = f"no {case.instruction} in the kernels"
            if kind == "rounded":
                require(upconv("run", layer, *common, "--target", STAND_IN, "--input", x, "--output",
                               folder / "float.npy"))
                full = np.load(folder / "float.npy")
                error, rounding = relative_error(actual, expected), relative_error(actual, full)
                # Without a table for it the stand-in does not round.
                if case.use and error > 1e-6:
                    problem = f"off by {error:.3g} from the same schedule with shifts"
                if not 1e-4 < rounding < 2 ** -7:
                    problem = f"off by {rounding:.3g} from float32"
            findings.append((kind, case.name, problem))
    return findings


def without_the_instructions() -> str | None:
    """A processor that lacks them takes the next target, which does not round; alone the target refuses."""
    case = CASES[0]
    with scratch() as folder:
        layer = write_layer(folder, case.layer, {"name": "layer", **case.config})
        common = ("--input-shape", ",".join(map(str, case.shape)), "--init", "1", "--precision", "bf16")
        x = save(folder / "x.npy", np.random.default_rng(6).standard_normal(case.shape))
        outputs = []
        for target in (f"{TARGET},{STAND_IN}", STAND_IN):
            require(upconv("compile", layer, *common, "--name", "m", "--target", target, "-o", folder / target))
            require(upconv("run", folder / target / "libm.a", "--input", x, "--output", folder / "y.npy"))
            outputs.append(np.load(folder / "y.npy"))
        if not np.array_equal(*outputs):
            return "the library for both gives other numbers than the one for the weaker"
        require(upconv("compile", layer, *common, "--name", "m", "--target", TARGET, "-o", folder))
        result = upconv("run", folder / "libm.a", "--input", x)
        if result.returncode != 4 or "lacks instructions" not in errors_of(result):
            return f"status {result.returncode}, '{errors_of(result)}'"
        return None


def main() -> None:
    report = Report()
    if platform.machine() != "x86_64":
        report.skip("all", f"the kernels are for x86-64, this machine is {platform.machine()}")
        report.finish()
    with scratch() as folder:
        layer = write_layer(folder, "Dense", {"units": 1})
        result = upconv("verify", layer, "--input-shape", "1,1", "--init", "1", "--target", STAND_IN)
        if result.returncode:
            report.skip("all", f"this machine does not run {STAND_IN}")
            report.finish()
    report.collect(check, CASES)
    with open("/proc/cpuinfo") as description:
        if "avx512_bf16" in description.read():
            report.skip("choice", "this machine has the instructions")
        else:
            report.check("choice", f"{TARGET},{STAND_IN}", without_the_instructions)
    report.finish()


if __name__ == "__main__":
    main()
