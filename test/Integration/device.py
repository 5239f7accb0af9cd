"""Libraries for a GPU against a driver that is not there.

Inputs/opencl_stand_in.c and cuda_stand_in.c are libOpenCL.so.1 and libcuda.so.1
without a device: each of their calls is made to fail in turn, and the library has
to return the status of that failure, to give back what it took, there and of the
host's memory, and to work at the next run. The launches that they write down are
what the schedule says, and a run of a handle is nothing else. Needs neither
OpenCL nor CUDA.
"""
# RUN: %python %s

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterator

from programs import INPUTS, STRICT, build
from upconv_testing import (CC, LLVM_TOOLS, CommandError, Report, dims, errors_of, require, run, scratch, upconv,
                            write_layer)

UNSUPPORTED = 4  # the tool's exit status
CHECKED = ("-g", "-fsanitize=address")  # leaks are errors, too
OK, INVALID_ARGUMENT, NO_DEVICE, MEMORY, BUILD, FAILED = 0, 1, 10, 11, 12, 13


@dataclass(frozen=True)
class Driver:
    target: str
    library: str
    source: str
    finish: str  # the call that ends a run
    absent: str  # what is said without it
    # What a failure of a call may end in. Without a property of the device, or with
    # one search less, there may still be a device; what cannot be given back is lost.
    statuses: dict[str, tuple[int, ...]]
    opening: frozenset[str]  # calls that the second run does without


OPENCL = Driver("opencl", "libOpenCL.so.1", "opencl_stand_in.c", "clFinish", "there is no OpenCL driver", {
    "clGetPlatformIDs": (OK, NO_DEVICE), "clGetDeviceIDs": (OK, NO_DEVICE), "clGetDeviceInfo": (OK, NO_DEVICE),
    "clCreateContext": (NO_DEVICE,), "clCreateCommandQueue": (NO_DEVICE,), "clSVMAlloc": (MEMORY,),
    "clCreateProgramWithSource": (BUILD,), "clBuildProgram": (BUILD,), "clCreateKernel": (BUILD,),
    "clSetKernelArg": (FAILED,), "clSetKernelArgSVMPointer": (FAILED,), "clEnqueueSVMMemcpy": (FAILED,),
    "clEnqueueNDRangeKernel": (FAILED,), "clFinish": (OK, FAILED), "clReleaseKernel": (OK,),
    "clReleaseProgram": (OK,), "clReleaseCommandQueue": (OK,), "clReleaseContext": (OK,), "clSVMFree": (OK,)},
    frozenset({"clGetPlatformIDs", "clCreateContext", "clCreateCommandQueue", "clSVMAlloc",
               "clCreateProgramWithSource", "clBuildProgram"}))
CUDA = Driver("cuda-sm_80", "libcuda.so.1", "cuda_stand_in.c", "cuStreamSynchronize",
              "there is no driver for NVIDIA's GPUs", {
    "cuInit": (NO_DEVICE,), "cuDeviceGetCount": (NO_DEVICE,), "cuDeviceGet": (OK, NO_DEVICE),
    "cuDeviceGetAttribute": (OK, NO_DEVICE), "cuDevicePrimaryCtxRetain": (NO_DEVICE,),
    "cuCtxGetCurrent": (OK, NO_DEVICE, FAILED), "cuCtxPushCurrent_v2": (OK, NO_DEVICE, FAILED),
    "cuCtxGetDevice": (NO_DEVICE,), "cuCtxSynchronize": (FAILED,), "cuStreamCreate": (NO_DEVICE,), "cuMemAlloc_v2": (MEMORY,),
    "cuModuleLoadData": (BUILD,), "cuModuleGetFunction": (BUILD,), "cuMemcpyHtoDAsync_v2": (FAILED,),
    "cuMemcpyDtoHAsync_v2": (FAILED,), "cuLaunchKernel": (FAILED,), "cuStreamSynchronize": (OK, FAILED),
    "cuCtxPopCurrent_v2": (OK,), "cuStreamDestroy_v2": (OK,), "cuMemFree_v2": (OK,), "cuModuleUnload": (OK,),
    "cuDevicePrimaryCtxRelease_v2": (OK,)},
    frozenset({"cuInit", "cuDeviceGet", "cuDevicePrimaryCtxRetain", "cuStreamCreate", "cuMemAlloc_v2",
               "cuModuleLoadData"}))
DRIVERS = (OPENCL, CUDA)

# Two kernels; kernel 3, stride 2: four residues, each a launch, and Permute.
LAYER = ("Conv2DTranspose", {"filters": 40, "kernel_size": 3, "strides": 2, "data_format": "channels_first"},
         (2, 24, 5, 70))
# What the schedule below makes of it: 40 of 64 columns in one tile of 4 * 2 * 8;
# along 71 or 70 pixels tiles of 8 * 4, along 6 or 5 rows of 1 * 2.
SCHEDULE = "{ strategy: tile, nv: 2, bc: 8, tx: 8, bx: 4, by: 2, kc: 8, kt: 2 }"


def residues() -> list[tuple[str, str, int]]:
    """Global and local sizes and shared bytes of every residue's launch."""
    launches = []
    for rows, row_taps in ((6, 2), (5, 1)):
        for pixels, taps in ((71, 2), (70, 1)):
            blocks = -(-pixels // 32) * -(-rows // 2) * 2  # of two images
            span = -(-(32 + taps - 1) // 4) * 4  # a window, in fours
            shared = 4 * (12 * span * 2 + 64 * 8 * taps)  # 8 channels, a pitch of 12
            launches.append((f"{8 * blocks}x4x2", "8x4x2", shared))
    return launches


def make_library(driver: Driver, folder: Path) -> dict[str, Path]:
    """The programs that print their statuses, under a checker of memory."""
    name, config, shape = LAYER
    tables = folder / "tables" / driver.target
    tables.mkdir(parents=True)
    (tables / "conv-transpose-f32.yaml").write_text(
        f'basis: model\ndate: 2026-11-22\nmethod: "for a test"\nentries:\n  - {{ use: {SCHEDULE}, why: "a test" }}\n')
    require(upconv("compile", write_layer(folder, name, {"name": "layer", **config}), "--input-shape", dims(shape),
                   "--target", driver.target, "--schedules", folder / "tables", "--init", "1", "--name", "one",
                   "-o", folder))
    sources = ("device_statuses.c", "handle_statuses.c")[:2 if driver is CUDA else 1]
    return {source: build(source, [folder / "libone.a"], folder / Path(source).stem, "-std=gnu11", *CHECKED)
            for source in sources}


def make_driver(driver: Driver, folder: Path, flags: tuple[str, ...] = CHECKED) -> Path:
    folder.mkdir()
    require(run(CC, "-std=gnu11", "-O1", *STRICT, *flags, "-shared", "-fPIC", f"-Wl,-soname,{driver.library}",
                INPUTS / driver.source, "-o", folder / driver.library))
    return folder


class Run:
    """One run of a program: its statuses and the driver's account."""

    def __init__(self, program: Path, driver: Path, *arguments: str, **told: object):
        log = program.with_suffix(".log")
        log.unlink(missing_ok=True)
        environment = {f"STAND_IN_{key.upper()}": str(value) for key, value in told.items()}
        result = run(program, *arguments, env={"LD_LIBRARY_PATH": str(driver), "STAND_IN_LOG": str(log),
                                               "ASAN_OPTIONS": "detect_leaks=1", **environment})
        if result.returncode != 0:
            raise CommandError(f"the program ended with {result.returncode}: {errors_of(result, 4000)}")
        self.statuses = [int(word) for word in result.stdout.split()]
        lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
        self.calls = [words[1] for words in lines if words[0] == "call"]
        self.launches = [(words[2], words[3], int(words[4])) for words in lines if words[0] == "launch"]
        self.alive = [int(words[1]) for words in lines if words[0] == "alive"]
        self.devices = [int(words[1]) for words in lines if words[0] == "retain"]
        self.marked = list(between_marks(lines))


@dataclass(frozen=True)
class Marked:
    """What a run of a handle asked of the driver."""

    calls: list[str]
    launches: list[tuple[str, str, int]]
    streams: set[str]


def between_marks(lines: list[list[str]]) -> Iterator[Marked]:
    marks = [i for i, words in enumerate(lines) if words[0] == "mark"]
    for begin, end in zip(marks[::2], marks[1::2]):
        inside = lines[begin + 1:end]
        launches = [words for words in inside if words[0] == "launch"]
        yield Marked([words[1] for words in inside if words[0] == "call"],
                     [(words[2], words[3], int(words[4])) for words in launches], {words[5] for words in launches})


def check_account(made: Run, number: int, name: str) -> str | None:
    if made.alive != [0]:
        return f"{made.alive} objects of the driver are left"
    return None if made.calls[number - 1] == name else f"call {number} is '{made.calls[number - 1]}'"


def check_failure(driver: Driver, program: Path, folder: Path, number: int, name: str) -> str | None:
    made = Run(program, folder, fail=number)
    problem = check_account(made, number, name)
    if problem:
        return problem
    bad = [status for status in made.statuses if status != OK]
    if len(bad) > 1:
        return f"one failure, statuses {made.statuses}"
    status = bad[0] if bad else OK
    expected = driver.statuses[name]
    return None if status in expected else f"status {status}, expected one of {expected}"


def check_launches(made: Run) -> str | None:
    if made.statuses != [OK] * 4 or made.alive != [0]:
        return f"statuses {made.statuses}, {made.alive} objects are left"
    tiles = [launch for launch in made.launches if launch[1] == "8x4x2"]
    if tiles != residues() * 3:
        return f"launches {tiles}, expected three times {residues()}"
    flat = {launch[1] for launch in made.launches} - {"8x4x2"}
    return None if flat == {"128x1x1"} else f"other blocks of {flat}"


def check_steady(driver: Driver, made: Run) -> str | None:
    """The second run opens nothing: it copies, launches and waits."""
    ends = [i for i, name in enumerate(made.calls) if name == driver.finish]
    extra = set(made.calls[ends[0] + 1:ends[1]]) & driver.opening
    return f"the second run calls {sorted(extra)}" if extra else None


# Handles ----------------------------------------------------------------------

# What handle_statuses.c prints: the call, and of which handle.
HANDLE_CALLS = ("open a", "open b", "run a", "run b", "run a", "close a", "run b", "close b",
                "open c", "run c", "close c")
# What a run may call while its stream is captured, whether or not the thread is
# in the device's context.
OUTSIDE = {"cuCtxGetCurrent", "cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2", "cuLaunchKernel"}
INSIDE = {"cuCtxGetCurrent", "cuLaunchKernel"}


def check_handle_failure(program: Path, folder: Path, number: int, name: str) -> str | None:
    """One call tells of the failure; of a handle that was not opened, all others say so."""
    made = Run(program, folder, fail=number)
    problem = check_account(made, number, name)
    if problem:
        return problem
    statuses = list(zip(HANDLE_CALLS, made.statuses, strict=True))
    unopened = {call.split()[1] for call, status in statuses if call.startswith("open") and status}
    if any(status != INVALID_ARGUMENT for call, status in statuses
           if call.startswith("run") and call.split()[1] in unopened):
        return f"statuses {made.statuses}"
    bad = [status for call, status in statuses if status and not (
        call.startswith("run") and call.split()[1] in unopened)]
    status = bad[0] if bad else OK
    expected = CUDA.statuses[name]
    return None if len(bad) < 2 and status in expected else f"statuses {made.statuses}, expected one of {expected}"


def check_handles(plain: Run, made: Run, devices: list[int], allowed: list[set[str]], left: int) -> str | None:
    """Runs launch what `<name>_run` does, each on its stream, and do nothing else."""
    if any(made.statuses) or made.devices != devices or made.alive != [left]:
        return f"statuses {made.statuses} on devices {made.devices}, {made.alive} objects are left"
    expected = plain.launches[:len(plain.launches) // 3]  # of three runs
    for marked, calls in zip(made.marked, allowed, strict=True):
        if set(marked.calls) != calls:
            return f"a run calls {sorted(set(marked.calls))}"
        if marked.launches != expected or len(marked.streams) != 1:
            return f"launches {marked.launches} on {marked.streams}, expected {expected}"
    first, second, again, null, last = (marked.streams for marked in made.marked)
    is_right = first == again == last and first != second and null == {"(nil)"}
    return None if is_right else "a run on another stream than its own"


def check_handle_driver(report: Report, program: Path, stand_in: Path, plain: Run) -> list[str]:
    made, current = Run(program, stand_in), Run(program, stand_in, "current")
    report.check("handles", "of a thread without a context",
                 lambda: check_handles(plain, made, [0, 1, 0], [OUTSIDE] * 5, 0))
    # Device 1 and its context are the program's own, and stay.
    report.check("handles", "of the device that is current",
                 lambda: check_handles(plain, current, [1, 1, 1, 0], [INSIDE] * 4 + [OUTSIDE], 2))
    for number, call in enumerate(made.calls, 1):
        report.check("handles", f"{number}: {call}",
                     lambda: check_handle_failure(program, stand_in, number, call))
    return made.calls + current.calls


def check_absent(program: Path, driver: Path, **told: object) -> str | None:
    made = Run(program, driver, **told)
    return None if made.statuses == [NO_DEVICE] * 4 else f"statuses {made.statuses}"


def check_tool(driver: Driver, broken: Path) -> str | None:
    """`verify` says what is missing, and that it is the machine's."""
    name, config, shape = LAYER
    with scratch() as folder:
        result = upconv("verify", write_layer(folder, name, {"name": "layer", **config}), "--input-shape", dims(shape),
                        "--init", "1", "--target", driver.target, env={"LD_LIBRARY_PATH": str(broken)})
    if result.returncode != UNSUPPORTED or driver.absent not in errors_of(result):
        return f"status {result.returncode}: {errors_of(result)}"
    return None


def check_symbols(archive: Path) -> str | None:
    """docs/HeaderABI.md has what such a library asks of the C library."""
    text = require(run(LLVM_TOOLS / "llvm-nm", archive))
    defined = set(re.findall(r" [A-TV-Za-z] (\w+)", text))
    undefined = set(re.findall(r" U (\w+)", text)) - defined - {"memset", "memcpy"}
    if undefined != {"calloc", "dlopen", "dlsym", "free", "pthread_mutex_lock", "pthread_mutex_unlock"}:
        return f"undefined symbols {sorted(undefined)}"
    foreign = {name for name in re.findall(r" [A-Z] (\w+)", text) if not name.startswith("one_")} - {
        "memset", "memcpy"} - undefined
    return f"names without the library's: {sorted(foreign)}" if foreign else None


def check_driver(report: Report, driver: Driver) -> None:
    def name(what: str) -> str:
        return f"{driver.target}: {what}"
    with scratch() as folder:
        programs, stand_in = make_library(driver, folder), make_driver(driver, folder / "driver")
        program = programs["device_statuses.c"]
        plain = Run(program, stand_in)
        report.check("launches", name("as the schedule says"), lambda: check_launches(plain))
        report.check("launches", name("second run"), lambda: check_steady(driver, plain))
        for number, call in enumerate(plain.calls, 1):
            report.check("failures", f"{number}: {call}",
                         lambda: check_failure(driver, program, stand_in, number, call))
        called = plain.calls
        if "handle_statuses.c" in programs:
            called = called + check_handle_driver(report, programs["handle_statuses.c"], stand_in, plain)
        missing = set(driver.statuses) - set(called)
        report.add("failures", name("every call"), f"never called: {sorted(missing)}" if missing else None)
        broken = folder / "broken"
        broken.mkdir()
        (broken / driver.library).write_text("no library\n")
        report.check("no device", name("no driver"), lambda: check_absent(program, broken))
        report.check("no device", name("upconv verify"), lambda: check_tool(driver, broken))
        report.check("symbols", name("all"), lambda: check_symbols(folder / "libone.a"))
        report.check("no device", name("none"), lambda: check_absent(program, stand_in, device="none"))
        report.check("no device", name("an old one"), lambda: check_absent(program, stand_in, device="old"))


def check_newer(report: Report) -> None:
    """What is for compute capability 9 asks for it."""
    for driver in (CUDA, replace(CUDA, target="cuda-sm_90")):
        with scratch() as folder:
            program = make_library(driver, folder)["device_statuses.c"]
            stand_in = make_driver(driver, folder / "driver")
            made = Run(program, stand_in, device="ampere")
            runs = all(status == OK for status in made.statuses)
            report.add("no device", f"{driver.target}: capability 8", None if runs == (driver == CUDA) else
                       f"statuses {made.statuses}")
            report.check("launches", f"{driver.target}: capability 9",
                         lambda: check_launches(Run(program, stand_in)))


def main() -> None:
    report = Report()
    for driver in DRIVERS:
        check_driver(report, driver)
    check_newer(report)
    report.finish()


if __name__ == "__main__":
    main()
