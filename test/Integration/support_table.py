"""README's table of layers and targets, which `make support` writes.

`make support` compiles and holds every case of layer_verify.py against the
reference on every x86-64 target, and one case per class on AArch64 (under
qemu-user) against this machine, and writes what passed. Without it, only the
classes of the table are compared with those that have cases.
"""
# RUN: %python %s

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import aarch64
from layer_verify import CASES, Case, check
from upconv_testing import SOURCE, guarded, in_parallel, scratch, write_layer

README = SOURCE / "README.md"
BEGIN, END = "<!-- made by `make support` -->\n", "<!-- end of what `make support` makes -->\n"
X86 = ("x86-64", "x86-64-v3", "x86-64-v4")
ARM = "aarch64"

FAMILIES = (  # the first that matches
    r"Conv\dDTranspose", r"(Depthwise|Separable)?Conv\dD", "Dense|Embedding", r"UpSampling\dD|Resizing",
    r"\w*Pooling\dD", "Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot",
    r"Reshape|Flatten|Permute|RepeatVector|ZeroPadding\dD|Cropping\dD|CenterCrop",
    "TimeDistributed|SpectralNormalization", r"\w*Normalization|Rescaling",
    r"Activation|\w*ReLU|ELU|Softmax", r"\w+")

Verdicts = dict[tuple[str, str], list[str]]  # by class and target: what failed


def classes() -> list[str]:
    return sorted({item.layer for item in CASES})


def family(name: str) -> int:
    return next(number for number, pattern in enumerate(FAMILIES) if re.fullmatch(pattern, name))


def arm_case(name: str) -> tuple[Case, tuple[int, ...]]:
    """A case and the sizes of its input; of merges the one whose inputs are most alike, as they get the same."""
    item = min((item for item in CASES if item.layer == name), key=lambda item: len(set(item.shapes)))
    sizes = item.shapes[0].rpartition("|")[2]
    return item, tuple(int(size) for size in sizes.split(","))


def write_merge(folder: Path, item: Case, sizes: tuple[int, ...]) -> Path:
    """The layer of one input and of its tanh, as often as it takes inputs."""
    calls = [["input" if number == 0 else "bent", 0, 0, {}] for number in range(len(item.shapes))]
    layers = [{"class_name": "InputLayer", "name": "input", "inbound_nodes": [],
               "config": {"name": "input", "batch_input_shape": sizes}},
              {"class_name": "Activation", "name": "bent", "inbound_nodes": [[["input", 0, 0, {}]]],
               "config": {"name": "bent", "activation": "tanh"}},
              {"class_name": item.layer, "name": "layer", "inbound_nodes": [calls],
               "config": {"name": "layer", **item.config}}]
    path = folder / "merge.json"
    path.write_text(json.dumps({"class_name": "Functional", "config": {
        "name": "one", "layers": layers, "input_layers": [["input", 0, 0]], "output_layers": [["layer", 0, 0]]}}))
    return path


def check_arm(name: str) -> None:
    item, sizes = arm_case(name)
    with scratch() as folder:
        path = (write_layer(folder, name, {"name": "layer", **item.config}) if len(item.shapes) == 1
                else write_merge(folder, item, sizes))
        aarch64.check_file(path, folder, sizes)


def run_all() -> Verdicts:
    verdicts: Verdicts = {(name, target): [] for name in classes() for target in (*X86, ARM)}
    for target in X86:
        problems = in_parallel(lambda item: guarded(lambda: check(item, "--target", target)), CASES)
        for item, problem in zip(CASES, problems):
            if problem:
                verdicts[item.layer, target].append(f"{item.name}: {problem}")
    for name, problem in zip(classes(), in_parallel(lambda name: guarded(lambda: check_arm(name)), classes())):
        if problem:
            verdicts[name, ARM].append(problem)
    return verdicts


def table(verdicts: Verdicts) -> str:
    rows = ["| layers | type | " + " | ".join((*X86, ARM)) + " |", "|---" * (2 + len((*X86, ARM))) + "|"]
    for number in range(len(FAMILIES)):
        names = [name for name in classes() if family(name) == number]
        cells = []
        for target in (*X86, ARM):
            failed = [name for name in names if verdicts[name, target]]
            cells.append("yes" if not failed else "not " + ", ".join(failed))
        rows.append(f"| {', '.join(names)} | float32 | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    text = README.read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    if os.environ.get("UPCONV_WRITE_SUPPORT"):
        verdicts = run_all()
        for (name, target), problems in verdicts.items():
            for problem in problems:
                print(f"{name} on {target}: {problem}")
        README.write_text(text[:begin] + table(verdicts) + text[end:])
        return
    claimed = {name for row in text[begin:end].splitlines()[2:] for name in re.split(", ", row.split("|")[1].strip())}
    if claimed != set(classes()):
        sys.exit(f"'make support' would change README's classes: {sorted(claimed ^ set(classes()))}")
    print(f"{len(claimed)} classes")


if __name__ == "__main__":
    main()
