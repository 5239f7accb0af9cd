"""A project of its own builds against an installed upconv by find_package."""
# RUN: %python %s

from __future__ import annotations

import sys
from pathlib import Path

from programs import INPUTS, data_of
from upconv_testing import BUILD, CC, Model, Report, dims, example_models, require, run, scratch

CMAKE = Path(sys.executable).with_name("cmake")
NINJA = Path(sys.executable).with_name("ninja")


def configure(project: Path, build: Path, prefix: Path, *definitions: str):
    return run(CMAKE, "-S", project, "-B", build, "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={NINJA}",
               f"-DCMAKE_C_COMPILER={CC}", f"-DCMAKE_PREFIX_PATH={prefix}", *definitions)


def check_consumer(model: Model, folder: Path, prefix: Path) -> str | None:
    require(configure(INPUTS / "consumer", folder / "build", prefix, f"-DMODEL={model.path}",
                      f"-DSHAPE={dims(model.only('in_').shape)}", f"-DINCLUDE={INPUTS}",
                      f"-DPROGRAM={INPUTS / 'run_once.c'}"))
    require(run(CMAKE, "--build", folder / "build"))
    require(run(folder / "build" / "program", *data_of(model, folder)))
    if (folder / "build" / "shipped.weights").stat().st_size <= 64:
        return "the external weights are not where outside_WEIGHTS says"
    again = require(run(CMAKE, "--build", folder / "build"))
    return None if "no work to do" in again else "the model is compiled again without a reason"


def check_refusals(folder: Path, prefix: Path) -> str | None:
    cases = {"upconv_add_library(m)": "MODEL is required",
             "upconv_add_library(a-b MODEL m.keras)": "C identifier",
             "upconv_add_library(m MODEL m.keras COLOUR red)": "unknown arguments"}
    for number, (call, message) in enumerate(cases.items()):
        project = folder / f"bad{number}"
        project.mkdir()
        (project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.20)\nproject(bad LANGUAGES C)\n"
            f"find_package(upconv REQUIRED)\n{call}\n")
        result = configure(project, project / "build", prefix)
        if result.returncode == 0 or message not in result.stderr.decode():
            return f"'{call}' does not say '{message}'"
    return None


def main() -> None:
    report = Report()
    generator = example_models()[0]
    with scratch() as folder:
        prefix = folder / "prefix"
        require(run(CMAKE, "--install", BUILD, "--prefix", prefix))
        report.check("installed", "--version", lambda: require(run(prefix / "bin" / "upconv", "--version")) and None)
        report.check("consumer", "builds and runs", lambda: check_consumer(generator, folder, prefix))
        report.check("consumer", "mistakes", lambda: check_refusals(folder, prefix))
    report.finish()


if __name__ == "__main__":
    main()
