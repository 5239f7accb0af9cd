"""The whole way, from a suite to the table, with an interpreter of PTX in place of a GPU.

Small layers, the stand-in for the driver of test/Integration, no PyTorch. Says
nothing about speed. What has to fail is made to: numbers that are wrong, and a
library that cannot be loaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bundle import INDEX
from suite import Layer

HERE = Path(__file__).resolve().parent
STAND_IN = HERE.parents[1] / "Integration" / "Inputs" / "ptx_interpreter.cpp"


def layer(name: str, size: tuple[int, ...], cin: int, cout: int, kernel: tuple[int, ...], strides: tuple[int, ...],
          padding: str = "same", output_padding: tuple[int, ...] | None = None, dilation: int = 1,
          batch: int = 1) -> Layer:
    return Layer(name, "core", batch, size, cin, cout, kernel, strides, (dilation,) * len(size), padding,
                 output_padding, 1)


LAYERS = (
    layer("audio", (21,), 9, 13, (7,), (3,), batch=2),
    layer("dilated", (19,), 4, 6, (3,), (1,), "valid", dilation=2),
    layer("frames", (4,), 6, 1, (40,), (20,), "valid"),
    layer("image", (4, 5), 12, 18, (4, 4), (2, 2)),
    layer("ragged", (3, 4), 5, 3, (3, 5), (2, 3), "valid", (1, 2)),
    layer("squares", (3, 6), 8, 10, (2, 2), (2, 2), "valid"),
    layer("volume", (2, 3, 4), 4, 1, (3, 3, 3), (2, 2, 2)),
)


def suite_of(layers: tuple[Layer, ...]) -> dict:
    names = ("id", "tier", "batch", "in_spatial", "cin", "cout", "kernel", "strides", "dilation", "padding",
             "output_padding")
    return {"version": 1, "layers": [
        {**{name: getattr(each, name) for name in names}, "rank": each.rank,
         "derived": {"out_spatial": each.out_spatial, "macs_useful": 1000}} for each in layers]}


def build_stand_in(folder: Path) -> None:
    folder.mkdir()
    subprocess.run([os.environ.get("UPCONV_CXX", "c++"), "-std=c++17", "-O2", "-shared", "-fPIC",
                    "-Wl,-soname,libcuda.so.1", STAND_IN, "-o", folder / "libcuda.so.1"], check=True)


def statuses(results: Path) -> dict[str, str]:
    return {row["id"]: row["status"] for row in json.loads((results / "gpu.json").read_text())["layers"]}


def dry_run(upconv: str) -> list[str]:
    """What is wrong."""
    with tempfile.TemporaryDirectory() as scratch:
        return Trial(Path(scratch), upconv).problems()


class Trial:
    def __init__(self, folder: Path, upconv: str) -> None:
        self.folder, self.bundle = folder, folder / "bundle"
        (folder / "suite.json").write_text(json.dumps(suite_of(LAYERS)))
        build_stand_in(folder / "driver")
        subprocess.run([sys.executable, HERE / "gpu_bench.py", "prepare", folder / "suite.json", "-o", self.bundle,
                        "--tiers", "core", "--targets", "cuda-sm_80", "--upconv", upconv], check=True)

    def run(self, name: str) -> tuple[int, Path]:
        """With the bundle's own copy of the script, as on another machine."""
        out = self.folder / name
        ended = subprocess.run(
            [sys.executable, self.bundle / "gpu_bench.py", "run", self.bundle, "-o", out, "--seconds", "0.001",
             "--without-cudnn", "--interpreted"],
            env={**os.environ, "LD_LIBRARY_PATH": str(self.folder / "driver")}, check=False)
        return ended.returncode, out

    def problems(self) -> list[str]:
        found = []

        def expect(what: str, status: int, ended: int, expected: dict[str, str], results: Path) -> None:
            seen = {name: text.partition(":")[0] for name, text in statuses(results).items()}
            if ended != status or seen != expected:
                found.append(f"{what}: status {ended}, {seen}")

        good = {each.id: "ok" for each in LAYERS}
        ended, results = self.run("good")
        expect("all layers", 0, ended, good, results)
        rows = json.loads((results / "gpu.json").read_text())["layers"]
        found += [f"{row['id']}: no fraction of the roof" for row in rows if not row.get("roof_fraction", 0) > 0]
        table = (results / "gpu.md").read_text()
        found += [f"{each.id}: not in the table" for each in LAYERS if f"| {each.id} | " not in table]

        # One process ends, and the next goes on behind.
        broken = self.bundle / "image.cuda-sm_80.so"
        kept = broken.read_bytes()
        broken.write_bytes(b"no library\n")
        expect("a broken library", 1, *self.run_swapped("broken", {**good, "image": "failed"}))
        broken.write_bytes(kept)

        # The libraries have an activation that the reference is not told of.
        index = self.bundle / INDEX
        index.write_text(index.read_text().replace('"activation": "relu"', '"activation": "linear"'))
        expect("wrong numbers", 1, *self.run_swapped("wrong", {name: "wrong" for name in good}))
        return found

    def run_swapped(self, name: str, expected: dict[str, str]) -> tuple[int, dict[str, str], Path]:
        ended, results = self.run(name)
        return ended, expected, results
