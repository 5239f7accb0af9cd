"""Assembly for Sapphire Rapids: the hot loops of bfloat16 kernels are the dot products
and their loads, with no stack slot; float32 kernels have the loops of x86-64-v4. That
it runs, and how fast, is not tested: bfloat16.py emulates the instructions."""
# RUN: %python %s

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from upconv_testing import Report, in_parallel, require, scratch, upconv, write_layer

# (class, arguments, input shape, a table's entry or None for the tool's own, dot products of the loop)
LAYERS = [
    ("Dense", {"units": 512}, "1,256", None, 32),
    ("Conv2DTranspose", {"filters": 64, "kernel_size": 4, "strides": 2, "padding": "same"}, "1,2,2,256", None, 24),
    ("Conv2DTranspose", {"filters": 64, "kernel_size": 4, "strides": 2, "padding": "same"}, "1,32,32,128",
     "{ strategy: phase, tx: 6, nv: 4, ku: 2 }", 48),
    ("Conv1DTranspose", {"filters": 16, "kernel_size": 16, "strides": 8, "padding": "same"}, "1,96,64",
     "{ strategy: phase-gemm, tx: 8, nv: 3, ku: 1 }", 24),
    ("Conv2D", {"filters": 64, "kernel_size": 3, "padding": "same"}, "1,24,24,64",
     "{ strategy: conv, tx: 6, nv: 4, ku: 2 }", 48),
]
FLOAT32 = LAYERS[2:]


def tables(folder: Path, class_name: str, use: str) -> Path:
    op = {"Conv2D": "conv"}.get(class_name, "conv-transpose")
    path = folder / "tables" / "sapphirerapids" / f"{op}-bf16.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(f"basis: model\nentries:\n  - {{ use: {use}, why: test }}\n")
    return folder / "tables"


def assembly(layer: Path, shape: str, *flags: object) -> str:
    return require(upconv("inspect", layer, "--input-shape", shape, "--init", "1", "--ir", "assembly", *flags))


def innermost_loops(text: str) -> list[list[str]]:
    """The instructions between a label and the jump back to it, where neither another
    label nor another jump is between."""
    loops, label, body = [], None, []
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if match := re.fullmatch(r"(\.?\w+):", line):
            label, body = match[1], []
        elif line and not line.startswith("."):
            body.append(line)
            if line.startswith("j"):
                if label and re.fullmatch(rf"j\w+\s+{re.escape(label)}", line):
                    loops.append(body)
                label, body = None, []
    return loops


def dot_products(case: tuple) -> list[tuple[str, str, str | None]]:
    class_name, config, shape, use, wanted = case
    with scratch() as folder:
        layer = write_layer(folder, class_name, {"name": "layer", **config})
        flags = ("--schedules", tables(folder, class_name, use)) if use else ()
        text = assembly(layer, shape, "--target", "sapphirerapids", "--precision", "bf16", *flags)
    loops = [loop for loop in innermost_loops(text) if any("vdpbf16ps" in line for line in loop)]
    problem = None if loops else "no loop of dot products"
    hottest = max((sum("vdpbf16ps" in line for line in loop) for loop in loops), default=0)
    if hottest != wanted:
        problem = f"{hottest} dot products in the hottest loop instead of {wanted}"
    for loop in loops:
        counted = Counter(line.split()[0] for line in loop)
        if any("%rsp" in line for line in loop):
            problem = "a stack slot in a hot loop"
        if set(counted) - {"vdpbf16ps", "vmovaps", "vmovups", "vbroadcastss", "vpbroadcastd", "add", "addq", "addl",
                           "sub", "subq", "inc", "incq", "decq", "dec", "cmpq", "jne", "jb", "leaq"}:
            problem = f"something else in a hot loop: {dict(counted)}"
    return [("dot products", f"{class_name} of {shape}", problem)]


def float32(case: tuple) -> list[tuple[str, str, str | None]]:
    class_name, config, shape, *_ = case
    with scratch() as folder:
        layer = write_layer(folder, class_name, {"name": "layer", **config})
        loops = []
        for target in ("sapphirerapids", "x86-64-v4"):
            found = innermost_loops(assembly(layer, shape, "--target", target))
            # What the loops multiply and load; addresses may be formed in other ways.
            loops.append([Counter(line.split()[0] for line in loop if "zmm" in line)
                          for loop in found if any("vfmadd" in line for line in loop)])
    same = bool(loops[0]) and loops[0] == loops[1]
    return [("float32", f"{class_name} of {shape}", None if same else f"{loops[0]} instead of {loops[1]}")]


def main() -> None:
    report = Report()
    for findings in (*in_parallel(dot_products, LAYERS), *in_parallel(float32, FLOAT32)):
        for finding in findings:
            report.add(*finding)
    report.finish()


if __name__ == "__main__":
    main()
