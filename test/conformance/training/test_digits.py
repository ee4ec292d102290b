"""The digits networks from their files to their accuracy, and the same bits however one is run."""
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from answers import read_weights

ROOT = pathlib.Path(__file__).resolve().parents[3]
DIGITS = ROOT / "examples/digits"
EPOCHS = 30


def train(lamina, out, *more, epochs=3, model="digits.keras"):
    lamina("train", DIGITS / model, "--data", DIGITS / "train.csv", "--target", "digit",
           "--epochs", epochs, "--batch-size", 64, "-o", out, *more)
    return out


def accuracy(lamina, model):
    text = lamina("evaluate", model, "--data", DIGITS / "test.csv", "--target", "digit")
    return float(text.split("accuracy")[1].strip(" :=\n").split()[0])


def test_accuracy(lamina, tmp_path):
    shuffled = train(lamina, tmp_path / "shuffled.keras", epochs=EPOCHS)
    assert accuracy(lamina, shuffled) >= 0.965


def train_with_keras(network, *more):
    """The test accuracy after the same number of epochs."""
    command = [sys.executable, DIGITS / "model.py", network, "--train", "--epochs", str(EPOCHS)]
    printed = subprocess.run(
        [*command, *more], capture_output=True, text=True, check=True,
        env={**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}).stdout
    return float(printed.split()[-1])


def test_accuracy_is_that_of_keras(lamina, tmp_path):
    """Same initial weights, same order of the rows: within half a point."""
    ordered = train(lamina, tmp_path / "ordered.keras", "--no-shuffle", epochs=EPOCHS)
    assert abs(accuracy(lamina, ordered) - train_with_keras("mlp", "--no-shuffle")) <= 0.005


@pytest.mark.parametrize("network, least, apart", [
    ("cnn", 0.98, 0.0105), ("branches", 0.98, 0.0105), ("transformer", 0.965, 0.015)])
def test_accuracy_of_other_networks(network, least, apart, lamina, tmp_path):
    """Order and dropout are drawn by each on its own: within two standard deviations of what 360
    images say about an accuracy of 0.99 or 0.98, and on the good side of the latter's."""
    trained = train(lamina, tmp_path / "trained.keras", "--seed", 1, epochs=EPOCHS,
                    model=f"digits_{network}.keras")
    ours = accuracy(lamina, trained)
    assert ours >= least
    assert abs(ours - train_with_keras(network)) <= apart


@pytest.fixture(scope="module", params=["digits.keras", "digits_transformer.keras"])
def one_thread(request, lamina, tmp_path_factory):
    folder = tmp_path_factory.mktemp("threads")
    return request.param, read_weights(train(lamina, folder / "one.keras", "--seed", 5, "--threads",
                                             1, model=request.param))


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_same_bits_with_any_number_of_threads(threads, lamina, one_thread, tmp_path):
    model, one_thread = one_thread
    weights = read_weights(
        train(lamina, tmp_path / "out.keras", "--seed", 5, "--threads", threads, model=model))
    assert weights.keys() == one_thread.keys()
    for name, values in one_thread.items():
        assert values.tobytes() == weights[name].tobytes(), name


def test_same_bits_tuned(lamina, tmp_path):
    plain, tuned = (read_weights(train(lamina, tmp_path / f"{name}.keras", *more, epochs=1))
                    for name, more in (("plain", ()), ("tuned", ("--tune",))))
    for name, values in plain.items():
        assert values.tobytes() == tuned[name].tobytes(), name


def test_predictions_do_not_depend_on_the_batch_size(lamina, tmp_path):
    model = DIGITS / "digits.keras"
    results = [lamina.predict(model, DIGITS / "test.csv", tmp_path / f"{n}.npz", n)[0]
               for n in (1, 7, 64, 360)]
    for other in results[1:]:
        assert np.array_equal(results[0], other)


def test_readme(lamina, tmp_path):
    """The commands that the README shows, but for the build, where they are not in the way."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## By hand")[1]
    script = section.split("```sh")[1].split("```")[0].replace("./dev build", "")
    assert script.count("build/bin/lamina ") >= 6
    script = script.replace("build/bin/lamina", str(lamina.binary))
    script = script.replace("examples/", f"{ROOT}/examples/")
    done = subprocess.run(["bash", "-ec", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {
        "new.keras", "trained.keras", "predictions.npy", "digits.o", "digits.h", "digits.svg",
        "trained.h5"}
