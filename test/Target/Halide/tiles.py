"""Assembly for AMX: in the hot loops nothing but products, their operands' loads and a few
scalar instructions; sums stay in their registers, which are set up once and given back."""
# RUN: %python %s

from __future__ import annotations

import re
from collections import Counter

from pairs import assembly, innermost_loops
from upconv_testing import Report, scratch, write_layer

# (class, arguments, input shape; of a loop: products, loads of tiles). By the tool's own tables.
LAYERS = [
    ("Conv2DTranspose", {"filters": 128, "kernel_size": 4, "strides": 2, "padding": "same"}, "1,32,32,256", 4, 4),
    ("Conv2DTranspose", {"filters": 16, "kernel_size": 4, "strides": 2, "padding": "same"}, "1,64,64,64", 4, 5),
    ("Conv1DTranspose", {"filters": 32, "kernel_size": 4, "strides": 4}, "1,512,64", 4, 4),
    ("Conv2D", {"filters": 64, "kernel_size": 3, "padding": "same", "activation": "relu"}, "1,64,64,96", 4, 4),
    ("Dense", {"units": 256}, "16,256", 4, 5),
]
# Address arithmetic of a loop of four products and all of its loads.
MOST_OTHERS = 8


def check(case: tuple) -> list[tuple[str, str, str | None]]:
    class_name, config, shape, products, loads = case
    with scratch() as folder:
        layer = write_layer(folder, class_name, {"name": "layer", **config})
        text = assembly(layer, shape, "--target", "sapphirerapids-amx", "--precision", "bf16")
    problem = None
    counted = Counter(re.findall(r"^\s+(ldtilecfg|tilerelease|tdpbf16ps)\b", text, re.MULTILINE))
    if counted["ldtilecfg"] != 1 or counted["tilerelease"] != 1:
        problem = f"set up {counted['ldtilecfg']} times, given back {counted['tilerelease']} times"
    loops = [loop for loop in innermost_loops(text) if any("tdpbf16ps" in line for line in loop)]
    if sum("tdpbf16ps" in line for loop in loops for line in loop) < counted["tdpbf16ps"] // 2 or not loops:
        problem = "most products are in no loop"
    hottest = max(loops, key=lambda loop: sum("tdpbf16ps" in line for line in loop), default=[])
    words = Counter(line.split()[0] for line in hottest)
    if (words["tdpbf16ps"], words["tileloadd"]) != (products, loads):
        problem = f"{words['tdpbf16ps']} products and {words['tileloadd']} loads instead of {products} and {loads}"
    for loop in loops:
        words = Counter(line.split()[0] for line in loop)
        others = sum(words.values()) - words["tdpbf16ps"] - words["tileloadd"]
        if words["tilestored"] or words["tilezero"] or words["ldtilecfg"]:
            problem = f"sums leave their registers: {dict(words)}"
        if any("%rsp" in line for line in loop) or others > MOST_OTHERS:
            problem = f"something else in a hot loop: {loop}"
    return [("tiles", f"{class_name} of {shape}", problem)]


def main() -> None:
    report = Report()
    report.collect(check, LAYERS)
    report.finish()


if __name__ == "__main__":
    main()
