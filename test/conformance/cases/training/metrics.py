"""Metrics: the accuracies as Keras resolves them from shapes, explicit classes, errors."""
from case import bits, case, labels, normal, one_hot


def network(keras, units, activation, loss, metrics):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(6, "tanh"),
                              keras.layers.Dense(units, activation)])
    model.compile(keras.optimizers.SGD(0.1), loss, metrics=metrics)
    return model


@case(x=normal(8), y=labels(4))
def metrics_sparse(keras):
    explicit = keras.metrics.SparseCategoricalAccuracy(name="explicit")
    return network(keras, 4, "softmax", "sparse_categorical_crossentropy",
                   ["accuracy", "sparse_categorical_accuracy", explicit])


@case(x=normal(8), y=one_hot(4))
def metrics_categorical(keras):
    return network(keras, 4, "softmax", "categorical_crossentropy",
                   ["acc", "categorical_accuracy", keras.metrics.CategoricalAccuracy(name="named"),
                    "mse"])


@case(x=normal(8), y=bits(1))
def metrics_binary(keras):
    return network(keras, 1, "sigmoid", "binary_crossentropy",
                   ["accuracy", "binary_accuracy",
                    keras.metrics.BinaryAccuracy(name="strict", threshold=0.7)])


@case(x=normal(8), y=bits(3))
def metrics_several_labels(keras):
    return network(keras, 3, "sigmoid", "binary_crossentropy", ["accuracy", "binary_accuracy"])


@case(x=normal(8), y=labels(6))
def metrics_sparse_top_k(keras):
    return network(keras, 6, "softmax", "sparse_categorical_crossentropy",
                   ["sparse_top_k_categorical_accuracy",
                    keras.metrics.SparseTopKCategoricalAccuracy(k=2, name="top_2"),
                    keras.metrics.SparseTopKCategoricalAccuracy(k=1, name="top_1")])


@case(x=normal(8), y=one_hot(6), rows=20, batch_size=8, epochs=3)
def metrics_top_k(keras):
    return network(keras, 6, "softmax", "categorical_crossentropy",
                   ["top_k_categorical_accuracy",
                    keras.metrics.TopKCategoricalAccuracy(k=3, name="top_3")])


@case(x=normal(8), y=normal(3))
def metrics_errors(keras):
    return network(keras, 3, None, "mse",
                   ["mae", "mean_squared_error", keras.metrics.MeanAbsoluteError(name="distance"),
                    keras.metrics.MeanSquaredError()])


@case(x=normal(8), y=normal(1), rows=40, batch_size=16, epochs=3)
def metrics_over_uneven_batches(keras):
    return network(keras, 1, None, "mae", ["mse", "mae"])
