"""One model against the tool: every form imports alike, and a run gives Keras's numbers."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from expectation import Arrays
from formats import Form
from recipe import Recipe
from tool import LOCATION, Result, Tool

TOLERANCE = 1e-5  # relative error norm of a whole model
KERAS_ERRORS = 4  # and where Keras's own float32 is further from float64: so many times its error


@dataclass
class Case:
    number: int
    seed: str
    recipe: Recipe
    folder: Path
    forms: list[Form]
    run: Form  # the form that is run
    inputs: list[Arrays]  # per run
    outputs: list[Arrays]
    exact: list[Arrays | None]  # the same in float64
    features: set[str]


@dataclass
class Verdict:
    """`kind` is agreed, unsupported, stretching or emptied (refused by a run, as documented), or what failed."""

    kind: str
    detail: str = ""
    form: Form | None = None
    unsupported_forms: set[str] = field(default_factory=set)
    runs: int = 0
    seconds: float = 0  # of the tool

    @property
    def failed(self) -> bool:
        return self.kind not in ("agreed", "unsupported", "stretching", "emptied")


def relative_error(actual: np.ndarray, expected: np.ndarray) -> float:
    a, e = actual.astype(np.float64), expected.astype(np.float64)
    norm = float(np.linalg.norm(e))
    error = float(np.linalg.norm(a - e))
    return error / norm if norm else error


def judge_values(actual: np.ndarray, expected: np.ndarray, exact: np.ndarray | None) -> str | None:
    error = relative_error(actual, expected)
    if error <= TOLERANCE:
        return None
    if exact is None:
        return f"relative error norm {error:.2e}"
    keras_error, error = relative_error(expected, exact), relative_error(actual, exact)
    if error <= max(TOLERANCE, KERAS_ERRORS * keras_error):
        return None
    return f"relative error norm {error:.2e} against float64 (Keras's own is {keras_error:.1e})"


def normalized(ir: str) -> str:
    """Without what a form may say in its own way: its name and the paths in it."""
    ir = re.sub(r'keras\.(source|version|model_name) = "[^"]*",? ?', "", ir)
    ir = re.sub(r'(#keras\.variable<"[^"]*", [^"]*), "[^"]*"', r"\1", ir)
    return re.sub(r"func\.func @\S+?\(", "func.func @(", ir)


def ended(result: Result, form: Form) -> Verdict | None:
    """None if all is well."""
    if result.crash:
        return Verdict("crash", result.crash, form)
    if result.status == 4:
        located = LOCATION.search(result.err) or "error:" in result.err
        return Verdict("unsupported" if located else "silent", result.message, form)
    if result.status:
        return Verdict("refused", result.message, form)
    return None


def import_forms(tool: Tool, case: Case, supported_forms: set[str]) -> tuple[dict[Form, str], Verdict | None, set[str]]:
    """IR per form; the verdict if one fails; forms that are not there yet."""
    texts, missing = {}, set()
    for form in case.forms:
        result = tool("inspect", *form.arguments, "--ir", "keras", cwd=case.folder)
        if form.name not in supported_forms and result.status in (1, 4) and not result.crash:
            missing.add(form.name)
            continue
        verdict = ended(result, form)
        if verdict:
            return texts, verdict, missing
        texts[form] = result.out
    return texts, None, missing


def compare_forms(texts: dict[Form, str]) -> Verdict | None:
    groups: dict[int, list[Form]] = defaultdict(list)
    for form in texts:
        if form.keras:
            groups[form.keras].append(form)
    for forms in groups.values():
        first, *others = forms
        for form in others:
            difference = first_difference(normalized(texts[first]), normalized(texts[form]))
            if difference:
                return Verdict("formats differ", f"{first.name} and {form.name}: {difference}", form)
    hashes = {form: sorted(re.findall(r'"([0-9a-f]{16})"', text)) for form, text in texts.items()}
    for form in hashes:
        if hashes[form] != next(iter(hashes.values())):
            return Verdict("formats differ", f"{form.name} has other weight hashes", form)
    return None


def first_difference(a: str, b: str) -> str | None:
    for one, two in zip(a.splitlines(), b.splitlines()):
        if one != two:
            at = next((i for i, (x, y) in enumerate(zip(one, two)) if x != y), min(len(one), len(two)))
            return f"'{one[max(0, at - 60):at + 60]}' against '{two[max(0, at - 60):at + 60]}'"
    return None if len(a) == len(b) else "one is longer"


def ports(ir: str) -> tuple[list[str], list[str]]:
    """The layers that name the inputs and the outputs, in order."""
    line = next(line for line in ir.splitlines() if "func.func" in line and "private" not in line)
    head, _, tail = line.partition("->")
    return re.findall(r'keras\.name = "([^"]*)"', head), re.findall(r'keras\.name = "([^"]*)"', tail)


def result_shapes(ir: str) -> list[list[int | None]]:
    line = next(line for line in ir.splitlines() if "func.func" in line and "private" not in line)
    return [[None if size == "?" else int(size) for size in text.split("x")]
            for text in re.findall(r"tensor<((?:[0-9?]+x)*[0-9?]+)x\w+>", line.partition("->")[2])]


def stretched(verdict: Verdict) -> Verdict | None:
    """What Keras computes and the tool calls unequal: an unknown size that happens to be 1 in a run is not stretched
    (docs/HeaderABI.md). Counted apart."""
    return Verdict("stretching", verdict.detail, verdict.form) if "differ in size on axis" in verdict.detail else None


def run_model(tool: Tool, case: Case, ir: str) -> Verdict:
    names, results = ports(ir)
    if len(results) != len(case.recipe.outputs) or len(names) != len(case.recipe.inputs):
        return Verdict("ports", f"inputs {names}, outputs {results}", case.run)
    target: tuple[str, ...] = case.run.arguments
    if len(case.inputs) > 1:
        compiled = tool("compile", *case.run.arguments, "-o", "out", "--name", "model", "--emit", "shared-library",
                        cwd=case.folder)
        if verdict := ended(compiled, case.run):
            return verdict
        target = ("out/libmodel.so",)
    for number, (inputs, outputs) in enumerate(zip(case.inputs, case.outputs)):
        exact = case.exact[number] or [None] * len(outputs)
        shapes = [list(array.shape) for array in inputs]
        flags: list[str] = []
        for name, array in zip(names, inputs):
            np.save(case.folder / f"in_{name}.npy", array)
            flags += ["--input", f"{name}=in_{name}.npy"]
        for index, name in enumerate(results):  # a layer that is called twice may be two outputs
            flags += ["--output", f"{name}=out_{index}.npy" if len(set(results)) == len(results) else f"out_{index}.npy"]
        if len(names) == 1 and number % 2:  # an only port needs no name
            flags[1] = flags[1].partition("=")[2]
        if verdict := ended(tool("run", *target, *flags, cwd=case.folder), case.run):
            return stretched(verdict) or verdict
        for index, (name, expected, precise) in enumerate(zip(results, outputs, exact)):
            actual = np.load(case.folder / f"out_{index}.npy")
            if actual.shape != expected.shape:
                return Verdict("shape", f"inputs {shapes}: '{name}' has {actual.shape} instead of {expected.shape}",
                               case.run)
            problem = judge_values(actual, expected, precise)
            if problem:
                return Verdict("mismatch", f"inputs {shapes}: '{name}' has {problem}", case.run)
    return Verdict("agreed", runs=len(case.inputs))


def check_shapes(case: Case, ir: str) -> Verdict | None:
    """What the importer infers holds for every run."""
    for inferred, arrays in zip(result_shapes(ir), zip(*case.outputs)):
        for array in arrays:
            if len(inferred) != array.ndim or any(i not in (None, n) for i, n in zip(inferred, array.shape)):
                return Verdict("shape", f"inferred {inferred} where Keras gives {array.shape}", case.run)
    return None


def check(tool: Tool, case: Case, supported: set[str]) -> Verdict:
    started = time.monotonic()
    verdict = judge(tool, case, supported)
    verdict.seconds = time.monotonic() - started
    return verdict


def judge(tool: Tool, case: Case, supported: set[str]) -> Verdict:
    forms = {feature.removeprefix("form ") for feature in supported if feature.startswith("form ")}
    texts, verdict, missing = import_forms(tool, case, forms)
    if not verdict and texts:
        run = case.run if case.run in texts else next(iter(texts))
        case.run = run
        verdict = compare_forms(texts) or check_shapes(case, texts[run]) or run_model(tool, case, texts[run])
    if not verdict:
        verdict = Verdict("refused", "no form could be imported")
    if verdict.kind == "unsupported" and case.features <= supported:
        verdict.kind = "claimed but unsupported"
    verdict.unsupported_forms = missing
    return verdict
