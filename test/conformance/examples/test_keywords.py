"""The example that waits for a word, from its script to sounds that it has not heard."""
import os
import pathlib
import subprocess
import sys

EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "examples/keywords/run.sh"


def test_example(lamina, tmp_path):
    done = subprocess.run(
        [EXAMPLE], capture_output=True, text=True,
        env={**os.environ, "LAMINA": str(lamina.binary), "PYTHON": sys.executable,
             "OUT": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    logs = dict(line.split(": ") for line in done.stdout.splitlines())
    assert float(logs["accuracy"]) > 0.9 and float(logs["recall"]) > 0.9, done.stdout
