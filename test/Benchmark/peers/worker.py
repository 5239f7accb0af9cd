"""One peer on one layer or model, in a process of its own; processes.py starts it.

    worker.py PEER FOLDER THREADS [SETTING]

FOLDER holds layer.json and its arrays, or model.keras and its arrays.

Prints one JSON line about the peer's versions, and one per setting as soon as it
is measured, so that a process stopped by the time limit still says what it had.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
import traceback
from pathlib import Path

import numpy as np

from measure import Peak, measure
from problem import Unsupported, error_norm, load
from suite import read_layer

TOLERANCE = 1e-4


def first_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:300]


def problem_in(folder: Path, threads: int) -> tuple[object, str]:
    """What the folder holds, and how the modules of the peers that can do it begin."""
    if (folder / "layer.json").exists():
        layer = read_layer(json.loads((folder / "layer.json").read_text()))
        return load(layer, folder, threads), ""
    from model_problem import load_problem  # needs Keras, which not every peer's environment has
    return load_problem(folder, threads), "model_"


def main() -> None:
    name, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    wanted_setting = sys.argv[4] if len(sys.argv) > 4 else None  # all of them without
    # What libraries print to standard output must not mix with the report.
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(**line: object) -> None:
        print(json.dumps(line), file=report, flush=True)

    wanted = np.load(folder / "wanted.npy", mmap_mode="r")
    try:
        problem, module = problem_in(folder, threads)
        peer = importlib.import_module(f"{module}{name}_peer")
        say(versions=peer.versions())
        settings = peer.settings(problem)
    except ImportError as error:
        return say(status=f"unsupported: not installed: {first_line(error)}")
    except Unsupported as error:
        return say(status=f"unsupported: {error}")
    except Exception as failure:  # so is what it raises before any setting
        traceback.print_exc()
        return say(status=f"unsupported: {type(failure).__name__}: {first_line(failure)}")
    peak = Peak()
    best_ms = math.inf
    for setting, prepare in settings.items():
        if wanted_setting not in (None, setting):
            continue
        say(begun=setting)
        try:
            runner = prepare()
            runner.run()
            error = error_norm(runner.output(), wanted)
            if not error <= TOLERANCE:
                say(setting=setting, status=f"wrong: relative error {error:.1e}")
                continue
            figures = measure(runner, problem.useful_macs, threads, peak, best_ms)
            best_ms = min(best_ms, figures["min_ms"])
            say(setting=setting, status="ok", error=error, **figures)
        except Unsupported as problem_found:
            say(setting=setting, status=f"unsupported: {problem_found}")
        except Exception as failure:  # whatever a peer raises is its answer for this setting
            traceback.print_exc()
            say(setting=setting, status=f"unsupported: {type(failure).__name__}: {first_line(failure)}")


if __name__ == "__main__":
    main()
