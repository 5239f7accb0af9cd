"""PyTorch: eager in both layouts, and compiled with frozen (prepacked) weights."""

from __future__ import annotations

import numpy as np
import torch

from problem import Problem, Runner, Settings

MODULES = {1: torch.nn.ConvTranspose1d, 2: torch.nn.ConvTranspose2d, 3: torch.nn.ConvTranspose3d}
CHANNELS_LAST = {2: torch.channels_last, 3: torch.channels_last_3d}


def versions() -> dict[str, str]:
    return {"torch": torch.__version__}


class Cropped(torch.nn.Module):
    """PyTorch crops both ends alike; what Keras crops more behind is left out by a view."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        layer = problem.layer
        fronts = [front for front, _ in layer.crops]
        self.module = MODULES[layer.rank](
            layer.cin, layer.cout, layer.kernel, layer.strides, padding=fronts, dilation=layer.dilation,
            output_padding=[max(front - behind, 0) for front, behind in layer.crops])
        self.module.weight.data = torch.from_numpy(problem.kernel_planar())
        self.module.bias.data = torch.from_numpy(problem.bias)
        self.cuts = [(axis, out) for axis, ((front, behind), out) in
                     enumerate(zip(layer.crops, layer.out_spatial), 2) if behind > front]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.module(x)
        for axis, length in self.cuts:
            y = y.narrow(axis, 0, length)
        return y


def runner(problem: Problem, channels_last: bool, compiled: bool) -> Runner:
    model = Cropped(problem).eval()
    x = torch.from_numpy(problem.planar(problem.x))
    if channels_last:
        memory_format = CHANNELS_LAST[problem.layer.rank]
        model, x = model.to(memory_format=memory_format), x.to(memory_format=memory_format)
    if compiled:
        import torch._inductor.config as inductor

        inductor.freezing = True
        inductor.cpp.threads = problem.threads
        model = torch.compile(model, fullgraph=True, dynamic=False)
    last: list[torch.Tensor] = [x]

    def run() -> None:
        with torch.no_grad():
            last[0] = model(x)

    def output() -> np.ndarray:
        return np.moveaxis(last[0].detach().numpy(), 1, -1)

    return Runner(run, output)


def settings(problem: Problem) -> Settings:
    torch.set_num_threads(problem.threads)
    forms = {"": problem}
    if problem.layer.rank == 1:
        forms["as 2-D, "] = problem.as_2d()
    result: Settings = {}
    for prefix, form in forms.items():
        for channels_last in (False, True) if form.layer.rank > 1 else (False,):
            layout = "channels last" if channels_last else "channels first"
            result[f"{prefix}eager, {layout}"] = lambda f=form, c=channels_last: runner(f, c, False)
    # Freezing prepacks weights for oneDNN; it is the slowest to prepare, and so the last.
    form = list(forms.values())[-1]
    prefix = list(forms)[-1]
    result[f"{prefix}compiled, frozen, channels last"] = lambda: runner(form, True, True)
    return result
