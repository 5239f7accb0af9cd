"""Holds the tool against live Keras on random models, and on random invalid ones.

    make check-keras [COUNT=3000] [SEED=1]

Each model is saved in every form that Keras writes; all forms must import to the
same IR and the same weight hashes; one of them is run, at several sizes where the
model has unknown ones. What `supported.txt` lists must work. A failure is shrunk,
and lies in --out as a case for test/Integration/data/regressions.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""
# With oneDNN, which TensorFlow takes by the processor, a depthwise convolution of too small an input returns memory that
# nothing was written to, and some pooling ends the process by a division by zero.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

from case import CaseMaker  # noqa: E402
from check import Case, Verdict, check  # noqa: E402
from expectation import passes_empty  # noqa: E402
from invalid import check_invalid  # noqa: E402
from recipe import describe  # noqa: E402
from shrink import keep_regression, shrink  # noqa: E402
from tool import Tool  # noqa: E402

SLOW = 20  # seconds; worth a line
HERE = Path(__file__).parent


def read_supported() -> set[str]:
    lines = (HERE / "supported.txt").read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


class Progress:
    """Counts verdicts; one line per failure, as it comes."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.unsupported: Counter[str] = Counter()
        self.beyond: Counter[str] = Counter()  # works, though not listed
        self.forms: Counter[str] = Counter()
        self.missing_forms: Counter[str] = Counter()
        self.layers: Counter[str] = Counter()
        self.runs = 0
        self.slowest: list[tuple[float, str, str]] = []
        self.failures: list[tuple[Case, Verdict]] = []

    def add(self, case: Case, verdict: Verdict, supported: set[str]) -> None:
        self.kinds["failed" if verdict.failed else verdict.kind] += 1
        self.slowest = sorted([*self.slowest, (verdict.seconds, case.seed, describe(case.recipe))])[-3:]
        self.missing_forms.update(verdict.unsupported_forms)
        unlisted = case.features - supported
        if verdict.kind == "unsupported":
            self.unsupported.update(unlisted)
        elif verdict.kind == "agreed":
            self.runs += verdict.runs
            self.beyond.update(unlisted)
            self.layers.update(case.features)
            self.forms.update(form.name for form in case.forms if form.name not in verdict.unsupported_forms)
        elif verdict.failed:
            self.failures.append((case, verdict))
            print(f"FAILED {verdict.kind}: model {case.number} (seed {case.seed}, "
                  f"{verdict.form.name if verdict.form else 'no form'}): {verdict.detail}\n{describe(case.recipe)}",
                  flush=True)

    def summary(self, total: int) -> list[str]:
        table = lambda counter: ", ".join(f"{key} {count}" for key, count in sorted(counter.items())) or "none"
        return [f"{total} models: {self.kinds['agreed']} agreed ({self.runs} runs), "
                f"{self.kinds['unsupported']} unsupported, {self.kinds['stretching']} with an unknown size of 1 to stretch, "
                f"{self.kinds['emptied']} with a layer that leaves nothing of a run's sizes, "
                f"{self.kinds['failed']} failed",
                f"forms that imported alike: {table(self.forms)}", f"forms not supported: {table(self.missing_forms)}",
                f"layers that agreed: {table(self.layers)}",
                f"unsupported, by what is not listed: {table(self.unsupported)}",
                f"works though not listed: {table(self.beyond)}",
                *(f"slow: {seconds:.0f} s of the tool for seed {seed}\n{text}"
                  for seconds, seed, text in self.slowest if seconds > SLOW)]


def excused(case: Case, verdict: Verdict) -> Verdict:
    """A run through an empty tensor is refused (docs/HeaderABI.md); Keras computes it where the outputs are not empty."""
    if "would be empty" in verdict.detail and any(passes_empty(case.recipe, arrays) for arrays in case.inputs):
        return replace(verdict, kind="emptied")
    return verdict


def check_models(tool: Tool, arguments: argparse.Namespace, supported: set[str], folder: Path) -> Progress:
    """Keras works in this thread, the tool in `jobs` others."""
    maker, progress = CaseMaker(supported, arguments.formats), Progress()
    pending: list[tuple[Case, Future[Verdict]]] = []

    def settle(limit: int) -> None:
        while len(pending) > limit:
            case, future = pending.pop(0)
            progress.add(case, excused(case, future.result()), supported)
            shutil.rmtree(case.folder, ignore_errors=True)

    started = reported = time.monotonic()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for number in range(arguments.first, arguments.first + arguments.count):
            case = maker.make(f"{arguments.seed}/{number}", number, folder / str(number), arguments.layer)
            pending.append((case, pool.submit(check, tool, case, supported)))
            settle(3 * arguments.jobs)
            if time.monotonic() - reported > 30:
                reported = time.monotonic()
                print(f"  {number + 1 - arguments.first} models, {reported - started:.0f} s", flush=True)
        settle(0)
    print(f"models took {time.monotonic() - started:.0f} s; drawn again: "
          + (", ".join(f"{key} {count}" for key, count in maker.redrawn.most_common()) or "none"))
    return progress


def different(failures: list[tuple[Case, Verdict]]) -> list[tuple[Case, Verdict]]:
    """One failure, the smallest model, per message without its names and numbers; nothing to shrink in what is only missing."""
    smallest: dict[str, tuple[Case, Verdict]] = {}
    for case, verdict in sorted(failures, key=lambda failure: len(failure[0].recipe.nodes)):
        if verdict.kind != "claimed but unsupported":
            detail = verdict.detail if verdict.kind in ("crash", "refused") else ""
            smallest.setdefault(verdict.kind + re.sub(r"'[^']*'|[0-9a-f]{8,}|\d+|\S+:\d", "", detail), (case, verdict))
    return list(smallest.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", type=Path)
    parser.add_argument("--count", type=int, default=200, help="random models")
    parser.add_argument("--invalid", type=int, default=300, help="random invalid configurations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first model")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--layer", help="every model has a layer of this class")
    parser.add_argument("--formats", default="keras2", choices=("one", "keras3", "keras2"),
                        help="forms to import: one, all of Keras 3's, Keras 2's too")
    parser.add_argument("--shrink", type=int, default=5, help="failures to shrink")
    parser.add_argument("--out", type=Path, default=Path("build/check-keras"))
    arguments = parser.parse_args()
    for noisy in ("absl", "tensorflow"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    tool, supported = Tool(arguments.tool), read_supported()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="check-keras-") as name:
        progress = check_models(tool, arguments, supported, Path(name))
        for case, verdict in different(progress.failures)[: arguments.shrink]:
            small, verdict = shrink(tool, case, verdict, supported, Path(name))
            path = keep_regression(small, verdict, arguments.out)
            print(f"shrunk model {case.number} ({verdict.kind}: {verdict.detail}):\n{describe(small.recipe)}\n"
                  f"  {path}: to keep it, cp -r {path} test/Integration/data/regressions/", flush=True)
        refusals = check_invalid(tool, arguments.invalid, arguments.seed, supported, arguments.jobs, Path(name),
                                 arguments.out)
    print("\n".join(progress.summary(arguments.count) + refusals.summary()))
    return 1 if progress.failures or refusals.failures else 0


if __name__ == "__main__":
    sys.exit(main())
