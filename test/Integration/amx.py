"""Kernels in the tile registers of AMX: the same bits as the reference on small integers
at every tail of pixels, pairs of channels and channels; within the bound of bfloat16 on
other numbers; the same for any number of threads; set up once and given back. Where the
processor has no AMX an interpreter executes its instructions."""
# RUN: %python %s

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tile_machine import LEAST, TARGET, WITHOUT, Machine, is_native, runs
from upconv_testing import (Report, difference, errors_of, example_models, guarded, in_parallel, require, save,
                            scratch, shared_models, upconv, write_layer)

SAME = {"padding": "same"}
# (class, arguments, spatial sizes besides the innermost one), and below what the tables say of each.
FORMS = [
    ("Conv1DTranspose", {"kernel_size": [4], "strides": [2], **SAME}, (1,)),
    ("Conv1D", {"kernel_size": [3], "dilation_rate": [2], **SAME}, (1,)),
    ("Conv1DTranspose", {"kernel_size": [5], "strides": [3]}, (1,)),
    ("Dense", {}, ()),
    ("Conv1DTranspose", {"kernel_size": [2], "strides": [2]}, (1,)),
    ("Conv2D", {"kernel_size": [3, 3], "strides": [2, 2], **SAME}, (1, 3)),
    ("Conv2DTranspose", {"kernel_size": [3, 3], "strides": [2, 2], **SAME}, (1, 2)),
]
TABLES = {
    "conv-transpose": ["when: { kernel: 4 }, use: { strategy: phase, amx: 2, nv: 2 }",
                       "when: { kernel: 5 }, use: { strategy: phase-gemm, amx: 2, nv: 2, pad: 1 }",
                       "when: { kernel: 2 }, use: { strategy: stacked, amx: 4, nv: 1 }",
                       "use: { strategy: phase, amx: 4, nv: 1, fuse: 2 }"],
    "conv": ["when: { rank: 1 }, use: { strategy: conv, amx: 1, nv: 4 }",
             "use: { strategy: conv, amx: 2, nv: 2, pad: 1 }"],
    "matmul": ["use: { strategy: matmul, amx: 2, nv: 2 }"],
}
TAILS = range(1, 34)
# Inputs of a model have one batch size unless they are Dense layers'.
MODELS = 3


class Branch(NamedTuple):
    """A layer with an input of its own: every size from 1 to two tile registers and one more,
    of pixels, pairs of channels and channels, in orders that have nothing in common."""
    number: int

    @property
    def pixels(self) -> int:
        return 1 + self.number

    @property
    def pairs(self) -> int:
        return 1 + self.number * 7 % len(TAILS)

    @property
    def channels(self) -> int:
        return 1 + self.number * 13 % len(TAILS)

    def layers(self) -> list[dict]:
        class_name, arguments, outer = FORMS[self.number % len(FORMS)]
        size = {"units" if class_name == "Dense" else "filters": self.channels}
        shape = [*outer, self.pixels, 2 * self.pairs - self.number % 2]
        nodes = (("InputLayer", f"x{self.number}", [], {"batch_input_shape": shape, "dtype": "float32"}),
                 (class_name, f"y{self.number}", [[[f"x{self.number}", 0, 0, {}]]], {**arguments, **size}))
        return [{"class_name": kind, "name": name, "inbound_nodes": calls, "config": {"name": name, **config}}
                for kind, name, calls, config in nodes]


def write_branches(path: Path, branches: list[Branch]) -> Path:
    path.write_text(json.dumps({"class_name": "Functional", "config": {
        "name": "tails", "layers": [layer for branch in branches for layer in branch.layers()],
        "input_layers": [[f"x{branch.number}", 0, 0] for branch in branches],
        "output_layers": [[f"y{branch.number}", 0, 0] for branch in branches]}}))
    return path


def verified(machine: Machine, folder: Path, model: Path, entries: dict[str, list[str]], kernels: int,
             *flags: object) -> tuple[str | None, dict[str, int] | None]:
    """What is wrong, and what was executed."""
    tables = machine.tables(folder / "tables", entries)
    result = upconv("verify", model, "--target", TARGET, "--precision", "bf16", "--schedules", tables, "--remarks",
                    "--exact", *flags, env=machine.environment(folder / "counts"))
    if result.returncode:
        return errors_of(result) or result.stdout.decode(), None
    taken = result.stderr.decode().count(f"{tables / TARGET}/")
    if taken != kernels:
        return f"{taken} of {kernels} kernels have these schedules", None
    return None, machine.counted(folder / "counts")


def tails(machine: Machine, number: int) -> str | None:
    branches = [Branch(n) for n in range(len(TAILS)) if n % MODELS == number]
    with scratch() as folder:
        model = write_branches(folder / "model.json", branches)
        return verified(machine, folder, model, TABLES, len(branches))[0]


# A layer of several channel tiles; passes over the output whose last is shorter; three dimensions. How
# often the registers are set up in a call, if not once.
SINGLE = [
    ("Conv2DTranspose", {"filters": 70, "kernel_size": 4, "strides": 2, "activation": "relu", **SAME}, "2,3,40,80",
     "strategy: phase, amx: 2, nv: 2, order: 1, block: 64", 1),
    ("Conv1DTranspose", {"filters": 40, "kernel_size": 7, "strides": 1, **SAME}, "1,33,330",
     "strategy: phase, amx: 2, nv: 2, panel: 64", None),
    ("Conv3DTranspose", {"filters": 17, "kernel_size": 3, "strides": 2, **SAME}, "1,3,2,20,37",
     "strategy: phase, amx: 1, nv: 2", 1),
    # 4 MiB of output, past the caches.
    ("Conv1DTranspose", {"filters": 16, "kernel_size": 2, "strides": 2}, "1,33000,2",
     "strategy: stacked, amx: 2, nv: 2, stream: 4", None),
]


def single(machine: Machine, case: tuple) -> str | None:
    class_name, arguments, shape, use, settings = case
    with scratch() as folder:
        layer = write_layer(folder, class_name, {"name": "layer", **arguments})
        tables = {"conv-transpose": [f"use: {{ {use} }}"]}
        problem, counts = verified(machine, folder, layer, tables, 1, "--input-shape", shape)
        if problem or not counts:
            return problem
        if settings and counts["ldtilecfg"] != settings * counts["tilerelease"]:
            return f"registers set up more than {settings} times a call: {counts}"
        return None


def exact(report: Report, machine: Machine) -> None:
    for sizes in ("pixels", "pairs", "channels"):
        assert {getattr(Branch(number), sizes) for number in range(len(TAILS))} == set(TAILS)
    cases = [("tails", number) for number in range(MODELS)] + [("single", case) for case in SINGLE]

    def check(case: tuple) -> str | None:
        return guarded(lambda: (tails if case[0] == "tails" else single)(machine, case[1]))

    for case, problem in zip(cases, in_parallel(check, cases), strict=True):
        report.add("exact", str(case), problem)


def unknown_sizes(machine: Machine) -> str | None:
    """Lengths below and above a tile's, against float32."""
    with scratch() as folder:
        layer = write_layer(folder, "Conv1DTranspose", {"filters": 24, "kernel_size": 4, "strides": 2, **SAME})
        tables = machine.tables(folder / "tables",
                                {"conv-transpose": ["use: { strategy: phase, amx: 2, nv: 2 }"]})
        random = np.random.default_rng(1)
        np.savez(folder / "w.npz", kernel=random.integers(-3, 4, (4, 24, 40)).astype(np.float32),
                 bias=random.integers(-3, 4, 24).astype(np.float32))
        libraries = []
        for name, flags in (("rounded", ("--target", TARGET, "--precision", "bf16", "--schedules", tables)),
                            ("float32", ("--target", LEAST))):
            require(upconv("compile", layer, "--input-shape", "?,?,40", "--weights", folder / "w.npz", *flags, "--name",
                           name, "-o", folder))
            libraries.append(folder / f"lib{name}.a")
        for length in (1, 31, 32, 50):
            x = save(folder / "x.npy", random.integers(-4, 5, (2, length, 40)))
            outputs = []
            for library in libraries:
                require(upconv("run", library, "--input", x, "--output", folder / "y.npy",
                               env=machine.environment(folder / "counts")))
                outputs.append(np.load(folder / "y.npy"))
            if problem := difference(*outputs):
                return f"length {length}: {problem}"
        machine.counted(folder / "counts")
        return None


def threads(machine: Machine) -> str | None:
    """Bits do not depend on the number of threads, each of which sets its registers up."""
    with scratch() as folder:
        # Long enough for threads of the run's own (thread_macs of the target).
        layer = write_layer(folder, "Conv1DTranspose", {"filters": 64, "kernel_size": 4, "strides": 2, **SAME})
        tables = machine.tables(folder / "tables",
                                {"conv-transpose": ["use: { strategy: phase-gemm, amx: 2, nv: 2, pad: 1, task: 2 }"]})
        require(upconv("compile", layer, "--input-shape", "1,1961,70", "--init", "1", "--precision", "bf16", "--target",
                       TARGET, "--schedules", tables, "--name", "m", "-o", folder))
        x = save(folder / "x.npy", np.random.default_rng(2).standard_normal((1, 1961, 70)))
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
        tables = machine.tables(folder / "tables", {"conv": ["use: { strategy: conv, amx: 2, nv: 2 }"]})
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

    chosen = [model for model in (*example_models(), *shared_models(("vae_decoder",))) if model.name != "upsampler"]
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
