"""Times a peer as `upconv bench` times a kernel: each run beside the same peak loop."""

from __future__ import annotations

import ctypes
import math
import os
import statistics
import sys
import time
from pathlib import Path

from problem import Runner

# Where scripts/setup-peers.sh puts what it compiles, whatever environment a peer has.
BUILT = Path(os.environ.get("UPCONV_PEERS_BUILT", Path(sys.prefix) / "upconv"))

SECONDS, RUNS = 1.0, 20
LONGEST, FEWEST = 4.0, 7  # for slow settings: no more than so many seconds, if there are so many runs
HOPELESS, TRIED = 3, 3  # so many times the best setting so far in each of so many runs: no more of it


class Peak:
    """lib/Timing/Peak.c's multiply-add loop, at the widest vectors that this processor has."""

    def __init__(self) -> None:
        self.loop = ctypes.CDLL(str(BUILT / "libpeak.so")).upconv_peak_gflops
        self.loop.restype = ctypes.c_double
        self.loop.argtypes = [ctypes.c_double]

    def __call__(self) -> float:
        """GFLOP/s of one core, from a loop of about a millisecond."""
        return self.loop(1e-3)


def measure(runner: Runner, useful_macs: int, threads: int, peak: Peak, best_ms: float) -> dict[str, float]:
    """Medians over pairs; `fraction` is of the multiply-add peak of `threads` cores.

    `best_ms`: the shortest run of any other setting so far; this one is given up when it is far behind.
    """
    runner.timed(2)
    start = time.perf_counter()
    runner.run()
    # A run shorter than the clock's grain is repeated until it is not.
    repeats = max(1, math.ceil(runner.shortest / (time.perf_counter() - start)))
    times: list[float] = []
    peaks: list[float] = []
    start, used = time.perf_counter(), time.process_time()
    while True:
        begin = time.perf_counter()
        runner.timed(repeats)
        times.append((time.perf_counter() - begin) / repeats)
        peaks.append(threads * peak())
        total = time.perf_counter() - start
        if len(times) >= TRIED and 1e3 * min(times) > HOPELESS * best_ms:
            break
        if (total >= SECONDS and len(times) >= RUNS) or (total >= LONGEST and len(times) >= FEWEST):
            break
    fractions = [2e-9 * useful_macs / seconds / gflops for seconds, gflops in zip(times, peaks)]
    return {"ms": 1e3 * statistics.median(times), "min_ms": 1e3 * min(times), "runs": len(times),
            "fraction": statistics.median(fractions), "peak_gflops": statistics.median(peaks),
            # Below 1 with one thread: something else ran on this core.
            "cpu_share": (time.process_time() - used) / (time.perf_counter() - start)}
