"""Options of `lamina train` against Keras' callbacks, and learning rate schedules step by step."""
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import callbacks
from answers import read_weights
from compare import error

FOLDER = pathlib.Path(__file__).resolve().parents[1]
TOLERANCE = 1e-5  # of the largest value; several epochs carry rounding on


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("callbacks")
    subprocess.run([sys.executable, FOLDER / "callback_oracle.py", path], cwd=FOLDER, check=True,
                   env={**os.environ, "KERAS_BACKEND": "tensorflow"})
    for name, (x, y) in zip(("data", "validation"), callbacks.data()):
        np.savez(path / f"{name}.npz", x=x, y=y)
    np.savez(path / "one.npz", x=np.ones((1, 1), "float32"), y=np.ones((1, 1), "float32"))
    return path


@pytest.mark.parametrize("name", callbacks.RUNS)
def test_callback(name, folder, lamina):
    log = lamina.train(folder / f"{name}.keras", folder / "data.npz", folder / "lamina.keras",
                       folder / "log.csv", epochs=callbacks.EPOCHS,
                       batch_size=callbacks.BATCH_SIZE, validation=folder / "validation.npz",
                       more=callbacks.RUNS[name].options)
    expected = json.loads((folder / f"{name}.json").read_text())
    assert set(log) == set(expected)
    for column, values in expected.items():
        assert len(log[column]) == len(values), column
        assert error([log[column]], [values]) <= TOLERANCE, column
    ours = read_weights(folder / "lamina.keras")
    theirs = read_weights(folder / f"{name}.trained.keras")
    for path, value in theirs.items():
        assert error([ours[path]], [value]) <= TOLERANCE, path


def test_runs_stop_and_reduce(folder):
    """The runs show what they are for: some stop early, some lower the learning rate."""
    logs = {name: json.loads((folder / f"{name}.json").read_text()) for name in callbacks.RUNS}
    for name, log in logs.items():
        if "stop" in name:
            assert 1 < len(log["loss"]) < callbacks.EPOCHS, name
        if "reduce" in name:
            assert len(set(log["learning_rate"])) > 1, name


def test_best_model_is_kept(folder, lamina):
    """The file that --model-checkpoint keeps is that of the epoch with the least validation loss."""
    best = folder / "best.keras"
    log = lamina.train(folder / "early_stopping.keras", folder / "data.npz", folder / "last.keras",
                       folder / "log.csv", epochs=callbacks.EPOCHS,
                       batch_size=callbacks.BATCH_SIZE, validation=folder / "validation.npz",
                       more=["--model-checkpoint", f"{best},save-best-only"])
    scores = lamina.evaluate(best, folder / "validation.npz", callbacks.BATCH_SIZE)
    assert scores["loss"] == pytest.approx(log["val_loss"].min(), rel=1e-6)
    assert log["val_loss"].argmin() < callbacks.EPOCHS - 1
    assert read_weights(best)["optimizer/vars/0"] == 3 * (log["val_loss"].argmin() + 1)


@pytest.mark.parametrize("name", callbacks.SCHEDULES)
def test_schedule(name, folder, lamina):
    log = lamina.train(folder / f"{name}.keras", folder / "one.npz", folder / "lamina.keras",
                       folder / "log.csv", epochs=callbacks.STEPS + 1, batch_size=1)
    rates = json.loads((folder / f"{name}.json").read_text())
    assert np.abs(-np.diff(log["loss"]) - rates).max() <= 2e-7


def settings_error(lamina, folder, *options):
    done = lamina.run("train", folder / "early_stopping.keras", "--data", folder / "data.npz",
                      *options)
    assert done.returncode == 1
    return done.stderr.removeprefix("error: ").strip()


@pytest.mark.parametrize("options, message", [
    (["--early-stopping", "monitor=loss,patience=two"],
     "--early-stopping: patience must be a whole number of at least 0, not 'two'"),
    (["--early-stopping", "monitor=loss,patient=2"],
     "--early-stopping: there is no setting 'patient'; it has min-delta, monitor, mode, patience, "
     "baseline, start-from-epoch, restore-best"),
    (["--early-stopping", "monitor=loss,monitor=accuracy"],
     "--early-stopping: 'monitor' stands there twice"),
    (["--early-stopping", "patience=2"],
     "--early-stopping: there is no log 'val_loss' to monitor; the logs are loss, accuracy (those "
     "of validation need --validation-data or --validation-split)"),
    (["--reduce-lr-on-plateau", "monitor=acc"],
     "--reduce-lr-on-plateau: there is no log 'acc' to monitor; the logs are loss, accuracy, "
     "learning_rate"),
    (["--reduce-lr-on-plateau", "monitor=loss,factor=1"],
     "--reduce-lr-on-plateau: factor must be below 1, not '1'"),
    (["--reduce-lr-on-plateau", "monitor=loss,mode=up"],
     "--reduce-lr-on-plateau: mode must be auto, min or max, not 'up'"),
    (["--early-stopping", "monitor=loss,restore-best=yes"],
     "--early-stopping: restore-best must be given without a value, not 'yes'"),
    (["--model-checkpoint", "best.h5"],
     "--model-checkpoint: it must begin with a .keras file to write, not 'best.h5'"),
    (["--model-checkpoint", "{val_loss:.2f}.keras"],
     "--model-checkpoint {val_loss:.2f}.keras: argument not found; names that can stand in braces "
     "are epoch, accuracy, loss"),
    (["--learning-rate-scheduler", "start-from-epoch=2"],
     "--learning-rate-scheduler: it needs EPOCH=RATE,... or factor=X"),
    (["--learning-rate-scheduler", "3=fast"],
     "--learning-rate-scheduler: 3 must be a number, not 'fast'"),
    (["--swap-ema-weights", "always"],
     "--swap-ema-weights: it must be 'evaluation' or 'epoch', not 'always'"),
])
def test_settings_that_are_wrong(options, message, folder, lamina):
    assert settings_error(lamina, folder, *options) == message


def test_models_that_do_not_fit(folder, lamina):
    model = folder / "early_stopping.keras"
    assert settings_error(lamina, folder, "--swap-ema-weights", "epoch") == (
        f"{model}: --swap-ema-weights needs an optimizer that keeps moving averages (use_ema=True "
        "in Keras)")
    done = lamina.run("train", folder / "cosine.keras", "--data", folder / "one.npz",
                      "--reduce-lr-on-plateau", "monitor=loss")
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {folder / 'cosine.keras'}: the optimizer's learning rate follows a schedule, which "
        "--reduce-lr-on-plateau cannot change; give --learning-rate to start from a number\n")


def test_best_weights_are_not_resumed(folder, lamina, tmp_path):
    assert settings_error(lamina, folder, "--checkpoint", tmp_path, "--resume", "--early-stopping",
                          "monitor=loss,restore-best") == (
        "--resume: a checkpoint does not hold the best weights that --early-stopping restore-best "
        "asks for; use --model-checkpoint with save-best-only instead")
