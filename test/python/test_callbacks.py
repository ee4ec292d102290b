"""Keras' own callbacks, and those of users, around a compiled step."""
import csv

import numpy as np
import pytest
from conftest import assert_same_logs, assert_same_weights

import lamina


@pytest.fixture
def train(make_model, data):
    """Trains a fresh Keras model and a step of the same with callbacks that `make` makes."""
    def run(make, **arguments):
        model = make_model()
        step = lamina.compile(model, 16)
        arguments = {"epochs": 6, "batch_size": 16, "shuffle": False, "verbose": 0,
                     "validation_split": 0.2, **arguments}
        theirs = model.fit(*data, callbacks=make("keras"), **arguments)
        ours = step.fit(*data, callbacks=make("lamina"), **arguments)
        return step, ours, model, theirs
    return run


def test_learning_rates_of_epochs(keras, train):
    step, ours, _, theirs = train(lambda _: [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)])
    assert_same_logs(ours.history, theirs.history)
    assert ours.history["learning_rate"][1] == pytest.approx(0.00025)
    assert step.optimizer.learning_rate == pytest.approx(0.001 / 64)


def test_learning_rate_on_a_plateau(keras, train):
    step, ours, _, theirs = train(lambda _: [
        keras.callbacks.ReduceLROnPlateau(monitor="loss", min_delta=10, patience=1, factor=0.3)])
    assert_same_logs(ours.history, theirs.history)
    assert min(ours.history["learning_rate"]) < 1e-4


@pytest.mark.parametrize("restore", [False, True])
def test_early_stopping(keras, train, restore):
    step, ours, model, theirs = train(lambda _: keras.callbacks.EarlyStopping(
        monitor="val_loss", mode="max", patience=1, restore_best_weights=restore))
    assert len(ours.epoch) < 6
    assert_same_logs(ours.history, theirs.history)
    assert_same_weights(step.get_weights(), model.get_weights())


def test_checkpoints_are_models(keras, train, tmp_path):
    def make(who):
        (tmp_path / who).mkdir()
        return [keras.callbacks.ModelCheckpoint(str(tmp_path / who / "{epoch}.keras")),
                keras.callbacks.ModelCheckpoint(str(tmp_path / who / "best.weights.h5"),
                                                save_weights_only=True, save_best_only=True)]
    _, _, model, _ = train(make, epochs=2)
    for name in ("1.keras", "2.keras"):
        ours, theirs = (keras.models.load_model(tmp_path / who / name)
                        for who in ("lamina", "keras"))
        assert_same_weights(ours.get_weights(), theirs.get_weights())
    expected = [w.copy() for w in model.get_weights()]
    model.load_weights(tmp_path / "keras/best.weights.h5")
    expected = model.get_weights()
    model.load_weights(tmp_path / "lamina/best.weights.h5")
    assert_same_weights(model.get_weights(), expected)


def test_csv_logger(keras, train, tmp_path):
    train(lambda who: [keras.callbacks.CSVLogger(str(tmp_path / who))])
    ours, theirs = (list(csv.DictReader(open(tmp_path / who))) for who in ("lamina", "keras"))
    for a, b in zip(ours, theirs):
        assert_same_logs({k: float(v) for k, v in a.items()}, {k: float(v) for k, v in b.items()})


def test_hooks_are_called_as_keras_calls_them(keras, train):
    calls = {"keras": [], "lamina": []}

    def make(who):
        def note(name):
            def hook(self, *arguments, **keywords):
                named = [sorted(a) if isinstance(a, dict) else a for a in arguments]
                calls[who].append((name, named, sorted(keywords), sorted(keywords.get("logs", ()))))
            return hook
        names = [f"on_{kind}_{when}" for kind in ("train", "test", "epoch", "train_batch",
                                                  "test_batch") for when in ("begin", "end")]
        hooks = {name: note(name) for name in names}
        return [type("Notes", (keras.callbacks.Callback,), hooks)()]
    train(make, epochs=2)
    assert calls["lamina"] == calls["keras"]
    assert len(calls["lamina"]) > 30


def test_a_callback_may_end_the_training(keras, train):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    _, ours, _, theirs = train(lambda _: [Stop()])
    assert ours.epoch == theirs.epoch == [0, 1]


def test_batches_of_lambda_callbacks_carry_running_means(keras, train):
    seen = {"keras": [], "lamina": []}
    train(lambda who: [keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen[who].append(logs["loss"]))], epochs=1)
    assert len(seen["lamina"]) == 5
    np.testing.assert_allclose(seen["lamina"], seen["keras"], rtol=1e-5)


def test_the_optimizer_has_nothing_else_to_set(make_model):
    step = lamina.compile(make_model())
    with pytest.raises(AttributeError, match="has no 'momentum' to set"):
        step.optimizer.momentum = 0.5


def test_learning_rates_of_schedules_cannot_be_set(keras, make_model):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    step = lamina.compile(make_model(keras.optimizers.SGD(schedule)))
    with pytest.raises(ValueError, match="the optimizer's learning rate follows a schedule and "
                                         "cannot be set"):
        step.optimizer.learning_rate = 0.5


def test_what_is_no_callback_is_refused(keras, make_model, data):
    step = lamina.compile(make_model(), 16)
    with pytest.raises(TypeError, match="is no keras.callbacks.Callback"):
        step.fit(*data, callbacks=[3], verbose=0)
    with pytest.raises(NotImplementedError, match="SwapEMAWeights"):
        step.fit(*data, callbacks=[keras.callbacks.SwapEMAWeights()], verbose=0)
