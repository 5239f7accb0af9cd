"""What travels to the machine with the GPU: a library per layer, and what measures them.

A bundle is a folder that needs nothing there but Python, the C library and the
driver. Weights and inputs are drawn there, from seeds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from suite import Layer, read_suite

HERE = Path(__file__).resolve().parent
SUITE = HERE.parent / "peers" / "suite.py"
SUPPORT, INDEX = "support.so", "bundle.json"
NAME = "layer"


@dataclass(frozen=True)
class Entry:
    """A layer, with the path of its library for every target, or why there is none."""

    layer: Layer
    libraries: dict[str, str]
    skipped: dict[str, str]


@dataclass(frozen=True)
class Bundle:
    folder: Path
    activation: str
    entries: list[Entry]

    @property
    def targets(self) -> list[str]:
        return sorted({target for entry in self.entries for target in entry.libraries})


def tuples(values: dict) -> dict:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}


def open_bundle(folder: Path) -> Bundle:
    index = json.loads((folder / INDEX).read_text())
    return Bundle(folder, index["activation"], [
        Entry(Layer(**tuples(entry["layer"])), entry["libraries"], entry["skipped"]) for entry in index["layers"]])


def keras_layer(layer: Layer, activation: str) -> dict:
    return {"class_name": f"Conv{layer.rank}DTranspose", "config": {
        "name": "layer", "filters": layer.cout, "kernel_size": list(layer.kernel), "strides": list(layer.strides),
        "padding": layer.padding, "dilation_rate": list(layer.dilation), "activation": activation,
        "output_padding": None if layer.output_padding is None else list(layer.output_padding)}}


@dataclass(frozen=True)
class Builder:
    folder: Path
    upconv: str
    activation: str
    schedules: str

    def compile(self, layer: Layer, target: str) -> str | None:
        """What the tool says if it cannot."""
        with tempfile.TemporaryDirectory() as scratch:
            model = Path(scratch) / "layer.json"
            model.write_text(json.dumps(keras_layer(layer, self.activation)))
            command = [self.upconv, "compile", model, "--target", target, "--name", NAME, "-o", scratch, "-j1",
                       "--emit", "shared-library", "--weights-mode", "argument",
                       "--input-shape", ",".join(map(str, layer.input_shape))]
            if self.schedules:
                command += ["--schedules", self.schedules]
            made = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
            if made.returncode:
                return made.stderr.strip().splitlines()[-1] if made.stderr.strip() else f"status {made.returncode}"
            shutil.move(Path(scratch) / f"lib{NAME}.so", self.folder / library_name(layer, target))
        return None


def library_name(layer: Layer, target: str) -> str:
    return f"{layer.id}.{target}.so"


def build_support(folder: Path) -> None:
    # Without contraction: the same sums whatever the machine.
    subprocess.run([os.environ.get("UPCONV_CC", "cc"), "-std=c99", "-O2", "-ffp-contract=off", "-Wall", "-Wextra",
                    "-Werror", "-shared", "-fPIC", HERE / "support.c", "-lm", "-o", folder / SUPPORT], check=True)


def prepare(suite: Path, tiers: list[str], builder: Builder, targets: list[str], jobs: int) -> Bundle:
    """Compiles every layer for every target into the folder, with the scripts beside."""
    folder = builder.folder
    folder.mkdir(parents=True, exist_ok=True)
    for source in (*HERE.glob("*.py"), SUITE):
        shutil.copy(source, folder)
    build_support(folder)
    layers = [layer for tier in tiers for layer in read_suite(suite, tier)]
    pairs = [(layer, target) for layer in layers for target in targets]
    with ThreadPoolExecutor(jobs) as pool:
        problems = dict(zip(pairs, pool.map(lambda pair: builder.compile(*pair), pairs)))
    entries = [Entry(layer,
                     {target: library_name(layer, target) for target in targets if not problems[layer, target]},
                     {target: problems[layer, target] for target in targets if problems[layer, target]})
               for layer in layers]
    (folder / INDEX).write_text(json.dumps(
        {"activation": builder.activation, "layers": [asdict(entry) for entry in entries]}, indent=1) + "\n")
    return Bundle(folder, builder.activation, entries)


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def known_targets(upconv: str, suite: Path) -> list[str]:
    """Of CUDA's levels those that this tool has, by its own word for one that it has not."""
    layer = read_suite(suite)[0]
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "layer.json"
        model.write_text(json.dumps(keras_layer(layer, "linear")))
        found = []
        for target in ("cuda-sm_80", "cuda-sm_90"):
            asked = subprocess.run([upconv, "inspect", model, "--target", target, "--init", "1", "--input-shape",
                                    ",".join(map(str, layer.input_shape))], capture_output=True, check=False)
            if asked.returncode == 0:
                found.append(target)
        return found
