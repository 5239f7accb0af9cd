"""Bad input ends in one line that says what is wrong, the right exit status and
no output file; never in an abort, a signal or an exception's text."""
# RUN: %python %s

from __future__ import annotations

import io
import json
import random
import struct
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from upconv_testing import (DATA, EXAMPLES, Report, errors_of, guarded, in_parallel,
                            require, save, scratch, upconv)

INVALID, USAGE, UNVERIFIED, UNSUPPORTED = 1, 2, 3, 4
TINY = DATA / "tiny.keras"
GENERATOR = EXAMPLES / "generator.keras"
MUTATIONS = 300

# Traces of a process that did not end on its own terms.
CRASHES = ("terminate called", "Assertion", "what():", "std::", "LLVM ERROR", "PLEASE submit",
           "Stack dump", "AddressSanitizer", "runtime error:", "Segmentation", "bad_alloc", "HDF5-DIAG",
           "Traceback")


@dataclass(frozen=True)
class Bad:
    """Arguments, the files that they name, and how the tool must end."""

    name: str
    arguments: list[object]
    status: int | tuple[int, ...]
    says: tuple[str, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)


def judge(result, status: int | tuple[int, ...], says: tuple[str, ...] = ()) -> str | None:
    allowed = (status,) if isinstance(status, int) else status
    text = result.stderr.decode(errors="replace") + result.stdout.decode(errors="replace")
    crash = next((trace for trace in CRASHES if trace in text), None)
    if crash:
        return f"'{crash}' in its output, exit status {result.returncode}: {errors_of(result)}"
    if result.returncode not in allowed:
        return f"exit status {result.returncode} instead of {status}: {errors_of(result)}"
    if result.returncode in (0, UNVERIFIED):  # a verification says what differs on standard output
        return None
    lines = [line for line in result.stderr.decode(errors="replace").splitlines() if line.strip()]
    # What the option parser says itself has no "error:" in it.
    errors = [line for line in lines if "error: " in line or result.returncode == USAGE]
    if not errors:
        return f"no error line: {errors_of(result)}"
    missing = [word for word in says if not any(word in line for line in errors)]
    return f"the error does not say {missing}: {errors[0]}" if missing else None


def check(bad: Bad) -> str | None:
    with scratch() as folder:
        def body() -> str | None:
            for name, content in bad.files.items():
                (folder / name).write_bytes(content)
            result = upconv(*bad.arguments, cwd=folder)
            left = {path for path in folder.rglob("*") if path.is_file()} - {folder / name for name in bad.files}
            problem = judge(result, bad.status, bad.says)
            return problem or (f"left behind: {[path.name for path in left]}" if left else None)
        return guarded(body)


def compile_command(model: object, *more: object) -> list[object]:
    return ["compile", model, "-o", "out", *more]


# Files ----------------------------------------------------------------------


def text_file(name: str, content: bytes, status: int | tuple[int, ...] = INVALID, says: tuple[str, ...] = ()) -> Bad:
    return Bad(name, compile_command("model.json", "--init", "1"), status, says,
               {"model.json": content})


def archive_file(name: str, content: bytes) -> Bad:
    return Bad(name, compile_command("model.keras"), INVALID, (), {"model.keras": content})


def members(path: Path = TINY) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(contents: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def claim_sizes(archive: bytes, size: int) -> bytes:
    """Every header of the zip says `size` for the member's uncompressed length."""
    result = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = result.find(signature)
        while at >= 0:
            struct.pack_into("<I", result, at + offset, size)
            at = result.find(signature, at + 4)
    return bytes(result)


def bad_files() -> list[Bad]:
    whole = TINY.read_bytes()
    config = members()["config.json"]
    bomb = zipped({**members(), "model.weights.h5": bytes(64 << 20)}, zipfile.ZIP_DEFLATED)
    without = lambda name: zipped({k: v for k, v in members().items() if k != name})
    return [
        Bad("no such file", compile_command("absent.keras"), INVALID, ("absent.keras",)),
        Bad("a folder", compile_command("."), INVALID),
        text_file("empty file", b""),
        text_file("not JSON", b"hello"),
        text_file("binary", bytes(range(256)) * 8),
        text_file("invalid UTF-8", b'{"class_name": "\xff\xfe", "config": {}}', (INVALID, UNSUPPORTED)),
        text_file("a list", b"[]"),
        text_file("a number", b"3"),
        text_file("null", b"null"),
        text_file("no class_name", b'{"config": {}}', says=("class_name",)),
        text_file("no config", b'{"class_name": "Sequential"}', says=("config",)),
        text_file("class_name is a number", b'{"class_name": 3, "config": {}}', says=("class_name",)),
        text_file("config is a list of numbers", b'{"class_name": "Functional", "config": [1]}'),
        text_file("deep nesting", b"[" * 200_000),
        text_file("deep objects", b'{"class_name":"Sequential","config":' * 20_000),
        text_file("truncated JSON", config[: len(config) // 2]),
        archive_file("empty archive", b""),
        archive_file("half an archive", whole[: len(whole) // 2]),
        archive_file("archive without its directory", whole[:-22]),
        archive_file("archive without config.json", without("config.json")),
        archive_file("archive without weights", without("model.weights.h5")),
        archive_file("sizes that lie: larger", claim_sizes(whole, 0x7FFF0000)),
        archive_file("sizes that lie: smaller", claim_sizes(whole, 16)),
        archive_file("weights that are zeros, 64 MiB deflated", bomb),
        archive_file("config.json is not JSON", zipped({**members(), "config.json": b"\0" * 100})),
        archive_file("weights are half a file",
                     zipped({**members(), "model.weights.h5": members()["model.weights.h5"][:4000]})),
    ]


# Layers ---------------------------------------------------------------------


def layer(class_name: str, **config) -> bytes:
    return json.dumps({"class_name": class_name, "config": config}).encode()


def up(**changes) -> bytes:
    return layer("Conv1DTranspose", **{"name": "up", "filters": 2, "kernel_size": 3, **changes})


def bare(name: str, content: bytes, status: int | tuple[int, ...] = INVALID, says: tuple[str, ...] = (),
         shape: str = "1,8,4") -> Bad:
    return Bad(name, compile_command("layer.json", "--input-shape", shape, "--init", "1"),
               status, says, {"layer.json": content})


def model(*layers: dict) -> bytes:
    return json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": list(layers)}}).encode()


def entry(class_name: str, **config) -> dict:
    return {"class_name": class_name, "config": config}


X = entry("InputLayer", batch_shape=[None, 8, 4], name="x")
LAMBDA = entry("Lambda", name="l", function={"class_name": "__lambda__", "config": {"code": "4wEAAAAA"}})


def bad_layers() -> list[Bad]:
    whole = text_file
    return [
        bare("filters is text", up(filters="two"), says=("filters",)),
        bare("filters is null", up(filters=None), says=("filters",)),
        bare("filters is not whole", up(filters=2.5), says=("filters",)),
        bare("filters is 2^63", up(filters=2**63), says=("filters",)),
        bare("filters is missing", layer("Conv1DTranspose", kernel_size=3), says=("filters",)),
        bare("kernel_size is missing", layer("Conv1DTranspose", filters=3), says=("kernel_size",)),
        bare("kernel_size has two entries", up(kernel_size=[3, 3]), says=("kernel_size",)),
        bare("kernel_size is an object", up(kernel_size={}), says=("kernel_size",)),
        bare("strides is negative", up(strides=-1), says=("strides",)),
        bare("padding is unknown", up(padding="full"), says=("padding",)),
        bare("padding is causal", up(padding="causal"), says=("padding",)),
        bare("data_format is unknown", up(data_format="NHWC"), says=("data_format",)),
        bare("use_bias is text", up(use_bias="yes"), says=("use_bias",)),
        bare("unknown argument", up(filtres=3), says=("filtres",)),
        bare("activation is a number", up(activation=3), says=("activation",)),
        bare("activation nobody knows", up(activation="wobble"), (INVALID, UNSUPPORTED), ("wobble",)),
        bare("activation not supported", up(activation="glu"), UNSUPPORTED, ("glu",)),
        bare("dtype not supported", up(dtype="float16"), UNSUPPORTED),
        bare("1e400", b'{"class_name": "Conv1DTranspose", "config": {"filters": 1e400, "kernel_size": 3}}'),
        bare("input rank", up(), shape="1,8,8,4"),
        bare("channels unknown", up(), shape="1,8,?"),
        bare("empty input axis", up(), (INVALID, USAGE), shape="1,0,4"),
        bare("length beyond 64 bits", up(strides=4), shape="1,9223372036854775807,4"),
        bare("weights beyond 64 bits", up(filters=2**40, kernel_size=2**40)),
        bare("workspace beyond 64 bits", up(strides=2**31), shape="1,2147483647,4"),
        bare("valid convolution without output", layer("Conv1D", filters=1, kernel_size=9)),
        bare("unknown layer", layer("Conv9DTranspose", filters=1), (INVALID, UNSUPPORTED), ("Conv9DTranspose",)),
        bare("known layer, not supported", layer("LSTM", units=3), UNSUPPORTED, ("LSTM",)),
        whole("unsupported layer inside a model", model(X, entry("GRU", units=3, name="g")), UNSUPPORTED, ("'g'", "GRU")),
        whole("bytecode of a Lambda", model(X, LAMBDA), UNSUPPORTED, ("'l'",)),
        whole("no layers", model()),
        whole("reshape that does not fit", model(X, entry("Reshape", name="r", target_shape=[5])), says=("'r'",)),
        whole("pool without output", model(X, entry("MaxPooling1D", name="p", pool_size=9)), says=("'p'",)),
        whole("batch normalization over an axis that is not there",
              model(X, entry("BatchNormalization", name="n", axis=5)), says=("'n'",)),
        whole("two errors, both told", model(X, entry("Conv1D", name="a", filters=0, kernel_size=1),
                                            entry("Conv1D", name="b", filters=1, kernel_size=0)), says=("'a'", "'b'")),
        whole("batch_shape is text", model(entry("InputLayer", batch_shape="8", name="x"))),
    ]


# Weights --------------------------------------------------------------------


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def with_kernel(shape: bytes) -> bytes:
    """An .npz whose kernel claims a shape."""
    spaces = b" " * (len(shape) - len(b"(3, 2, 4)"))
    header = npy(np.ones((3, 2, 4), np.float32)).replace(b"(3, 2, 4), }" + spaces, shape + b", }", 1)
    return zipped({"kernel.npy": header, "bias.npy": npy(np.ones(2, np.float32))})


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def weights(name: str, content: bytes, says: tuple[str, ...] = (), file: str = "weights.npz") -> Bad:
    return Bad(name, compile_command("layer.json", "--input-shape", "1,8,4", "--weights", file),
               INVALID, says, {"layer.json": up(), file: content})


def spoilt(path: Path) -> Bad:
    """tiny.keras with other weights."""
    archive = zipped({**members(), "model.weights.h5": path.read_bytes()})
    return archive_file(f"archive with {path.name}", archive)


def spoilt_beside(path: Path) -> Bad:
    """The same, the weights given beside the JSON."""
    return Bad(f"--weights {path.name}",
               compile_command("model.json", "--weights", "w.weights.h5"), INVALID, (),
               {"model.json": members()["config.json"], "w.weights.h5": path.read_bytes()})


def bad_weights() -> list[Bad]:
    kernel, bias = np.ones((3, 2, 4), np.float32), np.ones(2, np.float32)
    good = npz(kernel=kernel, bias=bias)
    none = Bad("no weights at all", compile_command("layer.json", "--input-shape", "1,8,4"),
               INVALID, ("--weights", "--init"), {"layer.json": up()})
    absent = Bad("no such weights file", compile_command(
        "layer.json", "--input-shape", "1,8,4", "--weights", "absent.npz"), INVALID, ("absent.npz",),
        {"layer.json": up()})
    fixtures = sorted(DATA.glob("*.weights.h5"))
    return [
        none, absent,
        weights("kernel of the wrong shape", npz(kernel=kernel.T, bias=bias), ("kernel",)),
        weights("bias of the wrong shape", npz(kernel=kernel, bias=kernel), ("bias",)),
        weights("kernel missing", npz(bias=bias), ("kernel",)),
        weights("bias missing", npz(kernel=kernel), ("bias",)),
        weights("kernel of complex numbers", npz(kernel=kernel.astype(np.complex64), bias=bias)),
        weights("kernel of Python objects", zipped({"kernel.npy": b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '|O', "
                b"'fortran_order': False, 'shape': (3, 2, 4), }".ljust(117) + b"\n", "bias.npy": b""})),
        weights("empty file", b""),
        weights("not a zip", b"hello"),
        weights("half a file", good[: len(good) // 2]),
        weights("shape that lies", with_kernel(b"(9, 9, 9)"), ("kernel",)),
        weights("shape beyond 64 bits", with_kernel(b"(4294967296, 4294967296)")),
        weights("HDF5 that is text", b"hello", file="w.weights.h5"),
        *map(spoilt, fixtures), *map(spoilt_beside, fixtures),
    ]


# Usage ----------------------------------------------------------------------


def usage(name: str, *arguments: object, status: int | tuple[int, ...] = USAGE, says: tuple[str, ...] = (),
          files: dict[str, bytes] | None = None) -> Bad:
    return Bad(name, list(arguments), status, says, files or {})


def bad_usage() -> list[Bad]:
    good, run_it = npy(np.ones((1, 32), np.float32)), ["run", GENERATOR, "--input", "x.npy", "--output", "y.npy"]
    given = lambda content: {"x.npy": content}
    return [
        usage("no subcommand"),
        usage("unknown subcommand", "fly"),
        usage("no model", "compile"),
        usage("unknown option", "compile", GENERATOR, "--fast"),
        usage("unknown target", "compile", GENERATOR, "-o", "out", "--target", "z80", says=("z80",)),
        usage("unknown --emit", "compile", GENERATOR, "-o", "out", "--emit", "poem", says=("poem",)),
        usage("unknown --ir", "inspect", GENERATOR, "--ir", "poem", says=("poem",)),
        usage("--input-shape is not a shape", "compile", GENERATOR, "-o", "out", "--input-shape", "1,x"),
        usage("--name is not an identifier", "compile", GENERATOR, "-o", "out", "--name", "a b"),
        usage("--init is not a number", "compile", GENERATOR, "-o", "out", "--init", "x"),
        usage("-j is not a number", "compile", GENERATOR, "-o", "out", "-jx"),
        usage("--input-shape against the model", "compile", GENERATOR, "-o", "out", "--input-shape", "1,33",
              status=(INVALID, USAGE)),
        usage("--input-shape of an unknown input", "compile", GENERATOR, "-o", "out", "--input-shape", "w=1,32",
              status=(INVALID, USAGE), says=("w",)),
        usage("unknown layer for --layer", "inspect", GENERATOR, "--ir", "stmt", "--layer", "nobody",
              status=(INVALID, USAGE), says=("nobody",)),
        usage("output folder inside a file", "compile", GENERATOR, "-o", "plain/out", status=(INVALID, USAGE),
              files={"plain": b""}),
        usage("output folder is a file", "compile", GENERATOR, "-o", "plain", status=(INVALID, USAGE),
              files={"plain": b""}),
        usage("no such schedule folder", "compile", GENERATOR, "-o", "out", "--schedules", "absent",
              status=(INVALID, USAGE), says=("absent",)),
        usage("no input file", *run_it, status=INVALID, says=("x.npy",)),
        usage("input is not .npy", *run_it, status=INVALID, files=given(b"hello")),
        usage("input is half a file", *run_it, status=INVALID, files=given(good[:130])),
        usage("input of the wrong shape", *run_it, status=INVALID, files=given(npy(np.ones((1, 31), np.float32)))),
        usage("input of the wrong rank", *run_it, status=INVALID, files=given(npy(np.ones(32, np.float32)))),
        usage("input of text", *run_it, status=INVALID, files=given(npy(np.array(["a"])))),
        usage("empty batch", *run_it, status=INVALID, files=given(npy(np.ones((0, 32), np.float32)))),
        usage("input of an unknown name", "run", GENERATOR, "--input", "w=x.npy", status=(INVALID, USAGE),
              says=("w",), files=given(good)),
        usage("library that is none", "run", "lib.so", "--input", "x.npy", status=INVALID,
              files={**given(good), "lib.so": b"\x7fELF junk"}),
        usage("unwritable output", "run", GENERATOR, "--input", "x.npy", "--output", "plain/y.npy",
              status=(INVALID, USAGE), files={**given(good), "plain": b""}),
        usage("verification that must fail", "verify", GENERATOR, "--input", "x.npy", "--tolerance", "1e-30",
              status=UNVERIFIED, files=given(good)),
    ]


# Mutations ------------------------------------------------------------------


def mutate(content: bytes, chance: random.Random) -> bytes:
    """A truncation, or a few bytes changed."""
    if chance.random() < 0.25:
        return content[: chance.randrange(len(content))]
    result = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        result[chance.randrange(len(result))] = chance.choice((0, 0x22, 0x2D, 0x39, 0x7D, 0xFF, chance.randrange(256)))
    return bytes(result)


def survives(item: tuple[str, bytes]) -> str | None:
    name, content = item
    with scratch() as folder:
        (folder / name).write_bytes(content)
        flags = ("--init", "1") if name.endswith(".json") else ()
        return guarded(lambda: judge(upconv("inspect", name, "--ir", "keras", *flags, cwd=folder), (0, INVALID, UNSUPPORTED)))


def mutations() -> list[tuple[str, bytes]]:
    chance = random.Random(2)
    denoiser = members(EXAMPLES / "denoiser.keras")["config.json"]
    sources = (("model.keras", TINY.read_bytes()), ("model.json", denoiser))
    return [(name, mutate(content, chance)) for number in range(MUTATIONS)
            for name, content in (sources[number % 2],)]


def good_fixture() -> str | None:
    """What is not spoilt compiles and runs."""
    with scratch() as folder:
        x = np.arange(10, dtype=np.float32).reshape(1, 5, 2)
        require(upconv("run", TINY, "--input", save(folder / "x.npy", x), "--output", folder / "y.npy"))
        y = np.load(folder / "y.npy")
        return None if y.shape == (1, 12, 3) else f"shape {y.shape}"


def standard_input(name: str) -> str | None:
    require(upconv("inspect", name, stdin=TINY.read_bytes()))
    return None


GROUPS = {
    "files": (check, bad_files), "layers": (check, bad_layers), "weights": (check, bad_weights),
    "usage": (check, bad_usage), "mutations": (survives, mutations),
}


def main(groups: list[str]) -> None:
    report = Report()
    report.check("good input", "tiny.keras", good_fixture)
    for name in ("-", "/dev/stdin"):
        report.check("good input", name, lambda: standard_input(name))
    for group in groups:
        function, select = GROUPS[group]
        items = select()
        for number, problem in enumerate(in_parallel(function, items)):
            item = items[number]
            name = item.name if isinstance(item, Bad) else f"number {number}, {item[0]}"
            report.add(group, name, problem)
    report.finish()


if __name__ == "__main__":
    main(sys.argv[1:] or list(GROUPS))
