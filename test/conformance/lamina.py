"""Runs the `lamina` binary as a person would, by its command line contract."""
import csv
import os
import pathlib
import re
import subprocess
import sys

import numpy as np

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
TIME_LIMIT = 300  # seconds; a run of a small model takes a fraction of one


class Lamina:
    def __init__(self, binary: pathlib.Path):
        assert binary.exists(), f"{binary} does not exist; build it, or name another with --lamina"
        self.binary = binary

    def run(self, *arguments, **settings):
        """The finished process, whatever its exit status."""
        return subprocess.run([str(self.binary), *map(str, arguments)], capture_output=True,
                              text=True, timeout=TIME_LIMIT, **settings)

    def __call__(self, *arguments):
        """Standard output of a run that has to succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, (
            f"lamina {' '.join(map(str, arguments))}\nexit status {done.returncode}\n{done.stderr}")
        return done.stdout

    def run_example(self, script, *arguments, out):
        """Standard output of the script of a folder of examples/, which has to succeed."""
        done = subprocess.run(
            [EXAMPLES / script, *map(str, arguments)], capture_output=True, text=True,
            env={**os.environ, "LAMINA": str(self.binary), "PYTHON": sys.executable, "OUT": str(out)})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def predict(self, model, data, out, batch_size=None):
        batch = ["--batch-size", batch_size] if batch_size else []
        self("predict", model, "--data", data, *batch, "-o", out)
        arrays = np.load(out)
        return [arrays[name] for name in sorted(arrays.files, key=natural)]

    def evaluate(self, model, data, batch_size, more=()):
        """Loss and metrics by name, as printed."""
        text = self("evaluate", model, "--data", data, "--batch-size", batch_size, *more)
        return {k: float(v) for k, v in re.findall(r"([\w\[\]]+)[:=\s]+(-?[\d.]+(?:e[-+]?\d+)?)", text)}

    def train(self, model, data, out, log, *, epochs, batch_size, validation=None, more=()):
        """Trains in file order and returns the log's columns."""
        extra = ["--validation-data", validation] if validation else []
        self("train", model, "--data", data, "--no-shuffle", "--epochs", epochs, "--batch-size",
             batch_size, "--log", log, "-o", out, *extra, *more)
        with open(log, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {column: np.array([float(row[column]) for row in rows])
                for column in rows[0] if column != "epoch"}


def natural(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
