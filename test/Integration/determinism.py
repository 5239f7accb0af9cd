"""Same model, same flags: identical files, whatever -j and the folders."""
# RUN: %python %s

from __future__ import annotations

import shutil
from pathlib import Path

from upconv_testing import Model, Report, example_models, require, scratch, upconv

LIBRARY = "static-library,header"
EVERY_KIND = LIBRARY + ",object,shared-library,assembly,llvm,mlir,stmt,schedule,cmake"


def compile_in(folder: Path, model: Model, kinds: str, jobs: int) -> dict[str, bytes]:
    """Compiles a copy of the model from inside `folder`; all files by name."""
    folder.mkdir(parents=True)
    shutil.copy(model.path, folder / "model.keras")
    require(upconv("compile", "model.keras", "-o", "out", "--name", "model", "--emit", kinds,
                   f"-j{jobs}", cwd=folder))
    out = folder / "out"
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def check(model: Model) -> str | None:
    kinds = EVERY_KIND if model.name == "generator" else LIBRARY
    with scratch() as folder:
        first = compile_in(folder / "a", model, kinds, 1)
        second = compile_in(folder / "a-longer-name" / "deeper", model, kinds, 2)
        if first.keys() != second.keys():
            return f"files {sorted(first.keys() ^ second.keys())} in one folder only"
        different = [name for name in first if first[name] != second[name]]
        told = [name for name in first if str(folder).encode() in first[name]]
        if different:
            return f"different: {', '.join(different)}"
        return f"the folder's name is inside {', '.join(told)}" if told else None


def main() -> None:
    report = Report()
    for model in example_models():
        report.check("determinism", model.name, lambda: check(model))
    report.finish()


if __name__ == "__main__":
    main()
