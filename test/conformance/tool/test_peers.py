"""lamina bench --peers: the same model and batch in other frameworks, in turns."""
import json
import re
import sys

import pytest

import small_models as models


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "m.json"
    models.write(path, models.sequential(models.input_layer(5), models.dense("out", 2)))
    return path


def python(folder, text):
    """A program that is asked as a Python would be."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def bench(lamina, model, *more):
    return lamina.run("bench", model, "--batch-size", 8, "--steps", 10, "--peers", *more)


def test_keras_runs_the_model(lamina, model, tmp_path):
    """On TensorFlow, both ways; the rest is left out by a Python that does not have it."""
    (tmp_path / "jax.py").write_text("raise ModuleNotFoundError('jax', name='jax')\n")
    filtered = python(tmp_path, f'export PYTHONPATH={tmp_path}\nexec {sys.executable} "$@"')
    done = bench(lamina, model, "--rounds", 3, "--json", "--python", filtered, "--plot", tmp_path / "p.svg")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["comparison"]
    names = [peer["name"] for peer in found["peers"]]
    assert names[:2] == ["Keras on TensorFlow", "Keras on TensorFlow, XLA"]
    assert {"name": "Keras on JAX", "reason": "jax is not installed"} in found["missing"]
    assert found["rounds"] + found["rounds_left_out"] == 3 and found["rounds"] >= 1
    for peer in found["peers"]:
        assert re.match(r"keras \S+, tensorflow \S+$", peer["versions"]) or "torch" in peer["versions"]
        assert peer["median_ms"] >= peer["min_ms"] > 0 and peer["ratio"] > 0
        assert peer["first_call_s"] > 0 and peer["peak_rss_bytes"] > 1e8
    picture = (tmp_path / "p.svg").read_text()
    assert "m.json: one training step, batch 8" in picture
    assert all(f">{name}</text>" in picture for name in ["Lamina", *names])


def answering(folder, *lines):
    """A Python whose peers answer so, line by line of what they are asked."""
    text = "\n".join(f"echo '{line}'; read -r ignored" for line in lines)
    return python(folder, text)


def test_table(lamina, model, tmp_path):
    """Of peers that always take a hundred milliseconds."""
    turn = '{"ms": [100, 100, 100], "peak_rss_bytes": 1048576}'
    peer = answering(tmp_path, '{"versions": "peer 1"}', turn, turn, turn)
    done = bench(lamina, model, "--rounds", 2, "--python", peer)
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(Keras.*?)  +100 +([\d.]+) +([\d.]+) +1$", done.stdout, re.M)
    assert [row[0] for row in rows] == ["Keras on TensorFlow", "Keras on TensorFlow, XLA", "Keras on JAX",
                                        "Keras on PyTorch"]
    assert all(float(ratio) > 1 for _, ratio, _ in rows)
    assert re.search(r"^Medians over [12] rounds in turns; [01] left out, for the machine gave less than its "
                     r"peak\.$", done.stdout, re.M)


def test_a_peer_that_ends_early_is_left_out(lamina, model, tmp_path):
    turn = '{"ms": [100], "peak_rss_bytes": 1}'
    script = f"""case "$3" in jax) exit 1;; torch) echo 'no JSON'; exit;; esac
echo '{{"versions": "peer 1"}}'; read -r n; echo '{turn}'
case "$3" in tensorflow-xla) exit;; esac
read -r n; echo '{turn}'; read -r n; echo '{turn}'; read -r n"""
    done = bench(lamina, model, "--rounds", 2, "--json", "--python", python(tmp_path, script))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["comparison"]
    assert [peer["name"] for peer in found["peers"]] == ["Keras on TensorFlow"]
    assert found["missing"] == [
        {"name": "Keras on JAX", "reason": "its process has ended"},
        {"name": "Keras on PyTorch", "reason": "its answer is no JSON"},
        {"name": "Keras on TensorFlow, XLA", "reason": "its process has ended"}]


def test_no_peer(lamina, model, tmp_path):
    missing = answering(tmp_path, '{"missing": "keras"}')
    done = bench(lamina, model, "--python", missing)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"error: {missing}: no peer runs there: Keras on TensorFlow (keras is not installed), Keras on "
        "TensorFlow, XLA (keras is not installed), Keras on JAX (keras is not installed), Keras on PyTorch "
        "(keras is not installed); --python names the Python that has some")
    done = bench(lamina, model, "--python", "no-such-python")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1, "error: no-such-python: cannot be started: No such file or directory; --python names the Python that "
           "has the peers")


def test_options_that_need_peers(lamina, model):
    done = lamina.run("bench", model, "--rounds", 3)
    assert (done.returncode, done.stderr) == (
        2, "error: --rounds requires --peers; see 'lamina help bench'\n")
