"""`make bench-peers`: upconv and its peers on the layers of a suite, side by side.

Layer by layer: upconv, each peer in a process of its own with all its settings,
then the best peer's best setting and upconv by turns, so that both have the same
number of tries on a machine whose speed changes. The results are written after
every layer, so that a run that was stopped goes on with --resume.
docs/Benchmarks.md says what is compared.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
from pathlib import Path

import report
from problem import draw, save
from processes import ENVIRONMENT, LIBRARIES, Bench, compare, machine, pinned, write
from suite import Layer, SuiteError, read_suite


def measure_layer(options: argparse.Namespace, layer: Layer, value: dict, versions: dict) -> dict:
    bench = Bench(options.upconv, options.cores, options.limit, options.upconv_limit, options.tvm_trials)
    with tempfile.TemporaryDirectory(prefix="upconv-peers-") as name:
        folder = Path(name)
        (folder / "layer.json").write_text(json.dumps(value))
        save(draw(layer), folder)
        row = compare(layer.id, lambda: bench.run_upconv(folder, str(options.suite), "--layer", layer.id),
                      options.peers, lambda *peer: bench.run_peer("worker.py", peer[0], folder, versions, *peer[1:]))
    return {**row, "useful_macs": layer.useful_macs}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("suite", type=Path, help="the suite, as `upconv bench` reads it")
    parser.add_argument("--tier", default="", help="only the layers of this tier")
    parser.add_argument("--layer", default="", help="only the layer of this id")
    parser.add_argument("--threads", type=int, default=1, help="threads, and cores to pin to; 0: all")
    parser.add_argument("--peers", default=",".join(report.TITLES), help="comma-separated: %(default)s")
    parser.add_argument("--limit", type=float, default=60, help="seconds per peer and layer")
    parser.add_argument("--tvm-trials", type=int, default=0, help="measurements in which TVM may look for a schedule; "
                        "they take minutes of --limit (%(default)s)")
    parser.add_argument("--upconv", type=Path, default=Path("build/bin/upconv"))
    parser.add_argument("--upconv-limit", type=float, default=300, help="seconds per run of upconv, compiling included")
    parser.add_argument("--out", type=Path, default=Path("build/peers.json"))
    parser.add_argument("--resume", action="store_true", help="keep the layers that the output has")
    parser.add_argument("--report", type=Path, help="also write a Markdown table; with --resume and no layer "
                        "missing, nothing is measured")
    options = parser.parse_args()
    options.peers = [name for name in options.peers.split(",") if name]
    unknown = sorted(set(options.peers) - set(report.TITLES))
    if unknown:
        parser.error(f"no peer '{unknown[0]}', expected {', '.join(report.TITLES)}")
    options.cores = pinned(options.threads)
    return options


def main() -> None:
    options = parse()
    try:
        layers = read_suite(options.suite, options.tier, options.layer)
    except SuiteError as error:
        sys.exit(f"error: {error}")
    values = {value["id"]: value for value in json.loads(options.suite.read_text())["layers"]}
    results = {
        "machine": machine(), "versions": {}, "settings": {
            "threads": options.threads, "cores": options.cores, "pinned": True, "limit_s": options.limit,
            "tvm_trials": options.tvm_trials, "peers": options.peers,
            "date": datetime.date.today().isoformat(), "environment": {
                key: value for key, value in ENVIRONMENT.items() if str(LIBRARIES) not in value}},
        "layers": []}
    if options.out.exists() and not options.resume:
        options.out.replace(options.out.with_suffix(".previous.json"))
    elif options.out.exists():
        kept = json.loads(options.out.read_text())
        if kept["settings"]["threads"] != options.threads:
            sys.exit(f"error: {options.out} has figures for {kept['settings']['threads']} thread(s), "
                     f"not {options.threads}")
        results["layers"], results["versions"] = kept["layers"], kept["versions"]
    done = {layer["id"] for layer in results["layers"]}
    for layer in layers:
        if layer.id not in done:
            results["layers"].append(measure_layer(options, layer, values[layer.id], results["versions"]))
            write(options.out, results)
        print(report.line(next(row for row in results["layers"] if row["id"] == layer.id)), flush=True)
    print(report.summary(results["layers"]))
    if options.report:
        options.report.write_text(report.markdown(results))


if __name__ == "__main__":
    main()
