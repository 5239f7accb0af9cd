"""Processes of upconv and of its peers, pinned, and what they said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import report

HERE = Path(__file__).resolve().parent
LIBRARIES = Path(sys.prefix) / "lib"
TURNS = 3

# Peers whose packages want versions of their own: each in an environment beside this one.
APART = ("jax", "iree", "tvm")

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
    "JAX_PLATFORMS": "cpu",
}


def python_of(peer: str) -> Path:
    if peer not in APART:
        return Path(sys.executable)
    environment = Path(sys.prefix)
    return environment.with_name(f"{environment.name}-{peer}") / "bin" / "python"


def environment_of(peer: str, folder: Path, threads: int, tvm_trials: int) -> dict[str, str]:
    """`folder` is the layer's: what a peer keeps there, its later processes find."""
    # Other environments must not see this one's libraries.
    kept = {key: value for key, value in ENVIRONMENT.items() if peer not in APART or str(LIBRARIES) not in value}
    return kept | {"OMP_NUM_THREADS": str(threads), "TVM_NUM_THREADS": str(threads),
                   "TORCHINDUCTOR_CACHE_DIR": str(folder / "inductor"), "UPCONV_PEERS_TVM": str(folder / "tvm"),
                   "UPCONV_PEERS_TVM_TRIALS": str(tvm_trials),
                   "UPCONV_PEERS_BUILT": str(Path(sys.prefix) / "upconv")}


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


@dataclass(frozen=True)
class Bench:
    """How everything is run: the tool, cores of every process, seconds per process."""

    upconv: Path
    cores: list[int]
    limit: float
    upconv_limit: float
    tvm_trials: int = 0  # of MetaSchedule; 0: TVM as it lowers

    def run_upconv(self, folder: Path, *arguments: str) -> dict:
        """`upconv bench` of one thing."""
        file = folder / "upconv.json"
        command = [str(self.upconv), "bench", *arguments, "--threads", str(len(self.cores)), "--json", str(file)]
        _, err, status = run(command, self.cores, self.upconv_limit)
        if status is None:
            return {"status": f"timeout: no figure within {self.upconv_limit:g} s"}
        if status != 0:
            return {"status": f"failed: {last_line(err)}"}
        row = json.loads(file.read_text())["layers"][0]
        # The roofline's fraction is taken pair by pair; where the peak is the roof, it is the fraction wanted.
        compute_ms = 2e-6 * row["useful_macs"] / row["peak_gflops"]
        fraction = (row["roofline_fraction"] if abs(row["roofline_ms"] / compute_ms - 1) < 1e-3
                    else compute_ms / row["ms"])
        return {"status": "ok", "fraction": fraction,
                **{key: row.get(key) for key in ("ms", "min_ms", "runs", "peak_gflops", "roofline_fraction", "strategy",
                                                 "schedule", "compile_ms", "useful_macs")}}

    def run_peer(self, script: str, name: str, folder: Path, versions: dict, *setting: str) -> dict:
        """All settings of a peer, or one."""
        python = python_of(name)
        if not python.exists():
            return {"status": f"unsupported: not installed: scripts/setup-peers.sh makes {python.parents[1].name}",
                    "settings": {}}
        command = [str(python), str(HERE / script), name, str(folder), str(len(self.cores)), *setting]
        out, err, status = run(command, self.cores, self.limit,
                               **environment_of(name, folder, len(self.cores), self.tvm_trials))
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{") and line.endswith("}")]
        versions.setdefault(name, {}).update(next((line["versions"] for line in lines if "versions" in line), {}))
        return judged(lines, err, status, self.limit)


def compare(name: str, upconv: Callable[[], dict], peers: list[str], peer: Callable[..., dict]) -> dict:
    """upconv, all peers, then the best peer's best setting and upconv by turns."""
    row = {"id": name, "upconv": upconv(), "peers": {name: peer(name) for name in peers}}
    best = report.best_peer(row)
    if best and row["upconv"]["status"] == "ok":
        setting = row["peers"][best]["setting"]
        turns = [(peer(best, setting), upconv()) for _ in range(TURNS)]
        row["turns"] = [{"peer": theirs, "upconv": ours} for theirs, ours in turns]
        row["peers"][best] |= middle([theirs for theirs, _ in turns])
        row["upconv"] |= middle([ours for _, ours in turns])
    return report.compared(row, best)


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
