"""Times on one device, taken by turns, so that whatever drifts drifts for all."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Callable

from driver import Device

median = statistics.median
# Milliseconds that a graph of several runs is to take: events are good for about
# a microsecond, and the launch of a graph costs some.
GRAPH_MS, MOST_RUNS = 0.5, 64
WARM_UPS, LEAST_ROUNDS, MOST_ROUNDS = 3, 5, 1000


@dataclass(frozen=True)
class Contestant:
    name: str
    stream: int
    launch: Callable[[], None]
    runs: int = 1  # of one launch


def runs_per_graph(milliseconds: float, most: int = MOST_RUNS) -> int:
    """Of a thing that takes so long."""
    return max(1, min(most, round(GRAPH_MS / max(milliseconds, 1e-6))))


def by_turns(device: Device, contestants: list[Contestant], seconds: float) -> dict[str, list[float]]:
    """Milliseconds per run of every contestant, one launch of each per round."""
    times: dict[str, list[float]] = {each.name: [] for each in contestants}
    for each in contestants:
        for _ in range(WARM_UPS):
            device.milliseconds(each.launch, each.stream)
    end = time.monotonic() + seconds * len(contestants)
    for done in range(MOST_ROUNDS):
        if done >= LEAST_ROUNDS and time.monotonic() > end:
            break
        for each in contestants:
            times[each.name].append(device.milliseconds(each.launch, each.stream) / each.runs)
    return times
