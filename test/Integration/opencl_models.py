"""Whole models on a device of OpenCL: PoCL's, where there is no GPU.

The examples, and every model of the shared folder where there is one, in one of its
files: against Keras where its outputs are stored, otherwise with drawn weights
against the float64 reference, or what the CPU's library gives where that would take
minutes. And C programs that know nothing of GPUs.
"""
# REQUIRES: opencl
# RUN: %python %s

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from forms import CUSTOM_LAYERS
from models import judge
from opencl import GPU, check_model
from programs import build, compile_archive, data_of, macros
from upconv_testing import (SHARED, Model, Report, dims, example_models, guarded, in_parallel, require, run, scratch,
                            succeed, upconv)

MODELS = SHARED / "keras" / "models"
FORMS = (".keras", ".keras2.h5", ".keras3.json")  # the first that there is
SOME = 3  # of an unknown extent
# Images of this side: their layers are convolutions and take any.
SMALLER = {"cyclegan_generator": 32}
# 9 G multiply-adds, half a minute of the reference.
AGAINST_CPU = {"pix2pix_generator"}
FLAGS = ("--init", "1", "--custom-layers", CUSTOM_LAYERS)


def shared_names() -> list[str]:
    return sorted({path.name.split(".")[0] for path in MODELS.glob("*.*")}) if MODELS.is_dir() else []


def file_of(name: str) -> Path:
    return next(path for path in (MODELS / f"{name}{form}" for form in FORMS) if path.exists())


def pinned(path: Path, folder: Path) -> tuple[Path, list[object]]:
    """A model's JSON, smaller if it may be, and flags for its unknown extents."""
    model = json.loads(path.read_text())
    name, flags = path.name.split(".")[0], []
    for layer in model["config"]["layers"]:
        if layer["class_name"] != "InputLayer":
            continue
        shape = layer["config"]["batch_shape"]
        if name in SMALLER:
            shape[1:-1] = [SMALLER[name]] * (len(shape) - 2)
        if None in shape[1:]:
            flags += ["--input-shape", dims([1, *(size or SOME for size in shape[1:])])]
    written = folder / path.name
    written.write_text(json.dumps(model))
    return written, flags


def against_cpu(path: Path, folder: Path, *flags: object) -> str | None:
    for target, output in (("host", "cpu.npy"), ("opencl", "gpu.npy")):
        require(upconv("run", path, *flags, "--input", "random:1", "--output", folder / output, "--target", target))
    return judge(np.load(folder / "gpu.npy"), np.load(folder / "cpu.npy"))


def check_shared(name: str) -> str | None:
    path, io = file_of(name), MODELS / f"{name}.io.npz"
    if io.exists():
        return check_model(Model(name, path, io))
    with scratch() as folder:
        path, flags = pinned(path, folder)
        if name in AGAINST_CPU:
            return against_cpu(path, folder, *flags, *FLAGS)
        return succeed(upconv("verify", path, *flags, *FLAGS, *GPU))


def check_program(model: Model) -> None:
    with scratch() as folder:
        archive = compile_archive(model, folder / "out", model.name, True, *GPU)
        program = build("run_once.c", [archive], folder / "program", *macros(model, model.name, True))
        require(run(program, *data_of(model, folder)))


def main() -> None:
    report = Report()

    def each(group, items, function, name=str):
        for item, problem in zip(items, in_parallel(lambda item: guarded(lambda: function(item)), items)):
            report.add(group, name(item), problem)

    each("examples against Keras", example_models(), check_model, lambda model: model.name)
    each("C programs", example_models(), check_program, lambda model: model.name)
    if not shared_names():
        report.skip("shared models", "there is no shared folder")
    each("shared models", shared_names(), check_shared)
    report.finish()


if __name__ == "__main__":
    main()
