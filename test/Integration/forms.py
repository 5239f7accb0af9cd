"""A model in all its file forms is one model: the same IR and the same weights.

The real models of the shared folder where there is one: `.keras`, legacy `.h5` of
both Kerases, their JSON with the `.weights.h5`, and the JSON of both. And the
examples: `.keras` packed, deflated, unpacked to a folder, and as JSON with the
weights beside it.
"""
# RUN: %python %s

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from upconv_testing import (EXAMPLE_NAMES, EXAMPLES, SHARED, Report, errors_of, in_parallel, scratch,
                            upconv)

MODELS = SHARED / "keras" / "models"
CUSTOM_LAYERS = EXAMPLES / "custom-layers" / "cyclegan.json"  # what Keras lacks of CycleGAN
# What a file says of itself.
OF_THE_FILE = re.compile(r'keras\.(source|version) = "[^"]*"')

Form = tuple[str, list[object]]  # what to call it, the command line


def ir(arguments: list[object]) -> str:
    """The keras IR, or a message that begins with "cannot"."""
    result = upconv("inspect", *arguments, "--ir", "keras", "--custom-layers", CUSTOM_LAYERS)
    if result.returncode != 0:
        return f"cannot import: {errors_of(result)}"
    return OF_THE_FILE.sub("", result.stdout.decode())


def difference(one: str, other: str) -> str | None:
    if one == other:
        return None
    for left, right in zip(one.splitlines(), other.splitlines()):
        if left != right:
            at = next((i for i, (a, b) in enumerate(zip(left, right)) if a != b), min(len(left), len(right)))
            return f"...{left[max(at - 60, 0):at + 60]}... is not ...{right[max(at - 60, 0):at + 60]}..."
    return "one has more lines"


def compare(forms: list[Form]) -> str | None:
    """Whether all forms give the IR of the first."""
    (first, command), *others = forms
    expected = ir(command)
    if expected.startswith("cannot"):
        return f"{first} {expected}"
    for name, arguments in others:
        problem = ir(arguments)
        problem = problem if problem.startswith("cannot") else difference(expected, problem)
        if problem:
            return f"{first} and {name}: {problem}"
    return None


def shared_forms(name: str) -> list[tuple[str, list[Form]]]:
    """Groups of forms that must agree: those with weights, those without."""
    path = lambda suffix: MODELS / f"{name}.{suffix}"
    whole = [(suffix, [path(suffix)]) for suffix in ("keras", "keras2.h5", "keras3.h5") if path(suffix).exists()]
    beside = [(f"{json} with {weights}", [path(json), "--weights", path(weights)])
              for json in ("keras2.json", "keras3.json")
              for weights in ("weights.h5", "keras", "keras2.h5", "keras3.h5")
              if path(json).exists() and path(weights).exists()]
    drawn = [(f"{json} drawn", [path(json), "--init", "1"])
             for json in ("keras2.json", "keras3.json") if path(json).exists()]
    return [(kind, forms) for kind, forms in (("weights", whole + beside), ("drawn", drawn)) if len(forms) > 1]


def unpacked(folder: Path, name: str) -> list[Form]:
    source = EXAMPLES / f"{name}.keras"
    with zipfile.ZipFile(source) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    plain = folder / name
    plain.mkdir()
    for member, content in members.items():
        (plain / member).write_bytes(content)
    with zipfile.ZipFile(folder / f"{name}.deflated", "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    (folder / f"{name}.json").write_bytes(members["config.json"])
    beside = folder / f"{name}.json"
    return [("packed", [source]), ("folder", [plain]), ("folder with a slash", [f"{plain}/"]),
            ("deflated", [folder / f"{name}.deflated"]),
            ("json with .h5", [beside, "--weights", plain / "model.weights.h5"]),
            ("json with .keras", [beside, "--weights", source]),
            ("json with folder", [beside, "--weights", plain])]


def main() -> None:
    report = Report()
    with scratch() as folder:
        for name in EXAMPLE_NAMES:
            report.add("example", name, compare(unpacked(folder, name)))
    names = sorted({path.name.split(".")[0] for path in MODELS.glob("*.json")}) if MODELS.exists() else []
    if not names:
        print("shared models: skipped, ../shared/keras/models is absent")
    items = [(name, kind, forms) for name in names for kind, forms in shared_forms(name)]
    for (name, kind, forms), problem in zip(items, in_parallel(lambda item: compare(item[2]), items)):
        report.add(f"shared, {kind}", f"{name} ({len(forms)} forms)", problem)
    report.finish()


if __name__ == "__main__":
    main()
