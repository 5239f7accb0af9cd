"""The same layers through PyTorch, which calls cuDNN: strict float32, benchmark mode, the best layout."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack, contextmanager
from typing import Callable, Iterator

import torch
from torch.nn import functional

from driver import Device
from library import Numbers
from suite import Layer, with_leading_axis
from timing import Contestant, runs_per_graph

CONVOLUTIONS = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}
CHANNELS_LAST = {2: torch.channels_last, 3: torch.channels_last_3d}


def prepare() -> dict[str, object]:
    """Once; says what runs."""
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.benchmark = True
    torch.set_grad_enabled(False)
    return {"torch": torch.__version__, "cudnn": torch.backends.cudnn.version()}


def on_host(array: ctypes.Array) -> torch.Tensor:
    return torch.frombuffer(array, dtype=torch.float32)


class Form:
    """A layer in one of PyTorch's layouts, on the device."""

    def __init__(self, name: str, layer: Layer, numbers: Numbers, channels_last: bool, is_relu: bool) -> None:
        self.name, self.layer, self.is_relu = name, layer, is_relu
        kernel = on_host(numbers.kernel).reshape(layer.kernel_shape).movedim((-1, -2), (0, 1))
        layout = CHANNELS_LAST[layer.rank] if channels_last else torch.contiguous_format
        self.kernel = kernel.cuda().contiguous(memory_format=layout)
        self.bias = on_host(numbers.bias).cuda()
        self.x = on_host(numbers.x).reshape(layer.input_shape).movedim(-1, 1).cuda().contiguous(memory_format=layout)
        # PyTorch crops both ends alike; what Keras crops more behind is left out by a view.
        self.padding = [front for front, _ in layer.crops]
        self.more = [max(front - behind, 0) for front, behind in layer.crops]
        self.cuts = [(axis, out) for axis, ((front, behind), out) in
                     enumerate(zip(layer.crops, layer.out_spatial), 2) if behind > front]

    def run(self, with_activation: bool = True) -> torch.Tensor:
        y = CONVOLUTIONS[self.layer.rank](self.x, self.kernel, self.bias, self.layer.strides, self.padding,
                                          self.more, 1, self.layer.dilation)
        for axis, length in self.cuts:
            y = y.narrow(axis, 0, length)
        return torch.relu_(y) if self.is_relu and with_activation else y

    def result(self, numbers: Numbers) -> None:
        """One run into `numbers.y`, in Keras's layout."""
        on_host(numbers.y).copy_(self.run().movedim(1, -1).reshape(-1))


def forms(layer: Layer) -> Iterator[tuple[str, Layer, bool]]:
    if layer.rank == 1:
        yield "1-D", layer, False
        layer, prefix = with_leading_axis(layer), "as 2-D, "
    else:
        prefix = ""
    yield f"{prefix}channels first", layer, False
    yield f"{prefix}channels last", layer, True


class Peer:
    """The best of a layer's forms, chosen by a few runs."""

    def __init__(self, device: Device, layer: Layer, numbers: Numbers, activation: str) -> None:
        self.stream, self.stack = torch.cuda.Stream(), ExitStack()
        self.trials: dict[str, object] = {}
        self.best: Form | None = None
        best_ms = float("inf")
        for name, form_of, channels_last in forms(layer):
            try:
                with torch.cuda.stream(self.stream):
                    form = Form(name, form_of, numbers, channels_last, activation == "relu")
                    form.run()  # the one that looks for the algorithm
                    spent = min(device.milliseconds(form.run, self.stream.cuda_stream) for _ in range(3))
            except RuntimeError as error:  # no memory, or no algorithm
                self.trials[name] = str(error).splitlines()[0]
                continue
            self.trials[name] = spent
            if spent < best_ms:
                self.best, best_ms = form, spent
            del form
            torch.cuda.empty_cache()
        self.best_ms = best_ms

    @contextmanager
    def contestants(self) -> Iterator[list[Contestant]]:
        """The layer, and the layer without its activation."""
        runs = runs_per_graph(self.best_ms)
        yield [self._captured("cudnn", runs, True), self._captured("cudnn, no activation", runs, False)]
        torch.cuda.synchronize()

    def _captured(self, name: str, runs: int, with_activation: bool) -> Contestant:
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize()
        with torch.cuda.graph(graph, stream=self.stream):
            for _ in range(runs):
                self.best.run(with_activation)

        def launch() -> None:
            with torch.cuda.stream(self.stream):
                graph.replay()

        return Contestant(name, self.stream.cuda_stream, launch, runs)

    def result(self, numbers: Numbers) -> None:
        with torch.cuda.stream(self.stream):
            self.best.result(numbers)
        self.stream.synchronize()

    def close(self) -> None:
        self.best = None
        torch.cuda.empty_cache()


def load() -> Callable[..., Peer] | str:
    """Peer, or why there is none."""
    return Peer if torch.cuda.is_available() else "PyTorch sees no GPU"
