"""Libraries for CUDA without a GPU: Inputs/ptx_interpreter.cpp is a libcuda.so.1 that
runs their PTX on the processor, with every access held against what was allocated.

The library is the one that a GPU would be given, from its launches to the last byte
of its kernels. Bit for bit on small integers, or against Keras's own outputs; runs of
handles, on pointers of the device, bit for bit as runs of the host's.
"""
# RUN: %python %s

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from layer_verify import check
from opencl import CHOSEN, FORCED, check_forced, check_model, one_per_class, verify_exact
from programs import INPUTS, PORTS, build, compile_archive, data_of, fields_of, macros, random_variables, raw
from upconv_testing import (CXX, Model, Report, example_models, guarded, in_parallel, require, run, scratch,
                            upconv)

GPU = ("--target", "cuda-sm_80")
# What only CUDA's tables have: sums in parts, with and without residues to stack,
# channels that are no fours; the inverse STFT's form; pixels in runs of 7.
OWN = (
    ("Conv1DTranspose", {"filters": 1, "kernel_size": 128, "strides": 32, "padding": "same"}, (1, 9, 33)),
    ("Conv1DTranspose", {"filters": 9, "kernel_size": 8, "strides": 4, "padding": "same"}, (1, 3, 130)),
    ("Conv1DTranspose", {"filters": 12, "kernel_size": 16, "strides": 8, "padding": "same"}, (1, 7, 129)),
    ("Conv1DTranspose", {"filters": 6, "kernel_size": 4, "strides": 2, "activation": "relu"}, (2, 140, 128)),
    ("Conv2DTranspose", {"filters": 24, "kernel_size": 4, "strides": 2, "padding": "same"}, (2, 1, 1, 160)),
    ("Conv2DTranspose", {"filters": 24, "kernel_size": 5, "strides": 2, "padding": "same"}, (1, 2, 3, 132)),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same"}, (1, 9, 35, 8)),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2}, (1, 5, 19, 6)),
    ("Conv2D", {"filters": 10, "kernel_size": 3, "padding": "same"}, (1, 5, 6, 130)),
    ("Dense", {"units": 140, "activation": "relu"}, (2, 515)),
    ("Dense", {"units": 33}, (11, 260)),
)
# Channels of what becomes one tensor: parts that begin between two vectors.
PARTS = ((4, 8), (2, 4, 2), (6, 4, 2))


def build_driver(folder: Path) -> None:
    require(run(CXX, "-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                "-Wl,-soname,libcuda.so.1", INPUTS / "ptx_interpreter.cpp", "-o", folder / "libcuda.so.1"))


def check_handles(item: tuple[Model, bool, str], driver: Path) -> None:
    """Two handles of one library, with weights inside or not, of known or unknown sizes."""
    model, pinned, mode = item
    ports = PORTS[model.name]
    with scratch() as folder:
        archive = compile_archive(model, folder, model.name, pinned, *GPU, "--weights-mode", mode)
        told = [f"-DSOME_EXTENT={ports.source}_batch"]
        if pinned:
            told = [f"-DOUTPUT_COUNT={model.name.upper()}_{ports.result.upper()}_COUNT"]
        inputs = [data_of(model, folder)[0]]
        if mode == "external":
            told.append("-DWEIGHTS")
            inputs.append(archive.with_name(f"{model.name}.weights"))
        if mode == "argument":
            variables = random_variables(fields_of(archive.with_name(f"{model.name}.h"))).values()
            told += ["-DWEIGHTS", f"-DCOUNTS={','.join(str(value.size) for value in variables)}"]
            inputs.append(raw(folder / "variables", np.concatenate([value.ravel() for value in variables])))
        program = build("device_pointers.c", [archive], folder / "program", "-std=gnu11", *told,
                        *macros(model, model.name, pinned))
        require(run(program, *inputs, env={"LD_LIBRARY_PATH": str(driver)}))


def layer(class_name: str, name: str, inbound: list[str], **config: object) -> dict:
    nodes = [[[source, 0, 0, {}] for source in inbound]] if inbound else []
    return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}


def check_parts(parts: tuple[int, ...]) -> None:
    names = [f"part{number}" for number in range(len(parts))]
    up = {"kernel_size": [4], "strides": [2], "padding": "same"}
    layers = [layer("InputLayer", "x", [], batch_input_shape=[1, 5, 8], dtype="float32"),
              *(layer("Conv1DTranspose", name, ["x"], filters=filters, **up) for name, filters in zip(names, parts)),
              layer("Concatenate", "all", names, axis=-1), layer("Conv1DTranspose", "y", ["all"], filters=8, **up)]
    model = {"class_name": "Functional", "config": {"name": "parts", "layers": layers, "input_layers": [["x", 0, 0]],
                                                    "output_layers": [["y", 0, 0]]}}
    with scratch() as folder:
        path = folder / "model.json"
        path.write_text(json.dumps(model))
        require(upconv("verify", path, "--exact", "--input", "random:3", "--init", "1", *GPU))


def main() -> None:
    report = Report()

    def each(group, items, function, name=str):
        for item, problem in zip(items, in_parallel(lambda item: guarded(lambda: function(item)), items)):
            report.add(group, name(item), problem)

    with scratch() as folder:
        build_driver(folder)
        os.environ["LD_LIBRARY_PATH"] = str(folder)
        generator, upsampler, denoiser = example_models()
        each("handles", ((generator, True, "external"), (upsampler, False, "embed"), (denoiser, True, "argument")),
             lambda item: check_handles(item, folder), lambda item: f"{item[0].name}, {item[2]}")
        each("every strategy and tile", FORCED, lambda item: check_forced(item, GPU))
        each("the tables' lines", CHOSEN + OWN, lambda item: verify_exact(item, gpu=GPU))
        each("parts of a tensor", PARTS, check_parts)
        each("layers", one_per_class(), lambda item: check(item, *GPU), lambda item: item.name)
        each("models against Keras", example_models(), lambda item: check_model(item, GPU), lambda item: item.name)
    report.finish()


if __name__ == "__main__":
    main()
