"""`upconv run LIBRARY`: archives and shared libraries compiled before give what
the model gives; damaged and foreign ones end in one line and the right status."""
# RUN: %python %s

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from programs import compile_archive
from upconv_testing import EXAMPLES, Model, Report, errors_of, example_models, require, save, scratch, upconv

INVALID, UNSUPPORTED = 1, 4
DAMAGED = 12  # copies with bytes changed, of each kind


def same_numbers(model: Model) -> str | None:
    with scratch() as folder:
        x = save(folder / "x.npy", model.only("in_"))
        require(upconv("run", model.path, "--input", x, "--output", folder / "model.npy"))
        expected = np.load(folder / "model.npy")
        require(upconv("compile", model.path, "-o", folder, "--name", "m",
                       "--emit", "static-library,shared-library"))
        for library in ("libm.a", "libm.so"):
            # From inside the folder too: a name without a slash is no system library.
            require(upconv("run", library, "--input", x, "--output", "y.npy", cwd=folder))
            if not np.array_equal(np.load(folder / "y.npy"), expected):
                return f"{library} gives other numbers than the model"
        return None


def packed_by_path(model: Model) -> str | None:
    """A library that packs takes a .npz, and says what is missing in it."""
    with scratch() as folder:
        library = compile_archive(model, folder, "m", True, "--weights-mode", "argument")
        result = upconv("run", library)
        if result.returncode != INVALID or "--weights FILE" not in errors_of(result):
            return f"without weights: status {result.returncode}, '{errors_of(result)}'"
        np.savez(folder / "w.npz", other=np.zeros(3, np.float32))
        result = upconv("run", library, "--weights", folder / "w.npz")
        if result.returncode != INVALID or "the library wants variable 'project/kernel' of shape" not in errors_of(result):
            return f"with other weights: status {result.returncode}, '{errors_of(result)}'"
        return None


def refused(name: str, content: bytes, status: int, message: str = "error: ") -> str | None:
    with scratch() as folder:
        (folder / name).write_bytes(content)
        result = upconv("run", name, cwd=folder)
        text = result.stderr.decode(errors="replace")
        if result.returncode != status:
            return f"status {result.returncode} instead of {status}: {errors_of(result)}"
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) != 1 or not lines[0].startswith(f"{name}: error: ") or message not in lines[0]:
            return f"not one line about {name} that says '{message}': {errors_of(result)}"
        return None


def changed(content: bytes, seed: int) -> bytes:
    """Some bytes of the first headers and symbols."""
    source, result = random.Random(seed), bytearray(content)
    for _ in range(40):
        result[source.randrange(8, min(len(result), 6000))] = source.randrange(256)
    return bytes(result)


def no_crash(name: str, content: bytes) -> str | None:
    """A damaged library may even run; what it may not do is to end otherwise than with a status."""
    with scratch() as folder:
        (folder / name).write_bytes(content)
        result = upconv("run", name, cwd=folder)
        if result.returncode not in (0, INVALID, UNSUPPORTED, 70):
            return f"status {result.returncode}: {errors_of(result)}"
        says = "error: " in result.stderr.decode(errors="replace")
        return None if says or result.returncode == 0 else f"status {result.returncode} without an error"


def refusals(report: Report, folder: Path) -> None:
    generator = EXAMPLES / "generator.keras"
    require(upconv("compile", generator, "-o", folder, "--name", "m", "--emit", "static-library,shared-library"))
    archive, shared = (folder / "libm.a").read_bytes(), (folder / "libm.so").read_bytes()
    require(upconv("compile", generator, "-o", folder / "far", "--name", "m", "--target", "aarch64",
                   "--emit", "static-library,shared-library"))
    cases = [("a.a", b"!<arch>\n", INVALID, "no members"),
             ("b.a", archive[: len(archive) // 2], INVALID, "damaged"),
             ("c.so", shared[: len(shared) // 2], INVALID, "damaged"),
             ("d.a", (folder / "far" / "libm.a").read_bytes(), UNSUPPORTED, "for aarch64"),
             ("e.so", (folder / "far" / "libm.so").read_bytes(), UNSUPPORTED, "for aarch64")]
    for name, content, status, message in cases:
        report.check("refused", name, lambda: refused(name, content, status, message))
    for seed in range(DAMAGED):
        report.check("damaged", f"archive {seed}", lambda: no_crash("m.a", changed(archive, seed)))
        report.check("damaged", f"shared library {seed}", lambda: no_crash("m.so", changed(shared, seed)))


def main() -> None:
    report = Report()
    for model in example_models():
        report.check("same numbers", model.name, lambda: same_numbers(model))
    report.check("packed by path", "generator", lambda: packed_by_path(example_models()[0]))
    with scratch() as folder:
        refusals(report, folder)
    report.finish()


if __name__ == "__main__":
    main()
