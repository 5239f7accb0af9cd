"""What other systems than Linux offer a program, as far as a linker asks."""

from __future__ import annotations

import re
from pathlib import Path

from upconv_testing import LLVM_TOOLS, SOURCE, Skipped, require, run

LISTS = Path(__file__).parent.parent
PLATFORMS = SOURCE / ".venv" / "platforms"  # of scripts/setup.sh
CLANG = LLVM_TOOLS / "clang"


def is_apple(target: str) -> bool:
    return target.endswith(("-macos", "-ios"))


def is_windows(target: str) -> bool:
    return target.endswith("-windows")


def allowed(target: str) -> set[str]:
    """C names that a library may leave undefined."""
    kind = "-apple" if is_apple(target) else "-windows" if is_windows(target) else ""
    text = (LISTS / f"undefined-symbols{kind}.txt").read_text()
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return {line for line in lines if line}


def platforms() -> Path:
    if not PLATFORMS.is_dir():
        raise Skipped("what other systems offer is not at hand: scripts/setup.sh could not fetch it")
    return PLATFORMS


def triple(target: str) -> str:
    architecture = "aarch64" if target.startswith("aarch64") else "x86_64"
    system = {"macos": "apple-macosx11.0.0", "ios": "apple-ios13.0.0",
              "windows": "pc-windows-msvc"}[target.rsplit("-", 1)[1]]
    return f"{architecture}-{system}"


# Lists of functions -----------------------------------------------------------


def apple_library(target: str, folder: Path) -> Path:
    """libSystem as Apple's SDK has it; the list at hand is that of macOS, which has all of iOS's."""
    text = (platforms() / "darwin" / "libSystem.tbd").read_text()
    # Architectures that this linker has not heard of, and what runs as arm64 too.
    text = re.sub(r",\s*arm64e\.[\w-]+", "", text).replace("arm64e-", "arm64-")
    path = folder / "libSystem.tbd"
    path.write_text(text.replace("-macos", "-ios") if target.endswith("-ios") else text)
    return path


def exported(target: str, library: str) -> set[str]:
    """Names that the lists of `library` have, for any architecture that is not another's only."""
    wrong = "X64|I386|X86_ANY" if target.startswith("aarch64") else "ARM32|ARM64|ARM_ANY|I386"
    names = set()
    for path in (platforms() / "mingw" / "lib-common").glob(f"{library}*.def*"):
        text = re.sub(rf"^F_({wrong})\(.*$", "", path.read_text(), flags=re.M)
        names |= set(re.findall(r"^(?:F_\w+\()?(\w+)", text, flags=re.M))
    return names


def windows_libraries(target: str, folder: Path) -> list[Path]:
    """Import libraries with the functions that libraries use, after a look at the system's lists."""
    machine = "arm64" if target.startswith("aarch64") else "i386:x86-64"
    names = allowed(target) - {"__chkstk"}
    libraries = []
    for library in ("ucrtbase", "kernel32"):
        found = {name for name in names if name in exported(target, library)}
        names -= found
        definition = folder / f"{library}.def"
        definition.write_text("\n".join([f"LIBRARY {library}.dll", "EXPORTS", *sorted(found)]) + "\n")
        libraries.append(folder / f"{library}.lib")
        require(run(LLVM_TOOLS / "llvm-dlltool", "-m", machine, "-d", definition, "-l", libraries[-1]))
    if names:
        raise ValueError(f"no library of Windows has {', '.join(sorted(names))}")
    return libraries


# Linking ----------------------------------------------------------------------


def compile_c(target: str, source: Path, output: Path, *flags: object) -> Path:
    """Freestanding: C headers of these systems are at hand only for the runtime's own check."""
    require(run(CLANG, f"--target={triple(target)}", "-std=c99", "-O1", "-Wall", "-Wextra", "-Wpedantic",
                "-Werror", "-ffreestanding", "-nostdlibinc", *flags, "-c", source, "-o", output))
    return output


def link(target: str, inputs: list[Path], output: Path, *flags: object) -> Path:
    """A program whose main is in `inputs`, with the system's libraries and nothing else."""
    if is_windows(target):
        machine = "arm64" if target.startswith("aarch64") else "x64"
        require(run(LLVM_TOOLS / "lld-link", "/entry:main", "/subsystem:console", "/nodefaultlib",
                    f"/machine:{machine}", f"/out:{output}", *inputs,
                    *windows_libraries(target, output.parent), *flags))
        return output
    system, version = ("ios", "13.0") if target.endswith("-ios") else ("macos", "11.0")
    require(run(LLVM_TOOLS / "ld64.lld", "-arch", "arm64" if target.startswith("aarch64") else "x86_64",
                "-platform_version", system, version, version, "-o", output, *inputs,
                apple_library(target, output.parent), *flags))
    return output
