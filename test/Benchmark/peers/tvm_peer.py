"""TVM: the layer as one Relax function with constant weights, for this processor.

As TVM lowers it, which leaves the loops as they are written, and, where the harness
asks for it (--tvm-trials), with the schedules that MetaSchedule finds in so many
measurements. That takes minutes; what was found is kept in a folder that all
processes of one layer share (processes.py).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import tvm
from tvm import relax
from tvm.target.codegen import llvm_get_system_cpu

from problem import Problem, Runner, Settings

TRIALS = int(os.environ.get("UPCONV_PEERS_TVM_TRIALS", "0"))
OPERATIONS = {1: relax.op.nn.conv1d_transpose, 2: relax.op.nn.conv2d_transpose, 3: relax.op.nn.conv3d_transpose}


def versions() -> dict[str, str]:
    return {"apache-tvm": tvm.__version__}


def module(problem: Problem) -> tvm.IRModule:
    layer = problem.layer
    shape = (layer.batch, layer.cin, *layer.in_spatial)
    x = relax.Var("x", relax.TensorType(shape, "float32"))
    builder = relax.BlockBuilder()
    with builder.function("main", [x]):
        with builder.dataflow():
            sums = builder.emit(OPERATIONS[layer.rank](
                x, relax.const(problem.kernel_planar()), layer.strides, dilation=layer.dilation,
                padding=[front for front, _ in layer.crops] + [max(behind, 0) for _, behind in layer.crops],
                output_padding=[max(-behind, 0) for _, behind in layer.crops]))
            bias = relax.const(problem.bias.reshape(-1, *(1,) * layer.rank))
            y = builder.emit_output(relax.op.add(sums, bias))
        builder.emit_func_output(y)
    return builder.get()


def tuned(made: tvm.IRModule, target: tvm.target.Target, name: str) -> tvm.IRModule:
    folder = Path(os.environ["UPCONV_PEERS_TVM"]) / name
    trials = 0 if (folder / "database_tuning_record.json").exists() else TRIALS
    folder.mkdir(parents=True, exist_ok=True)
    return relax.pipeline.static_shape_tuning_pipeline(trials, target, work_dir=str(folder))(made)


def runner(problem: Problem, tunes: bool) -> Runner:
    target = tvm.target.Target({"kind": "llvm", "mcpu": llvm_get_system_cpu(), "num-cores": problem.threads})
    made = module(problem)
    if tunes:
        made = tuned(made, target, f"{problem.layer.rank}-D")
    machine = relax.VirtualMachine(tvm.compile(made, target=target), tvm.cpu())
    function = machine["main"]
    x = tvm.runtime.tensor(problem.planar(problem.x))
    last = [x]

    def run() -> None:
        last[0] = function(x)

    return Runner(run, lambda: np.moveaxis(last[0].numpy(), 1, -1))


def settings(problem: Problem) -> Settings:
    forms = {"": problem}
    if problem.layer.rank == 1:
        forms["as 2-D, "] = problem.as_2d()
    ways = {"as lowered": False}
    if TRIALS:
        ways[f"MetaSchedule, {TRIALS} trials"] = True
    return {f"{prefix}{name}": lambda f=form, t=tunes: runner(f, t)
            for name, tunes in ways.items() for prefix, form in forms.items()}
