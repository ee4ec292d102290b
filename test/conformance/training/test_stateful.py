"""Stateful layers go on from batch to batch, in training, validation, evaluation and prediction, and in
compiled objects, whose states the host sets to 0."""
import ctypes
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

ORACLE = pathlib.Path(__file__).with_name("stateful_oracle.py")
BATCH = 4  # the oracle's
CLOSE = dict(rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The model, its data and Keras' answers."""
    path = tmp_path_factory.mktemp("stateful")
    subprocess.run([sys.executable, ORACLE, path], check=True, capture_output=True,
                   env={**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"})
    return path


def test_states_stay(lamina, folder):
    answers = np.load(folder / "answers.npz")
    model, data = folder / "model.keras", folder / "data.npz"
    predictions = lamina.predict(model, data, folder / "p.npz", BATCH)[0]
    np.testing.assert_allclose(predictions, answers["predictions"], **CLOSE)
    loss = lamina.evaluate(model, data, BATCH)["loss"]
    np.testing.assert_allclose(loss, answers["loss"], **CLOSE)
    log = lamina.train(model, data, folder / "out.keras", folder / "log.csv", epochs=3,
                       batch_size=BATCH, validation=folder / "validation.npz")
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(log[name], answers[f"history_{name}"], **CLOSE)


class Object:
    """A compiled object named `net` as a shared library, with a state of its own."""

    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))
        self.header = path.with_suffix(".h").read_text()
        self.state = self.memory("STATE")
        self.workspace = self.memory("WORKSPACE")
        self.call("init", self.state, ctypes.c_uint64(0))

    def memory(self, name):
        alignment = self.constant(f"NET_{name}_ALIGNMENT")
        array = np.empty(self.constant(f"NET_{name}_BYTES") + alignment, "uint8")
        return array[-array.ctypes.data % alignment:]

    def constant(self, name):
        return int(re.search(rf"#define {name} (\d+)", self.header)[1])

    def call(self, name, *arguments):
        given = [a.ctypes.data_as(ctypes.c_void_p) if isinstance(a, np.ndarray) else a
                 for a in arguments]
        assert self.library[f"net_{name}"](*given) == 0

    def run(self, name, result, *arrays):
        """A function with rows, for one batch after the other."""
        results = []
        for start in range(0, len(arrays[0]), BATCH):
            out = np.empty(result, "float32")
            rows = [np.ascontiguousarray(a[start:start + BATCH]) for a in arrays]
            self.call(name, None, self.state, self.workspace, ctypes.c_uint32(BATCH), *rows, out)
            results.append(out)
        return np.array(results)


def test_states_in_a_compiled_object(lamina, folder):
    lamina("compile", folder / "model.keras", "--batch-size", BATCH, "--emit", "shared", "-o",
           folder / "net.so")
    answers, data = np.load(folder / "steps.npz"), np.load(folder / "data.npz")
    x, y = data["x"], data["y"]
    net = Object(folder / "net.so")
    losses = net.run("train_step", 1, x, y)
    np.testing.assert_allclose(losses[:, 0], answers["losses"], **CLOSE)
    net.call("reset_states", net.state)
    predictions = net.run("predict", (BATCH, 1), x)
    np.testing.assert_allclose(predictions, answers["predictions"], **CLOSE)
    net.call("reset_states", net.state)
    for name in ("evaluated", "went_on"):
        np.testing.assert_allclose(net.run("evaluate", 1, x, y)[:, 0], answers[name], **CLOSE)
    assert not np.allclose(answers["evaluated"], answers["went_on"], rtol=1e-3)
