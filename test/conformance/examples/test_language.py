"""The example of a language model, from its script to a text that it writes."""
import os
import pathlib
import subprocess
import sys

EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "examples/language"
BEGINNING = "the weaver "


def test_example(lamina, tmp_path):
    done = subprocess.run(
        [EXAMPLE / "run.sh", "20", "12"], capture_output=True, text=True,
        env={**os.environ, "LAMINA": str(lamina.binary), "PYTHON": sys.executable,
             "OUT": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    guess = float(done.stdout.splitlines()[0].split()[-1])
    error = float(done.stdout.split("loss:")[1].split()[0])
    assert error < guess / 4, done.stdout
    written = done.stdout[done.stdout.index(BEGINNING):].removesuffix("\n")
    assert len(written) == len(BEGINNING) + 12
    assert set(written) <= set((EXAMPLE / "text.txt").read_text())
