"""Keras' answers as the tests see them: they wait until the background processes (oracle_runs.py) have
written what they need."""
import json
import os
import subprocess
import sys
import time

import numpy as np

import answers
import oracle_runs
from case import CASES
from differences import Record

TIME_LIMIT = 1800  # seconds to wait for one answer: those of all other cases may come before it


class Oracles:
    """`sample` says of which cases the difference is measured although it is recorded."""

    def __init__(self, work, sample):
        self.folder = oracle_runs.folder_of_cases(work)
        self.sample = sample
        self.record = Record()
        self.known, self.parted, self.shared, self.moved = {}, {}, {}, {}  # by case

    def path(self, case, name):
        """A file of a case; waits until the TensorFlow process has written the model."""
        if name == "model.keras":
            self._wait(case, "tensorflow", "model.keras", "tensorflow.error")
        return self.folder / case.name / name

    def quantities(self, case, label="tensorflow"):
        """What Keras on TensorFlow computed, by quantity (answers.py); as the `label` of another
        answer of it says, after an opinion was asked for."""
        self._answer(case, "tensorflow", label)
        key = case.name, label
        if key not in self.known:
            self.known[key] = answers.quantities(case, self.folder / case.name, label)
        return self.known[key]

    def neighbours(self, case):
        """Which arrays have scales in common, by quantity (answers.py)."""
        if not answers.has_variables(case):
            return {}
        self._answer(case, "tensorflow", "tensorflow")
        if case.name not in self.shared:
            self.shared[case.name] = answers.neighbours(self.folder / case.name)
        return self.shared[case.name]

    def noise(self, case):
        """How far noise of one unit in the last place moves every quantity, on this machine."""
        folder = self.folder / case.name
        if not all((folder / f"{label}.npz").exists() for label in answers.noise_labels()):
            self._ask_again(case, "noise")
        if case.name not in self.moved:
            self.moved[case.name] = answers.differences(case, folder, answers.noise_labels())
        return self.moved[case.name]

    def opinion(self, case):
        """What Keras says when it is asked for its modes and in double precision (second_opinion.py),
        after the noise."""
        path = self.folder / case.name / "opinion.json"
        if not path.exists():
            self._ask_again(case, "modes")
        return json.loads(path.read_text())

    def _ask_again(self, case, what):
        """By this process: the tests of a case stay together."""
        done = subprocess.run(
            [sys.executable, oracle_runs.SECOND_OPINION, self.folder, case.name, what],
            capture_output=True, text=True, cwd=oracle_runs.HERE,
            env={**os.environ, "KERAS_BACKEND": "tensorflow", **oracle_runs.ONE_THREAD})
        assert done.returncode == 0, f"second_opinion.py {case.name} {what}:\n{done.stderr}"

    def difference(self, case, quantity):
        """How far another answer of Keras is from that on TensorFlow, as computed now or as recorded;
        None where there is nothing to compare."""
        self.quantities(case)  # noise comes before them
        model = self.folder / case.name / "model.keras"
        if not case.noise and not self.record.spares(case, model, self.sample):
            self._wait(case, "jax", "jax.npz", "jax.error")
        return self._differences(case.name).get(quantity)

    def _differences(self, name):
        folder = self.folder / name
        if name not in self.parted:
            self.parted[name] = (answers.measured_differences(CASES[name], folder)
                                 if answers.is_measured(CASES[name], folder)
                                 else self.record.find(CASES[name], folder / "model.keras"))
        return self.parted[name]

    def keep_differences(self, names):
        """Renews the record's lines of the cases whose differences were measured."""
        for name in names:
            folder = self.folder / name
            measured = answers.is_measured(CASES[name], folder)
            if measured and (folder / "tensorflow.npz").exists():
                self.record.set(CASES[name], folder / "model.keras", self._differences(name))
        self.record.write(CASES)

    def resumed(self, case):
        """What came of the second half of a training whose first half is Lamina's."""
        with np.load(self._answer(case, "tensorflow", "resumed")) as file:
            return dict(file)

    def _answer(self, case, backend, stem):
        """The file STEM.npz; an error where STEM.error came instead."""
        folder = self.folder / case.name
        self._wait(case, backend, f"{stem}.npz", f"{stem}.error")
        report = folder / f"{stem}.error"
        assert not report.exists(), f"Keras cannot run this case:\n{report.read_text()}"
        return folder / f"{stem}.npz"

    def _wait(self, case, backend, name, report):
        """Until a backend has written the file or a report."""
        end = time.monotonic() + TIME_LIMIT
        folder = self.folder / case.name
        running = True
        while not ((folder / name).exists() or (folder / report).exists()):
            if not running or time.monotonic() > end:
                raise RuntimeError(f"Keras on {backend} gave no answer to {case.name}; see "
                                   f"{self.folder.parent / backend}-*.log")
            time.sleep(0.05)
            running = oracle_runs.is_running(self.folder, backend)
