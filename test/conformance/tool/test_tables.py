"""The example of tables: no network of `lamina new` is far behind a linear model of scikit-learn."""
import os
import pathlib
import subprocess
import sys

EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "examples/tables/run.sh"


def test_example(lamina, tmp_path):
    done = subprocess.run([EXAMPLE], capture_output=True, text=True,
                          env={**os.environ, "LAMINA": str(lamina.binary), "PYTHON": sys.executable,
                               "OUT": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    assert [row[0] for row in rows] == ["iris", "wine", "breast_cancer", "diabetes", "titanic", "penguins",
                                        "cars"]
    for name, _, _, ours, linear, _ in rows:
        assert float(ours) > float(linear) - 0.06, (name, done.stdout)
