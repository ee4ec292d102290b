"""SpectralNormalization: the kernel stands in the file twice and is replaced in each training step."""
from case import case, labels, normal

# Keras on JAX differentiates by the kernel as it was, Keras on TensorFlow by the normalized one.


def compiled(keras, shape, layers, **settings):
    model = keras.Sequential([keras.Input(shape), *layers, keras.layers.Flatten(),
                              keras.layers.Dense(2)])
    model.compile(**({"optimizer": keras.optimizers.SGD(0.05), "loss": "mse"} | settings))
    return model


@case(x=normal(6), y=normal(2), epochs=6)
def spectral_dense(keras):
    L = keras.layers
    return compiled(keras, (6,), [L.SpectralNormalization(L.Dense(5, "tanh")),
                                  L.SpectralNormalization(L.Dense(4, use_bias=False),
                                                          power_iterations=3)])


@case(x=normal(6), y=normal(2), epochs=6, resume=True)
def spectral_settings(keras):
    """A penalty and a constraint of the kernel, and a bias that is not trained."""
    L = keras.layers
    wrapped = L.Dense(5, "tanh", kernel_regularizer="l2", kernel_constraint="max_norm")
    return compiled(keras, (6,), [L.SpectralNormalization(wrapped, power_iterations=2),
                                  L.SpectralNormalization(L.Dense(4, trainable=False))],
                    optimizer=keras.optimizers.Adam(0.01), loss="mse")


@case(x=normal(6), y=normal(2), epochs=6)
def spectral_of_zeros(keras):
    """A kernel of zeros stays what it is in the first step."""
    L = keras.layers
    return compiled(keras, (6,), [L.SpectralNormalization(L.Dense(3, kernel_initializer="zeros")),
                                  L.SpectralNormalization(L.Dense(3), trainable=False)])


@case(x=normal(5, 6, 3), y=normal(2), rows=6, batch_size=6, epochs=4)
def spectral_convolution(keras):
    L = keras.layers
    return compiled(keras, (5, 6, 3), [
        L.SpectralNormalization(L.Conv2D(4, 2, activation="relu")),
        L.SpectralNormalization(L.Conv2DTranspose(3, 2)), L.BatchNormalization()])


@case(x=labels(4, 5), y=normal(2), epochs=5)
def spectral_embedding(keras):
    L = keras.layers
    return compiled(keras, (5,), [L.SpectralNormalization(L.Embedding(4, 3)),
                                  L.SpectralNormalization(L.Conv1D(3, 2))])


@case(x=normal(6), y=normal(3), epochs=6)
def spectral_shared(keras):
    """Each call in a step normalizes what the call before it left."""
    L = keras.layers
    shared = L.SpectralNormalization(L.Dense(6, "tanh"))
    inputs = keras.Input((6,))
    model = keras.Model(inputs, L.Dense(3)(shared(shared(inputs))))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model
