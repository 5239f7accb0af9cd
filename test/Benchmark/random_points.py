"""Random points of the tuner's space beside what its search finds and what the tables say.

    random_points.py UPCONV SUITE.json --layers ID,... [--points N] [--budget SECONDS]

Two runs of `upconv tune` per layer, `--random N` and `--budget S`, in folders of these
numbers that go on where they were stopped. Everything is told as a ratio to the table's schedule,
which the tuner times beside each candidate; below 1 is faster.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path


def schedule(record: dict) -> str:
    return " ".join([record["strategy"], *(f"{name}={value}" for name, value in record["knobs"].items())])


def best_of(trials: list[dict], verdict: dict) -> dict:
    """The verdict's schedule if it is faster, timed at length; otherwise the best trial, which that did not confirm."""
    ran = [one for one in trials if one["outcome"] == "ok"]
    if verdict["outcome"] == "faster" or not ran:
        best = verdict
    else:
        best = min(ran, key=lambda one: one["ratio"])
    return {"schedule": schedule(best), "ratio": best["ratio"], "ms": best["ms"], "fraction": best["fraction"],
            "timed_at_length": best is verdict}


def run_of(folder: Path, layer: str) -> tuple[dict, dict]:
    """What one of the two runs says of a layer, and its verdict."""
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    records = [one for one in records if one["layer"] == layer]
    trials = [one for one in records if one["kind"] == "trial"]
    verdict = [one for one in records if one["kind"] == "verdict"][-1]
    # One that was given up after three runs has a ratio too, one that does not compile has none.
    ratios = [one["ratio"] for one in trials if one["outcome"] in ("ok", "slow") and "ratio" in one]
    return {"points": len(trials), "outcomes": dict(Counter(one["outcome"] for one in trials)),
            "faster_than_the_table": sum(ratio < 1 for ratio in ratios),
            "median_ratio": statistics.median(ratios) if ratios else None,
            "best": best_of(trials, verdict), "verdict": verdict["outcome"]}, verdict


def compare(options: argparse.Namespace, layer: str) -> dict:
    runs = {"random": ["--random", options.points, "--seed", options.seed], "search": ["--budget", options.budget]}
    row: dict = {"layer": layer}
    for name, arguments in runs.items():
        folder = options.folder / "-".join([name, *map(str, arguments[1::2])])
        subprocess.run([options.upconv, "tune", options.suite, "--layer", layer, "--target", options.target,
                        "--threads", str(options.threads), *map(str, arguments), "--resume", "-o", folder], check=True)
        row[name], verdict = run_of(folder, layer)
    row["table"] = {"schedule": verdict["incumbent_strategy"], "fraction": verdict["incumbent_fraction"],
                    "entry": f"{verdict['incumbent_file']}:{verdict['incumbent_line']}"}
    return row | {"machine": verdict["machine"], "target": verdict["target"]}


def cell(run: dict) -> str:
    best = run["best"]
    return f"{best['ratio']:.3f} ({best['schedule']}){'' if best['timed_at_length'] else ', not confirmed'}"


def markdown(options: argparse.Namespace, rows: list[dict]) -> str:
    lines = [f"{rows[0]['machine']}, {rows[0]['target']}, {options.threads} thread(s): {options.points} random points "
             f"(seed {options.seed}) and {options.budget:g} s of search. Ratios of times to the table's schedule: "
             "below 1 is faster.", "",
             "| layer | table | of the roofline | best random point | median of the random points | below 1 | "
             "best of the search | candidates |", "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        random, search, table = row["random"], row["search"], row["table"]
        median = "" if random["median_ratio"] is None else f"{random['median_ratio']:.2f}"
        lines.append(f"| {row['layer']} | {table['schedule']} | {table['fraction']:.2f} | {cell(random)} | {median} | "
                     f"{random['faster_than_the_table']} of {random['points']} | {cell(search)} | {search['points']} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("upconv", type=Path)
    parser.add_argument("suite", type=Path)
    parser.add_argument("--layers", required=True, help="comma-separated ids of the suite")
    parser.add_argument("--points", type=int, default=50, help="random points per layer (%(default)s)")
    parser.add_argument("--budget", type=float, default=60, help="seconds of search per layer (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the random points (%(default)s)")
    parser.add_argument("--target", default="host")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", dest="folder", type=Path, default=Path("build/random-points"), help="%(default)s")
    options = parser.parse_args()
    options.upconv = options.upconv.resolve()
    options.folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for layer in options.layers.split(","):
        try:
            rows.append(compare(options, layer))
        except subprocess.CalledProcessError as error:
            sys.exit(f"error: layer '{layer}': upconv ended with {error.returncode}")
        settings = {name: getattr(options, name) for name in ("points", "budget", "seed", "threads")}
        (options.folder / "points.json").write_text(json.dumps({"settings": settings, "layers": rows}, indent=2) + "\n")
        (options.folder / "points.md").write_text(markdown(options, rows))
    print(markdown(options, rows), end="")


if __name__ == "__main__":
    main()
