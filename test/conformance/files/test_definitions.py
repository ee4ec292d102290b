"""Classes that are not Keras' own, with --define: weights by attribute from .keras and by order from .h5,
settings as parameters, against real Keras with the class."""
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ORACLE = pathlib.Path(__file__).with_name("define_oracle.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models, definitions and Keras' answers, made by define_oracle.py."""
    path = tmp_path_factory.mktemp("define")
    subprocess.run([sys.executable, ORACLE, "make", path], check=True, capture_output=True,
                   env={**os.environ, "KERAS_BACKEND": "tensorflow"})
    return path


def close(ours, theirs):
    assert np.abs(ours - theirs).max() <= 1e-6 * max(1, np.abs(theirs).max())


@pytest.mark.parametrize("model", ["model.keras", "model.h5"])
@pytest.mark.parametrize("name", ["Block", "mine>Block"])
def test_predictions(lamina, folder, tmp_path, model, name):
    lamina("predict", folder / model, "--define", f"{name}={folder / 'block.json'}", "--define",
           f"halve={folder / 'halve.keras'}", "--data", folder / "data.npz", "-o", tmp_path / "y.npy")
    close(np.load(tmp_path / "y.npy"), np.load(folder / "predictions.npy"))


def test_training(lamina, folder, tmp_path):
    """Keras, with the class, goes on from what Lamina has written."""
    out = tmp_path / "trained.keras"
    lamina("train", folder / "model.keras", "--define", f"Block={folder / 'block.json'}", "--define",
           f"halve={folder / 'halve.keras'}", "--data", folder / "data.npz", "--no-shuffle",
           "--batch-size", 8, "--epochs", 3, "--log", tmp_path / "log.csv", "-o", out)
    done = subprocess.run([sys.executable, ORACLE, "weights", out], check=True, capture_output=True,
                          env={**os.environ, "KERAS_BACKEND": "tensorflow"}, text=True)
    ours = json.loads(done.stdout.splitlines()[-1])
    for (name, value), (other, expected) in zip(
            ours, json.loads((folder / "trained.json").read_text()), strict=True):
        assert name.rpartition("/")[2] == other.rpartition("/")[2]  # Keras counts its layers on
        close(np.array(value), np.array(expected))


BAD = {
    "no_file": (["Block"], "--define Block: expected CLASS=FILE, a class or a Lambda layer and a "
                "model file"),
    "twice": (["A=a.keras", "A=b.keras"], "--define A=b.keras: A is defined twice"),
    "missing": (["Block={folder}/none.keras"], "none.keras: "),
    "no_definition": (["halve={folder}/halve.keras"],
                      "is the custom class mine>Block; nothing in a file is looked up or executed; "
                      "give its meaning as a model with --define CLASS=FILE"),
    "no_lambda": (["Block={folder}/block.json"], "or say by --define LAYER=FILE which model it "
                  "stands for"),
    "unused": (["Block={folder}/block.json", "halve={folder}/halve.keras",
                "Blok={folder}/block.json"], "no layer is of class Blok or a Lambda layer named so; "
               "leave --define Blok="),
    "without_names": (["Block={folder}/unnamed.json", "halve={folder}/halve.keras"],
                      "and weights that no layer of it takes: "),
    "shape": (["Block={folder}/wide.json", "halve={folder}/halve.keras"],
              "kernel has shape (6, 7) in the model but (6, 5) in the weights"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_definitions(lamina, folder, name):
    definitions, message = BAD[name]
    arguments = [part for d in definitions for part in ("--define", d.format(folder=folder))]
    done = lamina.run("inspect" if name == "unused" else "predict", folder / "model.keras", *arguments,
                      *(() if name == "unused" else ("--data", folder / "data.npz", "-o", "y.npy")))
    text = done.stdout + done.stderr
    assert done.returncode == 1 and message in text, text
    assert done.stderr.count("\n") == 1, done.stderr
