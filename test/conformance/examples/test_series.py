"""The example of a time series, from its script to an error that beats a plain guess."""
import os
import pathlib
import subprocess
import sys

EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "examples/series/run.sh"


def test_example(lamina, tmp_path):
    done = subprocess.run(
        [EXAMPLE], capture_output=True, text=True,
        env={**os.environ, "LAMINA": str(lamina.binary), "PYTHON": sys.executable,
             "OUT": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    guess = float(done.stdout.splitlines()[0].split()[-1])
    error = float(done.stdout.split("mae")[1].strip(" :=\n").split()[0])
    assert error < guess / 4, done.stdout
