"""Padding, cropping, enlarging, axes, and lookups in tables."""
from case import case, normal, uniform

from cases.chain import chain

FIRST = {"data_format": "channels_first"}


def indices(count, *shape, dtype="int32"):
    return lambda random, rows: random.integers(0, count, (rows, *shape)).astype(dtype)


chain("zero_padding", (4, 5, 3), lambda L: [
    L.Conv2D(2, 1), L.ZeroPadding2D(), L.ZeroPadding2D((2, 1)),
                                            L.ZeroPadding2D(((0, 1), (2, 0))), L.Conv2D(3, 3)])
chain("zero_padding_channels_first", (3, 4, 5), lambda L: [
    L.Conv2D(2, 1, **FIRST), L.ZeroPadding2D(((1, 0), (0, 2)), **FIRST)])
chain("zero_padding_1d", (5, 3), lambda L: [
    L.Conv1D(2, 1), L.ZeroPadding1D(), L.ZeroPadding1D((2, 0))])
chain("zero_padding_3d", (2, 3, 2, 2), lambda L: [
    L.Conv3D(2, 1), L.ZeroPadding3D(), L.ZeroPadding3D(((0, 1), (2, 0), (1, 1)))])
chain("cropping", (8, 9, 3), lambda L: [L.Conv2D(2, 1), L.Cropping2D(1), L.Cropping2D((0, 1)),
                                        L.Cropping2D(((1, 0), (0, 2)))])
chain("cropping_channels_first", (3, 6, 7), lambda L: [
    L.Conv2D(2, 1, **FIRST), L.Cropping2D(((1, 0), (0, 2)), **FIRST)])
chain("cropping_1d", (8, 3), lambda L: [L.Conv1D(2, 1), L.Cropping1D(1), L.Cropping1D((0, 2))])
chain("cropping_3d", (5, 6, 5, 2), lambda L: [
    L.Conv3D(2, 1), L.Cropping3D(1), L.Cropping3D(((0, 1), (1, 0), (0, 0)))])
chain("up_sampling", (3, 4, 2), lambda L: [
    L.Conv2D(3, 1), L.UpSampling2D(), L.UpSampling2D((1, 3)),
                                           L.Conv2D(2, 3)])
chain("up_sampling_channels_first", (2, 3, 4), lambda L: [
    L.Conv2D(3, 1, **FIRST), L.UpSampling2D((2, 3), **FIRST)], rate=0.005)
chain("up_sampling_bilinear", (3, 4, 2), lambda L: [
    L.Conv2D(3, 1), L.UpSampling2D(interpolation="bilinear"),
    L.UpSampling2D((1, 3), interpolation="bilinear")], rate=0.005)
chain("up_sampling_bilinear_first", (2, 3, 1), lambda L: [
    L.Conv2D(3, 1, **FIRST), L.UpSampling2D((5, 4), interpolation="bilinear", **FIRST)],
      rate=0.005)
chain("up_sampling_curved", (5, 4, 2), lambda L: [
    L.Conv2D(2, 1), L.UpSampling2D((1, 3), interpolation="bicubic"),
    L.UpSampling2D(interpolation="lanczos3")], rate=0.005)
chain("up_sampling_1d", (4, 3), lambda L: [L.Conv1D(2, 1), L.UpSampling1D(3)])
chain("up_sampling_3d", (2, 3, 2, 2), lambda L: [L.Conv3D(2, 1), L.UpSampling3D(),
                                                 L.UpSampling3D((1, 2, 1))], rate=0.005)
chain("up_sampling_3d_channels_first", (2, 2, 3, 2), lambda L: [
    L.Conv3D(2, 1, **FIRST), L.UpSampling3D((1, 2, 3), **FIRST)])
chain("permute_images", (3, 4, 5), lambda L: [
    L.Permute((3, 1, 2)), L.Dense(3), L.Permute((2, 1, 3))])
chain("repeat_vector", (5,), lambda L: [L.Dense(4, "tanh"), L.RepeatVector(3), L.Conv1D(2, 2)])
chain("reshape_images", (12,), lambda L: [L.Dense(24), L.Reshape((2, 3, 4)), L.Conv2D(3, 2)])

chain("embedding", (5,), lambda L: [L.Embedding(7, 4)], source=indices(7, 5), rows=9, batch_size=4,
      epochs=2)
chain("embedding_of_one", (1,), lambda L: [L.Embedding(5, 3), L.Flatten(), L.Dense(4, "tanh")],
      source=indices(5, 1, dtype="float32"))
chain("embedding_repeated", (8,), lambda L: [
    L.Embedding(3, 4, embeddings_regularizer="l2", embeddings_initializer="random_normal"),
    L.Conv1D(4, 3, activation="relu"), L.GlobalMaxPooling1D()], source=indices(3, 8))
chain("embedding_constraint", (4, 2), lambda L: [
    L.Embedding(6, 3, embeddings_constraint="unit_norm"),
                                                 L.GlobalAveragePooling2D()], source=indices(6, 4, 2))


@case(x=indices(6, 4), y=normal(3), epochs=6)
def embedding_integer_input(keras):
    layers = keras.layers
    inputs = keras.Input((4,), dtype="int32")
    x = layers.Flatten()(layers.Embedding(6, 3)(inputs))
    model = keras.Model(inputs, layers.Dense(3)(x))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model


@case(x=normal(4, 5, 3), y=normal(2), epochs=4, rows=6, batch_size=6)
def concatenate_every_axis(keras):
    layers = keras.layers
    inputs = keras.Input((4, 5, 3))
    rows = layers.Concatenate(axis=1)([layers.Conv2D(2, 1)(inputs), layers.Conv2D(2, 1)(inputs)])
    columns = layers.Concatenate(axis=-2)([rows, layers.Conv2D(2, 1)(rows)])
    channels = layers.Concatenate(axis=3)([columns, layers.Conv2D(3, 3, padding="same")(columns)])
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(channels)))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


@case(x=uniform(8, 8, 1), y=uniform(8, 8, 1), epochs=3, rows=6, batch_size=4)
def convolutional_autoencoder(keras):
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((8, 8, 1)), layers.Conv2D(6, 3, 2, "same", activation="relu"),
        layers.Conv2D(4, 3, 2, "same", activation="relu"),
        layers.Conv2DTranspose(6, 3, 2, "same", activation="relu"),
        layers.UpSampling2D(), layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["mae"])
    return model


@case(x=normal(2, 3, 4), y=normal(2), rows=6, batch_size=6, epochs=4)
def up_sampling_curved_first(keras):
    """No chain: XLA, which chains with channels first run through, has no bicubic interpolation."""
    L = keras.layers
    model = keras.Sequential([
        keras.Input((2, 3, 4)), L.Dense(4, "tanh"), L.UpSampling2D((3, 2), "channels_first", "bicubic"),
        L.UpSampling2D((1, 2), "channels_first", "lanczos5"), L.Flatten(), L.Dense(2)])
    model.compile(keras.optimizers.SGD(0.005), "mse")
    return model
