"""Measures layer after layer on the GPU and says a line of JSON for each.

A process of its own: a kernel that fails takes the device's context with it, and
the process that started this one goes on with the next layer in a new one.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from contextlib import closing
from pathlib import Path

import machine
from bundle import SUPPORT, Entry, open_bundle
from driver import Device
from library import Numbers, OpenLayer, Support, error_bound
from suite import Layer
from timing import Contestant, by_turns, median, runs_per_graph

RESTART = 75  # the status that asks for a new process for the layers that are left


def say(**values: object) -> None:
    print(json.dumps(values), flush=True)


def bytes_of(layer: Layer) -> int:
    """Input, weights and output, each once."""
    return 4 * sum(map(math.prod, (layer.input_shape, layer.kernel_shape, layer.output_shape)))


def summary(times: list[float]) -> dict[str, float]:
    return {"ms": median(times), "min_ms": min(times), "rounds": len(times)}


class Bench:
    def __init__(self, folder: Path, target: str, seconds: float, extent: machine.Extent, with_peer: bool) -> None:
        self.bundle, self.target, self.seconds = open_bundle(folder), target, seconds
        self.extent = extent
        self.support = Support((folder / SUPPORT).resolve())
        self.device = Device()
        self.peer, versions = None, {}
        if with_peer:
            import cudnn  # PyTorch may not be here

            self.peer, versions = cudnn.load(), cudnn.prepare()
            if isinstance(self.peer, str):
                raise RuntimeError(self.peer)
        self.rates = machine.measure(self.device, extent)
        say(device=self.device.describe(), versions=versions, rates=self.rates.as_json())

    def measure(self, entry: Entry) -> dict[str, object]:
        layer, bound = entry.layer, error_bound(entry.layer)
        numbers = Numbers(layer, self.bundle.activation, self.support)
        path = (self.bundle.folder / entry.libraries[self.target]).resolve()
        with closing(OpenLayer(self.device, path, numbers)) as opened:
            opened.result(numbers)
            error = numbers.error()
            row = {"id": layer.id, "tier": layer.tier, "error": error if math.isfinite(error) else None,
                   "error_bound": bound}
            if not error <= bound:
                return {**row, "status": f"wrong: a relative error of {error:.3g}"}
            once = min(self.device.milliseconds(opened.enqueue) for _ in range(3))
            runs = runs_per_graph(once)
            with self.device.graph(lambda: [opened.enqueue() for _ in range(runs)]) as launch:
                ours = Contestant("upconv", self.device.stream, launch, runs)
                times, peer = self._race(layer, numbers, ours)
            # Once more, after all of these runs: the same numbers.
            opened.result(numbers)
            if numbers.error() != error:
                return {**row, "status": "wrong: other numbers after many runs"}
        least, limit = self.rates.roof(layer.useful_macs, bytes_of(layer))
        mine = summary(times["upconv"])
        row |= {**mine, "status": "ok", "gflops": 2e-6 * layer.useful_macs / mine["ms"], "roof_ms": least,
                "roof": limit, "roof_fraction": least / mine["ms"], "runs_per_graph": runs}
        return row | peer

    def _race(self, layer: Layer, numbers: Numbers, ours: Contestant) -> tuple[dict, dict]:
        if not self.peer:
            return by_turns(self.device, [ours], self.seconds), {}
        with closing(self.peer(self.device, layer, numbers, self.bundle.activation)) as peer:
            if not peer.best:
                return by_turns(self.device, [ours], self.seconds), {"cudnn": {"status": "failed",
                                                                               "trials": peer.trials}}
            peer.result(numbers)
            error = numbers.error()
            with peer.contestants() as others:
                times = by_turns(self.device, [ours, *others], self.seconds)
                bare = summary(times["cudnn, no activation"])
                row = {**summary(times["cudnn"]), "status": "ok", "setting": peer.best.name, "trials": peer.trials,
                       "error": error, "ms_without_activation": bare["ms"]}
        mine = median(times["upconv"])
        return times, {"cudnn": row, "ratio": row["ms"] / mine,
                       "ratio_without_activation": row["ms_without_activation"] / mine}


def main(folder: str, target: str, seconds: str, deadline: str, interpreted: str, with_peer: str, ids: str) -> None:
    extent = machine.INTERPRETED if interpreted == "1" else machine.ON_GPU
    bench = Bench(Path(folder), target, float(seconds), extent, with_peer == "1")
    entries = {entry.layer.id: entry for entry in bench.bundle.entries}
    for one in ids.split(","):
        if time.time() > float(deadline):
            say(layer={"id": one, "status": "skipped: no time was left"})
            continue
        say(begin=one)
        try:
            say(layer=bench.measure(entries[one]))
        except Exception as error:  # whatever it was, it is this layer's; the device may be lost
            say(layer={"id": one, "status": f"failed: {type(error).__name__}: {error}"})
            os._exit(RESTART)  # without giving back what a lost device cannot
    say(rates=machine.measure(bench.device, extent).as_json())
    bench.device.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
