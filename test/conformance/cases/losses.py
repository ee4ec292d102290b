"""Losses: from logits and from probabilities, label smoothing, reductions, higher ranks."""
from case import bits, case, distribution, labels, normal, one_hot


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
