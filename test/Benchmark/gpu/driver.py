"""The few functions of CUDA's driver that measuring needs, through ctypes.

Nothing of CUDA has to be installed but the driver itself, libcuda.so.1.
"""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from ctypes import POINTER, c_char_p, c_float, c_int, c_size_t, c_uint, c_uint64, c_void_p
from typing import Callable, Iterator

HANDLE, ADDRESS = c_void_p, c_uint64
# Name in the library, and the types of its arguments; each returns 0, or what failed.
FUNCTIONS = {
    "cuInit": (c_uint,), "cuDriverGetVersion": (POINTER(c_int),), "cuDeviceGet": (POINTER(c_int), c_int),
    "cuDeviceGetName": (c_char_p, c_int, c_int), "cuDeviceGetAttribute": (POINTER(c_int), c_int, c_int),
    "cuDevicePrimaryCtxRetain": (POINTER(HANDLE), c_int), "cuDevicePrimaryCtxRelease_v2": (c_int,),
    "cuCtxPushCurrent_v2": (HANDLE,), "cuCtxPopCurrent_v2": (POINTER(HANDLE),), "cuCtxSynchronize": (),
    "cuStreamCreate": (POINTER(HANDLE), c_uint), "cuStreamDestroy_v2": (HANDLE,), "cuStreamSynchronize": (HANDLE,),
    "cuMemAlloc_v2": (POINTER(ADDRESS), c_size_t), "cuMemFree_v2": (ADDRESS,),
    "cuMemsetD32Async": (ADDRESS, c_uint, c_size_t, HANDLE),
    "cuMemcpyHtoDAsync_v2": (ADDRESS, c_void_p, c_size_t, HANDLE),
    "cuMemcpyDtoDAsync_v2": (ADDRESS, ADDRESS, c_size_t, HANDLE),
    "cuMemcpyDtoHAsync_v2": (c_void_p, ADDRESS, c_size_t, HANDLE),
    "cuModuleLoadData": (POINTER(HANDLE), c_char_p), "cuModuleUnload": (HANDLE,),
    "cuModuleGetFunction": (POINTER(HANDLE), HANDLE, c_char_p),
    "cuLaunchKernel": (HANDLE, *[c_uint] * 7, HANDLE, POINTER(c_void_p), POINTER(c_void_p)),
    "cuEventCreate": (POINTER(HANDLE), c_uint), "cuEventRecord": (HANDLE, HANDLE),
    "cuEventSynchronize": (HANDLE,), "cuEventDestroy_v2": (HANDLE,),
    "cuEventElapsedTime": (POINTER(c_float), HANDLE, HANDLE),
    "cuStreamBeginCapture_v2": (HANDLE, c_int), "cuStreamEndCapture": (HANDLE, POINTER(HANDLE)),
    "cuGraphInstantiateWithFlags": (POINTER(HANDLE), HANDLE, c_uint64), "cuGraphLaunch": (HANDLE, HANDLE),
    "cuGraphExecDestroy": (HANDLE,), "cuGraphDestroy": (HANDLE,),
}
NON_BLOCKING, GLOBAL_CAPTURE = 1, 0
MULTIPROCESSORS, CAPABILITY_MAJOR, CAPABILITY_MINOR = 16, 75, 76


class DriverError(Exception):
    """A call of the driver failed."""


class Device:
    """Device 0 and its primary context, current in this thread until `close`."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libcuda.so.1")
        for name, arguments in FUNCTIONS.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = c_int, arguments
        self("cuInit", 0)
        self.number = self.make(c_int, "cuDeviceGet", 0)
        self("cuCtxPushCurrent_v2", self.make(HANDLE, "cuDevicePrimaryCtxRetain", self.number))
        self.stream = self.make(HANDLE, "cuStreamCreate", NON_BLOCKING)
        self._events = [self.make(HANDLE, "cuEventCreate", 0) for _ in range(2)]

    def __call__(self, name: str, *arguments: object) -> None:
        error = getattr(self._library, name)(*arguments)
        if error:
            raise DriverError(f"{name}: {error}")

    def make(self, kind: type, name: str, *arguments: object) -> object:
        """What a call leaves at its first argument."""
        made = kind()
        self(name, ctypes.byref(made), *arguments)
        return made.value

    def close(self) -> None:
        for event in self._events:
            self("cuEventDestroy_v2", event)
        self("cuStreamDestroy_v2", self.stream)
        self.make(HANDLE, "cuCtxPopCurrent_v2")
        self("cuDevicePrimaryCtxRelease_v2", self.number)

    # What it is -------------------------------------------------------------

    def attribute(self, which: int) -> int:
        return self.make(c_int, "cuDeviceGetAttribute", which, self.number)

    def describe(self) -> dict[str, object]:
        name = ctypes.create_string_buffer(100)
        self("cuDeviceGetName", name, len(name), self.number)
        return {"name": name.value.decode(), "capability": self.capability(),
                "multiprocessors": self.attribute(MULTIPROCESSORS),
                "driver": self.make(c_int, "cuDriverGetVersion")}

    def capability(self) -> int:
        return 10 * self.attribute(CAPABILITY_MAJOR) + self.attribute(CAPABILITY_MINOR)

    # Memory -----------------------------------------------------------------

    @contextmanager
    def memory(self, size: int) -> Iterator[int]:
        address = self.make(ADDRESS, "cuMemAlloc_v2", size)
        try:
            yield address
        finally:
            self("cuMemFree_v2", address)

    def upload(self, to: int, array: ctypes.Array) -> None:
        self("cuMemcpyHtoDAsync_v2", to, array, ctypes.sizeof(array), self.stream)
        self.finish()

    def download(self, array: ctypes.Array, source: int) -> None:
        self("cuMemcpyDtoHAsync_v2", array, source, ctypes.sizeof(array), self.stream)
        self.finish()

    def fill(self, to: int, size: int, word: int) -> None:
        self("cuMemsetD32Async", to, word, size // 4, self.stream)
        self.finish()

    def finish(self) -> None:
        self("cuStreamSynchronize", self.stream)

    # Launches and time ------------------------------------------------------

    @contextmanager
    def kernel(self, text: str, name: str) -> Iterator[Callable[..., None]]:
        """A function that launches it on our stream: blocks, threads, then the arguments."""
        module = self.make(HANDLE, "cuModuleLoadData", text.encode())
        function = self.make(HANDLE, "cuModuleGetFunction", module, name.encode())

        def launch(blocks: int, threads: int, *arguments: ctypes._SimpleCData) -> None:
            places = (c_void_p * len(arguments))(*(ctypes.addressof(each) for each in arguments))
            self("cuLaunchKernel", function, blocks, 1, 1, threads, 1, 1, 0, self.stream, places, None)

        try:
            yield launch
        finally:
            self.finish()
            self("cuModuleUnload", module)

    @contextmanager
    def graph(self, enqueue: Callable[[], None]) -> Iterator[Callable[[], None]]:
        """A function that launches what `enqueue` puts on our stream, captured once."""
        self("cuStreamBeginCapture_v2", self.stream, GLOBAL_CAPTURE)
        try:
            enqueue()
        finally:
            graph = self.make_captured()
        try:
            executable = self.make(HANDLE, "cuGraphInstantiateWithFlags", graph, 0)
        finally:
            self("cuGraphDestroy", graph)
        try:
            yield lambda: self("cuGraphLaunch", executable, self.stream)
        finally:
            self.finish()
            self("cuGraphExecDestroy", executable)

    def make_captured(self) -> object:
        made = HANDLE()
        self("cuStreamEndCapture", self.stream, ctypes.byref(made))
        return made.value

    def milliseconds(self, enqueue: Callable[[], None], stream: int | None = None) -> float:
        """Between two events around what is put on the stream; ours if none is given."""
        begin, end = self._events
        stream = self.stream if stream is None else stream
        self("cuEventRecord", begin, stream)
        enqueue()
        self("cuEventRecord", end, stream)
        self("cuEventSynchronize", end)
        return self.make(c_float, "cuEventElapsedTime", begin, end)
