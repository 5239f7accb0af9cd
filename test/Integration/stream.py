"""Knob `stream`: large outputs are stored past the caches where they lie on a cache
line, and give the same bits where they do not, on every x86 target that runs here."""
# RUN: %python %s

from __future__ import annotations

import ctypes
import platform
from pathlib import Path

import numpy as np

from precision import runnable_targets
from upconv_testing import Report, errors_of, require, scratch, upconv, write_layer

# (class, arguments, input shape, output shape, strategy and knobs), 4 MiB and more of output
LAYERS = [
    ("Conv2DTranspose", {"filters": 16, "kernel_size": 2, "strides": 2, "activation": "relu"}, (1, 130, 128, 4),
     (1, 260, 256, 16), "stacked, tx: 5, nv: 2"),
    ("Conv2DTranspose", {"filters": 48, "kernel_size": 4, "strides": 2, "padding": "same"}, (1, 76, 75, 3),
     (1, 152, 150, 48), "phase, tx: 6, nv: 2, pad: 2"),
    ("Conv3DTranspose", {"filters": 32, "kernel_size": 3, "strides": 2, "padding": "same"}, (1, 17, 17, 16, 4),
     (1, 34, 34, 32, 32), "phase, tx: 7, nv: 2, fuse: 3"),
    ("Conv1DTranspose", {"filters": 16, "kernel_size": 8, "strides": 4, "padding": "same"}, (1, 16411, 4),
     (1, 65644, 16), "phase-gemm, tx: 6, nv: 4, pad: 1"),
    ("Conv1D", {"filters": 32, "kernel_size": 3, "padding": "same", "activation": "relu"}, (1, 32779, 8),
     (1, 32779, 32), "conv, tx: 6, nv: 2, pad: 2"),
    ("ReLU", {"max_value": 2}, (1, 32779, 32), (1, 32779, 32), "elementwise"),
]
TABLES = {"Conv1D": "conv", "ReLU": "elementwise"}
OFFSETS = (4, 16, 32)  # bytes behind a cache line


def tables(folder: Path, target: str, use: str, class_name: str = "Conv2DTranspose") -> Path:
    path = folder / "tables" / target / f"{TABLES.get(class_name, 'conv-transpose')}-f32.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"basis: model\nentries:\n  - {{ use: {{ strategy: {use} }}, why: test }}\n")
    return folder / "tables"


def streaming_stores(assembly: str) -> int:
    return assembly.count("movntps")


def assembly_of(folder: Path, layer: Path, shape: str, *flags: object) -> str:
    """Of a shared library libm.so, which is made too."""
    require(upconv("compile", layer, "--input-shape", shape, "--init", "1", "--emit", "assembly,shared-library",
                   "--name", "m", "-o", folder, *flags))
    return (folder / "m.s").read_text()


def aligned(count: int, offset: int) -> np.ndarray:
    """Floats that begin `offset` bytes behind a cache line."""
    memory = np.full(4 * count + 128, 0xFF, np.uint8)
    begin = -memory.ctypes.data % 64 + offset
    return memory[begin:begin + 4 * count].view(np.float32)


def run_at(library: ctypes.CDLL, x: np.ndarray, count: int, offset: int) -> np.ndarray:
    y = aligned(count, offset)
    pointers = [(ctypes.c_void_p * 1)(array.ctypes.data) for array in (x, y)]
    status = library.m_run(*pointers, None)
    if status:
        raise AssertionError(f"status {status}")
    return y


def same_everywhere(case: tuple[tuple, str]) -> list[tuple[str, str, str | None]]:
    (class_name, arguments, shape, output, use), target = case
    name = f"{class_name} {use}, {target}"
    text = ",".join(map(str, shape))
    with scratch() as folder:
        layer = write_layer(folder, class_name, {"name": "layer", **arguments})
        common = ("--target", target, "--schedules", tables(folder, target, use + ", stream: 4", class_name))
        result = upconv("verify", layer, "--input-shape", text, "--exact", "--threads", "2", *common)
        exact = errors_of(result) or result.stdout.decode() if result.returncode else None
        assembly = assembly_of(folder, layer, text, *common)
        code = None
        if not streaming_stores(assembly):
            code = "no streaming stores"
        elif "sfence" not in assembly:
            code = "streaming stores without a fence"
        library = ctypes.CDLL(str(folder / "libm.so"))
        x = np.random.default_rng(1).standard_normal(shape, np.float32)
        count = int(np.prod(output))
        expected = run_at(library, x, count, 0)
        place = None
        if not np.isfinite(expected).all():
            place = "elements were left out"
        for offset in OFFSETS:
            if run_at(library, x, count, offset).tobytes() != expected.tobytes():
                place = f"other numbers {offset} bytes behind a cache line"
    return [("exact", name, exact), ("code", name, code), ("alignment", name, place)]


def not_streamed(target: str) -> str | None:
    """Too small, of unknown size, pixels of half a line, summed up in several passes: ordinary stores."""
    for shape, use, filters in (("1,20,20,4", "stacked", 16), ("1,200,200,4", "stacked", 8), ("1,?,?,4", "phase", 16),
                                ("1,32,32,4096", "phase, panel: 64", 256)):
        with scratch() as folder:
            layer = write_layer(folder, "Conv2DTranspose",
                                {"name": "layer", "filters": filters, "kernel_size": 2, "strides": 2})
            schedules = tables(folder, target, use + ", stream: 4")
            if streaming_stores(assembly_of(folder, layer, shape, "--target", target, "--schedules", schedules)):
                return f"{shape}, {use}: streaming stores"
    return None


def main() -> None:
    report = Report()
    if platform.machine() != "x86_64":
        report.skip("all", f"the stores are x86's, this machine is {platform.machine()}")
        report.finish()
    targets = runnable_targets()
    few = (*LAYERS[:2], LAYERS[-1])
    cases = [(layer, target) for target in targets for layer in (LAYERS if target == targets[0] else few)]
    report.collect(same_everywhere, cases)
    report.add("ordinary", targets[0], not_streamed(targets[0]))
    report.finish()


if __name__ == "__main__":
    main()
