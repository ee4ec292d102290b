"""Training as keras.Model.fit does it, against live Keras on TensorFlow."""
import pickle
import warnings

import numpy as np
import pytest
from conftest import DIGITS, assert_same_logs, assert_same_weights

import lamina


def both(model, x, y, batch_size=16, **arguments):
    """Keras' and Lamina's history of the same training; the step."""
    step = lamina.compile(model, batch_size=batch_size)
    arguments = {"batch_size": batch_size, "epochs": 3, "verbose": 0, "shuffle": False, **arguments}
    theirs = model.fit(x, y, **arguments).history
    ours = step.fit(x, y, **arguments).history
    return ours, theirs, step


def test_losses_metrics_and_weights_are_keras(make_model, data):
    model = make_model()
    ours, theirs, step = both(model, *data, validation_split=0.2)
    assert_same_logs(ours, theirs)
    assert_same_weights(step.get_weights(), model.get_weights())
    assert_same_weights([step.predict(data[0], verbose=0)], [model.predict(data[0], verbose=0)])
    np.testing.assert_allclose(step.evaluate(*data, verbose=0), model.evaluate(*data, verbose=0),
                               rtol=2e-6)


def test_history_is_keras_own(keras, make_model, data):
    model = make_model()
    step = lamina.compile(model, 16)
    history = step.fit(*data, epochs=4, initial_epoch=2, verbose=0)
    assert isinstance(history, keras.callbacks.History)
    assert history.epoch == [2, 3]
    assert history.params == {"verbose": 0, "epochs": 4, "steps": 7}
    assert history.model is step and step.history is history


def test_the_optimizer_goes_on_where_keras_left_it(make_model, data):
    model = make_model()
    model.fit(*data, epochs=2, batch_size=16, shuffle=False, verbose=0)
    ours, theirs, step = both(model, *data)
    assert_same_logs(ours, theirs)
    assert_same_weights(step.get_weights(), model.get_weights())


def test_update_hands_weights_and_optimizer_back(make_model, data):
    model, other = make_model(), make_model()
    step = lamina.compile(model, 16)
    step.fit(*data, epochs=2, verbose=0, shuffle=False)
    step.update(other)
    assert_same_weights(other.get_weights(), step.get_weights(), 0)
    theirs = other.fit(*data, batch_size=16, epochs=1, shuffle=False, verbose=0).history
    ours = step.fit(*data, epochs=1, shuffle=False, verbose=0).history
    assert_same_logs(ours, theirs)


@pytest.mark.parametrize("weights", ["sample", "class"])
def test_weights(make_model, data, weights):
    model = make_model(weighted_metrics=["accuracy"], metrics=())
    arguments = ({"sample_weight": np.linspace(0.1, 2, 100)} if weights == "sample"
                 else {"class_weight": {0: 0.5, 1: 3.0}})
    ours, theirs, step = both(model, *data, **arguments)
    assert_same_logs(ours, theirs)
    assert_same_weights(step.get_weights(), model.get_weights())


def test_validation_data_with_weights_of_their_own(make_model, data):
    x, y = data
    validation = (x[:30], y[:30], np.linspace(0, 1, 30))
    ours, theirs, _ = both(make_model(), x, y, validation_data=validation)
    assert_same_logs(ours, theirs)


def test_validation_frequency_steps_and_batch_size(make_model, data):
    ours, theirs, _ = both(make_model(), *data, epochs=4, validation_data=data, validation_freq=2,
                           validation_steps=3, validation_batch_size=10)
    assert_same_logs(ours, theirs)
    assert len(ours["val_loss"]) == 2


def test_steps_per_epoch_go_on_in_the_next_epoch(make_model, data):
    ours, theirs, step = both(make_model(), *data, steps_per_epoch=3, epochs=2)
    assert_same_logs(ours, theirs)


def test_data_that_run_out_are_told(make_model, data):
    step = lamina.compile(make_model(), 16)
    with pytest.warns(UserWarning, match="ran out after 7 of 9 steps"):
        step.fit(*data, steps_per_epoch=9, verbose=0)


def test_shuffled_rows_are_those_of_the_documented_order(make_model, data):
    """Seed and epoch decide the order: Keras, given the rows in it, trains to the same weights."""
    from lamina import _core
    model = make_model()
    step = lamina.compile(model, 16, seed=5)
    step.fit(*data, epochs=2, verbose=0)
    step.fit(*data, epochs=1, verbose=0)
    for epoch in range(3):
        order = np.frombuffer(_core.shuffled_rows(5, epoch, 100), np.uint32)
        model.fit(data[0][order], data[1][order], batch_size=16, shuffle=False, verbose=0)
    assert_same_weights(step.get_weights(), model.get_weights())


def test_averages_take_the_place_of_weights_at_the_end(keras, make_model, data):
    model = make_model(keras.optimizers.Adam(use_ema=True, ema_momentum=0.9))
    ours, theirs, step = both(model, *data)
    assert_same_logs(ours, theirs)
    assert_same_weights(step.get_weights(), model.get_weights())


def test_losses_of_float64_are_computed_in_it(keras):
    rng = np.random.default_rng(0)
    # Keras rounds data to its floatx, float32.
    x, y = (rng.normal(size=(60, n)).astype(np.float32) for n in (4, 1))
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((4,), dtype="float64"),
                              keras.layers.Dense(5, activation="tanh", dtype="float64"),
                              keras.layers.Dense(1, dtype="float64")])
    loss = keras.losses.MeanSquaredError(dtype="float64")
    model.compile(keras.optimizers.SGD(0.125), loss, metrics=["mae"])
    step = lamina.compile(model, 16, loss=loss, optimizer=model.optimizer)
    arguments = {"batch_size": 16, "epochs": 3, "verbose": 0, "shuffle": False}
    theirs = model.fit(x, y, **arguments).history
    assert_same_logs(step.fit(x, y, **arguments).history, theirs)
    assert_same_weights(step.get_weights(), model.get_weights(), 1e-13)


def test_several_inputs_and_outputs(keras, data):
    x, y = data
    keras.utils.set_random_seed(1)
    a, b = keras.Input((6,), name="a"), keras.Input((2,), name="b")
    both_inputs = keras.layers.Concatenate()([keras.layers.Dense(4)(a), b])
    model = keras.Model([a, b], {"p": keras.layers.Dense(2, activation="softmax", name="p")(
        both_inputs), "q": keras.layers.Dense(1, name="q")(both_inputs)})
    model.compile("sgd", {"p": "sparse_categorical_crossentropy", "q": "mse"},
                  metrics={"p": ["accuracy"]})
    inputs = {"a": x, "b": x[:, :2].copy()}
    targets = {"p": y, "q": x[:, :1].copy()}
    ours, theirs, step = both(model, inputs, targets)
    assert_same_logs(ours, theirs)
    predicted = step.predict([inputs["a"], inputs["b"]], verbose=0)
    expected = model.predict(inputs, verbose=0)
    assert_same_weights(predicted, [expected[name] for name in ("p", "q")])


def test_train_and_test_on_batch(make_model, data):
    x, y = data
    model = make_model()
    step = lamina.compile(model, 100)
    for _ in range(3):
        assert_same_logs(step.train_on_batch(x, y), model.train_on_batch(x, y, return_dict=True))
    assert_same_logs(step.test_on_batch(x, y), model.test_on_batch(x, y, return_dict=True))
    np.testing.assert_allclose(step.test_on_batch(x, y, return_dict=False),
                               model.test_on_batch(x, y), rtol=2e-6)
    assert_same_weights([step.predict_on_batch(x)], [model.predict_on_batch(x)])
    weights = np.linspace(0, 2, 100)
    assert_same_logs(step.train_on_batch(x, y, sample_weight=weights),
                     model.train_on_batch(x, y, sample_weight=weights, return_dict=True))
    assert_same_logs(step.train_on_batch(x, y, class_weight={1: 2.0}),
                     model.train_on_batch(x, y, class_weight={1: 2.0}, return_dict=True))


def test_another_optimizer_loss_and_metrics(keras, make_model, data):
    x, y = data
    settings = {"loss": keras.losses.MeanAbsoluteError(), "metrics": ["mse"],
                "optimizer": keras.optimizers.SGD(0.1, momentum=0.9)}
    model = make_model(units=1, activation="linear", loss="mse", metrics=())
    step = lamina.compile(model, 16, **settings)
    model.compile(**settings)
    theirs = model.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0).history
    assert_same_logs(step.fit(x, y, epochs=2, shuffle=False, verbose=0).history, theirs)


def test_a_model_without_training_predicts(keras, data):
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)], name="bare")
    step = lamina.compile(model)
    assert_same_weights([step.predict(data[0], verbose=0)], [model.predict(data[0], verbose=0)])
    with pytest.raises(ValueError, match=r"model 'bare': the model has no loss; compile it in Keras, "
                                         r"or give loss= and optimizer="):
        step.fit(*data, verbose=0)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_saved_files_load_in_keras(keras, make_model, data, tmp_path, suffix):
    step = lamina.compile(make_model(), 16)
    step.fit(*data, verbose=0)
    step.save(tmp_path / f"out{suffix}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = keras.models.load_model(tmp_path / f"out{suffix}")
    assert_same_weights(step.get_weights(), model.get_weights(), 0)
    again = lamina.compile(str(tmp_path / f"out{suffix}"), 16)
    assert_same_weights(again.get_weights(), model.get_weights(), 0)
    with pytest.raises(ValueError, match="exists; give overwrite=True"):
        step.save(tmp_path / f"out{suffix}", overwrite=False)


def test_weights_are_set_in_keras_order(make_model, data):
    model = make_model()
    step = lamina.compile(model)
    weights = [w + 0.25 for w in model.get_weights()]
    step.set_weights(weights)
    assert_same_weights(step.get_weights(), weights, 0)
    model.set_weights(weights)
    assert_same_weights([step.predict(data[0], verbose=0)], [model.predict(data[0], verbose=0)])
    with pytest.raises(ValueError, match="3 arrays are given for 8 weights"):
        step.set_weights(weights[:3])
    with pytest.raises(ValueError, match=r"weight 'hidden/kernel' has shape \(6, 8\), but \(6, 7\)"):
        step.set_weights([weights[0][:, :7], *weights[1:]])


def test_progress_is_written(make_model, data, capsys):
    step = lamina.compile(make_model(), 16)
    step.fit(*data, epochs=2, validation_split=0.5)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
    assert lines[1].startswith("4/4 ━━━━━━━━━━━━━━━━━━━━ ")
    for name in (" - accuracy: ", " - loss: ", " - val_accuracy: ", " - val_loss: "):
        assert name in lines[1]
    step.fit(*data, verbose=2)
    assert "━" not in capsys.readouterr().out
    step.fit(*data, verbose=0)
    assert capsys.readouterr().out == ""


def test_batches_in_parts(digits):
    """One update for all parts; the rest of a step sees whole batches, and so does a copy."""
    _, x, y = digits
    whole, parts = (lamina.compile(DIGITS, batch_size=40, accumulate=n) for n in (1, 7))
    assert parts.batch_size == 40
    for step in (whole, parts):
        step.fit(x, y, epochs=3, verbose=0, shuffle=False)
    copied = pickle.loads(pickle.dumps(parts))
    assert [step.evaluate(x, y, verbose=0, return_dict=True)["loss"] for step in (copied, whole)] == \
        pytest.approx([parts.evaluate(x, y, verbose=0, return_dict=True)["loss"]] * 2, rel=1e-5)
    for ours, theirs in zip(parts.get_weights(), whole.get_weights()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(copied.train_on_batch(x[:40], y[:40])["loss"],
                                  parts.train_on_batch(x[:40], y[:40])["loss"])
    assert "accumulate" in set(parts.kernels()["function"]) - set(whole.kernels()["function"])
    with pytest.raises(ValueError, match="cannot be taken in 41 parts"):
        lamina.compile(DIGITS, batch_size=40, accumulate=41)
    with pytest.raises(ValueError, match="accumulate"):
        lamina.compile(DIGITS, accumulate=0)


def test_less_memory(keras):
    """The same bits; a copy keeps the limit, and too little is told."""
    layers = [keras.layers.Dense(64, activation="tanh") for _ in range(12)]
    model = keras.Sequential([keras.Input((64,)), *layers, keras.layers.Dense(3)])
    model.compile("sgd", "mse")
    rng = np.random.default_rng(0)
    x, y = rng.random((100, 64), "float32"), rng.random((100, 3), "float32")

    def arena(step):
        return step.memory_plan().query("function == 'train_step'").eval("offset + bytes").max()
    free = lamina.compile(model, batch_size=64)
    limit = int(arena(free) * 0.7)
    limited = lamina.compile(model, batch_size=64, memory_limit=limit)
    assert arena(limited) <= limit
    for step in (free, limited, pickle.loads(pickle.dumps(limited))):
        step.fit(x, y, epochs=2, verbose=0)
    for ours, theirs in zip(limited.get_weights(), free.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="MiB beside the state, more than the memory limit"):
        lamina.compile(model, batch_size=64, memory_limit=1000)
