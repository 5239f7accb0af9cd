"""bench and tune for libraries on devices: never a figure, only what is measured.

The driver is one that is not there (Inputs/cuda_stand_in.c), which counts copies and
launches and fails where it is told to, or one that runs PTX on the processor
(Inputs/ptx_interpreter.cpp). opencl_timing.py is the same on a device of OpenCL.
"""
# RUN: %python %s

from __future__ import annotations

import json
from pathlib import Path

from device import CUDA, DRIVERS, Driver, make_driver
from cuda import build_driver
from tuning import records, verdicts
from upconv_testing import Report, dims, errors_of, require, scratch, upconv, write_layer

UNSUPPORTED = 4  # the tool's exit status
LAYER = ("Conv2DTranspose", {"filters": 8, "kernel_size": 4, "strides": 2, "padding": "same"}, (1, 3, 5, 4))


def time_layer(folder: Path, command: str, target: str, *flags: object, told: dict[str, object] | None = None,
               driver: Path | None = None):
    name, config, shape = LAYER
    environment = {f"STAND_IN_{key.upper()}": str(value) for key, value in (told or {}).items()}
    if driver:
        environment["LD_LIBRARY_PATH"] = str(driver)
    return upconv(command, write_layer(folder, name, {"name": "layer", **config}), "--input-shape", dims(shape),
                  "--init", "1", "--target", target, *flags, env=environment)


def check_bench(target: str, device: str, driver: Path | None = None) -> str | None:
    with scratch() as folder:
        require(time_layer(folder, "bench", target, "--seconds", "0.01", "--json", folder / "b.json", driver=driver))
        report = json.loads((folder / "b.json").read_text())
    (row,) = report["layers"]
    machine = report["machine"]["description"]
    if device not in machine or report["target"] != target:
        return f"measured on '{machine}' for '{report['target']}'"
    if min(row["ms"], row["roofline_ms"], report["peak_gflops"]) <= 0 or not row["strategy"].startswith("tile"):
        return f"figures {row}"
    (bandwidth,) = report["bandwidth"]
    return None if bandwidth["read_gbs"] == bandwidth["write_gbs"] > 0 else f"bandwidth {bandwidth}"


def check_tune(target: str, device: str, driver: Path | None = None) -> str | None:
    """A layer gets a verdict, another bit is never seen, and a finished run has nothing left to do."""
    with scratch() as folder:
        def tune(*flags: object) -> None:
            require(time_layer(folder, "tune", target, "--budget", "1", "-o", folder / "t", *flags, driver=driver))
        tune()
        made = records(folder / "t")
        outcomes = [record["outcome"] for record in made if record["kind"] == "trial"]
        if not outcomes or set(outcomes) - {"ok", "slow"}:
            return f"outcomes {outcomes}"
        if not {record["strategy"] for record in made} >= {"tile", "tile-stacked", "gather"}:
            return f"strategies of {made}"
        (verdict,) = verdicts(folder / "t").values()
        if device not in verdict["machine"] or verdict["target"] != target:
            return f"the verdict is of '{verdict['machine']}' for '{verdict['target']}'"
        if "<svg" not in (folder / "t" / "report.html").read_text():
            return "the report has no drawing"
        tune("--resume")
        return None if records(folder / "t") == made else "a finished run goes on"


def check_copies(driver: Path) -> str | None:
    """Inputs and weights are copied at the beginning; then there are launches only."""
    with scratch() as folder:
        log = folder / "log"
        require(time_layer(folder, "bench", CUDA.target, "--seconds", "0.01", driver=driver, told={"log": log}))
        # A worker ends without a last word, maybe within a line.
        words = [line.split() for line in log.read_text().splitlines()[:-1]]
    calls = [line[1] for line in words if line[0] == "call"]
    last = max(i for i, name in enumerate(calls) if "Memcpy" in name)
    behind = calls[last:].count("cuLaunchKernel")
    copies = sum("Memcpy" in name for name in calls)
    waits = calls[last:].count("cuStreamSynchronize")
    if behind < 1000 or copies > 60:
        return f"{copies} copies, and {behind} launches behind the last of them"
    return None if waits * 10 < behind else f"{waits} waits for {behind} launches"


def check_failure(driver: Path, number: int) -> str | None:
    """A launch that fails while it is timed, or what is done for it, ends the command with the reason."""
    with scratch() as folder:
        result = time_layer(folder, "bench", CUDA.target, "--seconds", "0.01", driver=driver, told={"fail": number})
    said = errors_of(result)
    failed = result.returncode == 1 and any(reason in said for reason in (
        "a copy or a launch failed on the device", "the device's driver cannot build a kernel"))
    return None if failed else f"status {result.returncode}: {errors_of(result)}"


def check_refused(command: str, driver: Driver, message: str, folder: Path, *flags: object,
                  **told: object) -> str | None:
    with scratch() as work:
        result = time_layer(work, command, driver.target, *flags, driver=folder, told=told)
        left = sorted(path.name for path in work.iterdir())
    if result.returncode != UNSUPPORTED or message not in errors_of(result):
        return f"status {result.returncode}: {errors_of(result)}"
    return None if left == ["layer.json"] or command == "tune" else f"left behind: {left}"


def main() -> None:
    report = Report()
    with scratch() as folder:
        for driver in DRIVERS:
            stand_in, broken = make_driver(driver, folder / driver.target, flags=()), folder / f"broken-{driver.target}"
            broken.mkdir()
            (broken / driver.library).write_text("no library\n")
            for command in ("bench", "tune"):
                output = ("-o", folder / "tuned") if command == "tune" else ()
                report.check("refused", f"{command}, {driver.target}: no driver",
                             lambda: check_refused(command, driver, driver.library, broken, *output))
                report.check("refused", f"{command}, {driver.target}: no device", lambda: check_refused(
                    command, driver, driver.absent, stand_in, *output, device="none"))
        stand_in = folder / CUDA.target
        report.check("refused", "loops of a GPU's kernels", lambda: check_refused(
            "bench", CUDA, "'bench --mca' for target 'cuda-sm_80' is not supported", stand_in, "--mca", "skylake"))
        report.check("what is timed", "copies", lambda: check_copies(stand_in))
        for number in (200, 2000, 20000):
            report.check("what is timed", f"call {number} fails", lambda: check_failure(stand_in, number))
        interpreter = folder / "interpreter"
        interpreter.mkdir()
        build_driver(interpreter)
        report.check("on an interpreter", "bench",
                     lambda: check_bench(CUDA.target, "an interpreter of PTX", interpreter))
    report.finish()


if __name__ == "__main__":
    main()
