"""--freeze, --unfreeze and --cache-frozen: what is trained, what is computed, and the same bits."""
import csv
import json
import os
import pathlib
import re
import subprocess
import sys

import h5py
import numpy as np
import pytest

ORACLE = pathlib.Path(__file__).with_name("freezing_oracle.py")


def ask(*arguments):
    done = subprocess.run([sys.executable, ORACLE, *map(str, arguments)], check=True, text=True,
                          capture_output=True, env={**os.environ, "KERAS_BACKEND": "tensorflow"})
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models and data of freezing_oracle.py, and what Keras makes of the frozen ones."""
    path = tmp_path_factory.mktemp("freezing")
    (path / "answers.json").write_text(json.dumps(ask("make", path)))
    return path


def train(lamina, folder, model, out, *more, epochs=3):
    done = lamina.run("train", folder / f"{model}.keras", "--data", folder / f"{model}.npz", "--epochs",
                      epochs, "--batch-size", 16, "--seed", 3, "-o", out, "--log", f"{out}.csv", *more)
    assert done.returncode == 0, done.stderr
    return done


FROZEN = ["images:..a", "images:..drop", "images:..g", "images:c1..r1", "attention:..k", "attention:q",
          "attention:..ln", "attention:k", "sums:d1", "sums:..sc", "sums:..a", "sums:d2"]


@pytest.mark.parametrize("which", FROZEN)
def test_cache_keeps_the_bits(lamina, folder, tmp_path, which):
    """Of weights, optimizer state and logs, validation among them."""
    model, layers = which.split(":")
    written = []
    for name, more in (("plain.keras", []), ("cached.keras", ["--cache-frozen"])):
        done = train(lamina, folder, model, tmp_path / name, "--freeze", layers, "--validation-split",
                     "0.2", *more)
        assert ("Frozen layers: computed for 50 rows" in done.stderr) == bool(more)
        written.append((tmp_path / f"{name}.csv").read_text())
    assert written[0] == written[1]
    lamina("convert", tmp_path / "plain.keras", tmp_path / "plain.weights.h5")
    lamina("convert", tmp_path / "cached.keras", tmp_path / "cached.weights.h5")
    assert same_weights(tmp_path / "plain.weights.h5", tmp_path / "cached.weights.h5")


def same_weights(a, b, below="/"):
    with h5py.File(a) as first, h5py.File(b) as second:
        names = []
        first, second = first[below], second[below]
        first.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        assert names
        return all(np.array_equal(first[name][()], second[name][()]) for name in names)


@pytest.mark.parametrize("model", ["images", "attention", "sums"])
def test_as_keras_freezes(lamina, folder, tmp_path, model):
    """Losses, batch normalization included, and a file that Keras goes on from with its state."""
    expected = json.loads((folder / "answers.json").read_text())[model]
    train(lamina, folder, model, tmp_path / "out.keras", "--freeze", expected["frozen"], "--no-shuffle")
    with open(tmp_path / "out.keras.csv", encoding="utf-8") as log:
        losses = [float(row["loss"]) for row in csv.DictReader(log)]
    if model != "images":  # which draws random numbers
        np.testing.assert_allclose(losses, expected["losses"], rtol=1e-5)
    found = ask("load", tmp_path / "out.keras")
    assert found["trainable"] == expected["trainable"]
    assert found["iterations"] == 3 * 4


def flops(text):
    """Of the training step, in MFLOP."""
    return float(re.search(r"train_step: .*?([\d.,]+) MFLOP", text)[1].replace(",", ""))


def test_frozen_layers_have_no_backward_pass(lamina, folder):
    """A step costs what the forward pass costs, and what the last layers cost besides."""
    inspect = lambda *more: lamina("inspect", folder / "images.keras", *more)
    whole, frozen = inspect(), inspect("--freeze", "..g")
    predict = float(re.search(r"predict: .*?([\d.]+) MFLOP", frozen)[1])
    head = 3 * 2 * 32 * 8 * 3 / 1e6  # three products of rows x 8 x 3
    assert flops(whole) > 2.2 * predict
    assert flops(frozen) < 1.02 * predict + 2 * head
    step = frozen.split("train_step:")[1].split("evaluate:")[0]
    kernels = re.findall(r"^  (c\d) +(\w+)", step, re.MULTILINE)
    assert [layer for layer, _ in kernels] and all("gradient" not in k for _, k in kernels)


def test_a_model_that_is_frozen_as_a_whole(lamina, folder, tmp_path):
    out = tmp_path / "out.keras"
    done = lamina.run("train", folder / "sums.keras", "--data", folder / "sums.npz", "--freeze", "..",
                      "-o", out)
    assert done.returncode == 0
    assert done.stderr == (f"note: {folder / 'sums.keras'}: all layers are frozen, so nothing is "
                           "trained; the model is evaluated\n")
    evaluated = lamina("evaluate", folder / "sums.keras", "--data", folder / "sums.npz")
    assert done.stdout == evaluated
    lamina("convert", folder / "sums.keras", tmp_path / "before.weights.h5")
    lamina("convert", out, tmp_path / "after.weights.h5")
    assert same_weights(tmp_path / "before.weights.h5", tmp_path / "after.weights.h5", "layers")


def test_nothing_to_cache(lamina, folder, tmp_path):
    done = train(lamina, folder, "images", tmp_path / "out.keras", "--cache-frozen", "--freeze",
                 "head", epochs=1)
    assert ("images.keras: --cache-frozen has no effect: the first layers are trained, or what they "
            "give depends on random numbers or on other rows\n") in done.stderr
