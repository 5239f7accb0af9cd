"""The header compiles as C99 and C++17 without a warning, for every example, with
known and with unknown dimensions, and a C++ program links with the archive; so do
the headers of libraries for GPUs."""
# RUN: %python %s

from __future__ import annotations

import shutil
from pathlib import Path

from programs import STRICT, compile_archive
from upconv_testing import CC, CXX, LLVM_TOOLS, Report, example_models, require, run, scratch

USE = """
#include "{name}.h"
#include "{name}.h" /* twice */
int main(void) {{
  return {name}_prepare() == 0 && {name}_describe() != 0 &&
         {name}_status_string((({name}_status)0)) != 0 ? 0 : 1;
}}
"""


# What a header for a GPU has beside; it needs no device to be linked.
USE_ON_GPU = """
#include "{name}.h"
#include "{name}.h" /* twice */
static {name}_inputs inputs;
static {name}_outputs outputs;
int main(int count, char **arguments) {{
  {name}_cuda *handle = 0;
  (void)arguments;
  if (count < 2)
    return 0;
  return {name}_cuda_open(&handle, {upper}_CUDA_CURRENT_DEVICE{weights}) == {upper}_NO_DEVICE ||
         {reserve}{name}_cuda_run(handle, &inputs, &outputs, 0) || {name}_cuda_close(handle);
}}
"""


def compilers() -> list[tuple[str, str, str]]:
    """Name, language standard, file suffix."""
    found = [(CC, "c99", "c"), (CXX, "c++17", "cc")]
    for name, standard, suffix in (("clang", "c99", "c"), ("clang++", "c++17", "cc")):
        path = shutil.which(name, path=str(LLVM_TOOLS)) or shutil.which(name)
        if path:
            found.append((path, standard, suffix))
    return found


def check(folder: Path, archive: Path, compiler: str, standard: str, suffix: str, text: str = USE,
          **words: str) -> None:
    name = archive.stem.removeprefix("lib")
    source = folder / f"use.{suffix}"
    source.write_text(text.format(name=name, upper=name.upper(), **words))
    program = folder / f"use-{suffix}"
    require(run(compiler, f"-std={standard}", *STRICT, f"-I{archive.parent}", source, archive,
                "-pthread", "-o", program))
    require(run(program))


def check_gpu(report: Report, pinned: bool, *flags: str) -> None:
    model = example_models()[0]
    words = {"weights": ", 0, 0" if flags else "",
             "reserve": "" if pinned else f"{model.name}_cuda_reserve(handle, &inputs) || "}
    with scratch() as folder:
        archive = compile_archive(model, folder / "out", model.name, pinned, "--target", "cuda-sm_80", *flags)
        for compiler, standard, suffix in compilers():
            report.check(f"{standard}, CUDA", f"{' '.join(flags)} {Path(compiler).name}", lambda: check(
                folder, archive, compiler, standard, suffix, USE_ON_GPU, **words))


def main() -> None:
    report = Report()
    check_gpu(report, True)
    check_gpu(report, False, "--weights-mode", "argument")
    for model in example_models():
        for pinned in (True, False):
            with scratch() as folder:
                what = f"{model.name}, {'known' if pinned else 'unknown'} dimensions"
                archives: list[Path] = []
                report.check("compile", what, lambda: archives.append(
                    compile_archive(model, folder / "out", model.name, pinned)))
                for compiler, standard, suffix in compilers() if archives else []:
                    report.check(standard, f"{what}, {Path(compiler).name}", lambda: check(
                        folder, archives[0], compiler, standard, suffix))
    report.finish()


if __name__ == "__main__":
    main()
