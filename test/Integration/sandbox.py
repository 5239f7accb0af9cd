"""After prepare, with a workspace and one thread, a run survives seccomp's strict
mode with malloc trapped; see Inputs/sandbox.c."""
# RUN: %python %s

from __future__ import annotations

import platform

from programs import build, compile_archive, data_of, macros
from upconv_testing import Model, Report, Skipped, errors_of, example_models, run, scratch


def check(model: Model, pinned: bool) -> str | None:
    with scratch() as folder:
        archive = compile_archive(model, folder / "out", model.name, pinned)
        program = build("sandbox.c", [archive], folder / "program", "-Wl,-z,now",
                        *macros(model, model.name, pinned))
        result = run(program, *data_of(model, folder))
        if result.returncode == 77:
            raise Skipped("the kernel refuses seccomp's strict mode")
        return None if result.returncode == 0 else f"ended with {result.returncode}: {errors_of(result)}"


def main() -> None:
    report = Report()
    if platform.system() != "Linux":
        report.skip("sandbox", "seccomp is Linux's")
        report.finish()
    for model in example_models():
        for pinned in (True, False):
            report.check("sandbox", f"{model.name}, {'known' if pinned else 'unknown'} dimensions",
                         lambda: check(model, pinned))
    report.finish()


if __name__ == "__main__":
    main()
