"""Background processes that let Keras answer the cases, on two backends; their answers stay in files.

One process has them, the one that runs the tests or hands them to its workers; the tests read the
files (oracles.py)."""
import fcntl
import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
from importlib import metadata

import numpy as np

import answers
from case import CASES
from differences import Record
from kept_answers import KeptAnswers
from sources import with_imports

HERE = pathlib.Path(__file__).parent
# Processes of each backend. TensorFlow takes most of the time of all tests and mostly one CPU.
PROCESSES = {"tensorflow": 2, "jax": 1}
# Files of a case that come of what Lamina writes.
CONTINUATION = ("lamina.half.keras", "resumed.npz", "resumed.error")
ORACLE = HERE / "oracle.py"
SECOND_OPINION = HERE / "second_opinion.py"
REFEREE = HERE / "referee.py"
IN_DOUBLE = {"KERAS_BACKEND": "jax", "JAX_ENABLE_X64": "1"}  # its environment
# Small models gain nothing from more threads in each.
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


def folder_of_cases(work):
    return work / "cases"


class OracleRuns:
    """Starts the processes for the cases of these names that are not answered, and for those that are
    continued from what Lamina writes in this run. Differences of the `sample` are measured although
    they are recorded. `kept`: the folder of answers that outlive this one, or None."""

    def __init__(self, work, names, sample, kept):
        self.folder = folder = folder_of_cases(work)
        self.names = names
        self.kept = KeptAnswers(kept)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            prepare(CASES[name], folder / name, self.kept)
        record = Record()
        waiting = [n for n in names if not (
            has_answered(folder / n, "tensorflow") and (
                answers.is_measured(CASES[n], folder / n)
                or record.spares(CASES[n], folder / n / "model.keras", sample)))]
        continued = {"tensorflow": [n for n in names if CASES[n].resume], "jax": []}
        self.processes = [
            start(backend, folder, i, sample, waiting[i::count], continued[backend][i::count])
            for backend, count in PROCESSES.items() for i in range(count)
            if waiting[i::count] or continued[backend][i::count]]

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()
        for name in self.names:
            self.kept.keep((self.folder / name / "stamp").read_text(), self.folder / name)
        self.kept.prune()


def prepare(case, folder, kept):
    """Writes the data, and forgets answers to another version of the case and to another Lamina."""
    stamp = fingerprint(case)
    for name in CONTINUATION:
        (folder / name).unlink(missing_ok=True)
    if (folder / "stamp").exists() and (folder / "stamp").read_text() == stamp:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    train, validation = case.parts()
    for name, arrays in (("data.npz", train), ("validation.npz", validation)):
        if arrays:
            np.savez(folder / name, **keyed("x", arrays[0]), **keyed("y", arrays[1]),
                     **keyed("sample_weight", arrays[2]))
    kept.take(stamp, folder)
    (folder / "stamp").write_text(stamp)


def fingerprint(case):
    """Answers hold as long as the files that declare the case and those that ask Keras, Keras' versions
    and the processor are the same."""
    digest = hashlib.sha256(case.name.encode())
    for path in with_imports({*case.files, ORACLE, SECOND_OPINION, REFEREE}):
        digest.update(path.read_bytes())
    for package in ("keras", "tensorflow-cpu", "jax", "jaxlib", "numpy"):
        digest.update(metadata.version(package).encode())
    digest.update(processor().encode())
    return digest.hexdigest()


@functools.cache
def processor():
    """What the kernels of Keras' backends may depend on."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return "".join(sorted({l for l in lines if l.startswith(("model name", "cpu family", "flags"))}))


def keyed(prefix, arrays):
    """x, or x0, x1, …: the names `lamina` expects in a data file."""
    if len(arrays) == 1:
        return {prefix: arrays[0]}
    return {f"{prefix}{i}": a for i, a in enumerate(arrays)}


def has_answered(folder, backend):
    return (folder / f"{backend}.npz").exists() or (folder / f"{backend}.error").exists()


def start(backend, folder, number, sample, names, continued):
    """A process has its log locked for as long as it lives."""
    log = open(log_file(folder, backend, number), "w", encoding="utf-8")
    fcntl.flock(log, fcntl.LOCK_EX)
    with log:
        return subprocess.Popen(
            [sys.executable, str(ORACLE), str(folder), sample, *names, "--resume",
             *continued], cwd=HERE, stdout=log, stderr=log,
            env={**os.environ, "KERAS_BACKEND": backend, **ONE_THREAD})


def log_file(folder, backend, number):
    return folder.parent / f"{backend}-{number}.log"


def is_running(folder, backend):
    """Whether one of a backend's processes lives, whoever has started it."""
    return any(is_locked(log_file(folder, backend, number))
               for number in range(PROCESSES[backend]))


def is_locked(path):
    if not path.exists():
        return False
    with path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
