"""Every --ir kind prints for every model; keras and upconv text round-trips."""
# RUN: %python %s

from __future__ import annotations

from pathlib import Path

from upconv_testing import (UPCONV_OPT, Model, Report, errors_of, example_models, in_parallel,
                            guarded, require, run, scratch, shared_models, upconv)

KINDS = ("keras", "upconv", "kernels", "schedule", "halide", "stmt", "stmt-html", "llvm", "assembly")
ROUND_TRIP = ("keras", "upconv", "kernels")


def check_prints(item: tuple[Model, str]) -> str | None:
    model, kind = item
    text = require(upconv("inspect", model.path, "--ir", kind))
    return None if text.strip() else "nothing was printed"


def check_ptx(model: Model) -> str | None:
    """A model for a processor has no PTX; the tool must say so in one line."""
    result = upconv("inspect", model.path, "--ir", "ptx")
    if result.returncode == 0:
        return None if result.stdout.strip() else "nothing was printed"
    lines = errors_of(result).splitlines()
    good = result.returncode in (2, 4) and len(lines) == 1 and "error: " in lines[0]
    return None if good else f"ended with {result.returncode}: {errors_of(result)}"


def check_round_trip(item: tuple[Model, str]) -> str | None:
    model, kind = item
    with scratch() as folder:
        first, second = folder / "first.mlir", folder / "second.mlir"
        first.write_text(require(upconv("inspect", model.path, "--ir", kind)))
        second.write_text(require(run(UPCONV_OPT, first)))
        if body(first) != body(second):
            return "the text changes on the way through upconv-opt"
        return None


def body(path: Path) -> list[str]:
    """Without comments and empty lines."""
    lines = (line.rstrip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.lstrip().startswith("//")]


def check_summary(model: Model, *flags: str) -> None:
    require(upconv("inspect", model.path, *flags))


def main() -> None:
    report = Report()
    models = example_models() + shared_models()
    prints = [(model, kind) for model in models for kind in KINDS]
    for (model, kind), problem in zip(prints, in_parallel(lambda i: guarded(lambda: check_prints(i)), prints)):
        report.add(f"--ir {kind}", model.name, problem)
    trips = [(model, kind) for model in models for kind in ROUND_TRIP]
    for (model, kind), problem in zip(trips, in_parallel(lambda i: guarded(lambda: check_round_trip(i)), trips)):
        report.add(f"round trip {kind}", model.name, problem)
    for model in models:
        report.check("--ir ptx", model.name, lambda: check_ptx(model))
        report.check("summary", model.name, lambda: check_summary(model))
    report.check("summary", "--json", lambda: check_summary(models[0], "--json"))
    report.finish()


if __name__ == "__main__":
    main()
