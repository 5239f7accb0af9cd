"""Verifies every layer of a suite, and every model of a folder, on one target:
`make check-target TARGET=aarch64` (under qemu-user where it is not this machine's).

A layer runs twice: with random weights against the float64 evaluation, and bit for
bit with small integers. Layers of more than --macs multiply-adds run on a smaller
image, which the report says; channels, kernel and stride stay. Goes on where it was
stopped: what --out lists is not run again.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

TIMEOUT = 3600  # seconds; emulation is slow
SOME = 24  # for sizes that a model leaves open


@dataclass(frozen=True)
class Outcome:
    id: str
    shape: str
    reduced: bool
    problem: str | None
    seconds: float


def dims(shape: list[int]) -> str:
    return ",".join(map(str, shape))


def reduced_extents(row: dict, macs: float) -> list[int]:
    """The image with its longest sides shortened, to odd sizes, until it costs at most `macs`; never
    below what the kernel's width in strides makes of edges and interior."""
    extents = list(row["in_spatial"])
    least = [math.ceil((k - 1) * d / s) + 3 for k, d, s in zip(row["kernel"], row["dilation"], row["strides"])]

    def cost() -> float:
        return row["batch"] * math.prod(extents) * row["cin"] * row["cout"] * math.prod(row["kernel"])

    while cost() > macs:
        axis = max(range(len(extents)), key=lambda d: extents[d] - least[d])
        if extents[axis] <= least[axis]:
            break
        extents[axis] = max(extents[axis] * 2 // 3, least[axis]) | 1
        if extents[axis] > least[axis] + 1:
            continue
        extents[axis] = least[axis]
    return extents


def layer_of(row: dict) -> dict:
    config = {"name": "layer", "filters": row["cout"], "kernel_size": row["kernel"], "strides": row["strides"],
              "padding": row["padding"], "dilation_rate": row["dilation"], "output_padding": row["output_padding"]}
    return {"class_name": f"Conv{row['rank']}DTranspose", "config": config}


class Checker:
    def __init__(self, arguments: argparse.Namespace, folder: Path) -> None:
        self.arguments, self.folder = arguments, folder

    def verify(self, path: Path, *flags: str) -> str | None:
        command = [self.arguments.upconv, "verify", str(path), "--target", self.arguments.target, *flags]
        try:
            result = subprocess.run(command, capture_output=True, timeout=TIMEOUT, text=True)
        except subprocess.TimeoutExpired:
            return f"more than {TIMEOUT} s"
        return None if result.returncode == 0 else f"status {result.returncode}: {result.stderr or result.stdout}"

    def layer(self, row: dict) -> Outcome:
        start, extents = time.monotonic(), reduced_extents(row, self.arguments.macs)
        path = self.folder / f"{row['id']}.json"
        path.write_text(json.dumps(layer_of(row)))
        shape = dims([row["batch"], *extents, row["cin"]])
        problem = (self.verify(path, "--input-shape", shape, "--init", "1") or
                   self.verify(path, "--input-shape", shape, "--exact"))
        return Outcome(row["id"], shape, extents != row["in_spatial"], problem, time.monotonic() - start)

    def model(self, path: Path) -> Outcome:
        """Weights are the file's, or drawn; a description of custom layers may lie in --custom-layers."""
        start = time.monotonic()
        flags = [] if path.suffix == ".keras" else ["--init", "1"]
        described = self.arguments.custom_layers / f"{path.name.split('_')[0]}.json"
        if described.exists():
            flags += ["--custom-layers", str(described)]
        model = read_model(path)
        inputs = inputs_of(model)
        reduced = path.suffix == ".json" and path.name.split(".")[0] in self.arguments.any_size
        if reduced:
            for config in inputs:
                shape = config[shape_key(config)]
                shape[1:-1] = [min(size, self.arguments.side) for size in shape[1:-1]]
            path = self.folder / path.name
            path.write_text(json.dumps(model))
        for config in inputs:
            shape = config[shape_key(config)]
            if None in shape[1:]:
                known = [1 if d == 0 else size or SOME for d, size in enumerate(shape)]
                flags += ["--input-shape", (f"{config['name']}=" if len(inputs) > 1 else "") + dims(known)]
        return Outcome(path.name, "", reduced, self.verify(path, *flags), time.monotonic() - start)


def read_model(path: Path) -> dict:
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    return json.loads(path.read_text())


def shape_key(config: dict) -> str:
    return "batch_shape" if "batch_shape" in config else "batch_input_shape"


def inputs_of(model: dict) -> list[dict]:
    return [layer["config"] for layer in model["config"]["layers"] if layer["class_name"] == "InputLayer"]


def models_in(folder: Path) -> list[Path]:
    """One file per model: with its weights if there is one."""
    files = {path.name.split(".")[0]: path for pattern in ("*.keras3.json", "*.keras") for path in folder.glob(pattern)}
    return [files[name] for name in sorted(files)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("upconv")
    parser.add_argument("suite", type=Path)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--custom-layers", type=Path, default=Path("examples/custom-layers"))
    parser.add_argument("--any-size", nargs="*", default=["cyclegan_generator"],
                        help="models without Dense layers that run on a smaller image")
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--target", required=True)
    parser.add_argument("--tiers", nargs="*", default=["core", "ext", "edge"])
    parser.add_argument("--macs", type=float, default=2e8)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()

    known = {}
    if arguments.out.exists():
        known = {entry["id"]: entry for entry in map(json.loads, arguments.out.read_text().splitlines())}
    rows = [row for row in json.loads(arguments.suite.read_text())["layers"] if row["tier"] in arguments.tiers]
    files = models_in(arguments.models) if arguments.models else []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(arguments.jobs) as pool:
        checker = Checker(arguments, Path(folder))
        jobs = [pool.submit(checker.model, path) for path in files if path.name not in known]
        jobs += [pool.submit(checker.layer, row) for row in rows if row["id"] not in known]
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        for job in jobs:
            outcome = job.result()
            known[outcome.id] = asdict(outcome)
            with arguments.out.open("a") as log:
                log.write(json.dumps(known[outcome.id]) + "\n")
            where = f" at {outcome.shape}" if outcome.reduced and outcome.shape else ""
            print(f"{outcome.id}{where}: {outcome.problem or 'ok'} ({outcome.seconds:.1f} s)", flush=True)
    failed = [entry for entry in known.values() if entry["problem"]]
    reduced = sum(entry["reduced"] for entry in known.values())
    print(f"{len(known)} verified on {arguments.target}, {reduced} of them on a smaller image, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
