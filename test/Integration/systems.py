"""Libraries for macOS, iOS, Windows and Android: format, symbols, and programs
that link with them against lists of what those systems offer."""
# RUN: %python %s

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np

import system_libraries as systems
from programs import INPUTS, PORTS, compile_archive
from upconv_testing import (LLVM_TOOLS, SOURCE, Model, Report, Skipped, errors_of, example_models, require,
                            run, scratch, upconv, write_layer)

UNSUPPORTED = 4
READOBJ = LLVM_TOOLS / "llvm-readobj"

FORMATS = {
    "aarch64-android": "elf64-littleaarch64",
    "aarch64-macos": "Mach-O arm64",
    "aarch64-ios": "Mach-O arm64",
    "aarch64-windows": "COFF-ARM64",
    "x86-64-v3-android": "elf64-x86-64",
    "x86-64-v3-macos": "Mach-O 64-bit x86-64",
    "x86-64-v4-windows": "COFF-x86-64",
    "x86-64-v3-windows": "COFF-x86-64",
}
# What a Mach-O file says of the system it is for.
PLATFORM = {"macos": ("macos", "11.0"), "ios": ("ios", "13.0")}


def platforms_of(path: Path) -> set[tuple[str, str]]:
    text = require(run(READOBJ, "--macho-version-min", path))
    return set(zip(re.findall(r"Platform: (\w+)", text), re.findall(r"Version: (\S+)", text)))


def members_of(archive: Path, folder: Path) -> list[Path]:
    folder.mkdir()
    require(run(LLVM_TOOLS / "llvm-ar", "x", archive, cwd=folder))
    return sorted(folder.iterdir())


def shared_name(target: str) -> str:
    return {"macos": "libone.dylib", "ios": "libone.dylib", "windows": "one.dll",
            "android": "libone.so"}[target.rsplit("-", 1)[1]]


def check_format(archive: Path, target: str) -> str | None:
    """Every object, and the shared library, is of the system's format and says so."""
    members = members_of(archive, archive.parent / "members")
    if len(members) < 2:
        return f"the archive has {len(members)} members"
    for path in [*members, archive.parent / shared_name(target)]:
        found = re.search(r"^Format: (.*)$", require(run(READOBJ, "--file-header", path)), re.M)
        if not found or found.group(1) != FORMATS[target]:
            return f"{path.name} is {found and found.group(1)}"
        if systems.is_apple(target) and platforms_of(path) != {PLATFORM[target.rsplit("-", 1)[1]]}:
            return f"{path.name} is for {platforms_of(path)}"
        if re.search(rb"clang|/tmp/|DebugInfo", path.read_bytes()):
            return f"{path.name} names a compiler or a folder"
    return None


def check_shared(folder: Path, target: str) -> str | None:
    """Shows the functions of the header, and asks for the system's libraries only."""
    api = set(re.findall(r"\b(one_\w+)\(", (folder / "one.h").read_text())) - {"one_parallel_for"}
    path = folder / shared_name(target)
    if systems.is_windows(target):
        text = require(run(READOBJ, "--coff-exports", "--coff-imports", path))
        imports, exports = text.split("Export {", 1)
        shown = set(re.findall(r"Name: (\w+)", exports))
        needed = set(re.findall(r"Name: (\S+)", imports))
        offered = {"ucrtbase.dll", "KERNEL32.dll"}
    else:
        text = require(run(LLVM_TOOLS / "llvm-nm", "--extern-only", "--defined-only", "--format=just-symbols", path))
        shown = {name.removeprefix("_") for name in text.split()}
        text = require(run(LLVM_TOOLS / "llvm-objdump", "--macho", "--dylibs-used", path))
        needed = set(re.findall(r"^\t(\S+)", text, re.M)) - {"@rpath/libone.dylib"}
        offered = {"/usr/lib/libSystem.B.dylib"}
    if shown != api:
        return f"shows {sorted(shown)}, the header has {sorted(api)}"
    return None if needed <= offered and needed else f"needs {sorted(needed)}"


def data_header(model: Model, path: Path) -> Path:
    def array(name: str, values: np.ndarray) -> str:
        numbers = ", ".join(f"{value!r}f" if "." in repr(value) or "e" in repr(value) else f"{value!r}.0f"
                            for value in np.ravel(values).astype(np.float32).astype(float).tolist())
        return f"static const float {name}[] = {{{numbers}}};\n"
    path.write_text(array("input", model.only("in_")) + array("expected", model.only("out64_")))
    return path


def compile_all(model: Model, target: str, folder: Path, mode: str = "embed") -> Path:
    return compile_archive(model, folder / "out", "one", True, "--target", target, "--weights-mode", mode,
                           "--emit", "static-library,shared-library,header,cmake")


def program(model: Model, target: str, kind: str, archive: Path) -> Path:
    """A program with the library inside, or one that loads it."""
    folder, ports = archive.parent, PORTS[model.name]
    data = data_header(model, folder / "data.h")
    main = systems.compile_c(target, INPUTS / "compare.c", folder / "main.o", f'-DHEADER="{folder}/one.h"',
                             f'-DDATA_HEADER="{data}"', "-DNAME=one", f"-DINPUT={ports.source}",
                             f"-DOUTPUT={ports.result}")
    shared = folder / ("one.dll.lib" if systems.is_windows(target) else "libone.dylib")
    return systems.link(target, [main, archive if kind == "static" else shared], folder / f"{kind}.exe")


def check_target(report: Report, model: Model, target: str) -> None:
    with scratch() as folder:
        archives: list[Path] = []
        report.check("compile", target, lambda: archives.append(compile_all(model, target, folder)))
        for archive in archives:
            report.check("format", target, lambda: check_format(archive, target))
            if target.endswith("-android"):
                continue
            report.check("shared library", target, lambda: check_shared(archive.parent, target))
            for kind in ("static", "shared"):
                report.check("links", f"{target}, {kind}", lambda: program(model, target, kind, archive) and None)


def check_packing(model: Model, target: str) -> str | None:
    """The code that packs weights is in the objects of this mode only."""
    with scratch() as folder:
        return check_format(compile_all(model, target, folder, "argument"), target)


def check_under_wine(model: Model, kind: str) -> str | None:
    """Windows programs do run here, where Wine is installed."""
    wine = shutil.which("wine64") or "/usr/lib/wine/wine64"
    if not Path(wine).exists():
        raise Skipped("Wine is not installed")
    with scratch() as folder:
        target = "x86-64-v3-windows"
        path = program(model, target, kind, compile_all(model, target, folder))
        result = run(wine, path, cwd=path.parent, env={"WINEDEBUG": "-all", "WINEPREFIX": str(folder / "wine")})
        return None if result.returncode == 0 else f"ends with {result.returncode}: {errors_of(result)}"


def check_declarations(target: str) -> str | None:
    """The runtime's own declarations make the code that the system's headers make."""
    headers = systems.platforms() / "include"
    triple = systems.triple(target).replace("-msvc", "-gnu")  # the headers are those of MinGW
    folder_name, system = ("Darwin", "darwin") if systems.is_apple(target) else ("Windows", "windows")
    source = SOURCE / "lib" / "Runtime" / folder_name / "System.c"
    texts = []
    with scratch() as folder:
        # _KERNEL32_: call its functions directly, not by a pointer.
        for flags in ([], ["-DUPCONV_RT_SYSTEM_HEADERS", "-D_KERNEL32_", "-isystem",
                           headers / f"any-{system}-any"]):
            output = folder / "out.s"
            require(run(systems.CLANG, f"--target={triple}", "-std=gnu11", "-O2", "-S",
                        "-nostdlibinc", "-I", SOURCE / "include", *flags, source, "-o", output))
            texts.append(output.read_text())
    if not re.search(r"\t(callq?|bl|b)\t", texts[0]):
        return "no code to compare"
    return None if texts[0] == texts[1] else "the code differs"


def check_stays_here(target: str) -> str | None:
    """The tool does not run, bench or tune what this machine cannot run."""
    with scratch() as folder:
        path = write_layer(folder, "Dense", {"name": "layer", "units": 3})
        for command in ("run", "verify", "bench"):
            result = upconv(command, path, "--init", "1", "--input-shape", "1,4", "--target", target)
            if result.returncode != UNSUPPORTED or "this machine cannot run code for" not in errors_of(result):
                return f"{command}: status {result.returncode}: {errors_of(result)}"
        return None


def main() -> None:
    report = Report()
    models = example_models()
    for target in FORMATS:
        check_target(report, models[0], target)
        report.check("stays here", target, lambda: check_stays_here(target))
    for target in ("aarch64-macos", "aarch64-windows", "x86-64-v3-windows"):
        report.check("weights as an argument", target, lambda: check_packing(models[0], target))
        report.check("the runtime's declarations", target, lambda: check_declarations(target))
    for model in models:
        for kind in ("static", "shared"):
            report.check("Windows, run by Wine", f"{model.name}, {kind}", lambda: check_under_wine(model, kind))
    report.finish()


if __name__ == "__main__":
    main()
