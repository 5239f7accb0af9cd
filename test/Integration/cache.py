"""--cache: what is found there equals what would be compiled, byte for byte;
another schedule, target or shape is not found; damage is a miss; processes share
the folder; one that cannot be written only costs time."""
# RUN: %python %s

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from upconv_testing import UPCONV, Report, Skipped, errors_of, require, run, scratch, upconv

MODEL = {"class_name": "Sequential", "config": {"name": "small", "layers": [
    {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [1, 9, 9, 8], "dtype": "float32"}},
    {"class_name": "Conv2DTranspose", "config": {"name": "up", "filters": 8, "kernel_size": [3, 3], "strides": [2, 2],
                                                 "padding": "same", "activation": "relu"}},
    {"class_name": "Softmax", "config": {"name": "out"}}]}}
KINDS = "static-library,header,shared-library,object"
REMARK = re.compile(r"^upconv: remark: (\d+) of (\d+) kernels come from the cache$", re.MULTILINE)


def compile_to(folder: Path, *arguments: object, env: dict[str, str] | None = None,
               tool: Path = UPCONV) -> tuple[dict[str, bytes], str]:
    """All files by name, and what was said."""
    model = folder / "small.json"
    model.write_text(json.dumps(MODEL))
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    result = run(tool, "compile", model, "--init", "1", "--emit", KINDS, "-o", out, "--remarks", *arguments, env=env)
    require(result)
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}, errors_of(result, 10000)


def found(said: str) -> tuple[int, int] | None:
    """(kernels from the cache, all kernels)"""
    match = REMARK.search(said)
    return (int(match[1]), int(match[2])) if match else None


def entries(cache: Path) -> list[Path]:
    return sorted(path for path in cache.rglob("*") if path.is_file())


def hit() -> str | None:
    """The second compilation starts no kernel worker, and nothing shows in the library."""
    with scratch() as folder:
        plain, said = compile_to(folder)
        if found(said):
            return "a cache that nobody asked for: " + said
        cold, said = compile_to(folder, "--cache", folder / "cache")
        if (counts := found(said)) != (0, counts and counts[1]):
            return f"an empty cache has {counts}: {said}"
        kernels = counts[1]
        if len(entries(folder / "cache")) != kernels:
            return f"{kernels} kernels, entries {entries(folder / 'cache')}"
        before = {path: path.read_bytes() for path in entries(folder / "cache")}
        warm, said = compile_to(folder, "--cache", folder / "cache")
        if found(said) != (kernels, kernels):
            return f"a full cache has {found(said)} of {kernels}"
        if before != {path: path.read_bytes() for path in entries(folder / "cache")}:
            return "a hit changes the cache"
        return None if plain == cold == warm else "the libraries differ"


def environment() -> str | None:
    with scratch() as folder:
        env = {"UPCONV_CACHE_DIR": str(folder / "cache")}
        compile_to(folder, env=env)
        _, said = compile_to(folder, env=env)
        if not found(said) or found(said)[0] != found(said)[1]:
            return f"UPCONV_CACHE_DIR is not used: {said}"
        _, said = compile_to(folder, "--cache=", env=env)
        return f"'--cache=' is not without a cache: {said}" if found(said) else None


def something_else() -> str | None:
    """A schedule, a target, a shape and a symbol of their own miss, and give what they give without a cache."""
    with scratch() as folder:
        cache = folder / "cache"
        table = folder / "tables" / "generic" / "conv-transpose-f32.yaml"
        table.parent.mkdir(parents=True)
        table.write_text('basis: model\nentries:\n  - { use: { strategy: gather }, why: "another one" }\n')
        compile_to(folder, "--target", "x86-64", "--cache", cache)
        wide = json.loads(json.dumps(MODEL))
        wide["config"]["layers"][0]["config"]["batch_shape"] = [1, 10, 9, 8]
        for name, arguments in {"target": ("--target", "x86-64-v3"),
                                "schedule": ("--target", "x86-64", "--schedules", folder / "tables"),
                                "symbol": ("--target", "x86-64", "--name", "other")}.items():
            wanted, _ = compile_to(folder, *arguments)
            got, said = compile_to(folder, *arguments, "--cache", cache)
            # Of a schedule for one layer, the other layer is found.
            if found(said)[0] > (1 if name == "schedule" else 0) or found(said)[0] == found(said)[1]:
                return f"another {name} finds {found(said)}"
            if got != wanted:
                return f"another {name} gives another library with a cache"
        path = folder / "wide.json"
        path.write_text(json.dumps(wide))
        result = upconv("compile", path, "--init", "1", "--target", "x86-64", "-o", folder / "wide", "--remarks",
                        "--cache", cache)
        require(result)
        return None if found(errors_of(result, 10000))[0] == 0 else "another shape finds a kernel"


def another_tool() -> str | None:
    """A copy of the tool finds what the tool kept; one of another build ID does not, nor one with settings of Halide."""
    note = b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0"  # name and description of 4 and 20 bytes, NT_GNU_BUILD_ID
    data = UPCONV.read_bytes()
    if data.count(note) != 1:
        raise Skipped("the tool is linked without a build ID")
    at = data.index(note) + len(note)
    with scratch() as folder:
        kept = ("--cache", folder / "cache")
        _, said = compile_to(folder, *kept)
        kernels = found(said)[1]
        copy = folder / "upconv"
        for tool, env, wanted in ((data, {}, kernels), (data[:at] + bytes([data[at] ^ 1]) + data[at + 1:], {}, 0),
                                  (data, {"HL_ANYTHING": "1"}, 0)):
            copy.write_bytes(tool)
            copy.chmod(0o755)
            _, said = compile_to(folder, *kept, tool=copy, env=env)
            if found(said) != (wanted, kernels):
                return f"{found(said)} found, expected {wanted}"
    return None


def damaged() -> str | None:
    """Any damage is a miss and is mended."""
    damages = {
        "empty": lambda data, other: b"",
        "cut in the answer": lambda data, other: data[:-1],
        "cut in the hash": lambda data, other: data[:20],
        "a bit of the answer": lambda data, other: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "a bit of the hash": lambda data, other: data[:20] + bytes([data[20] ^ 1]) + data[21:],
        "longer": lambda data, other: data + b"\0",
        "of another kernel": lambda data, other: other,
        "of another format": lambda data, other: data.replace(b"kernel 1", b"kernel 0", 1),
    }
    with scratch() as folder:
        cache = folder / "cache"
        wanted, _ = compile_to(folder, "--cache", cache)
        files = {path: path.read_bytes() for path in entries(cache)}
        victim, other = list(files)[:2]
        for name, damage in damages.items():
            victim.write_bytes(damage(files[victim], files[other]))
            if victim.read_bytes() == files[victim]:
                return f"{name}: nothing is damaged"
            got, said = compile_to(folder, "--cache", cache)
            if found(said) != (len(files) - 1, len(files)):
                return f"{name}: {found(said)} found"
            if got != wanted:
                return f"{name}: another library"
            if victim.read_bytes() != files[victim]:
                return f"{name}: not mended"
    return None


def at_the_same_time() -> str | None:
    with scratch() as folder:
        wanted, _ = compile_to(folder)
        processes = []
        for name in "abcd":
            arguments = [UPCONV, "compile", folder / "small.json", "--init", "1", "--emit", KINDS, "-o", folder / name,
                         "--cache", folder / "cache"]
            processes.append(subprocess.Popen(arguments, stdout=subprocess.DEVNULL))
        if any([process.wait() for process in processes]):
            return "one of them failed"
        for name in "abcd":
            if {path.name: path.read_bytes() for path in sorted((folder / name).iterdir())} != wanted:
                return "one of them made another library"
        _, said = compile_to(folder, "--cache", folder / "cache")
        counts = found(said)
        if counts[0] != counts[1]:
            return f"afterwards {counts} are found"
        left = entries(folder / "cache")
        return None if len(left) == counts[1] else f"left in the cache: {left}"


def unwritable() -> str | None:
    """A folder that cannot be made: a warning that names it, and the library."""
    with scratch() as folder:
        wanted, _ = compile_to(folder)
        (folder / "file").write_text("")
        cache = folder / "file" / "cache"
        got, said = compile_to(folder, "--cache", cache)
        if said.count(f"upconv: warning: cache '{cache}' cannot be made") != 1:
            return "no warning, or several: " + said
        return None if got == wanted else "another library"


def tuning() -> str | None:
    """Candidates are kept too: what one run compiled, the next one finds."""
    with scratch() as folder:
        layer = folder / "layer.json"
        layer.write_text(json.dumps({"class_name": "Conv1DTranspose", "config": {
            "name": "up", "filters": 4, "kernel_size": [4], "strides": [2], "padding": "same"}}))
        tune = ("tune", layer, "--input-shape", "1,37,8", "--budget", "1", "--cache", folder / "cache", "-o")
        require(upconv(*tune, folder / "t"))
        trials = [json.loads(line) for line in (folder / "t" / "log.jsonl").read_text().splitlines()]
        kept = entries(folder / "cache")
        if len(kept) < sum(one["kind"] == "trial" and one["outcome"] == "ok" for one in trials):
            return f"{len(trials)} records, {len(kept)} kernels kept"
        times = {path: path.stat().st_mtime_ns for path in kept}
        require(upconv(*tune, folder / "again"))
        # A hit is the entry's time of last use.
        used = [path for path in kept if path.stat().st_mtime_ns > times[path]]
        return None if len(used) > 1 else "the second run finds nothing"


def main() -> None:
    report = Report()
    for check in (hit, environment, something_else, another_tool, damaged, at_the_same_time, unwritable, tuning):
        report.check("cache", check.__name__.replace("_", " "), check)
    report.finish()


if __name__ == "__main__":
    main()
