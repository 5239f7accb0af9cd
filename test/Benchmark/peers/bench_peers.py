"""`make bench-peers`: upconv and its peers on the layers of a suite, side by side.

Layer by layer: upconv, each peer in a process of its own with all its settings,
then the best peer's best setting and upconv by turns, so that both have the same
number of tries on a machine whose speed changes. The results are written after
every layer, so that a run that was stopped goes on with --resume.
docs/Benchmarks.md says what is compared.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import report
from problem import draw, save
from suite import Layer, SuiteError, read_suite

HERE = Path(__file__).resolve().parent
LIBRARIES = Path(sys.prefix) / "lib"
TURNS = 3

ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    "OPENVINO_TELEMETRY": "0",
    # oneDNN's wheel runs on SYCL's CPU device, whose driver is beside it.
    "LD_LIBRARY_PATH": str(LIBRARIES),
    "OCL_ICD_FILENAMES": str(LIBRARIES / "libintelocl.so"),
    "ONEAPI_DEVICE_SELECTOR": "opencl:cpu",
    # Huge pages, as upconv's own bench asks for, and memory that stays with the
    # process: a peer that allocates its output anew must not pay for new pages.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184",
    "THP_MEM_ALLOC_ENABLE": "1",
}


def pinned(threads: int) -> list[int]:
    """The cores of every process: the last ones that this one may use; all for 0 threads."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[-threads:] if threads else allowed


def run(command: list[str], cores: list[int], seconds: float, **environment: str) -> tuple[str, str, int | None]:
    """Output, error text and status; no status if the time was up."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          errors="replace", start_new_session=True, env={**os.environ, **environment},
                          preexec_fn=lambda: os.sched_setaffinity(0, cores)) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            return out, err, None
    return out, err, process.returncode


def last_line(text: str) -> str:
    return next((line.strip()[:300] for line in reversed(text.splitlines()) if line.strip()), "")


def run_upconv(options: argparse.Namespace, layer: Layer, folder: Path) -> dict:
    file = folder / "upconv.json"
    command = [str(options.upconv), "bench", str(options.suite), "--layer", layer.id, "--threads",
               str(options.threads), "--json", str(file)]
    out, err, status = run(command, options.cores, options.upconv_limit)
    if status is None:
        return {"status": f"timeout: no figure within {options.upconv_limit:g} s"}
    if status != 0:
        return {"status": f"failed: {last_line(err)}"}
    row = json.loads(file.read_text())["layers"][0]
    # The roofline's fraction is taken pair by pair; where the peak is the roof, it is the fraction wanted.
    compute_ms = 2e-6 * row["useful_macs"] / row["peak_gflops"]
    fraction = (row["roofline_fraction"] if abs(row["roofline_ms"] / compute_ms - 1) < 1e-3
                else compute_ms / row["ms"])
    return {"status": "ok", "fraction": fraction,
            **{key: row[key] for key in ("ms", "min_ms", "runs", "peak_gflops", "roofline_fraction", "strategy",
                                         "schedule", "compile_ms")}}


def judged(lines: list[dict], err: str, status: int | None, limit: float) -> dict:
    """A peer's row, from what its process said."""
    settings = {line["setting"]: {key: value for key, value in line.items() if key != "setting"}
                for line in lines if "setting" in line}
    begun = [line["begun"] for line in lines if "begun" in line]
    unfinished = begun[-1] if begun and begun[-1] not in settings else None
    end = None
    if status is None:
        end = f"timeout: {limit:g} s were up" + (f" in '{unfinished}'" if unfinished else "")
    elif status != 0:
        end = f"failed: {last_line(err) or f'status {status}'}" + (f" in '{unfinished}'" if unfinished else "")
    good = {name: row for name, row in settings.items() if row["status"] == "ok"}
    if good:
        best = max(good, key=lambda name: good[name]["fraction"])
        row = {**good[best], "setting": best}
    else:
        said = [line["status"] for line in lines if "status" in line]
        # A wrong result tells more than the setting that was refused after it.
        row = {"status": next((text for text in said if text.startswith("wrong")), None) or end or
               (said[0] if said else "failed: it said nothing")}
    if end:
        row["ended"] = end
    return {**row, "settings": settings}


def run_peer(name: str, options: argparse.Namespace, folder: Path, versions: dict, *setting: str) -> dict:
    """All settings of a peer, or one."""
    command = [sys.executable, str(HERE / "worker.py"), name, str(folder / "layer.json"), str(folder),
               str(len(options.cores)), *setting]
    out, err, status = run(command, options.cores, options.limit, **ENVIRONMENT,
                           OMP_NUM_THREADS=str(len(options.cores)), TORCHINDUCTOR_CACHE_DIR=str(folder / "inductor"))
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{") and line.endswith("}")]
    versions.setdefault(name, {}).update(next((line["versions"] for line in lines if "versions" in line), {}))
    return judged(lines, err, status, options.limit)


def measure_layer(options: argparse.Namespace, layer: Layer, value: dict, versions: dict) -> dict:
    with tempfile.TemporaryDirectory(prefix="upconv-peers-") as name:
        folder = Path(name)
        (folder / "layer.json").write_text(json.dumps(value))
        save(draw(layer), folder)
        row = {"id": layer.id, "useful_macs": layer.useful_macs, "upconv": run_upconv(options, layer, folder),
               "peers": {peer: run_peer(peer, options, folder, versions) for peer in options.peers}}
        best = report.best_peer(row)
        if best and row["upconv"]["status"] == "ok":
            setting = row["peers"][best]["setting"]
            turns = [(run_peer(best, options, folder, versions, setting), run_upconv(options, layer, folder))
                     for _ in range(TURNS)]
            row["turns"] = [{"peer": peer, "upconv": upconv} for peer, upconv in turns]
            row["peers"][best] |= middle([peer for peer, _ in turns])
            row["upconv"] |= middle([upconv for _, upconv in turns])
    return report.compared(row, best)


def middle(rows: list[dict]) -> dict:
    """The row of the median fraction among those that ran."""
    ran = sorted((row for row in rows if row["status"] == "ok"), key=lambda row: row["fraction"])
    return {key: value for key, value in ran[len(ran) // 2].items() if key != "settings"} if ran else {}


def machine() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return os.uname().machine


def write(path: Path, results: dict) -> None:
    """Renamed into place: a run that is stopped leaves the last whole file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(results, indent=2) + "\n")
    partial.replace(path)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("suite", type=Path, help="the suite, as `upconv bench` reads it")
    parser.add_argument("--tier", default="", help="only the layers of this tier")
    parser.add_argument("--layer", default="", help="only the layer of this id")
    parser.add_argument("--threads", type=int, default=1, help="threads, and cores to pin to; 0: all")
    parser.add_argument("--peers", default=",".join(report.TITLES), help="comma-separated: %(default)s")
    parser.add_argument("--limit", type=float, default=60, help="seconds per peer and layer")
    parser.add_argument("--upconv", type=Path, default=Path("build/bin/upconv"))
    parser.add_argument("--upconv-limit", type=float, default=300, help="seconds per run of upconv, compiling included")
    parser.add_argument("--out", type=Path, default=Path("build/peers.json"))
    parser.add_argument("--resume", action="store_true", help="keep the layers that the output has")
    parser.add_argument("--report", type=Path, help="also write a Markdown table; with --resume and no layer "
                        "missing, nothing is measured")
    options = parser.parse_args()
    options.peers = [name for name in options.peers.split(",") if name]
    unknown = sorted(set(options.peers) - set(report.TITLES))
    if unknown:
        parser.error(f"no peer '{unknown[0]}', expected {', '.join(report.TITLES)}")
    options.cores = pinned(options.threads)
    return options


def main() -> None:
    options = parse()
    try:
        layers = read_suite(options.suite, options.tier, options.layer)
    except SuiteError as error:
        sys.exit(f"error: {error}")
    values = {value["id"]: value for value in json.loads(options.suite.read_text())["layers"]}
    results = {
        "machine": machine(), "versions": {}, "settings": {
            "threads": options.threads, "cores": options.cores, "pinned": True, "limit_s": options.limit,
            "peers": options.peers, "date": datetime.date.today().isoformat(), "environment": {
                key: value for key, value in ENVIRONMENT.items() if str(LIBRARIES) not in value}},
        "layers": []}
    if options.out.exists() and not options.resume:
        options.out.replace(options.out.with_suffix(".previous.json"))
    elif options.out.exists():
        kept = json.loads(options.out.read_text())
        if kept["settings"]["threads"] != options.threads:
            sys.exit(f"error: {options.out} has figures for {kept['settings']['threads']} thread(s), "
                     f"not {options.threads}")
        results["layers"], results["versions"] = kept["layers"], kept["versions"]
    done = {layer["id"] for layer in results["layers"]}
    for layer in layers:
        if layer.id not in done:
            results["layers"].append(measure_layer(options, layer, values[layer.id], results["versions"]))
            write(options.out, results)
        print(report.line(next(row for row in results["layers"] if row["id"] == layer.id)), flush=True)
    print(report.summary(results["layers"]))
    if options.report:
        options.report.write_text(report.markdown(results))


if __name__ == "__main__":
    main()
