"""The schedules for GPUs as CUDA's assembler sees them: registers, stack, spills.

The kernels of `cuda-sm_80`, whose tables are those of `opencl`, go through ptxas
for sm_80 and sm_90. Every line of every table is there with a small, a middling
and a large layer; no kernel may have a stack or spill, and a block's registers
must fit a multiprocessor.
"""
# REQUIRES: ptxas
# RUN: %python %s

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from upconv_testing import (SOURCE, CommandError, Report, dims, errors_of, guarded, in_parallel, require, run, scratch,
                            upconv, write_layer)

PTXAS = os.environ.get("UPCONV_PTXAS", "ptxas")
ARCHITECTURES = ("sm_80", "sm_90")
TABLES = SOURCE / "scheduling" / "opencl"
REGISTERS = 65536  # of a multiprocessor, sm_80 and sm_90
FLAT_THREADS = 128  # of a block with a thread per element
RESULT = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads\n.*?Used (\d+) registers")


def deconv(rank: int, filters: int, kernel: int, stride: int, *shape: int | None) -> tuple:
    return (f"Conv{rank}DTranspose", {"filters": filters, "kernel_size": kernel, "strides": stride,
                                      "padding": "same", "activation": "relu"}, shape)


def conv(rank: int, filters: int, kernel: int, *shape: int | None) -> tuple:
    return (f"Conv{rank}D", {"filters": filters, "kernel_size": kernel, "padding": "same"}, shape)


def dense(units: int, *shape: int | None) -> tuple:
    return "Dense", {"units": units}, shape


CONTRACTIONS = (
    # narrow outputs, residues beside them
    deconv(1, 1, 4, 2, 1, 5, 1), deconv(1, 2, 8, 4, 1, 1000, 16), deconv(3, 1, 3, 2, 1, 64, 64, 64, 32),
    # narrow outputs
    deconv(2, 3, 9, 4, 1, 3, 5, 2), deconv(2, 3, 4, 2, 1, 64, 64, 64), deconv(2, 4, 4, 2, 8, 512, 512, 128),
    # small images
    deconv(2, 40, 4, 2, 1, 1, 1, 32), deconv(2, 512, 5, 2, 1, 4, 4, 1024), deconv(3, 512, 4, 2, 1, 2, 2, 2, 1024),
    # few channels
    deconv(1, 5, 8, 4, 1, 3, 5), deconv(2, 32, 4, 2, 1, 36, 52, 64), deconv(1, 32, 16, 8, 1, 36224, 64),
    # the others
    deconv(2, 33, 3, 2, 1, 9, 7, 3), deconv(2, 256, 5, 2, 1, 23, 19, 512), deconv(1, 256, 16, 8, 16, 4096, 512),
    deconv(3, 64, 4, 2, None, None, None, None, 128),
    conv(2, 3, 3, 1, 3, 3, 1), conv(2, 3, 7, 1, 64, 64, 64), conv(2, 1, 9, 1, 1080, 1920, 56),
    conv(2, 33, 3, 1, 1, 1, 32), conv(2, 512, 3, 1, 8, 8, 512), conv(2, 2048, 3, 8, 4, 4, 2048),
    conv(1, 5, 3, 1, 4, 3), conv(2, 16, 5, 1, 64, 64, 16), conv(2, 16, 3, 1, 2160, 3840, 16),
    conv(2, 17, 3, 1, 9, 9, 3), conv(2, 128, 3, 1, 64, 64, 128), conv(3, 64, 3, None, None, None, None, 64),
    dense(1, 1, 3), dense(128, 1, 100), dense(16384, 8, 4096),
    dense(3, 19, 5), dense(256, 64, 256), dense(4096, None, 4096),
)
OTHERS = (
    ("DepthwiseConv2D", {"kernel_size": 3, "padding": "same"}, (1, 33, 31, 64)),
    ("Conv2D", {"filters": 12, "kernel_size": 3, "groups": 3, "activation": "gelu"}, (2, 9, 13, 9)),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2}, (1, 33, 31, 64)),
    ("AveragePooling2D", {"pool_size": 2, "padding": "same"}, (None, None, None, 19)),
    ("LayerNormalization", {}, (None, None, 19)),
    ("Softmax", {}, (2, 5, 19)),
    ("UpSampling2D", {"size": [2, 3], "interpolation": "bilinear"}, (2, 3, 5, 3)),
    ("Embedding", {"input_dim": 7, "output_dim": 5}, (2, 6)),
    ("Activation", {"activation": "mish"}, (2, 5, 19)),
    ("ZeroPadding2D", {"padding": [[1, 2], [0, 3]]}, (2, 3, 5, 17)),
)


def threads_of(kernel: dict) -> int:
    knobs = kernel["knobs"]
    return knobs["bc"] * knobs["bx"] * knobs.get("by", 1) if "bc" in knobs else FLAT_THREADS


def assemble(path: Path, threads: int) -> str | None:
    for architecture in ARCHITECTURES:
        result = run(PTXAS, "-v", f"-arch={architecture}", path, "-o", path.with_suffix(".cubin"))
        if result.returncode != 0:
            raise CommandError(f"{architecture}: {result.stderr.decode()[:300]}")
        found = RESULT.findall(result.stderr.decode())
        if not found:
            return f"{architecture}: ptxas says nothing of a kernel"
        for stack, stores, loads, registers in found:
            if (int(stack), int(stores), int(loads)) != (0, 0, 0):
                return f"{architecture}: {stack} bytes of stack, {stores} and {loads} of spills"
            if int(registers) * threads > REGISTERS:
                return f"{architecture}: {registers} registers for each of {threads} threads"
    return None


def check(layer: tuple, reached: set[str]) -> str | None:
    name, config, shape = layer
    with scratch() as folder:
        flags = (write_layer(folder, name, {"name": "layer", **config}), "--input-shape", dims(shape), "--init", "1",
                 "--target", "cuda-sm_80", "-j1")
        kernels = json.loads(require(upconv("inspect", *flags, "--json")))["kernels"]
        reached.update(kernel["schedule"] for kernel in kernels)
        texts = re.split(r"^// kernel .*\n", require(upconv("inspect", *flags, "--ir", "ptx")), flags=re.MULTILINE)[1:]
        if not texts:
            return "no PTX"
        path = folder / "kernel.ptx"
        for text in texts:
            path.write_text(text)
            problem = assemble(path, max(threads_of(kernel) for kernel in kernels))
            if problem:
                return problem
    return None


def lines() -> set[str]:
    """Every line of a table, as `inspect` names it."""
    return {f"opencl/{table.name}:{number}" for table in TABLES.iterdir()
            for number, line in enumerate(table.read_text().splitlines(), 1) if line.startswith("  - {")}


def main() -> None:
    report, reached = Report(), set()
    for group, layers in (("contractions", CONTRACTIONS), ("others", OTHERS)):
        problems = in_parallel(lambda layer: guarded(lambda: check(layer, reached)), layers)
        for layer, problem in zip(layers, problems):
            report.add(group, str(layer), problem)
    missing = lines() - reached
    report.add("tables", "every line", f"no layer reaches {sorted(missing)}" if missing else None)
    report.finish()


if __name__ == "__main__":
    main()
