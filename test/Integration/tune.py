"""upconv tune: a run that is killed goes on where it was, shards together cover
what one run covers, an interrupt keeps what was measured, and what it writes is
a table that the other commands take."""
# RUN: %python %s

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tuning import await_records, records, suite, trials, verdicts
from upconv_testing import SOURCE, UPCONV, Report, errors_of, require, scratch, upconv

MODEL = {"class_name": "Sequential", "config": {"name": "small", "layers": [
    {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 9, 9, 8], "dtype": "float32"}},
    {"class_name": "Conv2DTranspose", "config": {"name": "up", "filters": 8, "kernel_size": [3, 3], "strides": [2, 2],
                                                 "padding": "same", "activation": "relu"}},
    {"class_name": "Conv2D", "config": {"name": "out", "filters": 3, "kernel_size": [3, 3], "padding": "same",
                                        "activation": "tanh"}}]}}
BUDGET = "2"


def whole_run() -> str | None:
    """Every layer gets a verdict; the tables that come of it compile and are taken."""
    with scratch() as folder:
        require(upconv("tune", suite(folder), "--budget", BUDGET, "-o", folder / "t"))
        ended = verdicts(folder / "t")
        if set(ended) != {"up4", "up16", "up24"}:
            return f"verdicts on {sorted(ended)}"
        for record in records(folder / "t"):
            if record["outcome"] == "wrong":
                return f"a schedule gives other bits: {record}"
        if "<svg" not in (folder / "t" / "report.html").read_text():
            return "the report has no drawing"
        faster = [layer for layer, record in ended.items() if record["outcome"] == "faster"]
        if not faster:
            return None if not (folder / "t" / "tables").exists() else "tables without a faster schedule"
        shown = require(upconv("bench", folder / "suite.json", "--layer", faster[0], "--seconds", "0.01",
                               "--schedules", folder / "t" / "tables"))
        return None if str(folder / "t" / "tables") in shown else "the tuned table is not taken:\n" + shown


def killed_and_resumed() -> str | None:
    with scratch() as folder:
        arguments = [UPCONV, "tune", suite(folder), "--budget", BUDGET, "-o", folder / "t"]
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, start_new_session=True)
        await_records(process, folder / "t", 3)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        before = records(folder / "t")
        refused = upconv("tune", folder / "suite.json", "--budget", BUDGET, "-o", folder / "t")
        if refused.returncode != 2 or "--resume" not in errors_of(refused):
            return f"a second run without --resume ends with {refused.returncode}"
        require(upconv("tune", folder / "suite.json", "--budget", BUDGET, "-o", folder / "t", "--resume"))
        after = records(folder / "t")
        if after[:len(before)] != before:
            return "a record is lost"
        made = trials(folder / "t")
        if len(set(made)) != len(made):
            return "a trial is made twice"
        if set(verdicts(folder / "t")) != {"up4", "up16", "up24"}:
            return "a layer has no verdict"
        require(upconv("tune", folder / "suite.json", "--budget", BUDGET, "-o", folder / "t", "--resume"))
        return None if records(folder / "t") == after else "a finished run goes on"


def alive_in(group: int) -> list[int]:
    """The processes of a group, less those that have ended and wait to be noticed."""
    result = []
    for entry in Path("/proc").iterdir():
        try:
            state, _, own = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if own == str(group) and state != "Z":
            result.append(int(entry.name))
    return result


def started_again() -> str | None:
    """What a job engine does: a shard's process is killed, and the same line is run again, here even before that.
    The second run waits, then goes on where the first one was; nothing of the first one works on beside it."""
    with scratch() as folder:
        arguments = [UPCONV, "tune", suite(folder), "--shard", "1/2", "--resume", "-o", folder / "t1"]
        first = subprocess.Popen([*arguments, "--budget", "60"], stdout=subprocess.DEVNULL, start_new_session=True)
        await_records(first, folder / "t1", 3)
        second = subprocess.Popen([*arguments, "--budget", BUDGET], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  text=True)
        said = second.stderr.readline()
        before = records(folder / "t1")
        first.kill()  # the process alone, not its workers
        first.wait()
        time.sleep(0.2)
        if "another run is writing it" not in said:
            return f"the second run does not wait: {said}"
        if left := alive_in(first.pid):
            return f"workers outlive the run: {left}"
        _, errors = second.communicate()
        if second.returncode != 0:
            return f"the second run ends with {second.returncode}: {errors}"
        after = records(folder / "t1")
        if after[:len(before)] != before:
            return "a record is lost"
        made = trials(folder / "t1")
        if len(set(made)) != len(made):
            return "a trial is made twice"
        require(upconv("tune", folder / "suite.json", "--budget", "1", "--shard", "2/2", "-o", folder / "t2"))
        require(upconv("tune", "merge", folder / "t1", folder / "t2", "-o", folder / "all"))
        ended = set(verdicts(folder / "all"))
        return None if ended == {"up4", "up16", "up24"} else f"together they cover {ended}"


def interrupted() -> str | None:
    """Status 130, a log that can be resumed, no folder left behind."""
    with scratch() as folder:
        temporary = folder / "tmp"
        temporary.mkdir()
        arguments = [UPCONV, "tune", suite(folder), "--budget", "60", "-o", folder / "t"]
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, start_new_session=True,
                                   env=os.environ | {"TMPDIR": str(temporary)})
        await_records(process, folder / "t", 3)
        os.killpg(process.pid, signal.SIGINT)
        status = process.wait()
        if status != 130:
            return f"status {status}"
        if len(records(folder / "t")) < 3:
            return "records are lost"
        return f"left behind: {list(temporary.iterdir())}" if list(temporary.iterdir()) else None


def interrupted_early() -> str | None:
    """Before the first measurement, which takes longer to compile than a signal to come: nothing is left."""
    with scratch() as folder:
        process = subprocess.Popen([UPCONV, "tune", suite(folder), "--budget", "60", "-o", folder / "t"],
                                   stdout=subprocess.DEVNULL, start_new_session=True)
        while process.poll() is None and not (folder / "t" / "log.jsonl").exists():
            time.sleep(0.001)
        time.sleep(0.05)  # until it listens
        os.killpg(process.pid, signal.SIGINT)
        if (status := process.wait()) != 130:
            return f"status {status}"
        left = list((folder / "t").rglob("*")) if (folder / "t").exists() else []
        kept = folder / "t" / "log.jsonl" in left and records(folder / "t")
        return None if kept or not (folder / "t").exists() else f"left behind: {left}"


def shards() -> str | None:
    with scratch() as folder:
        path = suite(folder)
        for shard in (1, 2):
            require(upconv("tune", path, "--budget", "1", "-o", folder / f"t{shard}", "--shard", f"{shard}/2"))
        ended = [set(verdicts(folder / f"t{shard}")) for shard in (1, 2)]
        if ended != [{"up4", "up24"}, {"up16"}]:
            return f"shards cover {ended}"
        require(upconv("tune", "merge", folder / "t1", folder / "t2", folder / "t1", "-o", folder / "all"))
        if set(verdicts(folder / "all")) != {"up4", "up16", "up24"}:
            return "the merged log lacks a layer"
        single = records(folder / "t1") + records(folder / "t2")
        return None if records(folder / "all") == single else "the merged log is not the logs behind each other"


def model() -> str | None:
    with scratch() as folder:
        path = folder / "model.json"
        path.write_text(json.dumps(MODEL))
        require(upconv("tune", path, "--budget", "1", "-o", folder / "t"))
        ended = verdicts(folder / "t")
        if set(ended) != {"up", "out"}:
            return f"verdicts on {sorted(ended)}"
        ops = {layer: record["op"] for layer, record in ended.items()}
        return None if ops == {"up": "conv-transpose", "out": "conv"} else f"tables {ops}"


def random_points() -> str | None:
    """--random N: so many points, the same ones for the same seed, however often the run was stopped."""
    with scratch() as folder:
        def points(name: str, count: int, *arguments: object) -> list[tuple]:
            require(upconv("tune", suite(folder), "--layer", "up4", "--random", count, "-o", folder / name, *arguments))
            return trials(folder / name)

        first = points("a", 5)
        if len(first) != 5 or len(set(first)) != 5:
            return f"points: {first}"
        if set(verdicts(folder / "a")) != {"up4"}:
            return "no verdict"
        log = folder / "b" / "log.jsonl"
        points("b", 5)
        log.write_text("".join(log.read_text().splitlines(True)[:2]))  # stopped after two points
        if points("b", 5, "--resume") != first:
            return "another run of the seed measures other points"
        return "the seed makes no difference" if points("c", 5, "--seed", "1") == first else None


def bad_usage() -> str | None:
    with scratch() as folder:
        path = suite(folder)
        for arguments, word in [((path, "--shard", "3/2"), "--shard"), ((path, "--shard", "x"), "--shard"),
                                ((path, "--budget", "0"), "--budget"), (("merge", "-o", folder), "merge"),
                                (("merge", folder), "-o"), ((path, path), "one MODEL"),
                                ((path, "--layer", "none", "-o", folder / "t"), "none")]:
            result = upconv("tune", *arguments)
            if result.returncode != 2 or word not in errors_of(result):
                return f"{arguments}: status {result.returncode}: {errors_of(result)}"
        (folder / "bad").mkdir()
        (folder / "bad" / "log.jsonl").write_text("{}\n")
        result = upconv("tune", "merge", folder / "bad", "-o", folder / "all")
        if result.returncode != 1 or "log.jsonl:1" not in errors_of(result):
            return f"a bad log: status {result.returncode}: {errors_of(result)}"
        return "a merge that failed writes" if (folder / "all").exists() else None


def refused() -> str | None:
    """A run that measures nothing leaves nothing, and nothing of others away."""
    with scratch() as folder:
        path = suite(folder)
        wrong = [(path, "--layer", "none"), (folder / "none.json",), (path, "--target", "z80"),
                 (path, "--target", "x86-64", "--remote", "nobody", "--remote-shell", "false",
                  "--remote-patience", "0.1")]
        for arguments in wrong:
            result = upconv("tune", *arguments, "-o", folder / "new" / "deep")
            if result.returncode in (0, 70):
                return f"{arguments}: status {result.returncode}"
            if (folder / "new").exists():
                return f"{arguments}: left behind: {[str(left) for left in (folder / 'new').rglob('*')]}"
        (folder / "old" / "deep").mkdir(parents=True)
        (folder / "old" / "mine").write_text("mine")
        upconv("tune", *wrong[0], "-o", folder / "old" / "deep")
        left = sorted(str(name.relative_to(folder)) for name in (folder / "old").rglob("*"))
        if left != ["old/deep", "old/mine"]:
            return f"of folders that were there: {left}"
        # A shard may have no layers: that is no failure, and its log can be merged.
        require(upconv("tune", path, "--shard", "4/4", "-o", folder / "t4"))
        return None if records(folder / "t4") == [] else "a shard without layers has records"


def source_tree() -> str | None:
    """Tables that a person has changed since the tool was built are not written over."""
    with scratch() as folder:
        shutil.copytree(SOURCE / "scheduling", folder / "scheduling")
        table = folder / "scheduling" / "generic" / "conv-f32.yaml"
        table.write_text("# mine\n" + table.read_text())
        result = upconv("tune", suite(folder), "--budget", "1", cwd=folder)
        if result.returncode != 2 or "conv-f32.yaml" not in errors_of(result):
            return f"status {result.returncode}: {errors_of(result)}"
        if (folder / "upconv-tune").exists():
            return "a run that is refused leaves its folder"
        return None if table.read_text().startswith("# mine") else "the table was written over"


def main() -> None:
    report = Report()
    for check in (whole_run, killed_and_resumed, started_again, interrupted, interrupted_early, shards, model,
                  random_points, refused, source_tree, bad_usage):
        report.check("tune", check.__name__.replace("_", " "), check)
    report.finish()


if __name__ == "__main__":
    main()
