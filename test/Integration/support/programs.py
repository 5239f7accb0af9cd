"""C programs against generated libraries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from upconv_testing import CC, Model, dims, require, run, upconv

INPUTS = Path(__file__).parent.parent / "Inputs"
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")


@dataclass(frozen=True)
class Ports:
    """The C names of an example's one input and one output."""

    source: str
    result: str
    extents: str  # assignments for the unknown dimensions of the stored input


PORTS = {
    "generator": Ports("z", "image", "inputs.z_batch = 2;"),
    "upsampler": Ports("audio", "samples", "inputs.audio_batch = 2; inputs.audio_steps = 50;"),
    "denoiser": Ports("noisy", "clean", "inputs.noisy_batch = 2;"),
}


def raw(path: Path, array: np.ndarray) -> Path:
    np.ascontiguousarray(array, dtype=np.float32).tofile(path)
    return path


def shape_of(model: Model, pinned: bool) -> tuple[str, ...]:
    """The flags that make the stored input's dimensions the model's. Known and unknown ones have schedules of their own,
    which sum in other orders."""
    return ("--input-shape", dims(model.only("in_").shape)) if pinned else ()


def compile_archive(model: Model, folder: Path, name: str, pinned: bool, *flags: object) -> Path:
    """The archive; its header lies beside it."""
    require(upconv("compile", model.path, "-o", folder, "--name", name, *shape_of(model, pinned), *flags))
    windows = folder / f"{name}.lib"
    return windows if windows.exists() else folder / f"lib{name}.a"


def macros(model: Model, name: str, pinned: bool) -> list[str]:
    ports = PORTS[model.name]
    result = [f'-DHEADER="{name}.h"', f"-DNAME={name}", f"-DUPPER={name.upper()}",
              f"-DINPUT={ports.source}", f"-DOUTPUT={ports.result}"]
    return result if pinned else [*result, f"-DEXTENTS={ports.extents}"]


def build(source: str, archives: list[Path], output: Path, *flags: object, compiler: str = CC) -> Path:
    require(run(compiler, "-std=c99", "-O1", *STRICT, f"-I{archives[0].parent}", f"-I{INPUTS}", *flags,
                INPUTS / source, *archives, "-lm", "-pthread", "-o", output))
    return output


def data_of(model: Model, folder: Path) -> tuple[Path, Path]:
    """Input and Keras's output as raw files."""
    return (raw(folder / f"{model.name}.in", model.only("in_")),
            raw(folder / f"{model.name}.out", model.only("out64_")))


# Weights that a program packs -------------------------------------------------

FIELD = re.compile(r"  const float \*(\w+); /\* \(([\d, ]+)\), ([\w/]+)(, not needed)? \*/")


def fields_of(header: Path) -> dict[str, tuple[int, ...]]:
    """Keras path and shape of every field of NAME_weights."""
    body = header.read_text().split("What no")[1].split("_weights;")[0]
    found = {path: tuple(int(size) for size in shape.replace(" ", "").strip(",").split(","))
             for _, shape, path, _ in FIELD.findall(body)}
    if len(found) != body.count("const float *"):
        raise ValueError(f"the header's fields cannot be read: {body}")
    return found


def random_variables(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    values = {path: random.normal(size=shape).astype(np.float32) * 0.3 for path, shape in shapes.items()}
    return {path: np.abs(value) + 0.1 if path.endswith("variance") else value for path, value in values.items()}
