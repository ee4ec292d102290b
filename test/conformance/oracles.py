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

from case import CASES
from differences import Differences, is_live

HERE = pathlib.Path(__file__).parent
BACKENDS = ("tensorflow", "jax")
TIME_LIMIT = 900  # seconds to wait for one answer; the first needs the import of the backend


class Oracles:
    """`sample` says which cases run on JAX although their difference is recorded."""

    def __init__(self, work, names, sample):
        self.folder = work / "cases"
        self.sample = sample
        self.recorded = Differences()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.processes = {}
        for name in names:
            self._prepare(CASES[name])
        waiting = [n for n in names if any(not self._finished(n, b) for b in BACKENDS)]
        if waiting:
            for backend in BACKENDS:
                self.processes[backend] = start(backend, self.folder, [sample, *waiting])

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
                np.savez(folder / name, **keyed("x", arrays[0]), **keyed("y", arrays[1]))
        (folder / "stamp").write_text(stamp)

    def _finished(self, name, backend):
        answer = self.folder / name
        if (answer / f"{backend}.npz").exists() or (answer / f"{backend}.error").exists():
            return True
        model = answer / "model.keras"
        return (backend == "jax" and model.exists() and not is_live(name, self.sample)
                and self.recorded.find(CASES[name], model) is not None)

    def path(self, case, name):
        """A file of a case; waits until the TensorFlow process has written the model."""
        if name == "model.keras":
            self._wait(case, "tensorflow", "model.keras")
        return self.folder / case.name / name

    def answer(self, case, backend):
        """What Keras on `backend` computed; None where Keras on JAX cannot run the case."""
        self._wait(case, backend, f"{backend}.npz")
        path = self.folder / case.name / f"{backend}.npz"
        if path.exists():
            with np.load(path) as arrays:
                return dict(arrays)
        report = (self.folder / case.name / f"{backend}.error").read_text()
        assert backend != "tensorflow", f"Keras cannot run this case:\n{report}"
        return None

    def jax(self, case, quantity, arrays):
        """What Table.check measures the difference of Keras on JAX by: the arrays that `arrays`
        takes from its answer, or the recorded difference; None where JAX cannot run the case."""
        model = self.path(case, "model.keras")
        if (self.folder / case.name / "jax.npz").exists() or is_live(case.name, self.sample):
            differences = None
        else:
            differences = self.recorded.find(case, model)
        if differences is None:
            answer = self.answer(case, "jax")
            return answer and arrays(answer)
        assert quantity in differences, (
            f"{case.name}: no difference of {quantity} is recorded; run ./dev test --record")
        return differences[quantity]

    def record(self, rows):
        """Keeps the differences that a table holds."""
        for name in dict.fromkeys(row["case"] for row in rows):
            self.recorded.record(
                CASES[name], self.folder / name / "model.keras",
                {row["quantity"]: rounded(row["jax_error"]) for row in rows if row["case"] == name})
        self.recorded.write(CASES)

    def _wait(self, case, backend, name):
        end = time.monotonic() + TIME_LIMIT
        folder = self.folder / case.name
        while not ((folder / name).exists() or (folder / f"{backend}.error").exists()):
            process = self.processes.get(backend)
            if process is None or process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"Keras on {backend} gave no answer to {case.name}; see "
                                   f"{self.folder.parent / backend}.log")
            time.sleep(0.05)

    def resumed(self, cases):
        """Lets Keras continue what Lamina has trained halfway (lamina.half.keras)."""
        for case in cases:
            for name in ("resumed.npz", "resumed.error"):
                (self.folder / case.name / name).unlink(missing_ok=True)
        process = start("tensorflow", self.folder, [c.name for c in cases], ["--resume"])
        process.wait(TIME_LIMIT)

    def stop(self):
        for process in self.processes.values():
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


def rounded(difference):
    """Three digits are enough for a limit."""
    return difference and float(f"{difference:.3g}")


def keyed(prefix, arrays):
    """x, or x0, x1, …: the names `lamina` expects in a data file."""
    if len(arrays) == 1:
        return {prefix: arrays[0]}
    return {f"{prefix}{i}": a for i, a in enumerate(arrays)}


def start(backend, folder, arguments, option=()):
    log = open(folder.parent / f"{backend}{''.join(option)}.log", "w", encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, str(HERE / "oracle.py"), *option, str(folder), *arguments], cwd=HERE,
        stdout=log, stderr=log, env={**os.environ, "KERAS_BACKEND": backend})
