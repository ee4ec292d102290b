"""What the tests of the package share: small data, live Keras models, the digits."""
import os
import pathlib

import numpy as np
import pytest

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["SCIPY_ARRAY_API"] = "1"  # without it scikit-learn leaves two of its checks out

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIGITS = str(ROOT / "examples/digits/digits.keras")


def pytest_addoption(parser):
    parser.addoption("--mutants", type=int, default=60, help="damaged .lamina files to read")
    parser.addoption("--calls", type=int, default=3000, help="calls in a row that must not grow")
    parser.addoption("--fuzz", type=int, default=150, help="random arguments for a step")
    parser.addoption("--fuzz-seed", type=int, default=0, help="of the random arguments")
    parser.addoption("--layer-tests", action="store_true",
                     help="all layer configurations of Keras' own tests, not a sample")


@pytest.fixture(scope="session")
def keras():
    import keras
    return keras


@pytest.fixture
def data():
    """Rows of two classes that a line parts, and noise."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(100, 6)).astype(np.float32)
    y = (x @ rng.normal(size=6) > 0).astype(np.int32)
    return x, y


@pytest.fixture
def make_model(keras):
    def make(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=("accuracy",),
             units=2, activation="softmax", **compiled):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([
            keras.Input((6,), name="features"),
            keras.layers.Dense(8, activation="tanh", name="hidden"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dense(units, activation=activation, name="label"),
        ], name="small")
        model.compile(optimizer, loss, metrics=list(metrics), **compiled)
        return model
    return make


@pytest.fixture(scope="session")
def digits():
    """A step of the digits network, for what changes no state; file and 64 rows."""
    import lamina
    rng = np.random.default_rng(1)
    x = rng.random((64, 64), dtype=np.float32)
    y = rng.integers(0, 10, 64).astype(np.int32)
    return lamina.compile(DIGITS, batch_size=64), x, y


def assert_same_weights(ours, theirs, tolerance=2e-6):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * max(1.0, np.abs(b).max()))


def assert_same_logs(ours, theirs, tolerance=2e-6):
    assert sorted(ours) == sorted(theirs)
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=tolerance, atol=tolerance)
