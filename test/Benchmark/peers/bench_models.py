"""`make bench-models`: whole models, upconv and its peers side by side.

    bench_models.py NAME[=DIMS] ... where NAME.keras3.json lies in --models; 'unet'
    is built here

Every model is drawn, saved and run once by Keras; upconv and the peers read the
same file, and what they compute is compared with Keras's output.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
from pathlib import Path

import report
from processes import Bench, compare, machine, pinned, write

PEERS = ("tensorflow", "litert", "openvino")


def measure_model(bench: Bench, models: Path, text: str, peers: list[str], versions: dict) -> dict:
    from model_problem import write_problem

    name, _, dims = text.partition("=")
    shape = tuple(int(size) for size in dims.split(","))
    with tempfile.TemporaryDirectory(prefix="upconv-models-") as path:
        folder = Path(path)
        write_problem(None if name == "unet" else models / f"{name}.keras3.json", shape, folder)
        arguments = (str(folder / "model.keras"), "--input-shape", dims)
        first = bench.run_upconv(folder, *arguments)
        (folder / "macs.json").write_text(json.dumps(first.get("useful_macs", 0)))
        return compare(name, lambda: bench.run_upconv(folder, *arguments), peers,
                       lambda *peer: bench.run_peer("worker.py", peer[0], folder, versions, *peer[1:]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="+", metavar="NAME=DIMS")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peers", default=",".join(PEERS), help=f"comma-separated: {','.join(PEERS)}")
    parser.add_argument("--limit", type=float, default=120, help="seconds per peer and model")
    parser.add_argument("--upconv", type=Path, default=Path("build/bin/upconv"))
    parser.add_argument("--out", type=Path, default=Path("build/models.json"))
    options = parser.parse_args()
    peers = options.peers.split(",")
    if unknown := [name for name in peers if name not in PEERS]:
        sys.exit(f"error: unknown peer '{unknown[0]}', expected {', '.join(PEERS)}")
    cores = pinned(options.threads)
    bench = Bench(options.upconv, cores, options.limit, 600)
    results = {"machine": machine(), "versions": {}, "settings": {
        "threads": len(cores), "peers": peers, "date": datetime.date.today().isoformat()}, "layers": []}
    for text in options.names:
        results["layers"].append(measure_model(bench, options.models, text, peers, results["versions"]))
        write(options.out, results)
        print(report.line(results["layers"][-1]), flush=True)
    print(report.summary(results["layers"]))


if __name__ == "__main__":
    sys.exit(main())
