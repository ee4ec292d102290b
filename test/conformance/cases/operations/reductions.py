"""What a loss makes of its values: every reduction that `compile` takes. Without one, Keras on
TensorFlow minimizes the sum and logs the mean; Keras on JAX cannot differentiate such a loss. (With
penalties of weights, Keras on TensorFlow cannot add them.)"""
from case import bits, case, labels, normal, one_hot, uniform

PARTS = dict(rows=22, batch_size=8, epochs=3, validation_rows=5)


def heads(keras, *heads, shape=(8,), rate=0.02, **settings):
    inputs = keras.Input(shape)
    hidden = keras.layers.Dense(6, "tanh")(inputs)
    outputs = [keras.layers.Dense(units, activation, name=f"head{i}")(hidden)
               for i, (units, activation, _) in enumerate(heads)]
    model = keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0])
    losses = [loss for _, _, loss in heads]
    model.compile(keras.optimizers.SGD(rate), losses if len(outputs) > 1 else losses[0],
                  **settings)
    return model


@case(x=normal(8), y=normal(3), epochs=6)
def reduction_none(keras):
    return heads(keras, (3, None, keras.losses.MeanSquaredError(reduction="none")),
                 metrics=["mae", keras.losses.MeanAbsoluteError(reduction=None)])


@case(x=normal(4, 8), y=normal(4, 3), rows=8, batch_size=8, epochs=4)
def reduction_none_of_sequences(keras):
    return heads(keras, (3, None, keras.losses.Huber(reduction=None)), shape=(4, 8), rate=0.01)


@case(x=normal(8), y=[labels(4), one_hot(3), bits(2)], **PARTS)
def reduction_none_of_some(keras):
    """Everything else is added to each of the single values."""
    L = keras.losses
    return heads(keras, (4, "softmax", L.SparseCategoricalCrossentropy(reduction="none")),
                 (3, "softmax", L.CategoricalCrossentropy(reduction=None)),
                 (2, "sigmoid", L.BinaryCrossentropy()), loss_weights=[0.5, 1.0, 0.2],
                 rate=0.005)


@case(x=normal(8), y=normal(3), weights=(uniform(high=2.0),), **PARTS)
def reduction_none_weighted(keras):
    return heads(keras, (3, None, keras.losses.MeanSquaredError(reduction="none")),
                 weighted_metrics=["mae"])


@case(x=normal(8), y=[normal(3)] * 4, weights=(uniform(high=2.0),) * 4, **PARTS)
def reductions_weighted(keras):
    kinds = ["sum", "mean", "mean_with_sample_weight", "sum_over_batch_size"]
    return heads(keras, *[(3, None, keras.losses.MeanSquaredError(reduction=kind))
                          for kind in kinds], loss_weights=[0.1, 1.0, 0.7, 0.4])


@case(x=normal(8), y=[normal(3)] * 4, epochs=6)
def reductions_without_weights(keras):
    kinds = ["sum", "mean", "mean_with_sample_weight", "sum_over_batch_size"]
    return heads(keras, *[(3, None, keras.losses.MeanAbsoluteError(reduction=kind))
                          for kind in kinds], loss_weights=[0.1, 1.0, 0.7, 0.4])


@case(x=normal(8), y=[normal(3), normal(1)], weights=(uniform(1, high=2.0),) * 2, **PARTS)
def weights_in_columns(keras):
    """Of shape (n, 1), for losses with one value for each row."""
    return heads(keras, (3, None, "mse"),
                 (1, None, keras.losses.MeanAbsoluteError(reduction="mean_with_sample_weight")),
                 weighted_metrics=[["mae"], ["mse"]])
