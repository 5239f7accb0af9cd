"""The results as a table: for the terminal, and as Markdown for docs/."""

from __future__ import annotations

import math

TITLES = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO",
          "tensorflow": "Keras on TensorFlow", "litert": "LiteRT", "onednn": "oneDNN",
          "jax": "JAX", "iree": "IREE", "tvm": "TVM"}


def best_peer(layer: dict) -> str | None:
    """By the fraction of the peak beside each run."""
    ran = {name: row for name, row in layer["peers"].items() if row["status"] == "ok"}
    return max(ran, key=lambda name: ran[name]["fraction"]) if ran else None


def compared(layer: dict, best_name: str | None) -> dict:
    """`layer` with its best peer and how much faster upconv is."""
    layer["best_peer"] = best_name
    layer["speedup"] = layer["speedup_ms"] = None
    if best_name and layer["upconv"]["status"] == "ok":
        best = layer["peers"][best_name]
        layer["speedup"] = layer["upconv"]["fraction"] / best["fraction"]
        layer["speedup_ms"] = best["ms"] / layer["upconv"]["ms"]
    return layer


def cell(row: dict) -> str:
    return f"{row['ms']:.3g}" if row["status"] == "ok" else row["status"].partition(":")[0]


def line(layer: dict) -> str:
    upconv = layer["upconv"]
    text = f"{layer['id']:28} {cell(upconv):>10} ms {upconv.get('fraction', 0):5.2f} of peak"
    if layer["best_peer"] is None:
        return text + "   no peer"
    best = layer["peers"][layer["best_peer"]]
    text += f"   {TITLES[layer['best_peer']]:20} {best['ms']:10.3g} ms {best['fraction']:5.2f}"
    text += f"   {layer['speedup']:6.2f}x" if layer["speedup"] else ""
    return text + ("   (the machine was busy)" if best["cpu_share"] < 0.9 else "")


def summary(layers: list[dict]) -> str:
    ratios = [layer["speedup"] for layer in layers if layer["speedup"]]
    if not ratios:
        return "no layer was compared"
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    return (f"{len(ratios)} layers against the best peer of each: geometric mean {mean:.2f}x, "
            f"{sum(ratio < 1 for ratio in ratios)} below 1.0, {sum(ratio < 0.9 for ratio in ratios)} below 0.9")


def per_peer(layers: list[dict], name: str) -> str:
    """Geometric mean of upconv against one peer, and what became of the layers that it has no time for."""
    ratios, others = [], {}
    for layer in layers:
        row = layer["peers"].get(name)
        if row is None:
            continue
        if row["status"] != "ok":
            kind = row["status"].partition(":")[0]
            others[kind] = others.get(kind, 0) + 1
        elif layer["upconv"]["status"] == "ok":
            ratios.append(layer["upconv"]["fraction"] / row["fraction"])
    mean = f"{math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}x on {len(ratios)} layers" if ratios else "-"
    return mean + "".join(f", {count} {kind}" for kind, count in sorted(others.items()))


def markdown(results: dict) -> str:
    layers = results["layers"]
    names = list(results["settings"]["peers"])
    lines = [f"{results['machine']}, {results['settings']['threads']} thread(s), float32, "
             f"{results['settings']['date']}. Milliseconds; the ratio is upconv's fraction of the "
             "peak over the best peer's, so above 1 upconv is faster.", "",
             "| layer | upconv | " + " | ".join(TITLES[name] for name in names) + " | best peer | ratio |",
             "|---|" + "---|" * (len(names) + 3)]
    for layer in layers:
        peers = [cell(layer["peers"][name]) if name in layer["peers"] else "" for name in names]
        best = layer["best_peer"]
        best = f"{TITLES[best]}, {layer['peers'][best]['setting']}" if best else ""
        ratio = f"{layer['speedup']:.2f}" if layer["speedup"] else ""
        lines.append(f"| {layer['id']} | {cell(layer['upconv'])} | " + " | ".join(peers) + f" | {best} | {ratio} |")
    lines += ["", summary(layers) + ".", "", "| peer | versions | upconv against it |", "|---|---|---|"]
    for name in names:
        versions = ", ".join(f"{package} {version}" for package, version in results["versions"].get(name, {}).items())
        lines.append(f"| {TITLES[name]} | {versions} | {per_peer(layers, name)} |")
    return "\n".join(lines) + "\n"
