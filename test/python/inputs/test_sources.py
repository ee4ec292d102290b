"""Data in all forms: arrays of other packages, and what yields batches."""
import threading

import numpy as np
import pandas as pd
import pytest
from conftest import assert_same_logs, assert_same_weights

import lamina


@pytest.fixture
def expected(make_model, data):
    """The history of training on the rows in order, and the weights after it."""
    step = lamina.compile(make_model(), 16)
    return step.fit(*data, epochs=2, shuffle=False, verbose=0).history, step.get_weights()


@pytest.fixture
def check(make_model, expected):
    def run(x, y=None, **arguments):
        step = lamina.compile(make_model(), 16)
        history = step.fit(x, y, epochs=2, shuffle=False, verbose=0, **arguments).history
        assert_same_logs(history, expected[0], 0)
        assert_same_weights(step.get_weights(), expected[1], 0)
        return step
    return run


def batches(x, y):
    for begin in range(0, len(x), 16):
        yield x[begin:begin + 16], y[begin:begin + 16]


class OnlyInterface:
    """An array of a package that knows NumPy's interface alone."""

    def __init__(self, array):
        self.array = array
        self.__array_interface__ = array.__array_interface__

    @property
    def shape(self):
        return self.array.shape


class OnlyDlpack:
    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **arguments):
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

    def __getitem__(self, part):
        return OnlyDlpack(self.array[part])


@pytest.mark.parametrize("make", [
    lambda a: a.astype(np.float64), lambda a: a.tolist(), np.asfortranarray,
    lambda a: np.concatenate([a, a], axis=1)[:, :a.shape[1]], OnlyInterface, OnlyDlpack,
    lambda a: a.astype(">f4"), lambda a: pd.DataFrame(a, columns=list("abcdef")), memoryview])
def test_arrays(check, data, make):
    check(make(data[0]), data[1])


@pytest.mark.parametrize("make", [
    lambda a: a[:, None], lambda a: a.astype(np.float32), lambda a: a.astype(np.uint8),
    lambda a: pd.Series(a, index=range(7, 107)), lambda a: a.tolist(), lambda a: a.astype(bool)])
def test_targets(check, data, make):
    check(data[0], make(data[1]))


def test_tensors_of_tensorflow_and_jax(check, data):
    import jax.numpy as jnp
    import tensorflow as tf
    check(tf.constant(data[0]), tf.constant(data[1]))
    check(jnp.asarray(data[0]), jnp.asarray(data[1]))


def test_dense_arrays_are_not_copied(digits, monkeypatch):
    step, x, y = digits
    monkeypatch.setattr("lamina._arrays._cast", None)
    step.test_on_batch(x, y)


def test_a_generator_goes_on_from_epoch_to_epoch(make_model, data, expected):
    def endless():
        while True:
            yield from batches(*data)
    step = lamina.compile(make_model(), 16)
    history = step.fit(endless(), epochs=2, steps_per_epoch=7, verbose=0).history
    assert_same_logs(history, expected[0], 0)


def test_a_generator_that_ends_is_one_epoch(make_model, data, expected):
    step = lamina.compile(make_model(), 16)
    history = step.fit(batches(*data), verbose=0).history
    assert history["loss"] == expected[0]["loss"][:1]
    with pytest.raises(ValueError, match="the data has no batches"):
        step.fit(iter(()), verbose=0)


def test_py_dataset(keras, check, data):
    class Rows(keras.utils.PyDataset):
        ended = 0

        def __len__(self):
            return 7

        def __getitem__(self, index):
            assert threading.current_thread() is not threading.main_thread()
            part = slice(16 * index, 16 * index + 16)
            return data[0][part], data[1][part]

        def on_epoch_end(self):
            self.ended += 1
    rows = Rows()
    check(rows)
    assert rows.ended == 2


def test_tf_data(check, data):
    import tensorflow as tf
    check(tf.data.Dataset.from_tensor_slices(data).batch(16))


def test_any_iterable(check, data):
    class Loader:
        def __iter__(self):
            return batches(*data)
    check(Loader())


def test_validation_and_evaluation_of_batches(make_model, data):
    step = lamina.compile(make_model(), 16)
    history = step.fit(*data, validation_data=list_of(data), verbose=0).history
    assert history["val_loss"][0] == step.evaluate(*data, verbose=0, return_dict=True)["loss"]
    assert step.evaluate(batches(*data), verbose=0) == step.evaluate(*data, verbose=0)
    assert_same_weights([step.predict(batches(*data), verbose=0)], [step.predict(data[0])], 0)


def list_of(data):
    class Loader:
        def __len__(self):
            return 7

        def __iter__(self):
            return batches(*data)
    return Loader()


def test_batches_with_weights(make_model, data):
    x, y = data
    weights = np.linspace(0, 2, 100, dtype=np.float32)
    step, other = lamina.compile(make_model(), 16), lamina.compile(make_model(), 16)
    expected = step.fit(x, y, sample_weight=weights, shuffle=False, verbose=0).history
    weighted = ((x[i:i + 16], y[i:i + 16], weights[i:i + 16]) for i in range(0, 100, 16))
    assert other.fit(weighted, verbose=0).history == expected


def test_weights_in_the_middle_of_an_epoch_are_refused(make_model, data):
    x, y = data
    step = lamina.compile(make_model(), 16)
    with pytest.raises(ValueError, match="weights of samples were given for the first time meanwhile"):
        step.fit(iter([(x[:16], y[:16]), (x[:16], y[:16], np.ones(16))]), verbose=0)
    step.fit(x, y, sample_weight=np.ones(100), verbose=0)


def test_errors_of_generators_are_raised(make_model, data):
    def broken():
        yield data[0][:16], data[1][:16]
        raise KeyError("what the generator says")
    step = lamina.compile(make_model(), 16)
    with pytest.raises(KeyError, match="what the generator says"):
        step.fit(broken(), steps_per_epoch=3, verbose=0)
    assert threading.active_count() < 20


@pytest.mark.parametrize("x, y, error, message", [
    (np.zeros((4, 5)), [0] * 4, ValueError,
     r"input 'features': shape \(4, 5\) does not fit float32 \(rows, 6\)"),
    (np.zeros((4, 6)), [0] * 3, ValueError, r"target 'label': 3 rows, but the first array has 4"),
    (np.zeros((4, 6)), None, ValueError, r"model 'small': targets are missing; give y"),
    (np.zeros((4, 6)), [0.5] * 4, ValueError, r"target 'label': 0.5 is no value of type int32"),
    (np.zeros((4, 6)), [0, 1, 2, 0], ValueError, r"target 'label': 2 is no class of 2 \(whole"),
    (np.zeros((4, 6)), [0, 1, -1, 0], ValueError, r"target 'label': -1 is no class of 2 \(whole"),
    (np.zeros((4, 6)), [0, 1, 2**40, 0], ValueError, r"1099511627776 is no value of type int32"),
    (np.zeros((4, 6)), ["a"] * 4, TypeError, r"values of type <U1 are no real numbers"),
    (np.zeros((4, 6), complex), [0] * 4, TypeError, r"values of type complex128 are no real"),
    (np.zeros((0, 6)), np.zeros(0), ValueError, r"a batch of 0 rows"),
    (np.zeros((17, 6)), [0] * 17, ValueError, r"a batch of 17 rows; the model is compiled for 1 to 16"),
    (np.float32(3), [0], ValueError, r"input 'features': shape \(\) does not fit"),
    (None, [0], TypeError, r"input 'features': values of type object are no real numbers"),
    ({"other": np.zeros((4, 6))}, [0] * 4, ValueError,
     r"inputs are given for \['other'\]; the model has 'features'"),
    ([np.zeros((4, 6)), np.zeros((4, 6))], [0] * 4, ValueError, r"shape \(2, 4, 6\) does not fit"),
])
def test_wrong_data_leave_the_state_alone(small_step, x, y, error, message):
    before = small_step.__reduce__()[1][2]
    with pytest.raises(error, match=message):
        small_step.train_on_batch(x, y)
    after = small_step.__reduce__()[1][2]
    for name, value in before.items():
        np.testing.assert_array_equal(value, after[name])


@pytest.fixture(scope="module")
def small_step(keras):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((6,), name="features"),
                              keras.layers.Dense(2, activation="softmax", name="label")], name="small")
    model.compile("adam", "sparse_categorical_crossentropy")
    step = lamina.compile(model, 16)
    step.train_on_batch(np.ones((4, 6)), [0, 1, 0, 1])
    return step


def test_indices_out_of_range_are_refused(keras):
    model = keras.Sequential([keras.Input((3,), dtype="int32", name="words"),
                              keras.layers.Embedding(5, 2), keras.layers.Flatten(),
                              keras.layers.Dense(1)])
    step = lamina.compile(model, 4)
    step.predict([[0, 1, 4]], verbose=0)
    for bad in (5, -1):
        with pytest.raises(ValueError, match=f"input 'words': {bad} is no index of 5 .whole numbers from 0 to 4"):
            step.predict(np.array([[0, 1, bad]]), verbose=0)


@pytest.mark.parametrize("arguments, error, message", [
    ({"batch_size": 17}, ValueError, "batch_size=17; the model is compiled for 1 to 16"),
    ({"steps_per_epoch": 0}, ValueError, "an epoch of 0 steps; it has at least 1"),
    ({"batch_size": 0}, ValueError, "batch_size=0; the model is compiled for 1 to 16"),
    ({"validation_split": 1.5}, ValueError, "leaves a part without rows"),
    ({"sample_weight": np.ones(4), "class_weight": {0: 1}}, ValueError, "at the same time"),
    ({"class_weight": [1, 2]}, TypeError, "class_weight is a dict by class number, not list"),
])
def test_wrong_arguments_of_fit(small_step, arguments, error, message):
    with pytest.raises(error, match=message):
        small_step.fit(np.ones((4, 6)), [0, 1, 0, 1], verbose=0, **arguments)
