"""The estimators among scikit-learn's own."""
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import lamina


@parametrize_with_checks([lamina.LaminaClassifier(), lamina.LaminaRegressor()])
def test_every_check_of_estimators(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits_data():
    return load_digits(return_X_y=True)


def small(**settings):
    return lamina.LaminaClassifier((16,), epochs=10, batch_size=32, random_state=0, **settings)


def test_digits_are_learned(digits_data):
    x, y = digits_data
    names = np.array([f"digit {i}" for i in range(10)])
    classifier = make_pipeline(StandardScaler(), small()).fit(x[:1200], names[y[:1200]])
    assert classifier.score(x[1200:], names[y[1200:]]) > 0.9
    assert list(classifier.classes_) == list(names)


def test_searches_scores_and_calibration(digits_data):
    x, y = digits_data[0][:300] / 16, digits_data[1][:300] % 2
    search = GridSearchCV(small(), {"learning_rate": [1e-4, 1e-2]}, cv=2).fit(x, y)
    assert search.best_params_ == {"learning_rate": 1e-2}
    assert cross_val_score(small(learning_rate=0.01), x, y, cv=2).min() > 0.7
    calibrated = CalibratedClassifierCV(small(learning_rate=0.01), cv=2).fit(x, y)
    np.testing.assert_allclose(calibrated.predict_proba(x).sum(axis=1), 1)


def test_frames_keep_their_names():
    import pandas as pd
    frame = pd.DataFrame(np.random.default_rng(0).random((40, 3)), columns=["a", "b", "c"])
    model = lamina.LaminaRegressor((4,), epochs=2).fit(frame, frame["a"])
    assert list(model.feature_names_in_) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[["b", "a", "c"]])


def test_partial_fits_are_epochs(digits_data):
    x, y = digits_data[0][:200] / 16, digits_data[1][:200]
    whole = small(shuffle=False).fit(x, y)
    parts = small(shuffle=False)
    for _ in range(10):
        parts.partial_fit(x, y, classes=np.arange(10))
    np.testing.assert_array_equal(whole.predict_proba(x), parts.predict_proba(x))
    assert parts.n_iter_ == 10
    with pytest.raises(ValueError, match="classes must be given at the first call"):
        small().partial_fit(x, y)


def test_several_outputs():
    x, y = make_regression(200, 5, n_targets=3, random_state=0)
    x, y = x.astype(np.float32), (y / y.std(axis=0)).astype(np.float32)
    model = lamina.LaminaRegressor(epochs=100, batch_size=20, random_state=1).fit(x, y)
    assert model.predict(x).shape == (200, 3) and model.predict(x).dtype == np.float32
    assert model.score(x, y) > 0.95


@pytest.mark.parametrize("last, loss", [((3, "softmax"), None), ((3, "softmax"),
                                                                 "categorical_crossentropy")])
def test_keras_models_and_factories(last, loss):
    import keras

    def make(features, outputs):
        assert (features, outputs) == (4, 3)
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"),
                                 keras.layers.Dense(*last)])
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 4))
    y = np.argmax(x[:, :3], axis=1)
    for model in (make, make(4, 3)):
        classifier = lamina.LaminaClassifier(model=model, loss=loss, learning_rate=0.05, epochs=40,
                                             random_state=0).fit(x, y)
        assert classifier.score(x, y) > 0.85


def test_one_output_is_the_second_class():
    import keras
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
    x = np.random.default_rng(0).normal(size=(60, 2))
    y = np.where(x[:, 0] > 0, "yes", "no")
    classifier = lamina.LaminaClassifier(model=model, epochs=60).fit(x, y)
    assert classifier.score(x, y) > 0.9
    assert classifier.predict_proba(x).shape == (60, 2)


@pytest.mark.parametrize("settings, message", [
    ({"epochs": 0}, "epochs=0: a whole number from 1 on"),
    ({"batch_size": 0}, "batch_size=0: a whole number from 1 on, or 'auto'"),
    ({"hidden_layer_sizes": (0,)}, "sizes are at least 1"),
    ({"loss": "nonsense"}, "loss 'nonsense' is not supported"),
    ({"optimizer": "nonsense"}, "optimizer 'nonsense' is not supported"),
])
def test_wrong_settings(settings, message):
    with pytest.raises((ValueError, NotImplementedError), match=message):
        lamina.LaminaClassifier(**settings).fit(np.eye(4), [0, 1, 0, 1])
