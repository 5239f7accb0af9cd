"""What the GPU can do at best: bytes copied and multiply-adds, in the run that the layers are timed in."""

from __future__ import annotations

from ctypes import c_float, c_uint32, c_uint64
from dataclasses import dataclass

from driver import MULTIPROCESSORS, Device
from timing import Contestant, by_turns, median

THREADS = 256
SUMS, UNROLLED = 16, 8  # independent sums of a thread, and multiply-adds of each per turn of the loop

HEADER = """.version 7.0
.target sm_80
.address_size 64

"""
# A thread copies 16 bytes.
COPY = HEADER + """.visible .entry copy(
.param .u64 copy_to,
.param .u64 copy_from
)
{
.reg .b32 %r<8>;
.reg .b64 %rd<8>;
ld.param.u64 %rd1, [copy_to];
ld.param.u64 %rd2, [copy_from];
mov.u32 %r1, %ctaid.x;
mov.u32 %r2, %ntid.x;
mov.u32 %r3, %tid.x;
mad.lo.s32 %r1, %r1, %r2, %r3;
mul.wide.u32 %rd3, %r1, 16;
add.s64 %rd1, %rd1, %rd3;
add.s64 %rd2, %rd2, %rd3;
ld.global.v4.b32 {%r4, %r5, %r6, %r7}, [%rd2];
st.global.v4.b32 [%rd1], {%r4, %r5, %r6, %r7};
ret;
}
"""


def multiply_adds() -> str:
    """`sum = sum * factor + factor`: nothing to load, no two sums alike, and a result that is stored."""
    start = "\n".join(f"mov.f32 %f{i + 2}, 0F{0x3f800000 + i:08X};" for i in range(SUMS))
    turn = "\n".join(f"fma.rn.f32 %f{i + 2}, %f{i + 2}, %f1, %f1;" for _ in range(UNROLLED) for i in range(SUMS))
    total = "\n".join(f"add.f32 %f2, %f2, %f{i + 2};" for i in range(1, SUMS))
    return HEADER + f""".visible .entry rate(
.param .u64 rate_to,
.param .f32 rate_factor,
.param .u32 rate_turns
)
{{
.reg .pred %p<2>;
.reg .b32 %r<8>;
.reg .f32 %f<{SUMS + 2}>;
.reg .b64 %rd<4>;
ld.param.u64 %rd1, [rate_to];
ld.param.f32 %f1, [rate_factor];
ld.param.u32 %r4, [rate_turns];
mov.u32 %r1, %ctaid.x;
mov.u32 %r2, %ntid.x;
mov.u32 %r3, %tid.x;
mad.lo.s32 %r1, %r1, %r2, %r3;
mul.wide.u32 %rd2, %r1, 4;
add.s64 %rd1, %rd1, %rd2;
{start}
AGAIN:
{turn}
add.s32 %r4, %r4, -1;
setp.ne.s32 %p1, %r4, 0;
@%p1 bra AGAIN;
{total}
st.global.f32 [%rd1], %f2;
ret;
}}
"""


@dataclass(frozen=True)
class Extent:
    """How much is copied and computed: enough for a GPU, or little for an interpreter."""

    copied: int  # bytes
    turns: int
    blocks_per_multiprocessor: int
    seconds: float


ON_GPU = Extent(copied=1 << 30, turns=4096, blocks_per_multiprocessor=8, seconds=0.3)
INTERPRETED = Extent(copied=1 << 14, turns=2, blocks_per_multiprocessor=1, seconds=0.01)


@dataclass(frozen=True)
class Rates:
    copy_gbs: float  # read and written
    gflops: float

    def as_json(self) -> dict[str, float]:
        return {"copy_gbs": self.copy_gbs, "gflops": self.gflops}

    def roof(self, macs: int, size: int) -> tuple[float, str]:
        """The least milliseconds for so many multiply-adds and bytes, and what takes them."""
        compute, memory = 2e-6 * macs / self.gflops, 1e-6 * size / self.copy_gbs
        return max(compute, memory), "multiply-adds" if compute > memory else "memory"


def measure(device: Device, extent: Extent) -> Rates:
    return Rates(copy_rate(device, extent), fma_rate(device, extent))


def copy_rate(device: Device, extent: Extent) -> float:
    """The better of the driver's copy and a kernel's."""
    with device.memory(extent.copied) as source, device.memory(extent.copied) as to, \
            device.kernel(COPY, "copy") as kernel:
        device.fill(source, extent.copied, 0)
        addresses = c_uint64(to), c_uint64(source)
        times = by_turns(device, [
            Contestant("driver", device.stream, lambda: device(
                "cuMemcpyDtoDAsync_v2", to, source, extent.copied, device.stream)),
            Contestant("kernel", device.stream, lambda: kernel(extent.copied // 16 // THREADS, THREADS, *addresses)),
        ], extent.seconds)
        return 2e-6 * extent.copied / min(median(each) for each in times.values())


def fma_rate(device: Device, extent: Extent) -> float:
    blocks = device.attribute(MULTIPROCESSORS) * extent.blocks_per_multiprocessor
    with device.memory(4 * blocks * THREADS) as to, device.kernel(multiply_adds(), "rate") as kernel:
        arguments = c_uint64(to), c_float(0.5), c_uint32(extent.turns)
        times = by_turns(device, [
            Contestant("rate", device.stream, lambda: kernel(blocks, THREADS, *arguments))], extent.seconds)
        return 2e-6 * blocks * THREADS * extent.turns * SUMS * UNROLLED / median(times["rate"])
