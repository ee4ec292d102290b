"""Whole runs of fit: several batches, a smaller last batch, validation; the digits network."""
from case import case, labels, normal, uniform


def classifier(keras, optimizer="adam", inputs=12, classes=5):
    model = keras.Sequential([
        keras.Input((inputs,)), keras.layers.Dense(16, "relu"),
        keras.layers.Dense(classes, "softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@case(x=normal(12), y=labels(5), rows=64, epochs=4)
def fit_full_batches(keras):
    return classifier(keras)


@case(x=normal(12), y=labels(5), rows=50, epochs=4)
def fit_smaller_last_batch(keras):
    return classifier(keras)


@case(x=normal(12), y=labels(5), rows=33, epochs=4)
def fit_last_batch_of_one_row(keras):
    return classifier(keras, keras.optimizers.SGD(0.1, momentum=0.9))


@case(x=normal(12), y=labels(5), rows=7, batch_size=32, epochs=5)
def fit_fewer_rows_than_a_batch(keras):
    return classifier(keras)


@case(x=normal(12), y=labels(5), rows=5, batch_size=1, epochs=3)
def fit_batches_of_one_row(keras):
    return classifier(keras, keras.optimizers.SGD(0.1))


@case(x=normal(12), y=labels(5), rows=50, validation_rows=21, epochs=4)
def fit_with_validation(keras):
    return classifier(keras)


@case(x=[normal(6), normal(4)], y=[normal(2), labels(3)], rows=41, validation_rows=13, epochs=3)
def fit_several_outputs_with_validation(keras):
    a, b = keras.Input((6,), name="a"), keras.Input((4,), name="b")
    hidden = keras.layers.Concatenate()([keras.layers.Dense(6, "tanh")(a), b])
    outputs = [keras.layers.Dense(2, name="value")(hidden),
               keras.layers.Dense(3, "softmax", name="kind")(hidden)]
    model = keras.Model([a, b], outputs)
    model.compile("adam", ["mse", "sparse_categorical_crossentropy"], loss_weights=[1.0, 0.7],
                  metrics=[["mae"], ["accuracy"]])
    return model


@case(x=normal(12), y=labels(5), rows=30, validation_rows=10, epochs=3)
def fit_regularized_with_validation(keras):
    model = keras.Sequential([
        keras.Input((12,)), keras.layers.Dense(16, "relu", kernel_regularizer="l2"),
        keras.layers.Dropout(0.0), keras.layers.Dense(5, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@case(x=uniform(64, low=0, high=16), y=labels(10), rows=64, batch_size=64, resume=True)
def digits_network(keras):
    model = keras.Sequential([
        keras.Input((64,)), keras.layers.Rescaling(1 / 16), keras.layers.Dense(128, "relu"),
        keras.layers.Dense(64, "relu"), keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
