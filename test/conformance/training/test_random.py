"""What is random cannot be compared with Keras bit by bit; its distribution can: dropout masks and
initial weights, by tests whose false alarms are one in ten thousand at the most."""
import numpy as np
import pytest
from scipy import stats

import small_models as models
from answers import read_weights

WIDTH = 256
RATE = 0.3
STEPS = 40
ROWS = 64


@pytest.fixture(scope="module")
def dropout_logs(lamina, tmp_path_factory):
    """Ones through a frozen identity and Dropout, against zero: the loss is kept / (1 - rate)^2,
    the mean absolute error kept / (1 - rate), where `kept` is the fraction that stayed."""
    folder = tmp_path_factory.mktemp("dropout")
    identity = models.dense("identity", WIDTH, kernel_initializer=models.initializer("Identity"),
                            use_bias=False)
    model = models.sequential(
        models.input_layer(WIDTH), identity,
        models.layer("Dropout", "dropout", rate=RATE, seed=None, noise_shape=None),
        metrics=["mae"], optimizer=models.sgd(1e-30))
    models.write(folder / "model.json", model)
    data = models.write_data(folder / "data.npz", x=np.ones((ROWS, WIDTH), "float32"),
                             y=np.zeros((ROWS, WIDTH), "float32"))

    def train(label, seed):
        return lamina.train(folder / "model.json", data, folder / f"{label}.keras",
                            folder / f"{label}.csv", epochs=STEPS, batch_size=ROWS,
                            more=["--seed", seed])

    return train("first", 1), train("again", 1), train("other", 2)


def test_dropout_scales_what_it_keeps(dropout_logs):
    log = dropout_logs[0]
    np.testing.assert_allclose(log["loss"] / log["mae"], 1 / (1 - RATE), rtol=1e-5)


def test_dropout_rate(dropout_logs):
    kept = dropout_logs[0]["mae"] * (1 - RATE)
    deviation = np.sqrt(RATE * (1 - RATE) / (ROWS * WIDTH))
    assert abs(kept.mean() - (1 - RATE)) < 4 * deviation / np.sqrt(STEPS)


def test_dropout_varies_as_independent_draws_do(dropout_logs):
    kept = dropout_logs[0]["mae"] * (1 - RATE)
    ratio = kept.var(ddof=1) * (ROWS * WIDTH) / (RATE * (1 - RATE))
    low, high = stats.chi2.ppf([5e-5, 1 - 5e-5], STEPS - 1) / (STEPS - 1)
    assert low < ratio < high


def test_dropout_follows_the_seed(dropout_logs):
    first, again, other = (log["loss"] for log in dropout_logs)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def normal_moments(deviation):
    """Of y normal around 1: mean and variance of |y| (y is hardly ever negative) and of y^2."""
    return 1.0, deviation**2, 1 + deviation**2, 4 * deviation**2 + 2 * deviation**4


def two_values(kept, dropped):
    """The same for y that is `dropped` at RATE and `kept` else."""
    def moments(a, b):
        return (1 - RATE) * a + RATE * b, RATE * (1 - RATE) * (a - b) ** 2
    return *moments(abs(kept), abs(dropped)), *moments(kept**2, dropped**2)


def alpha_dropout():
    """Klambauer et al. 2017, of ones."""
    saturated = -1.7580993408473766
    scale = ((1 - RATE) * (1 + RATE * saturated**2)) ** -0.5
    shift = -scale * saturated * RATE
    return two_values(scale + shift, scale * saturated + shift)


SHAPE = (8, 4, 8)  # of a row of ones, 256 elements
DROPPED = two_values(1 / (1 - RATE), 0)
# Layer, its configuration, moments of |y| and y^2, elements that one decision holds for.
RANDOM_LAYERS = {
    "GaussianNoise": ({"stddev": 0.2}, normal_moments(0.2), 1),
    "GaussianDropout": ({"rate": 0.04}, normal_moments((0.04 / 0.96) ** 0.5), 1),
    "AlphaDropout": ({"rate": RATE, "noise_shape": None}, alpha_dropout(), 1),
    "SpatialDropout2D": ({"rate": RATE, "data_format": "channels_last"}, DROPPED, 8 * 4),
    "SpatialDropout3D": ({"rate": RATE, "data_format": "channels_first"}, DROPPED, 8 * 4),
}


@pytest.mark.parametrize("name", RANDOM_LAYERS)
def test_random_layer(name, lamina, tmp_path):
    """Ones through a frozen identity and the layer, against zero: the loss is the mean of y^2, the
    mean absolute error that of |y|."""
    config, (mean, variance, square_mean, square_variance), shared = RANDOM_LAYERS[name]
    shape = (8, 8, 4, 1) if name == "SpatialDropout3D" else SHAPE
    identity = models.dense("identity", shape[-1], use_bias=False,
                            kernel_initializer=models.initializer("Identity"))
    model = models.sequential(models.input_layer(*shape), identity,
                              models.layer(name, "random", seed=None, **config), metrics=["mae"],
                              optimizer=models.sgd(1e-30))
    models.write(tmp_path / "model.json", model)
    data = models.write_data(tmp_path / "data.npz", x=np.ones((ROWS, *shape), "float32"),
                             y=np.zeros((ROWS, *shape), "float32"))

    def train(seed):
        return lamina.train(tmp_path / "model.json", data, tmp_path / "out.keras",
                            tmp_path / "log.csv", epochs=STEPS, batch_size=ROWS,
                            more=["--seed", seed])

    first, again, other = train(1), train(1), train(2)
    draws = ROWS * np.prod(shape) / shared
    low, high = stats.chi2.ppf([5e-5, 1 - 5e-5], STEPS - 1) / (STEPS - 1)
    for values, expected, spread in ((first["mae"], mean, variance),
                                     (first["loss"], square_mean, square_variance)):
        assert abs(values.mean() - expected) < 4 * np.sqrt(spread / draws / STEPS)
        assert low < values.var(ddof=1) * draws / spread < high
    assert np.array_equal(first["loss"], again["loss"])
    assert not np.array_equal(first["loss"], other["loss"])


FAN_IN, FAN_OUT = 300, 200


def scaled(fan, scale):
    return np.sqrt(scale / fan)


def truncated_normal(deviation):
    """Keras cuts at two deviations and, for the scaled initializers, corrects the deviation."""
    return stats.truncnorm(-2, 2, scale=deviation)


def uniform(limit):
    return stats.uniform(-limit, 2 * limit)


CORRECTION = 0.87962566103423978  # deviation of the normal distribution cut at two deviations
MEAN_FAN = (FAN_IN + FAN_OUT) / 2
INITIALIZERS = {
    "RandomNormal": ({"mean": 0.1, "stddev": 0.2}, stats.norm(0.1, 0.2)),
    "RandomUniform": ({"minval": -0.2, "maxval": 0.3}, stats.uniform(-0.2, 0.5)),
    "TruncatedNormal": ({"mean": 0.0, "stddev": 0.1}, truncated_normal(0.1)),
    "GlorotUniform": ({}, uniform(scaled(MEAN_FAN, 3))),
    "GlorotNormal": ({}, truncated_normal(scaled(MEAN_FAN, 1) / CORRECTION)),
    "HeUniform": ({}, uniform(scaled(FAN_IN, 6))),
    "HeNormal": ({}, truncated_normal(scaled(FAN_IN, 2) / CORRECTION)),
    "LecunUniform": ({}, uniform(scaled(FAN_IN, 3))),
    "LecunNormal": ({}, truncated_normal(scaled(FAN_IN, 1) / CORRECTION)),
    "VarianceScaling": ({"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"},
                        stats.norm(0, scaled(FAN_OUT, 2))),
}


@pytest.fixture(scope="module")
def initial_weights(lamina, tmp_path_factory):
    """The initial kernel of one dense layer, by way of a training step of no length."""
    folder = tmp_path_factory.mktemp("initializers")
    data = models.write_data(folder / "data.npz", x=np.zeros((1, FAN_IN), "float32"),
                             y=np.zeros((1, FAN_OUT), "float32"))

    def kernel(initializer, seed=0):
        model = models.sequential(
            models.input_layer(FAN_IN),
            models.dense("dense", FAN_OUT, kernel_initializer=initializer),
            optimizer=models.sgd(1e-30))
        models.write(folder / "model.json", model)
        lamina("train", folder / "model.json", "--data", data, "--epochs", 1, "--batch-size", 1,
               "--seed", seed, "-o", folder / "out.keras")
        return read_weights(folder / "out.keras")["layers/dense/vars/0"]

    return kernel


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializer_distribution(name, initial_weights):
    config, expected = INITIALIZERS[name]
    values = initial_weights(models.initializer(name, seed=None, **config)).ravel()
    assert values.size == FAN_IN * FAN_OUT
    assert stats.kstest(values, expected.cdf).pvalue > 1e-4
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 4 / np.sqrt(values.size)


@pytest.mark.parametrize("name, config, value", [
    ("Zeros", {}, 0.0), ("Ones", {}, 1.0), ("Constant", {"value": 0.25}, 0.25)])
def test_initializer_value(name, config, value, initial_weights):
    assert (initial_weights(models.initializer(name, **config)) == np.float32(value)).all()


def test_initializer_identity(initial_weights):
    kernel = initial_weights(models.initializer("Identity", gain=2.0))
    assert np.array_equal(kernel, 2 * np.eye(FAN_IN, FAN_OUT, dtype="float32"))


def test_initializer_orthogonal(initial_weights):
    kernel = initial_weights(models.initializer("Orthogonal", gain=1.5, seed=None))
    np.testing.assert_allclose(kernel.T @ kernel, 2.25 * np.eye(FAN_OUT), atol=1e-4)


def test_initializers_follow_the_seed(initial_weights):
    glorot = models.initializer("GlorotUniform", seed=None)
    first, again, other = (initial_weights(glorot, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
