"""Generated libraries share a program, even two of one model."""
# RUN: %python %s

from __future__ import annotations

from programs import build, compile_archive, data_of
from upconv_testing import Report, example_models, require, run, scratch


def check() -> None:
    generator, upsampler, _ = example_models()
    with scratch() as folder:
        archives = [compile_archive(model, folder / "out", name, True) for model, name in
                    ((generator, "first"), (generator, "second"), (upsampler, "third"))]
        program = build("two_libraries.c", archives, folder / "program")
        require(run(program, *data_of(generator, folder), *data_of(upsampler, folder)))


def main() -> None:
    report = Report()
    report.check("two libraries", "generator twice and upsampler", check)
    report.finish()


if __name__ == "__main__":
    main()
