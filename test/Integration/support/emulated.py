"""Kernels for a processor that is not at hand, run on this one.

The LLVM IR of a library's kernels is the whole of their code but for the choice of
instructions. Here calls of instructions that this machine lacks become calls of
functions that do the same with others, written from Intel's description of them,
and the rest is compiled for this machine. So what the kernels compute is tested;
how the missing instructions are encoded, and how fast they are, is not.
"""

from __future__ import annotations

import re
from pathlib import Path

from upconv_testing import LLVM_TOOLS, SOURCE, require, run, upconv

TARGET, STAND_IN = "sapphirerapids", "x86-64-v4"

# vdpbf16ps: the odd products first, each step rounded once.
DOT_PRODUCT = """
define internal <{n} x float> @emulated_dot_{n}(<{n} x float> %sum, <{m} x bfloat> %x, <{m} x bfloat> %y) alwaysinline {{
  %a = bitcast <{m} x bfloat> %x to <{n} x i32>
  %b = bitcast <{m} x bfloat> %y to <{n} x i32>
  %a.odd = and <{n} x i32> %a, splat (i32 -65536)
  %b.odd = and <{n} x i32> %b, splat (i32 -65536)
  %a.even = shl <{n} x i32> %a, splat (i32 16)
  %b.even = shl <{n} x i32> %b, splat (i32 16)
  %ao = bitcast <{n} x i32> %a.odd to <{n} x float>
  %bo = bitcast <{n} x i32> %b.odd to <{n} x float>
  %ae = bitcast <{n} x i32> %a.even to <{n} x float>
  %be = bitcast <{n} x i32> %b.even to <{n} x float>
  %first = call <{n} x float> @llvm.fma.v{n}f32(<{n} x float> %ao, <{n} x float> %bo, <{n} x float> %sum)
  %second = call <{n} x float> @llvm.fma.v{n}f32(<{n} x float> %ae, <{n} x float> %be, <{n} x float> %first)
  ret <{n} x float> %second
}}
"""


def emulate(module: str) -> str:
    """A kernel's IR without the instructions that are missing here."""
    widths = {int(bits) // 32 for bits in re.findall(r"@llvm\.x86\.avx512bf16\.dpbf16ps\.(\d+)\(", module)}
    module = re.sub(r"^declare .*@llvm\.x86\.avx512bf16\..*$", "", module, flags=re.MULTILINE)
    module = re.sub(r"@llvm\.x86\.avx512bf16\.dpbf16ps\.(\d+)\(",
                    lambda match: f"@emulated_dot_{int(match[1]) // 32}(", module)
    left = set(re.findall(r"@llvm\.x86\.(?:avx512bf16|amx|t[a-z]+)[\w.]*", module))
    assert not left, f"no emulation of {left}"
    module = re.sub(r'"(target-cpu|target-features|tune-cpu)"="[^"]*"', "", module)
    return module + "".join(DOT_PRODUCT.format(n=n, m=2 * n) for n in sorted(widths))


def permissive_targets(folder: Path) -> Path:
    """Schedules whose library for the missing processor runs on what this one has."""
    rows = (SOURCE / "scheduling" / "targets.yaml").read_text()
    required = {name: text for name, text in re.findall(r"- name: (\S+)\n(?:.*\n)*?    requires: (.*)\n", rows)}
    assert required[TARGET] != required[STAND_IN]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "targets.yaml").write_text(rows.replace(required[TARGET], required[STAND_IN]))
    return folder


def library(model: Path, folder: Path, *flags: object) -> tuple[Path, str]:
    """An archive for the missing processor that runs here, and its kernels' IR."""
    folder.mkdir(parents=True, exist_ok=True)
    require(upconv("compile", model, "--target", TARGET, "--emit", "object,llvm", "-o", folder, *flags))
    (listing,) = folder.glob("*.ll")
    text = listing.read_text()
    objects = set(folder.glob("*.o"))
    kernels = re.findall(r"^; kernel (\w+):.*\n((?:(?!; kernel ).*\n)*?)(?=^; kernel |^; calling|\Z)", text, re.MULTILINE)
    for name, module in kernels:
        source = folder / f"{name}.emulated.ll"
        source.write_text(emulate(module))
        kernel = folder / f"{name}.o"
        assert kernel in objects, f"no object of kernel {name}"
        require(run(LLVM_TOOLS / "clang", "-O1", "-fPIC", f"-march={STAND_IN}", "-Wno-override-module", "-c", source,
                    "-o", kernel))
    assert kernels, "no kernels in the listing"
    archive = folder / "libemulated.a"
    require(run(LLVM_TOOLS / "llvm-ar", "rcs", archive, *sorted(objects)))
    return archive, "".join(module for _, module in kernels)
