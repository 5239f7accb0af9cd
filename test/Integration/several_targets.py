"""One library for several targets takes the strongest that the processor runs:
here on this machine, and on the processors that qemu-user plays."""
# RUN: %python %s

from __future__ import annotations

import platform
import shutil
from pathlib import Path

import numpy as np

from programs import build, compile_archive, data_of, fields_of, macros, random_variables, raw
from upconv_testing import (Model, Report, Skipped, errors_of, example_models, require, run, save,
                            scratch, succeed, upconv)

EMULATOR = "qemu-x86_64-static"
TARGETS = "x86-64,x86-64-v4,x86-64-v3"
KINDS = "static-library,header,shared-library,schedule"
# The processor, and the target that suits it.
PROCESSORS = {"Nehalem": "x86-64", "Haswell": "x86-64-v3"}


def on(processor: str | None) -> tuple[str, ...]:
    """The command in front of a program; nothing for this machine's own processor."""
    if processor is None:
        return ()
    if not shutil.which(EMULATOR):
        raise Skipped(f"{EMULATOR} is not installed")
    return (EMULATOR, "-cpu", processor)


def archive_for_all(model: Model, folder: Path, pinned: bool, *flags: str) -> Path:
    return compile_archive(model, folder / "out", model.name, pinned, "--target", TARGETS, *flags)


def outputs(report: Report, model: Model, archive: Path, pinned: bool) -> None:
    what = f"{model.name}, {'known' if pinned else 'unknown'} dimensions"
    with scratch() as folder:
        program = build("run_once.c", [archive], folder / "program", "-static", *macros(model, model.name, pinned))
        for processor in (None, *PROCESSORS):
            report.check(f"on {processor or 'this machine'}", what, lambda: succeed(
                run(*on(processor), program, *data_of(model, folder))))


def choice(model: Model, archive: Path) -> str | None:
    with scratch() as folder:
        program = build("chosen_target.c", [archive], folder / "program", "-static",
                        *macros(model, model.name, True))
        for processor, target in PROCESSORS.items():
            chosen = require(run(*on(processor), program)).strip()
            if chosen != target:
                return f"{chosen} on {processor} instead of {target}"
        result = run(*on("core2duo"), program)
        if result.returncode != 3 or b"lacks instructions" not in result.stdout:
            return f"status {result.returncode} on a processor that runs none of the targets"
        return None


def packing(report: Report, model: Model) -> None:
    """Each processor packs the variables the way that its kernels want them."""
    with scratch() as folder:
        archive = archive_for_all(model, folder, True, "--weights-mode", "argument")
        variables = random_variables(fields_of(archive.with_name(f"{model.name}.h")))
        np.savez(folder / "w.npz", **variables)
        require(upconv("run", model.path, "--weights", folder / "w.npz", "--input",
                       save(folder / "x.npy", model.only("in_")), "--output", folder / "y.npy",
                       "--target", "x86-64"))
        counts = ",".join(str(value.size) for value in variables.values())
        program = build("packed_weights.c", [archive], folder / "program", f"-DCOUNTS={counts}",
                        *macros(model, model.name, True))
        files = (raw(folder / "variables", np.concatenate([value.ravel() for value in variables.values()])),
                 data_of(model, folder)[0], raw(folder / "expected", np.load(folder / "y.npy")))
        # Bit for bit what the target packs and computes on its own.
        report.check("packing", model.name, lambda: succeed(run(*on("Nehalem"), program, *files)))


def loaded(model: Model, library: Path) -> str | None:
    """The shared library, opened by a host that knows nothing but its description."""
    with scratch() as folder:
        names = require(run("nm", "-D", "--defined-only", library))
        if "x86_64" in names:
            return f"the parts' functions are visible: {names}"
        x = save(folder / "x.npy", model.only("in_"))
        require(upconv("run", library, "--input", x, "--output", folder / "y.npy"))
        require(upconv("run", model.path, "--input", x, "--output", folder / "host.npy"))
        same = np.array_equal(np.load(folder / "y.npy"), np.load(folder / "host.npy"))
        return None if same else "other numbers than a library for this machine alone"


def files(model: Model, made: Path) -> str | None:
    """The same bytes whatever the order of the targets; listings for each."""
    with scratch() as folder:
        again = compile_archive(model, folder, model.name, True, "--target", "x86-64-v3,x86-64,x86-64-v4,x86-64-v3",
                                "--emit", KINDS).parent
        for name in sorted(path.name for path in again.iterdir()):
            if (again / name).read_bytes() != (made / name).read_bytes():
                return f"{name} depends on the order of the targets"
        listings = {path.name for path in again.glob("*.schedule")}
        return None if len(listings) == 3 else f"listings: {listings}"


def standard_input() -> None:
    """It can be read once, whatever the number of targets."""
    with scratch() as folder:
        layer = b'{"class_name": "Conv1DTranspose", "config": {"filters": 3, "kernel_size": 4, "strides": 2}}'
        require(upconv("compile", "-", "--input-shape", "1,5,2", "--init", "1", "--target", TARGETS, "-o", folder,
                       stdin=layer))


def mistakes(model: Model) -> str | None:
    cases = (
        (("compile", "--target", "x86-64,aarch64"), "one library is for one of them"),
        (("compile", "--target", "x86-64,x86-64-v5"), "unknown target 'x86-64-v5'"),
        (("compile", "--target", "x86-64,"), "unknown target ''"),
        (("compile", "--target", TARGETS, "--weights-mode", "external"), "takes one target"),
        (("verify", "--target", TARGETS), "takes one target here"),
    )
    with scratch() as folder:
        for (command, *flags), message in cases:
            output = ("-o", folder / "out") if command == "compile" else ()
            result = upconv(command, model.path, *flags, *output)
            if result.returncode != 2 or message not in errors_of(result):
                return f"{flags}: status {result.returncode}, '{errors_of(result)}'"
            if (folder / "out").exists() and any((folder / "out").iterdir()):
                return f"{flags}: files were left behind"
        return None


def main() -> None:
    report = Report()
    if platform.machine() != "x86_64":
        report.skip("all", f"the programs are for x86-64, this machine is {platform.machine()}")
        report.finish()
    generator, upsampler, denoiser = example_models()
    with scratch() as folder:
        archive = archive_for_all(generator, folder, True, "--emit", KINDS)
        outputs(report, generator, archive, True)
        report.check("choice", generator.name, lambda: choice(generator, archive))
        report.check("shared library", generator.name, lambda: loaded(generator, archive.with_suffix(".so")))
        report.check("files", generator.name, lambda: files(generator, archive.parent))
    for model, pinned in ((upsampler, False), (denoiser, True)):
        with scratch() as folder:
            outputs(report, model, archive_for_all(model, folder, pinned), pinned)
    packing(report, generator)
    report.check("standard input", "a layer", standard_input)
    report.check("mistakes", generator.name, lambda: mistakes(generator))
    report.finish()


if __name__ == "__main__":
    main()
