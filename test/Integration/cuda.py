"""Libraries for CUDA without a GPU: Inputs/ptx_interpreter.cpp is a libcuda.so.1 that
runs their PTX on the processor, with every access held against what was allocated.

The library is the one that a GPU would be given, from its launches to the last byte
of its kernels. Bit for bit on small integers, or against Keras's own outputs.
"""
# RUN: %python %s

from __future__ import annotations

import os
from pathlib import Path

from layer_verify import check
from opencl import CHOSEN, FORCED, check_forced, check_model, one_per_class, verify_exact
from programs import INPUTS
from upconv_testing import CXX, Report, example_models, guarded, in_parallel, require, run, scratch

GPU = ("--target", "cuda-sm_80")


def build_driver(folder: Path) -> None:
    require(run(CXX, "-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                "-Wl,-soname,libcuda.so.1", INPUTS / "ptx_interpreter.cpp", "-o", folder / "libcuda.so.1"))


def main() -> None:
    report = Report()

    def each(group, items, function, name=str):
        for item, problem in zip(items, in_parallel(lambda item: guarded(lambda: function(item)), items)):
            report.add(group, name(item), problem)

    with scratch() as folder:
        build_driver(folder)
        os.environ["LD_LIBRARY_PATH"] = str(folder)
        each("every strategy and tile", FORCED, lambda item: check_forced(item, GPU))
        each("the tables' lines", CHOSEN, lambda item: verify_exact(item, gpu=GPU))
        each("layers", one_per_class(), lambda item: check(item, *GPU), lambda item: item.name)
        each("models against Keras", example_models(), lambda item: check_model(item, GPU), lambda item: item.name)
    report.finish()


if __name__ == "__main__":
    main()
