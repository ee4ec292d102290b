"""Keras' answers, computed by background processes and kept between runs."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time
from importlib import metadata

import numpy as np

import answers
from case import CASES
from differences import Record, is_live

HERE = pathlib.Path(__file__).parent
# Processes of each backend. TensorFlow takes most of the time of all tests and mostly one CPU.
PROCESSES = {"tensorflow": 2, "jax": 1}
# Small models gain nothing from more threads in each.
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
TIME_LIMIT = 900  # seconds to wait for one answer; the first needs the import of the backend


class Oracles:
    """`sample` says which cases run on JAX although their difference is recorded."""

    def __init__(self, work, names, sample):
        self.folder = work / "cases"
        self.sample = sample
        self.record = Record()
        self.names = names
        self.folder.mkdir(parents=True, exist_ok=True)
        self.processes = {}
        self.known, self.parted = {}, {}  # quantities and differences, by case
        for name in names:
            self._prepare(CASES[name])
        waiting = [n for n in names if any(not self._finished(n, b) for b in PROCESSES)]
        if waiting:
            for backend, count in PROCESSES.items():
                self.processes[backend] = [
                    start(backend, self.folder, [sample, *waiting[i::count]], number=i)
                    for i in range(count)]

    def _prepare(self, case):
        """Writes the data, and forgets answers to another version of the case."""
        folder, stamp = self.folder / case.name, fingerprint(case)
        if (folder / "stamp").exists() and (folder / "stamp").read_text() == stamp:
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        train, validation = case.parts()
        for name, arrays in (("data.npz", train), ("validation.npz", validation)):
            if arrays:
                np.savez(folder / name, **keyed("x", arrays[0]), **keyed("y", arrays[1]),
                         **keyed("sample_weight", arrays[2]))
        (folder / "stamp").write_text(stamp)

    def _has_answered(self, name, backend):
        answer = self.folder / name
        return (answer / f"{backend}.npz").exists() or (answer / f"{backend}.error").exists()

    def _finished(self, name, backend):
        return self._has_answered(name, backend) or (
            backend == "jax" and self._is_recorded(name))

    def path(self, case, name):
        """A file of a case; waits until the TensorFlow process has written the model."""
        if name == "model.keras":
            self._wait(case, "tensorflow", "model.keras")
        return self.folder / case.name / name

    def quantities(self, case):
        """What Keras on TensorFlow computed, by quantity (answers.py)."""
        self._wait(case, "tensorflow", "tensorflow.npz")
        folder = self.folder / case.name
        report = folder / "tensorflow.error"
        assert not report.exists(), f"Keras cannot run this case:\n{report.read_text()}"
        if case.name not in self.known:
            self.known[case.name] = answers.quantities(case, folder, "tensorflow")
        return self.known[case.name]

    def difference(self, case, quantity):
        """How far Keras on JAX is from Keras on TensorFlow, as computed now or as recorded; None
        where there is nothing to compare."""
        self.quantities(case)
        if not self._is_recorded(case.name):
            self._wait(case, "jax", "jax.npz")
        return self._differences(case.name).get(quantity)

    def _differences(self, name):
        folder = self.folder / name
        if name not in self.parted:
            self.parted[name] = (answers.differences(CASES[name], folder)
                                 if self._has_answered(name, "jax")
                                 else self.record.find(CASES[name], folder / "model.keras"))
        return self.parted[name]

    def _is_recorded(self, name):
        model = self.folder / name / "model.keras"
        return (model.exists() and not is_live(name, self.sample)
                and self.record.find(CASES[name], model) is not None)

    def keep_differences(self):
        """Renews the record's lines of the cases that both backends have answered."""
        for name in self.names:
            trained = (self.folder / name / "tensorflow.npz").exists()
            if trained and self._has_answered(name, "jax"):
                self.record.set(CASES[name], self.folder / name / "model.keras",
                                self._differences(name))
        self.record.write(CASES)

    def _wait(self, case, backend, name):
        end = time.monotonic() + TIME_LIMIT
        folder = self.folder / case.name
        while not ((folder / name).exists() or (folder / f"{backend}.error").exists()):
            running = any(p.poll() is None for p in self.processes.get(backend, ()))
            if not running or time.monotonic() > end:
                raise RuntimeError(f"Keras on {backend} gave no answer to {case.name}; see "
                                   f"{self.folder.parent / backend}-*.log")
            time.sleep(0.05)

    def resumed(self, cases):
        """Lets Keras continue what Lamina has trained halfway (lamina.half.keras)."""
        for case in cases:
            for name in ("resumed.npz", "resumed.error"):
                (self.folder / case.name / name).unlink(missing_ok=True)
        process = start("tensorflow", self.folder, [c.name for c in cases], ["--resume"])
        process.wait(TIME_LIMIT)

    def stop(self):
        for process in (p for started in self.processes.values() for p in started):
            process.terminate()
            process.wait()


def fingerprint(case):
    """Answers hold as long as the case's module, the oracle and Keras' versions are the same."""
    digest = hashlib.sha256()
    for path in (sys.modules[case.build.__module__].__file__, HERE / "case.py", HERE / "oracle.py",
                 HERE / "cases/chain.py"):
        digest.update(pathlib.Path(path).read_bytes())
    for package in ("keras", "tensorflow-cpu", "jax", "numpy"):
        digest.update(metadata.version(package).encode())
    return digest.hexdigest()


def keyed(prefix, arrays):
    """x, or x0, x1, …: the names `lamina` expects in a data file."""
    if len(arrays) == 1:
        return {prefix: arrays[0]}
    return {f"{prefix}{i}": a for i, a in enumerate(arrays)}


def start(backend, folder, arguments, option=(), number=0):
    name = f"{backend}-{number}{''.join(option)}.log"
    log = open(folder.parent / name, "w", encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, str(HERE / "oracle.py"), *option, str(folder), *arguments], cwd=HERE,
        stdout=log, stderr=log, env={**os.environ, "KERAS_BACKEND": backend, **ONE_THREAD})
