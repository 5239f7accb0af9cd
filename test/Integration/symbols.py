"""What an archive leaves undefined stands in undefined-symbols*.txt, and what it
shows begins with the library's name."""
# RUN: %python %s

from __future__ import annotations

import re
from pathlib import Path

import system_libraries as systems
from programs import compile_archive
from upconv_testing import LLVM_TOOLS, Model, Report, example_models, require, run, scratch

TARGETS = ("host", "x86-64", "x86-64-v3", "x86-64-v4", "aarch64", "aarch64-android", "x86-64-v3-android",
           "aarch64-macos", "x86-64-v4-macos", "aarch64-ios", "aarch64-windows", "x86-64-windows",
           "x86-64-v4-windows")


def symbols(archive: Path, target: str, *flags: str) -> set[str]:
    """C names; Apple's object files put '_' before them."""
    text = require(run(LLVM_TOOLS / "llvm-nm", "--format=just-symbols", *flags, archive))
    prefix = "_" if systems.is_apple(target) else ""
    return {line.strip().removeprefix(prefix) for line in text.splitlines()
            if line.strip() and not re.fullmatch(r"\S+\.(o|obj):", line.strip())}


def check(model: Model, target: str) -> str | None:
    with scratch() as folder:
        archive = compile_archive(model, folder, model.name, False, "--target", target)
        defined = symbols(archive, target, "--defined-only", "--extern-only")
        missing = symbols(archive, target, "--undefined-only") - defined - systems.allowed(target)
        foreign = {name for name in defined if not name.startswith(f"{model.name}_")}
        if missing:
            return f"undefined: {', '.join(sorted(missing))}"
        return f"visible without prefix: {', '.join(sorted(foreign))}" if foreign else None


def main() -> None:
    report = Report()
    generator, upsampler, denoiser = example_models()
    pairs = [(generator, target) for target in TARGETS] + [(upsampler, "host"), (denoiser, "host")]
    for model, target in pairs:
        report.check("symbols", f"{model.name} for {target}", lambda: check(model, target))
    report.finish()


if __name__ == "__main__":
    main()
