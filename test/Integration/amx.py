"""Kernels in the tile registers of AMX: the same bits as the reference on small integers
at every tail of pixels, pairs of channels and channels; within the bound of bfloat16 on
other numbers; the same for any number of threads; set up once and given back. Where the
processor has no AMX an interpreter executes its instructions."""
# RUN: %python %s

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np

from tile_machine import LEAST, TARGET, WITHOUT, Machine, is_native, runs
from upconv_testing import (Report, errors_of, example_models, guarded, in_parallel, require, save, scratch, shared_models,
                            upconv, write_layer)

SAME = {"padding": "same"}
# (class, arguments, spatial sizes besides the innermost one, table, strategy, pairs per tile register: steps)
FORMS = [
    ("Conv1DTranspose", {"kernel_size": 4, "strides": 2, **SAME}, (), "conv-transpose", "strategy: phase, amx: 2, nv: 2"),
    ("Conv1D", {"kernel_size": 3, "dilation_rate": 2, **SAME}, (), "conv", "strategy: conv, amx: 1, nv: 4"),
    ("Conv1DTranspose", {"kernel_size": 5, "strides": 3}, (), "conv-transpose",
     "strategy: phase-gemm, amx: 2, nv: 2, pad: 1"),
    ("Dense", {}, None, "matmul", "strategy: matmul, amx: 2, nv: 2"),
    ("Conv1DTranspose", {"kernel_size": 2, "strides": 2}, (), "conv-transpose", "strategy: stacked, amx: 4, nv: 1"),
    ("Conv2D", {"kernel_size": 3, "strides": 2, **SAME}, (3,), "conv", "strategy: conv, amx: 2, nv: 2, pad: 1"),
    ("Conv2DTranspose", {"kernel_size": 3, "strides": 2, **SAME}, (2,), "conv-transpose",
     "strategy: phase, amx: 4, nv: 1, fuse: 2"),
]
TAILS = range(1, 34)


def tail(number: int) -> tuple:
    """Every size of 1 to two tile registers and one more, of pixels, pairs of channels and
    channels: 33 of each, in orders that have nothing in common."""
    class_name, arguments, outer, op, use = FORMS[number % len(FORMS)]
    pixels, pairs, channels = (1 + number * step % len(TAILS) for step in (1, 7, 13))
    cin = 2 * pairs - number % 2
    size = {"units": channels} if class_name == "Dense" else {"filters": channels}
    shape = (pixels, cin) if outer is None else (1, *outer, pixels, cin)
    return class_name, {**arguments, **size}, shape, op, use


MORE = [
    # Two passes over the output, a last step of another size, several channel tiles.
    ("Conv2DTranspose", {"filters": 40, "kernel_size": 3, "strides": 2, **SAME}, (1, 2, 33, 330), "conv-transpose",
     "strategy: phase, amx: 2, nv: 2, panel: 64"),
    ("Conv2DTranspose", {"filters": 70, "kernel_size": 4, "strides": 2, "activation": "relu", **SAME}, (2, 3, 40, 80),
     "conv-transpose", "strategy: phase, amx: 2, nv: 2, order: 1, block: 64"),
    ("Conv3DTranspose", {"filters": 17, "kernel_size": 3, "strides": 2, **SAME}, (1, 3, 4, 20, 37), "conv-transpose",
     "strategy: phase, amx: 1, nv: 2"),
]


def verified(machine: Machine, case: tuple, *flags: object) -> str | None:
    class_name, arguments, shape, op, use = case
    with scratch() as folder:
        layer = write_layer(folder, class_name, {"name": "layer", **arguments})
        tables = machine.tables(folder / "tables", {op: use})
        result = upconv("verify", layer, "--input-shape", ",".join(map(str, shape)), "--target", TARGET, "--precision",
                        "bf16", "--schedules", tables, "--remarks", *flags,
                        env=machine.environment(folder / "counts"))
        if result.returncode:
            return errors_of(result) or result.stdout.decode()
        if str(tables / TARGET) not in result.stderr.decode():
            return "its schedule was not taken"
        counts = machine.counted(folder / "counts")
        if counts is None:
            return None
        # Single positions at the edges, and a last pass of fewer channels, have a shape of their own.
        once = not any(word in use for word in ("pad", "phase-gemm", "stacked", "panel"))
        if once and counts["ldtilecfg"] != counts["tilerelease"]:
            return f"registers set up more than once a call: {counts}"
        return None


def exact(report: Report, machine: Machine) -> None:
    cases = [tail(number) for number in range(len(TAILS))] + MORE
    for index in range(3):
        covered = {(case[2][-2], (case[2][-1] + 1) // 2, case[1].get("filters", case[1].get("units")))[index]
                   for case in cases[:len(TAILS)]}
        assert covered == set(TAILS)
    def check(case: tuple) -> str | None:
        return guarded(lambda: verified(machine, case, "--exact"))

    for case, problem in zip(cases, in_parallel(check, cases), strict=True):
        report.add("exact", f"{case[0]}({case[1]}) of {case[2]}, {case[4]}", problem)


def unknown_sizes(machine: Machine) -> str | None:
    """The bits of known sizes, for lengths below and above a tile's."""
    with scratch() as folder:
        layer = write_layer(folder, "Conv1DTranspose", {"filters": 24, "kernel_size": 4, "strides": 2, **SAME})
        tables = machine.tables(folder / "tables", {"conv-transpose": "strategy: phase, amx: 2, nv: 2"})
        common = ("--init", "1", "--precision", "bf16", "--target", TARGET, "--schedules", tables)
        require(upconv("compile", layer, "--input-shape", "?,?,40", "--name", "m", *common, "-o", folder))
        random = np.random.default_rng(1)
        for length in (1, 31, 32, 50):
            x = save(folder / "x.npy", random.standard_normal((2, length, 40)))
            outputs = []
            for model, flags in ((folder / "libm.a", ()), (layer, (*common, "--input-shape", f"2,{length},40"))):
                require(upconv("run", model, *flags, "--input", x, "--output", folder / "y.npy",
                               env=machine.environment(folder / "counts")))
                outputs.append(np.load(folder / "y.npy"))
            if not np.array_equal(*outputs):
                return f"other numbers at length {length}"
        machine.counted(folder / "counts")
        return None


def threads(machine: Machine) -> str | None:
    """Bits do not depend on the number of threads, each of which sets its registers up."""
    with scratch() as folder:
        layer = write_layer(folder, "Conv1DTranspose", {"filters": 64, "kernel_size": 4, "strides": 2, **SAME})
        tables = machine.tables(folder / "tables",
                                {"conv-transpose": "strategy: phase-gemm, amx: 2, nv: 2, pad: 1, task: 2"})
        require(upconv("compile", layer, "--input-shape", "1,901,70", "--init", "1", "--precision", "bf16", "--target",
                       TARGET, "--schedules", tables, "--name", "m", "-o", folder))
        x = save(folder / "x.npy", np.random.default_rng(2).standard_normal((1, 901, 70)))
        outputs = []
        for count in (1, 4):
            counts = folder / f"counts{count}"
            require(upconv("run", folder / "libm.a", "--input", x, "--output", folder / "y.npy", "--threads", count,
                           env=machine.environment(counts)))
            outputs.append(np.load(folder / "y.npy"))
            executed = machine.counted(counts)
            if executed and count > 1 and executed["threads"] < 2:
                return f"{executed['threads']} threads for {count}"
        return None if np.array_equal(*outputs) else "other numbers with four threads"


def not_finite(machine: Machine) -> str | None:
    """What is infinite or no number stays with the positions that it belongs to."""
    with scratch() as folder:
        layer = write_layer(folder, "Conv1D", {"filters": 20, "kernel_size": 3, **SAME})
        tables = machine.tables(folder / "tables", {"conv": "strategy: conv, amx: 2, nv: 2"})
        values = np.random.default_rng(3).standard_normal((1, 39, 37))
        values[0, 7, 36], values[0, 20, 0], values[0, 38, 35] = np.inf, np.nan, -np.inf
        x = save(folder / "x.npy", values)
        kinds = []
        for flags in (("--precision", "bf16", "--target", TARGET, "--schedules", tables), ("--target", LEAST)):
            require(upconv("run", layer, "--input-shape", "1,39,37", "--init", "1", *flags, "--input", x, "--output",
                           folder / "y.npy", env=machine.environment(folder / "counts")))
            y = np.load(folder / "y.npy")
            kinds.append(np.where(np.isfinite(y), 0, np.nan_to_num(y, nan=1, posinf=2, neginf=3)))
        machine.counted(folder / "counts")
        return None if np.array_equal(*kinds) else "infinities and NaNs at other places than in float32"


def models(report: Report, machine: Machine) -> None:
    """Within the stated bounds, by the tool's own tables."""
    def verify(model) -> str | None:
        with scratch() as folder:
            tables = machine.tables(folder / "tables", {})
            x = save(folder / "x.npy", model.only("in_"))
            result = upconv("verify", model.path, "--input", x, "--precision", "bf16", "--target", TARGET,
                            "--schedules", tables, env=machine.environment(folder / "counts"))
            if result.returncode:
                return errors_of(result) or result.stdout.decode()
            machine.counted(folder / "counts")
            return None

    chosen = [*example_models(), *shared_models(("vae_decoder",))]
    for model, problem in zip(chosen, in_parallel(lambda model: guarded(lambda: verify(model)), chosen), strict=True):
        report.add("models", model.name, problem)


def without_tiles() -> str | None:
    """A machine without AMX takes the next target; a library for AMX alone refuses, but not one that
    does not use it."""
    with scratch() as folder:
        layer = write_layer(folder, "Conv1D", {"filters": 40, "kernel_size": 3})
        common = ("--input-shape", "1,99,64", "--init", "1", "--name", "m")
        x = save(folder / "x.npy", np.random.default_rng(4).standard_normal((1, 99, 64)))

        def output(name: str, *flags: object) -> np.ndarray:
            require(upconv("compile", layer, *common, *flags, "-o", folder / name))
            require(upconv("run", folder / name / "libm.a", "--input", x, "--output", folder / "y.npy"))
            return np.load(folder / "y.npy")

        rounded = ("--precision", "bf16")
        if not np.array_equal(output("both", *rounded, "--target", f"{TARGET},{LEAST}"),
                              output("one", *rounded, "--target", LEAST)):
            return "the library for both gives other numbers than the one for the weaker"
        if runs(WITHOUT):
            output("float32", "--target", TARGET)
        require(upconv("compile", layer, *common, *rounded, "--target", TARGET, "-o", folder))
        result = upconv("run", folder / "libm.a", "--input", x)
        if result.returncode != 4 or "lacks instructions" not in errors_of(result):
            return f"status {result.returncode}, '{errors_of(result)}'"
        header = (folder / "m.h").read_text()
        return None if "amx-bf16" in header else "the header does not say that AMX is needed"


def main() -> None:
    report = Report()
    if platform.machine() != "x86_64":
        report.skip("all", f"the kernels are for x86-64, this machine is {platform.machine()}")
        report.finish()
    if not runs(LEAST):
        report.skip("all", f"this machine does not run {LEAST}")
        report.finish()
    with scratch() as folder:
        machine = Machine(Path(folder))
        exact(report, machine)
        report.check("unknown sizes", "Conv1DTranspose", lambda: unknown_sizes(machine))
        report.check("threads", "Conv1DTranspose", lambda: threads(machine))
        report.check("not finite", "Conv1D", lambda: not_finite(machine))
        models(report, machine)
    if is_native():
        report.skip("choice", "this machine has AMX")
    else:
        report.check("choice", f"{TARGET},{LEAST}", without_tiles)
    report.finish()


if __name__ == "__main__":
    main()
