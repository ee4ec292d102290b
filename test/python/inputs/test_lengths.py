"""Lengths that a model leaves open: those of the arrays at hand, over one state."""
import keras
import numpy as np
import pytest

import lamina

RANDOM = np.random.default_rng(0)


def series(rows, steps):
    return (RANDOM.standard_normal((rows, steps, 3)).astype("float32"),
            RANDOM.standard_normal((rows, 2)).astype("float32"))


def recurrent():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((None, 3), name="x")
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.GRU(4)(inputs)))
    model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
    return model


def test_validation_data_of_another_length():
    model = recurrent()
    step = lamina.compile(model, batch_size=4, input_shapes={"x": (5, 3)})
    (x, y), val = series(10, 5), series(7, 8)
    wanted = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, validation_data=val, verbose=0).history
    found = step.fit(x, y, epochs=3, shuffle=False, validation_data=val, verbose=0).history
    assert found.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_allclose(found[name], wanted[name], rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(step.predict(val[0], verbose=0), model.predict(val[0], verbose=0),
                               rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(step.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0),
                               rtol=2e-5)


def test_batches_of_several_lengths():
    model = recurrent()
    step = lamina.compile(model, batch_size=4, input_shapes={"x": (5, 3)})
    batches = [series(4, steps) for steps in (5, 9, 5, 2)]
    wanted = [model.train_on_batch(x, y, return_dict=True)["loss"] for x, y in batches]
    found = [step.train_on_batch(x, y)["loss"] for x, y in batches]
    np.testing.assert_allclose(found, wanted, rtol=2e-5)
    losses = step.fit(iter(batches), steps_per_epoch=4, verbose=0).history["loss"]
    assert np.isfinite(losses).all()


def test_what_does_not_fit():
    step = lamina.compile(recurrent(), batch_size=4, input_shapes={"x": (5, 3)})
    with pytest.raises(ValueError, match=r"input 'x': shape \(4, 5, 2\) does not fit float32 \(rows, 5, 3\)"):
        step.predict(np.zeros((4, 5, 2), "float32"), verbose=0)
    with pytest.raises(TypeError, match="target_shapes is a dict of shapes by name, not list"):
        lamina.compile(recurrent(), target_shapes=[1])


def aligned(steps=6):
    keras.utils.set_random_seed(1)
    inputs = keras.Input((steps, 3))
    model = keras.Model(inputs, keras.layers.Dense(4, name="out")(inputs))
    model.compile(keras.optimizers.SGD(0.01), "ctc")
    return model


@pytest.mark.parametrize("given", [None, {"out": (3,)}])
def test_numbers_of_labels(given):
    model = aligned()
    step = lamina.compile(model, batch_size=4, target_shapes=given)
    x = RANDOM.standard_normal((9, 6, 3)).astype("float32")
    y = RANDOM.integers(0, 4, (9, 3)).astype("int32")
    wanted = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"]
    found = step.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(found, wanted, rtol=2e-5)
    longer = np.concatenate([y, np.zeros_like(y)], axis=1)
    np.testing.assert_allclose(step.evaluate(x, longer, verbose=0), step.evaluate(x, y, verbose=0),
                               rtol=1e-5)
