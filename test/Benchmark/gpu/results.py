"""What was measured, as Markdown for docs/."""

from __future__ import annotations

import math

# Nothing multiplies faster than the loop that does nothing else, clocks aside.
ANCHOR = 1.03


def geomean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def mean_line(what: str, values: list[float]) -> str:
    if not values:
        return f"{what}: of no layer"
    return f"{what}: {geomean(values):.2f} (geometric mean of {len(values)} layers), {min(values):.2f} at least"


def summary(layers: list[dict]) -> list[str]:
    ok = [row for row in layers if row["status"] == "ok"]
    lines = [f"{len(ok)} of {len(layers)} layers measured",
             mean_line("fraction of the roof", [row["roof_fraction"] for row in ok])]
    above = [row["id"] for row in ok if row["roof"] == "multiply-adds" and row["roof_fraction"] > ANCHOR]
    if above:
        lines.append(f"the rate of multiply-adds is wrong: {', '.join(above)} above it")
    if any("ratio" in row for row in ok):
        lines += [mean_line("times as fast as cuDNN", [row["ratio"] for row in ok if "ratio" in row]),
                  mean_line("times as fast as cuDNN without the activation",
                            [row["ratio_without_activation"] for row in ok if "ratio" in row])]
    return lines


def row_of(row: dict) -> str:
    if row["status"] != "ok":
        return f"| {row['id']} | {row['status']} | | | | | | |"
    peer = row.get("cudnn", {})
    theirs = f"{peer['ms']:.3g} | {peer['setting']}" if peer.get("status") == "ok" else f"{peer.get('status', '')} |"
    ratio = f"{row['ratio']:.2f}" if "ratio" in row else ""
    return (f"| {row['id']} | {row['ms']:.3g} | {row['gflops']:.0f} | {row['roof_fraction']:.2f} | {row['roof']} | "
            f"{theirs} | {ratio} |")


def markdown(results: dict) -> str:
    device, rates = results.get("device", {}), results["rates"]
    versions = "".join(f", {name} {version}" for name, version in results.get("versions", {}).items())
    return "\n".join([
        f"{device.get('name', 'no device')}, capability {device.get('capability')}, driver {device.get('driver')}"
        f"{versions}, {results['date']}; `{results['target']}`, float32 without TF32, bias and "
        f"{results['activation']} included.",
        "",
        f"Copied {rates['copy_gbs']:.0f} GB/s (read and written), {rates['gflops']:.0f} GFLOP/s of multiply-adds, "
        "measured in the same run. The roof is the longer of the two times that a layer's useful multiply-adds and its "
        "input, weights and output take at these rates; what fits the cache may be above it.",
        "",
        *(f"- {line}" for line in summary(results["layers"])),
        "",
        "| layer | ms | GFLOP/s | of the roof | roof | cuDNN ms | its layout | ratio |",
        "|---|---|---|---|---|---|---|---|",
        *map(row_of, results["layers"])]) + "\n"
