"""upconv tune on a Ray cluster: a task per shard, and the merge of their folders.

    python scripts/tune-on-ray.py --shards 8 --cpus 2 -o DIR SUITE.json --tier core --target x86-64-v4

What follows MODEL or SUITE goes to every `upconv tune` as it stands. DIR/1 to DIR/N
are the shards' folders and DIR/all the merged one; DIR and the suite must lie where
every machine sees them. A task whose process or machine is lost starts again and
goes on with its folder's log; so does the whole script, with the same line.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

import ray


def tune(upconv: str, model: Path, arguments: list[str], cpus: int, shard: str, folder: Path) -> Path:
    # Without setpriv a tool whose Ray process is killed may outlive it, and measure beside the one of the next try.
    subprocess.run(["setpriv", "--pdeathsig", "KILL", upconv, "tune", model, *arguments, "-j", str(cpus),
                    "--shard", shard, "--resume", "-o", folder], check=True)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument("--shards", type=int, required=True, help="tasks, each with every N-th layer")
    parser.add_argument("--cpus", type=int, default=2, help="cores that Ray sets aside for a task (%(default)s)")
    parser.add_argument("--retries", type=int, default=3, help="further tries of a task that is lost (%(default)s)")
    parser.add_argument("--address", default="auto", help="of the cluster (default: the one of this machine)")
    parser.add_argument("--upconv", default="upconv", help="the tool, as every machine finds it (%(default)s)")
    parser.add_argument("-o", dest="folder", type=Path, required=True, metavar="DIR", help="folder for everything")
    parser.add_argument("model", type=Path, metavar="MODEL", help="or a suite")
    options, arguments = parser.parse_known_args()

    # A task's own folder is wherever its machine was started: paths must not depend on it.
    model, folder = options.model.resolve(), options.folder.resolve()
    ray.init(address=options.address)
    task = ray.remote(tune).options(num_cpus=options.cpus, max_retries=options.retries, scheduling_strategy="SPREAD")
    folders = ray.get([task.remote(options.upconv, model, arguments, options.cpus, f"{shard}/{options.shards}",
                                   folder / str(shard)) for shard in range(1, options.shards + 1)])
    subprocess.run([options.upconv, "tune", "merge", *folders, "-o", folder / "all"], check=True)


if __name__ == "__main__":
    main()
