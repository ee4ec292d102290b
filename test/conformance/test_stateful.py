"""Stateful layers go on from batch to batch, in training, validation, evaluation and prediction."""
import os
import pathlib
import subprocess
import sys

import numpy as np

ORACLE = pathlib.Path(__file__).with_name("stateful_oracle.py")
BATCH = 4  # the oracle's
CLOSE = dict(rtol=1e-5, atol=1e-6)


def test_states_stay(lamina, tmp_path):
    subprocess.run([sys.executable, ORACLE, tmp_path], check=True, capture_output=True,
                   env={**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"})
    answers = np.load(tmp_path / "answers.npz")
    model, data = tmp_path / "model.keras", tmp_path / "data.npz"
    predictions = lamina.predict(model, data, tmp_path / "p.npz", BATCH)[0]
    np.testing.assert_allclose(predictions, answers["predictions"], **CLOSE)
    loss = lamina.evaluate(model, data, BATCH)["loss"]
    np.testing.assert_allclose(loss, answers["loss"], **CLOSE)
    log = lamina.train(model, data, tmp_path / "out.keras", tmp_path / "log.csv", epochs=3,
                       batch_size=BATCH, validation=tmp_path / "validation.npz")
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(log[name], answers[f"history_{name}"], **CLOSE)
