"""`upconv bench --by-layer` accounts for a whole run: its steps are the kernels
that `upconv inspect` lists, in their order, and zeroed margins; the shares come
to one, the kinds to the steps. No time is looked at but for being there."""
# RUN: %python %s

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from upconv_testing import Report, require, scratch, upconv


def layer(class_name: str, name: str, *sources: str, **config) -> dict:
    return {"class_name": class_name, "name": name, "config": {"name": name, **config},
            "inbound_nodes": [[[source, 0, 0, {}] for source in sources]] if sources else []}


def contraction(class_name: str, name: str, source: str, filters: int, size: int, stride: int, **config) -> dict:
    return layer(class_name, name, source, filters=filters, kernel_size=[size, size], strides=[stride, stride],
                 padding="same", **config)


LAYERS = [
    layer("InputLayer", "x", batch_input_shape=[None, 32, 32, 8]),
    contraction("Conv2D", "down1", "x", 16, 3, 2, activation="relu"),
    contraction("Conv2D", "down2", "down1", 24, 3, 2),
    layer("DepthwiseConv2D", "deep", "down2", kernel_size=[3, 3], padding="same"),
    layer("LayerNormalization", "norm", "deep"),
    contraction("Conv2DTranspose", "up1", "norm", 16, 4, 2),
    layer("Concatenate", "skip", "down1", "up1", axis=-1),
    contraction("Conv2DTranspose", "up2", "skip", 4, 2, 2, activation="tanh"),
    layer("UpSampling2D", "large", "up2", size=[2, 2], interpolation="bilinear"),
    layer("MaxPooling2D", "pool", "large", pool_size=[4, 4]),
    layer("Flatten", "flat", "pool"),
    layer("Dense", "classes", "flat", units=10, activation="softmax"),
]
MODEL = {"class_name": "Functional", "config": {
    "name": "sample", "layers": LAYERS, "input_layers": [["x", 0, 0]],
    "output_layers": [["up2", 0, 0], ["classes", 0, 0]]}}
# What the layers' contractions are called, and what each other kind is there for.
CLASSES = {entry["name"]: entry["class_name"] for entry in LAYERS}
CONTRACTIONS = {"Conv2D": 2, "DepthwiseConv2D": 1, "Conv2DTranspose": 2, "Dense": 1}
OTHERS = {"pooling": "pool", "softmax": "classes", "resizing": "large", "reduction": "norm"}
# What `inspect` says of a kernel, and the report of a step.
SHARED = ("layers", "strategy", "schedule")


def near(left: float, right: float) -> bool:
    return abs(left - right) <= 1e-9 * max(abs(left), abs(right), 1e-12)


def bench(model: Path, *flags: str) -> dict:
    path = model.parent / "out.json"
    require(upconv("bench", model, "--init", "1", "--seconds", "0.05", "--by-layer", "--json", path, *flags))
    (entry,) = json.loads(path.read_text())["layers"]
    return entry


def kernels(model: Path) -> list[dict]:
    return json.loads(require(upconv("inspect", model, "--init", "1", "--json", "--input-shape", "1,32,32,8")))["kernels"]


def steps_are_the_kernels(entry: dict, model: Path) -> str | None:
    listed = kernels(model)
    timed = [step for step in entry["steps"] if step["kind"] != "margins"]
    if len(timed) == len(entry["steps"]):
        return "no step zeroes margins, which this model has"
    for key in (*SHARED, "executed_macs"):
        expected, found = [kernel[key] for kernel in listed], [step[key] for step in timed]
        if key == "executed_macs":
            expected = [count or 0 for count in expected]
        if expected != found:
            return f"{key}: expected {expected}, got {found}"
    return None


def kinds_are_right(entry: dict) -> str | None:
    counted: dict[str, int] = defaultdict(int)
    for step in entry["steps"]:
        counted[step["kind"]] += 1
        first = step["layers"].split(" + ")[0]
        if step["useful_macs"] and CLASSES.get(first) != step["kind"]:
            return f"the contraction of '{step['layers']}' is called {step['kind']}"
        if step["kind"] == "margins" and (step["schedule"] or step["useful_macs"]):
            return f"margins are no kernel: {step}"
    for kind, count in CONTRACTIONS.items():
        if counted[kind] != count:
            return f"{counted[kind]} steps of kind {kind}, expected {count}: {dict(counted)}"
    for kind, name in OTHERS.items():
        if not any(step["kind"] == kind and name in step["layers"].split(" + ") for step in entry["steps"]):
            return f"layer '{name}' has no step of kind {kind}: {[(s['kind'], s['layers']) for s in entry['steps']]}"
    return None


def sums_are_whole(entry: dict) -> str | None:
    steps, kinds = entry["steps"], entry["kinds"]
    for name, parts in (("steps", steps), ("kinds", kinds)):
        if not near(sum(part["share"] for part in parts), 1):
            return f"the shares of the {name} come to {sum(part['share'] for part in parts)}"
        if not near(sum(part["ms"] for part in parts), entry["steps_ms"]):
            return f"the times of the {name} are not 'steps_ms'"
        if sum(part["useful_macs"] for part in parts) != entry["useful_macs"]:
            return f"the multiply-adds of the {name} are not the model's"
    if [kind["ms"] for kind in kinds] != sorted((kind["ms"] for kind in kinds), reverse=True):
        return "the kinds are not sorted"
    for kind in kinds:
        own = [step for step in steps if step["kind"] == kind["kind"]]
        if kind["steps"] != len(own) or not near(kind["ms"], sum(step["ms"] for step in own)):
            return f"{kind} is not what its steps come to"
        roofline = sum(step["ms"] * step["roofline_fraction"] for step in own)
        if not near(kind["roofline_fraction"] * kind["ms"], roofline):
            return f"{kind['kind']}: its fraction is not its steps', weighted by time"
    return None


def figures_are_there(entry: dict) -> str | None:
    for step in entry["steps"]:
        if not (0 < step["min_ms"] <= step["ms"] and step["bytes"] > 0 and step["roofline_ms"] > 0
                and step["roofline_fraction"] > 0):
            return f"a figure is missing: {step}"
        if (step["gflops"] > 0) != (step["useful_macs"] > 0) or step["bound"] not in ("compute", "bandwidth"):
            return f"a figure is wrong: {step}"
    return None if 0 < entry["timed_run_ms"] and 0 < entry["ms"] else "no time of the whole run"


def moves(entry: dict) -> str | None:
    """Bytes of steps that are easily counted."""
    counted = {step["layers"].split(" + ")[0]: step["bytes"] for step in entry["steps"]
               if step["kind"] in CONTRACTIONS or step["kind"] == "pooling"}
    expected = {"down1": 4 * (32 * 32 * 8 + 9 * 8 * 16 + 16 + 16 * 16 * 16),
                "deep": 4 * (8 * 8 * 24 + 9 * 24 + 24 + 8 * 8 * 24),
                "up2": 4 * (16 * 16 * 32 + 4 * 32 * 4 + 4 + 32 * 32 * 4),
                "pool": 4 * (64 * 64 * 4 + 16 * 16 * 4),
                "classes": 4 * (1024 + 1024 * 10 + 10 + 10)}
    found = {name: counted.get(name) for name in expected}
    return None if found == expected else f"expected {expected}, got {found}"


def main() -> None:
    report = Report()
    with scratch() as folder:
        model = folder / "model.json"
        model.write_text(json.dumps(MODEL))
        for name, flags in (("one thread", ()), ("two threads, two passes", ("--threads", "2", "--passes", "2"))):
            entry = bench(model, *flags)
            report.check("the kernels, in order", name, lambda: steps_are_the_kernels(entry, model))
            report.check("kinds", name, lambda: kinds_are_right(entry))
            report.check("sums", name, lambda: sums_are_whole(entry))
            report.check("figures", name, lambda: figures_are_there(entry))
            report.check("bytes", name, lambda: moves(entry))
    report.finish()


if __name__ == "__main__":
    main()
