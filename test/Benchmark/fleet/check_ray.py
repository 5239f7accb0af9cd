"""scripts/tune-on-ray.py on a cluster of this machine, one of its processes killed on the way.

    check_ray.py UPCONV SUITE.json [--layers ID,...] [--budget SECONDS]

The merged folder must decide on the same kernels as a single run, and the log of
the shard whose process was killed must begin with what it held then. It needs Ray
and takes minutes, so it is not part of `make check`; docs/Tuning.md has the lines.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECIPE = Path(__file__).resolve().parents[3] / "scripts" / "tune-on-ray.py"
SHARDS = 2
LAYERS = "edge_tiny,tf_dcgan_mnist_2,soundstream_stream_up0,mediapipe_selfie_out"  # 0.01 to 0.2 ms each


def records(folder: Path) -> list[dict]:
    """The whole lines of a log; none before there is one."""
    log = folder / "log.jsonl"
    lines = log.read_text().splitlines(True) if log.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def decided(folder: Path) -> set[tuple]:
    return {(one["target"], one["op"], one["when"]) for one in records(folder) if one["kind"] == "verdict"}


def parent_of(process: int) -> int | None:
    """Nothing of a process that has ended, whether or not its parent has noticed."""
    try:
        # The name of the command may hold blanks, and ends with the last ')'.
        state, parent = (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state in "ZX" else int(parent)


def command_of(process: int) -> list[str]:
    try:
        return (Path("/proc") / str(process) / "cmdline").read_bytes().decode().split("\0")[:-1]
    except OSError:
        return []


def tool_of(shard: str, folder: Path) -> tuple[int, int] | None:
    """The process of `upconv tune` for a shard, and Ray's process above it; workers of the tool have other parents."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        process = int(entry.name)
        if command_of(process)[-5:] == ["--shard", shard, "--resume", "-o", str(folder)]:
            parent = parent_of(process)
            if parent and "".join(command_of(parent)).startswith("ray::"):
                return process, parent
    return None


def expect(holds: bool, message: str) -> None:
    if not holds:
        sys.exit(f"error: {message}")


def kill_a_process(recipe: subprocess.Popen, shard: str, folder: Path) -> list[dict]:
    """Kills the Ray process of the shard as soon as it has recorded something; what it had recorded."""
    while recipe.poll() is None and len(records(folder)) < 2:
        time.sleep(0.05)
    first = tool_of(shard, folder)
    expect(first is not None, f"shard {shard} does not run after {len(records(folder))} records")
    before = records(folder)
    os.kill(first[1], signal.SIGKILL)
    while recipe.poll() is None:
        again = tool_of(shard, folder)
        if again and again[0] != first[0]:
            expect(parent_of(first[0]) is None, "two runs of one shard at a time")
            print(f"shard {shard}: killed with {len(before)} records, started again by Ray", flush=True)
            return before
        time.sleep(0.05)
    sys.exit(f"error: shard {shard} was not started again")


def check(options: argparse.Namespace, folder: Path, address: str) -> None:
    suite = json.loads(options.suite.read_text())
    names = options.layers.split(",")
    suite["layers"] = [layer for layer in suite["layers"] if layer["id"] in names]
    expect(len(suite["layers"]) == len(names), f"the suite has not all of {options.layers}")
    path = folder / "suite.json"
    path.write_text(json.dumps(suite))
    tuning = [str(path), "--budget", str(options.budget)]
    upconv = str(options.upconv.resolve())

    recipe = subprocess.Popen([sys.executable, RECIPE, "--address", address, "--upconv", upconv,
                               "--shards", str(SHARDS), "--cpus", "1", "-o", folder / "tuned", *tuning])
    try:
        before = kill_a_process(recipe, f"1/{SHARDS}", folder / "tuned" / "1")
        expect(recipe.wait() == 0, f"the recipe ended with {recipe.returncode}")
    finally:
        recipe.kill()
        recipe.wait()
    after = records(folder / "tuned" / "1")
    expect(after[:len(before)] == before, "a record was lost")
    trials = [(one["layer"], one["strategy"], str(one["knobs"])) for one in after if one["kind"] == "trial"]
    expect(len(set(trials)) == len(trials), "a trial was made twice")
    subprocess.run([upconv, "tune", *tuning, "-j1", "-o", folder / "single"], check=True)
    merged, single = decided(folder / "tuned" / "all"), decided(folder / "single")
    expect(merged == single, f"decided by the shards only: {sorted(merged - single)}, by one run only: "
           f"{sorted(single - merged)}")
    shards = sum((records(folder / "tuned" / str(shard)) for shard in range(1, SHARDS + 1)), [])
    expect(records(folder / "tuned" / "all") == shards, "the merged log is not the shards' logs behind each other")
    print(f"{SHARDS} shards with {len(shards)} records decide on the {len(single)} kernels of a single run")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("upconv", type=Path)
    parser.add_argument("suite", type=Path)
    parser.add_argument("--layers", default=LAYERS, help="comma-separated ids (%(default)s)")
    parser.add_argument("--budget", type=float, default=6, help="seconds per layer (%(default)s)")
    options = parser.parse_args()
    options.upconv, options.suite = options.upconv.resolve(), options.suite.resolve()
    # A short path: Ray's sockets lie in it.
    with tempfile.TemporaryDirectory(prefix="fleet-") as name:
        folder = Path(name)
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        os.chdir(elsewhere)  # where the cluster's processes start is not where the recipe is
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        # A token of this cluster's own, or Ray would keep one in the home folder; it is read with the module.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        import ray

        context = ray.init(address="local", num_cpus=SHARDS, include_dashboard=False, _temp_dir=str(folder / "ray"))
        try:
            check(options, folder, context.address_info["gcs_address"])
        finally:
            ray.shutdown()


if __name__ == "__main__":
    main()
