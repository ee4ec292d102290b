"""Numeric preprocessing as a part of the model."""
import numpy as np

from case import case, labels, normal, uniform

from cases.chain import chain


def compiled(keras, inputs, outputs):
    outputs = keras.layers.Dense(2)(keras.layers.Flatten()(outputs))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


def adapted(L):
    """Means and variances that `adapt` found, along one axis, two and none."""
    data = np.random.default_rng(1).normal(3, 2, (50, 4, 3)).astype("float32")
    layers = [L.Normalization(), L.Normalization(axis=(1, 2)), L.Normalization(axis=None)]
    for layer in layers:
        layer.adapt(data)
    return layers


chain("normalization_adapted", (4, 3), adapted, source=normal(4, 3, scale=3.0))
chain("normalization_given", (4, 3), lambda L: [
    L.Normalization(mean=[1.0, 2.0, 3.0], variance=[2.0, 0.5, 0.0001]), L.Dense(3, "tanh"),
    L.Normalization(axis=1, mean=0.5, variance=3.0, invert=True),
    L.Normalization(axis=(1, 2), mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])])
chain("discretization", (4, 1), lambda L: [
    L.Discretization([-1.0, 0.0, 0.5], output_mode="one_hot"),
    L.Dense(3, "tanh"), L.Discretization([0.1, 0.2, 0.2, 0.7]), L.Embedding(5, 2)])
chain("discretization_counts", (6,), lambda L: [L.Discretization([-1, 0.5], output_mode="count")])
chain("discretization_hot", (6,), lambda L: [
    L.Discretization([-1.5, 1.25], output_mode="multi_hot")])


@case(x=labels(5, 3), y=normal(2), rows=6, batch_size=6, epochs=4)
def category_encoding(keras):
    """Indices beyond the tokens are left out."""
    L = keras.layers
    inputs = keras.Input((3,), dtype="int32")
    parts = [L.CategoryEncoding(5)(inputs), L.CategoryEncoding(6, "count")(inputs),
             L.CategoryEncoding(5, "one_hot")(inputs)]
    parts[2] = L.Flatten()(parts[2])
    return compiled(keras, inputs, L.Concatenate()(parts))


@case(x=labels(4, 1), y=normal(2), rows=6, batch_size=6, epochs=4)
def category_encoding_of_one(keras):
    inputs = keras.Input((1,), dtype="int32")
    return compiled(keras, inputs, keras.layers.CategoryEncoding(4, "one_hot")(inputs))


@case(x=[labels(5, 4), normal(4)], y=normal(2), rows=6, batch_size=6, epochs=4)
def category_weights(keras):
    L = keras.layers
    indices, weights = keras.Input((4,), dtype="int32"), keras.Input((4,))
    counts = L.CategoryEncoding(5, "count")(indices, count_weights=weights)
    return compiled(keras, [indices, weights], counts)


@case(x=[labels(6, 3, 3), normal(3, 3)], y=normal(2), rows=6, batch_size=6, epochs=4)
def category_weights_of_sequences(keras):
    """Indices beyond the tokens are left out."""
    L = keras.layers
    indices, weights = keras.Input((3, 3), dtype="int32"), keras.Input((3, 3))
    counts = L.CategoryEncoding(5, "count")(indices, count_weights=2.0 * weights)
    return compiled(keras, [indices, weights], counts)


chain("resizing", (5, 6, 3), lambda L: [
    L.Conv2D(3, 2), L.Resizing(7, 3), L.Resizing(4, 4),
    L.Resizing(6, 2, crop_to_aspect_ratio=True), L.Conv2D(2, 1, activation="tanh"),
    L.Resizing(5, 5, pad_to_aspect_ratio=True, fill_value=0.3), L.Resizing(9, 1)])
chain("resizing_kernels", (5, 6, 3), lambda L: [
    L.Conv2D(3, 2), L.Resizing(9, 4, "lanczos3"), L.Resizing(4, 8, "lanczos5"),
    L.Resizing(3, 9, antialias=True), L.Resizing(6, 3, "bicubic", antialias=True),
    L.Resizing(4, 2, "lanczos3", antialias=True), L.Resizing(3, 2, "nearest", antialias=True)])
chain("resizing_bicubic", (5, 6, 3), lambda L: [
    L.Conv2D(3, 2), L.Resizing(7, 3, "bicubic"), L.Resizing(4, 4, "bicubic"),
    L.Resizing(4, 7, "bicubic", crop_to_aspect_ratio=True)])
chain("resizing_area", (7, 9, 3), lambda L: [
    L.Resizing(3, 4, "area"), L.Resizing(5, 3, "area", pad_to_aspect_ratio=True)])
chain("center_crop", (7, 6, 3), lambda L: [
    L.Conv2D(3, 2), L.CenterCrop(3, 4), L.CenterCrop(5, 2), L.CenterCrop(4, 4)])


def image(*shape):
    return lambda random, rows: random.integers(0, 256, (rows, *shape)).astype("uint8")


@case(x=image(7, 9, 3), y=normal(2), predict_only=True)
def resizing_of_bytes(keras):
    """Bytes become floats. (Keras has to trace this, because eagerly it cannot pad bytes, and so does
    what it does in `fit` and `predict`; elsewhere it would round to bytes again.)"""
    L = keras.layers
    inputs = keras.Input((7, 9, 3), dtype="uint8")
    images = [L.Resizing(5, 12)(inputs), L.Resizing(8, 20, pad_to_aspect_ratio=True)(inputs),
              L.Resizing(3, 4, antialias=True)(inputs), L.Resizing(5, 12, "lanczos3")(inputs),
              L.Resizing(4, 8, "lanczos5")(inputs)]
    return keras.Model(inputs, images)


@case(x=image(5, 7, 3), y=normal(2), rows=6, batch_size=6, epochs=4)
def image_of_bytes(keras):
    L = keras.layers
    inputs = keras.Input((5, 7, 3), dtype="uint8")
    x = L.Resizing(4, 6, "nearest")(inputs)
    x = L.Rescaling(1 / 255)(L.CenterCrop(3, 4)(x))
    return compiled(keras, inputs, x)


@case(x=uniform(8, 6, 3, high=255.0), y=normal(2), rows=6, batch_size=6, epochs=4)
def pipeline(keras):
    """Layers in a row that is one layer; those that are random are at rest."""
    L = keras.layers
    inputs = keras.Input((8, 6, 3))
    row = L.Pipeline([L.Rescaling(1 / 255), L.Resizing(6, 6), L.RandomBrightness(0.0),
                      L.Pipeline([L.CenterCrop(4, 5), L.Normalization(mean=0.4, variance=0.1)])])
    return compiled(keras, inputs, row(inputs))
