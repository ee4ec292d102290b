"""Models that take texts: whatever holds texts is looked up when it is given."""
import pickle

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import lamina

TEXTS = np.array(["the cat sat", "a Dog ran far!", "", "über the wall", "cat cat [UNK]", "far, far"])
TARGETS = np.arange(12, dtype="float32").reshape(6, 2) / 12


def make_model():
    keras.utils.set_random_seed(1)
    words = keras.layers.TextVectorization(output_mode="tf_idf")
    words.adapt(TEXTS)
    inputs = keras.Input((1,), dtype="string", name="text")
    model = keras.Model(inputs, keras.layers.Dense(2)(words(inputs)))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(scope="module")
def wanted(model):
    return model.predict(tf.constant(TEXTS.tolist()), verbose=0)


CONTAINERS = {
    "array": TEXTS, "list": TEXTS.tolist(), "objects": TEXTS.astype(object),
    "bytes": np.char.encode(TEXTS, "utf-8"), "series": pd.Series(TEXTS), "column": TEXTS.reshape(-1, 1),
    "tensor": tf.constant(TEXTS.tolist()), "dict": {"text": TEXTS},
    "dataset": tf.data.Dataset.from_tensor_slices(TEXTS.tolist()).batch(4),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_of_texts(name, model, wanted):
    step = lamina.compile(model, batch_size=4)
    np.testing.assert_allclose(step.predict(CONTAINERS[name], verbose=0), wanted, rtol=1e-5, atol=1e-6)


def test_training():
    live = make_model()
    step = lamina.compile(live, batch_size=4)
    texts = tf.constant(TEXTS.tolist())
    logs = step.train_on_batch(TEXTS[:4], TARGETS[:4])
    assert logs["loss"] == pytest.approx(live.train_on_batch(texts[:4], TARGETS[:4]), rel=1e-5)
    found = step.fit(TEXTS, TARGETS, epochs=2, shuffle=False, verbose=0).history["loss"]
    theirs = live.fit(texts, TARGETS, batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(found, theirs, rtol=1e-5)


def test_copies(model, wanted, tmp_path):
    step = lamina.compile(model)
    step.save(tmp_path / "saved.keras")
    copies = [pickle.loads(pickle.dumps(step)), lamina.compile(tmp_path / "saved.keras")]
    for copy in copies:
        np.testing.assert_array_equal(copy.predict(TEXTS, verbose=0), step.predict(TEXTS, verbose=0))
    loaded = keras.models.load_model(tmp_path / "saved.keras")
    np.testing.assert_allclose(loaded.predict(tf.constant(TEXTS.tolist()), verbose=0), wanted, rtol=1e-6)


def test_numbers_that_look_like_results():
    """An array that would fit the step is still looked up."""
    inputs = keras.Input((1,), dtype="int64")
    indices = keras.layers.IntegerLookup(vocabulary=[1, 0])(inputs)
    model = keras.Model(inputs, keras.layers.Flatten()(keras.layers.Embedding(3, 2)(indices)))
    model.compile("sgd", "mse")
    step = lamina.compile(model)
    x, y = np.array([[0], [1], [2]]), np.ones((3, 2), "float32")
    np.testing.assert_array_equal(step.predict(x, verbose=0), model.predict(x, verbose=0))
    assert step.test_on_batch(x, y)["loss"] == pytest.approx(model.test_on_batch(x, y), rel=1e-6)
    assert step.train_on_batch(x, y)["loss"] == pytest.approx(model.train_on_batch(x, y), rel=1e-6)


@pytest.mark.parametrize("x, error, text", [
    (np.arange(3.0), TypeError, "input 'text': values of type float64 are no text; convert them with "
                                "astype(str)"),
    (np.array(["a", None], object), TypeError, "input 'text': None is no text; convert it with str()"),
    (np.array([["a", "b"]]), ValueError, "input 'text': shape (1, 2) does not fit string (rows, 1)")])
def test_what_is_no_text(x, error, text, model):
    with pytest.raises(error) as raised:
        lamina.compile(model).predict(x, verbose=0)
    assert str(raised.value) == text


def test_unknown_terms():
    inputs = keras.Input((1,), dtype="string")
    hot = keras.layers.StringLookup(vocabulary=["a", "b"], num_oov_indices=0, output_mode="one_hot")
    model = keras.Sequential([inputs, hot, keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="row 1: layer '.*': 'c' is not in the vocabulary"):
        lamina.compile(model).predict(["a", "c"], verbose=0)


def test_lengths_follow_the_longest_text():
    keras.utils.set_random_seed(1)
    words = keras.layers.TextVectorization(vocabulary=["the", "cat", "far"])
    model = keras.Sequential([keras.Input((1,), dtype="string"), words, keras.layers.Embedding(5, 3),
                              keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    step = lamina.compile(model, input_shapes={words.name: (2,)})
    for texts in (TEXTS, TEXTS[:1], TEXTS[4:]):
        np.testing.assert_allclose(step.predict(texts, verbose=0),
                                   model.predict(tf.constant(texts.tolist()), verbose=0), rtol=1e-5)
    wanted = model.train_on_batch(tf.constant(TEXTS.tolist()), TARGETS[:, :1])
    assert step.train_on_batch(TEXTS, TARGETS[:, :1])["loss"] == pytest.approx(wanted, rel=1e-5)
