#!/usr/bin/env python3
"""Libraries for CUDA on a GPU, checked, timed, and beside cuDNN. README.md says how.

    gpu_bench.py prepare SUITE.json -o BUNDLE     where upconv was built
    BUNDLE/gpu_bench.py run BUNDLE -o RESULTS     where the GPU is
    BUNDLE/gpu_bench.py tune BUNDLE -o RESULTS    the same, with a tool that can
    gpu_bench.py dry-run                          without a GPU: does the script work?
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "peers")]  # a bundle has suite.py beside this

import bundle as bundles  # noqa: E402
import results as tables  # noqa: E402

BEST_OF = ("copy_gbs", "gflops")
RESTART = 75  # worker.py's
TOOL, SUITE = "upconv", "suite.json"
UPCONV = str(HERE.parents[1].parent / "build" / "bin" / "upconv")


# prepare ----------------------------------------------------------------------


def prepare(options: argparse.Namespace) -> int:
    targets = options.targets.split(",") if options.targets else bundles.known_targets(options.upconv, options.suite)
    builder = bundles.Builder(options.out, options.upconv, options.activation, options.schedules)
    made = bundles.prepare(options.suite, options.tiers.split(","), builder, targets, options.jobs)
    for entry in made.entries:
        for target, reason in entry.skipped.items():
            print(f"{entry.layer.id} for {target}: skipped, {reason}")
    if options.with_tool:
        carry_tool(options.upconv, options.suite, options.out)
    compiled = sum(len(entry.libraries) for entry in made.entries)
    print(f"{compiled} libraries of {len(made.entries)} layers for {', '.join(targets)}, "
          f"{bundles.megabytes(options.out):.1f} MiB in {options.out}")
    return 0 if compiled else 1


def carry_tool(upconv: str, suite: Path, folder: Path) -> None:
    """The tool with the shared libraries that it is linked to, but for the C library's own."""
    (folder / "tool").mkdir(exist_ok=True)
    shutil.copy(upconv, folder / "tool" / TOOL)
    shutil.copy(suite, folder / "tool" / SUITE)
    linked = subprocess.run(["ldd", upconv], capture_output=True, text=True, check=True).stdout
    for line in linked.splitlines():
        name, arrow, place = line.strip().partition(" => ")
        if arrow and not name.startswith(("libc.", "libm.", "libdl.", "libpthread.", "ld-", "librt.")):
            shutil.copy(place.split(" (")[0], folder / "tool" / name)


# run --------------------------------------------------------------------------


def has_torch() -> bool:
    found = subprocess.run([sys.executable, "-c", "import torch, sys; sys.exit(not torch.cuda.is_available())"],
                           capture_output=True, check=False)
    return found.returncode == 0


def capability() -> int:
    from driver import Device

    device = Device()
    try:
        return device.capability()
    finally:
        device.close()


def choose_target(made: bundles.Bundle) -> str:
    """The newest level that the device has."""
    has = capability()
    fit = [target for target in made.targets if int(target.rpartition("_")[2]) <= has]
    if not fit:
        sys.exit(f"the device has capability {has}, the bundle is for {', '.join(made.targets)}")
    return fit[-1]


class Collected:
    """What the workers say, written after every layer."""

    def __init__(self, options: argparse.Namespace, made: bundles.Bundle, target: str) -> None:
        self.out = options.out
        self.values: dict = {"date": datetime.date.today().isoformat(), "target": target,
                             "activation": made.activation, "rates": dict.fromkeys(BEST_OF, 0.0),
                             "all_rates": [], "layers": []}

    def add(self, said: dict) -> None:
        values = self.values
        if "layer" in said:
            values["layers"].append(said["layer"])
            print(f"{said['layer']['id']:28} {said['layer'].get('ms', 0):10.4g} ms  "
                  f"{said['layer'].get('ratio', 0):6.2f}  {said['layer']['status']}", flush=True)
        if "rates" in said:
            values["all_rates"].append(said["rates"])
            values["rates"] = {name: max(each[name] for each in values["all_rates"]) for name in BEST_OF}
        values |= {key: said[key] for key in ("device", "versions") if key in said}
        self.write()

    def write(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / "gpu.json").write_text(json.dumps(self.values, indent=1) + "\n")
        (self.out / "gpu.md").write_text(tables.markdown(self.values))


def run(options: argparse.Namespace) -> int:
    made = bundles.open_bundle(options.bundle)
    target = options.target or choose_target(made)
    chosen = [entry for entry in made.entries if options.layer in ("", entry.layer.id)
              and options.tier in ("", entry.layer.tier)]
    collected = Collected(options, made, target)
    for entry in chosen:
        if target not in entry.libraries:
            reason = entry.skipped.get(target, "no library for the target")
            collected.add({"layer": {"id": entry.layer.id, "status": f"skipped: {reason}"}})
    left = [entry.layer.id for entry in chosen if target in entry.libraries]
    with_peer = not options.without_cudnn and has_torch()
    if not with_peer:
        print("without cuDNN: PyTorch is not here, or sees no GPU")
    deadline = time.time() + options.budget
    while left:
        left = one_worker(options, target, deadline, with_peer, left, collected)
    for line in tables.summary(collected.values["layers"]):
        print(line)
    failed = [row for row in collected.values["layers"] if row["status"].startswith(("wrong", "failed"))]
    return 1 if failed else 0


def one_worker(options: argparse.Namespace, target: str, deadline: float, with_peer: bool, left: list[str],
               collected: Collected) -> list[str]:
    """Runs a worker as far as it comes; returns the layers after the one that it failed at."""
    command = [sys.executable, HERE / "worker.py", options.bundle, target, options.seconds, deadline,
               int(options.interpreted), int(with_peer), ",".join(left)]
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[:2])})
    begun = None
    for line in process.stdout:
        said = json.loads(line)
        begun = said.get("begin", begun)
        if "layer" in said:
            left = [one for one in left if one != said["layer"]["id"]]
            begun = None
        collected.add(said)
    status = process.wait()
    if status in (0, RESTART):
        return left
    if begun is None:
        sys.exit(f"the worker ended with {status} before a layer")
    collected.add({"layer": {"id": begun, "status": f"failed: the process ended with {status}"}})
    return [one for one in left if one != begun]


# tune -------------------------------------------------------------------------


def tune(options: argparse.Namespace) -> int:
    """Hands over to the carried tool's own search."""
    tool = options.bundle.resolve() / "tool"
    if not (tool / TOOL).exists():
        sys.exit(f"{options.bundle} has no tool: prepare it with --with-tool")
    target = options.target or choose_target(bundles.open_bundle(options.bundle))
    command = [tool / TOOL, "tune", tool / SUITE, "--target", target, "--budget", options.budget, "-o", options.out]
    place = os.pathsep.join([str(tool), os.environ.get("LD_LIBRARY_PATH", "")])
    return subprocess.run([str(word) for word in command], env={**os.environ, "LD_LIBRARY_PATH": place},
                          check=False).returncode


# ------------------------------------------------------------------------------


def rehearse(options: argparse.Namespace) -> int:
    from dry_run import dry_run

    problems = dry_run(options.upconv)
    print("\n".join(f"FAILED: {problem}" for problem in problems) or "the dry run passed")
    return 1 if problems else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("prepare", help="compile a suite's layers into a bundle")
    command.add_argument("suite", type=Path)
    command.add_argument("-o", dest="out", type=Path, required=True, help="the bundle's folder")
    command.add_argument("--upconv", default=UPCONV)
    command.add_argument("--tiers", default="core,gpu")
    command.add_argument("--targets", default="", help="default: all of cuda-sm_80, cuda-sm_90 that the tool has")
    command.add_argument("--activation", default="relu", choices=("linear", "relu"))
    command.add_argument("--schedules", default="", help="tables to look at first")
    command.add_argument("--jobs", type=int, default=2)
    command.add_argument("--with-tool", action="store_true", help="carry upconv itself, for tune")
    command.set_defaults(function=prepare)

    for name, function, text in (("run", run, "check and time the layers"), ("tune", tune, "search for schedules")):
        command = commands.add_parser(name, help=text)
        command.add_argument("bundle", type=Path)
        command.add_argument("-o", dest="out", type=Path, required=True, help="the results' folder")
        command.add_argument("--target", default="", help="default: the newest that the device has")
        command.add_argument("--budget", type=float, default=540, help="seconds in all")
        command.set_defaults(function=function)
        if function is tune:
            continue
        command.add_argument("--seconds", type=float, default=0.3, help="per layer and contestant")
        command.add_argument("--tier", default="")
        command.add_argument("--layer", default="")
        command.add_argument("--without-cudnn", action="store_true")
        command.add_argument("--interpreted", action="store_true", help=argparse.SUPPRESS)

    command = commands.add_parser("dry-run", help="rehearse it without a GPU")
    command.add_argument("--upconv", default=UPCONV)
    command.set_defaults(function=rehearse)
    return parser.parse_args()


if __name__ == "__main__":
    OPTIONS = parse()
    sys.exit(OPTIONS.function(OPTIONS))
