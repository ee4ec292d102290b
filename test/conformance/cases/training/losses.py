"""Losses: from logits and from probabilities, label smoothing, reductions, higher ranks."""
import numpy as np

from case import bits, case, distribution, labels, normal, one_hot, uniform


def network(keras, units, activation, loss, shape=(8,), **settings):
    model = keras.Sequential([keras.Input(shape), keras.layers.Dense(6, "tanh"),
                              keras.layers.Dense(units, activation)])
    model.compile(keras.optimizers.SGD(0.1), loss, **settings)
    return model


def from_probabilities(keras, activation, loss):
    """The activation does not stand directly before the loss, so the loss sees probabilities."""
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, activation),
                              keras.layers.Rescaling(0.96, offset=0.01)])
    model.compile(keras.optimizers.SGD(0.1), loss)
    return model


@case(x=normal(8), y=labels(4))
def sparse_crossentropy(keras):
    return network(keras, 4, "softmax", "sparse_categorical_crossentropy", metrics=["accuracy"])


@case(x=normal(8), y=labels(4, 1))
def sparse_crossentropy_column_of_labels(keras):
    return network(keras, 4, "softmax", "sparse_categorical_crossentropy", metrics=["accuracy"])


@case(x=normal(8), y=labels(4))
def sparse_crossentropy_logits(keras):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return network(keras, 4, None, loss, metrics=["accuracy"])


@case(x=normal(8), y=labels(4))
def sparse_crossentropy_probabilities(keras):
    return from_probabilities(keras, "softmax", "sparse_categorical_crossentropy")


@case(x=normal(8), y=labels(4))
def sparse_crossentropy_ignored_class(keras):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=2)
    return network(keras, 4, None, loss)


@case(x=normal(5, 8), y=labels(4, 5))
def sparse_crossentropy_sequence(keras):
    return network(keras, 4, "softmax", "sparse_categorical_crossentropy", (5, 8),
                   metrics=["accuracy"])


@case(x=normal(8, scale=40.0), y=labels(4))
def sparse_crossentropy_large_logits(keras):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, "softmax")])
    model.compile(keras.optimizers.SGD(0.001), "sparse_categorical_crossentropy")
    return model


@case(x=normal(8), y=one_hot(4))
def categorical_crossentropy(keras):
    return network(keras, 4, "softmax", "categorical_crossentropy", metrics=["accuracy"])


@case(x=normal(8), y=one_hot(4))
def categorical_crossentropy_logits(keras):
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    return network(keras, 4, None, loss, metrics=["accuracy"])


@case(x=normal(8), y=distribution(4))
def categorical_crossentropy_soft_targets(keras):
    return network(keras, 4, "softmax", "categorical_crossentropy")


@case(x=normal(8), y=one_hot(4))
def categorical_crossentropy_smoothing(keras):
    return network(keras, 4, "softmax",
                   keras.losses.CategoricalCrossentropy(label_smoothing=0.1))


@case(x=normal(8), y=one_hot(4))
def categorical_crossentropy_probabilities(keras):
    return from_probabilities(keras, "softmax", "categorical_crossentropy")


@case(x=normal(8), y=one_hot(4))
def categorical_crossentropy_unnormalized(keras):
    return network(keras, 4, "sigmoid", "categorical_crossentropy")


@case(x=normal(8), y=bits(1))
def binary_crossentropy(keras):
    return network(keras, 1, "sigmoid", "binary_crossentropy", metrics=["accuracy"])


@case(x=normal(8), y=bits())
def binary_crossentropy_flat_labels(keras):
    return network(keras, 1, "sigmoid", "binary_crossentropy", metrics=["accuracy"])


@case(x=normal(8), y=bits(1))
def binary_crossentropy_logits(keras):
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    return network(keras, 1, None, loss, metrics=["accuracy"])


@case(x=normal(8), y=bits(4))
def binary_crossentropy_several_labels(keras):
    return network(keras, 4, "sigmoid", "binary_crossentropy", metrics=["accuracy"])


@case(x=normal(8), y=bits(3))
def binary_crossentropy_smoothing(keras):
    return network(keras, 3, "sigmoid", keras.losses.BinaryCrossentropy(label_smoothing=0.2))


@case(x=normal(8), y=bits(4))
def binary_crossentropy_probabilities(keras):
    return from_probabilities(keras, "sigmoid", "binary_crossentropy")


@case(x=normal(8), y=normal(3))
def mean_squared_error(keras):
    return network(keras, 3, None, keras.losses.MeanSquaredError())


@case(x=normal(8), y=normal(3))
def mean_absolute_error(keras):
    return network(keras, 3, None, "mae")


@case(x=normal(4, 8), y=normal(4, 3))
def mean_absolute_error_rank_3(keras):
    return network(keras, 3, None, "mean_absolute_error", (4, 8))


@case(x=normal(8), y=normal())
def mean_squared_error_flat_targets(keras):
    return network(keras, 1, None, "mse", metrics=["mae"])


@case(x=normal(8), y=normal(3), rows=24)
def loss_summed(keras):
    model = network(keras, 3, None, "mse")
    model.compile(keras.optimizers.SGD(0.01), keras.losses.MeanSquaredError(reduction="sum"))
    return model


@case(x=normal(8), y=labels(4))
def loss_weight_of_one_output(keras):
    return network(keras, 4, "softmax", "sparse_categorical_crossentropy", loss_weights=0.5)


def heads(keras, *outputs, shape=(8,), rate=0.05):
    """A model with one output per loss: (units, activation, loss)."""
    x = keras.Input(shape)
    hidden = keras.layers.Dense(6, "tanh")(x)
    model = keras.Model(x, [
        keras.layers.Dense(units, activation, name=f"head{index}")(hidden)
        for index, (units, activation, _) in enumerate(outputs)])
    model.compile(keras.optimizers.SGD(rate), [loss for *_, loss in outputs])
    return model


def away_from_zero(*shape):
    return lambda random, rows: random.choice([-1, 1], (rows, *shape)).astype("float32") * (
        random.uniform(0.5, 2, (rows, *shape)).astype("float32"))


def signs(*shape):
    return lambda random, rows: random.choice([-1, 1], (rows, *shape)).astype("float32")


@case(x=normal(8), y=[away_from_zero(3), uniform(3), normal(3, scale=2), normal(3, scale=2),
                      uniform(3), distribution(4), normal(3)])
def losses_by_name(keras):
    return heads(keras, (3, None, "mape"), (3, "softplus", "msle"), (3, None, "huber"),
                 (3, None, "log_cosh"), (3, "softplus", "poisson"),
                 (4, "softmax", "kl_divergence"), (3, None, "cosine_similarity"), rate=0.01)


@case(x=normal(8), rows=24, y=[away_from_zero(3), uniform(3), normal(3, scale=2),
                               normal(3, scale=2), uniform(3), distribution(4), normal(3)])
def losses_by_class(keras):
    L = keras.losses
    return heads(keras, (3, None, L.MeanAbsolutePercentageError(reduction="mean")),
                 (3, "softplus", L.MeanSquaredLogarithmicError(reduction="sum")),
                 (3, None, L.Huber(delta=0.5)), (3, None, L.LogCosh(reduction="sum")),
                 (3, "softplus", L.Poisson(reduction="mean_with_sample_weight")),
                 (4, "sigmoid", L.KLDivergence()), (3, None, L.CosineSimilarity(reduction="sum")),
                 rate=0.01)


@case(x=normal(5, 8), y=[away_from_zero(5, 3), uniform(5, 3), normal(5, 3), normal(5, 3),
                         uniform(5, 3), uniform(5, 4), normal(5, 3), normal(5, 3)])
def losses_of_sequences(keras):
    L = keras.losses
    return heads(keras, (3, None, L.MeanAbsolutePercentageError()),
                 (3, "relu", L.MeanSquaredLogarithmicError()), (3, None, L.Huber()),
                 (3, None, L.LogCosh()), (3, "exponential", L.Poisson()),
                 (4, "softmax", L.KLDivergence(reduction="sum")),
                 (3, None, L.CosineSimilarity(axis=1)), (3, None, L.CosineSimilarity(axis=-2)),
                 shape=(5, 8), rate=0.01)


@case(x=normal(8), y=[signs(3), bits(3), normal(3), signs(1), bits(2), one_hot(4), one_hot(3)])
def hinge_losses(keras):
    L = keras.losses
    return heads(keras, (3, "tanh", "hinge"), (3, "tanh", L.Hinge(reduction="sum")),
                 (3, None, L.SquaredHinge()), (1, None, "hinge"), (2, None, "squared_hinge"),
                 (4, None, "categorical_hinge"),
                 (3, "softmax", L.CategoricalHinge(reduction="sum")), rate=0.02)


@case(x=normal(5, 8), y=[bits(5, 3), signs(5, 3), one_hot(4, 5)])
def hinge_losses_of_sequences(keras):
    L = keras.losses
    return heads(keras, (3, "tanh", L.Hinge()), (3, None, L.SquaredHinge(reduction="sum")),
                 (4, None, L.CategoricalHinge()), shape=(5, 8), rate=0.01)


@case(x=normal(8), y=[bits(3), bits(3), bits(1), one_hot(4), one_hot(4), one_hot(4), labels(4),
                      labels(4)])
def focal_losses(keras):
    L = keras.losses
    return heads(
        keras, (3, "sigmoid", "binary_focal_crossentropy"),
        (3, None, L.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.4, gamma=1.5,
                                            from_logits=True)),
        (1, "sigmoid", L.BinaryFocalCrossentropy(label_smoothing=0.2, reduction="sum")),
        (4, "softmax", "categorical_focal_crossentropy"),
        (4, None, L.CategoricalFocalCrossentropy(alpha=[0.1, 0.2, 0.3, 0.4], gamma=1.5,
                                                 from_logits=True)),
        (4, "sigmoid", L.CategoricalFocalCrossentropy(label_smoothing=0.1, reduction="sum")),
        (4, "softmax", L.CategoricalGeneralizedCrossEntropy()),
        (4, "softmax", L.CategoricalGeneralizedCrossEntropy(q=0.8, reduction="sum")))


@case(x=normal(5, 8), y=[bits(5, 3), one_hot(4, 5), one_hot(5, 5), labels(4, 5), one_hot(4, 5)])
def focal_losses_of_sequences(keras):
    L = keras.losses
    return heads(keras, (3, "sigmoid", L.BinaryFocalCrossentropy(axis=1)),
                 (4, "softmax", L.CategoricalFocalCrossentropy()),
                 (5, "softmax", L.CategoricalCrossentropy(label_smoothing=0.1)),
                 (4, "softmax", L.CategoricalGeneralizedCrossEntropy(q=0.3)),
                 (4, "sigmoid", L.CategoricalFocalCrossentropy(axis=1, label_smoothing=0.1)),
                 shape=(5, 8))


@case(x=normal(4, 5, 8), y=[bits(4, 5, 3)] * 6)
def overlap_losses(keras):
    L = keras.losses
    return heads(keras, (3, "sigmoid", "dice"), (3, "sigmoid", L.Dice(axis=(1, 2))),
                 (3, "sigmoid", L.Dice(axis=-1, reduction="sum")), (3, "sigmoid", "tversky"),
                 (3, "sigmoid", L.Tversky(alpha=0.3, beta=0.7, axis=(1, 2, 3))),
                 (3, "sigmoid", L.Tversky(alpha=0.9, beta=0.4, axis=[0, 1, 2])),
                 shape=(4, 5, 8))


def alignments(length, classes, low=0):
    """Targets of CTC: labels, and zeros behind them; `low` is the fewest labels."""
    def source(random, rows):
        count = random.integers(low, length + 1, (rows, 1))
        return np.where(np.arange(length) < count, random.integers(1, classes, (rows, length)),
                        0).astype("int32")
    return source


def spelled(keras, steps, classes, loss, cell="GRU", rate=0.02):
    """The logits of each step are those of a recurrent layer."""
    inputs = keras.Input((steps, 3))
    x = getattr(keras.layers, cell)(5, return_sequences=True)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(classes)(x))
    model.compile(keras.optimizers.SGD(rate), loss)
    return model


@case(x=normal(9, 3), y=alignments(4, 5), epochs=8, validation_rows=5)
def ctc(keras):
    return spelled(keras, 9, 5, "ctc")


@case(x=normal(9, 3), y=alignments(4, 5), epochs=8, batch_size=6, weights=(uniform(),))
def ctc_summed(keras):
    return spelled(keras, 9, 5, keras.losses.CTC(reduction="sum"), rate=0.001)


# Labels that do not fit the steps, repetitions that want a blank between them, zeros among the labels.
@case(x=normal(4, 3), y=labels(3, 6), epochs=4)
def ctc_that_does_not_fit(keras):
    return spelled(keras, 4, 3, keras.losses.CTC(), rate=0.001)


@case(x=normal(7, 3), y=[alignments(1, 4), labels(6), alignments(3, 2, low=1)], epochs=6)
def ctc_among_other_losses(keras):
    inputs = keras.Input((7, 3))
    x = keras.layers.LSTM(4, return_sequences=True)(inputs)
    outputs = [keras.layers.Dense(4, name="a")(x),
               keras.layers.Dense(6, "softmax", name="b")(keras.layers.Flatten()(x)),
               keras.layers.Dense(2, name="c", activation="tanh")(x)]
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), ["ctc", "sparse_categorical_crossentropy", "ctc"],
                  loss_weights=[0.5, 1.0, 2.0])
    return model


def add_random_alignments(count):
    random = np.random.default_rng(5)
    for n in range(count):
        steps, length, classes = (int(v) for v in random.integers([2, 1, 2], [24, 9, 12]))
        cell = ["GRU", "LSTM", "SimpleRNN"][n % 3]
        case(x=normal(steps, 3), y=alignments(length, classes), epochs=3, name=f"ctc_random_{n}")(
            lambda keras, s=steps, c=classes, k=cell: spelled(keras, s, c, "ctc", k, rate=1e-3))


add_random_alignments(6)
