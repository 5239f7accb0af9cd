"""What the tests of `upconv tune` share: a suite of three layers, and what a log says."""

from __future__ import annotations

import json
import time
from pathlib import Path
from subprocess import Popen

SUITE = {
    "version": 1,
    "tiers": {"core": "all of them"},
    "layers": [
        {"id": f"up{cout}", "tier": "core", "model": "sample", "rank": 1, "batch": 1, "in_spatial": [37], "cin": 8,
         "cout": cout, "kernel": [4], "strides": [2], "dilation": [1], "padding": "same", "output_padding": None}
        for cout in (4, 16, 24)],
}


def suite(folder: Path) -> Path:
    path = folder / "suite.json"
    path.write_text(json.dumps(SUITE))
    return path


def records(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def key(record: dict) -> tuple:
    return record["layer"], record["strategy"], tuple(sorted(record["knobs"].items()))


def trials(folder: Path) -> list[tuple]:
    return [key(record) for record in records(folder) if record["kind"] == "trial"]


def verdicts(folder: Path) -> dict[str, dict]:
    return {record["layer"]: record for record in records(folder) if record["kind"] == "verdict"}


def await_records(process: Popen, folder: Path, count: int) -> None:
    """Until the log has so many, or the run has ended."""
    log = folder / "log.jsonl"
    while process.poll() is None and (not log.exists() or log.read_text().count("\n") < count):
        time.sleep(0.05)
