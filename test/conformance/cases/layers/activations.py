"""Every function of keras.activations, and the activation layers with their settings."""
from case import case, labels, normal

FUNCTIONS = """celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu
linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign
sparse_plus sparse_sigmoid sparsemax squareplus tanh tanh_shrink threshold""".split()

# `threshold` has parameters without defaults, which a name alone cannot give; `glu` has a case of
# its own.
BY_NAME = [name for name in FUNCTIONS if name not in ("glu", "threshold")]


def through(layer, keras, shape=(8,), rate=0.05):
    """A network with `layer` between two dense layers, so that its gradient counts."""
    inputs = keras.Input(shape)
    hidden = keras.layers.Dense(10, name="before")(inputs)
    outputs = keras.layers.Dense(3, name="after")(layer(hidden))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


def declare_functions():
    for function in BY_NAME:
        # Unbounded below, so that training diverges with longer steps.
        rate = 0.002 if function == "log_softmax" else 0.05
        case(x=normal(8, scale=1.5), y=normal(3), name=f"activation_{function}")(
            lambda keras, f=function, rate=rate: through(
                keras.layers.Activation(f, name="f"), keras, rate=rate))


def declare_layers():
    layers = {
        "relu": lambda L: L.ReLU(),
        "relu_max": lambda L: L.ReLU(max_value=1.0),
        "relu_slope": lambda L: L.ReLU(negative_slope=0.1),
        "relu_threshold": lambda L: L.ReLU(threshold=0.5),
        "relu_all": lambda L: L.ReLU(max_value=1.5, negative_slope=0.2, threshold=0.25),
        "leaky_relu": lambda L: L.LeakyReLU(),
        "leaky_relu_slope": lambda L: L.LeakyReLU(negative_slope=0.05),
        "prelu": lambda L: L.PReLU(),
        "prelu_constant": lambda L: L.PReLU(alpha_initializer=constant(0.25)),
        "elu": lambda L: L.ELU(),
        "elu_alpha": lambda L: L.ELU(alpha=0.5),
        "softmax": lambda L: L.Softmax(),
    }
    for name, make in layers.items():
        case(x=normal(8, scale=1.5), y=normal(3), name=f"layer_{name}")(
            lambda keras, make=make: through(make(keras.layers), keras))


def constant(value):
    return {"class_name": "Constant", "config": {"value": value}}


@case(x=normal(4, 5), y=normal(4, 3))
def layer_softmax_axis(keras):
    return through(keras.layers.Softmax(axis=1), keras, (4, 5))


@case(x=normal(4, 5), y=normal(4, 3))
def layer_softmax_two_axes(keras):
    return through(keras.layers.Softmax(axis=[1, 2]), keras, (4, 5))


@case(x=normal(4, 5), y=normal(4, 3))
def layer_prelu_shared(keras):
    return through(keras.layers.PReLU(alpha_initializer="uniform", shared_axes=[1]), keras, (4, 5))


@case(x=normal(8), y=normal(5))
def activation_glu(keras):
    """Halves the last axis, which Keras' own shape inference does not know: only at the end."""
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(10, activation="glu")])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


@case(x=normal(6), y=labels(4))
def dense_with_every_kind_of_activation(keras):
    model = keras.Sequential([keras.Input((6,))] + [
        keras.layers.Dense(7, activation=f) for f in ("relu", "tanh", "gelu", "silu", "elu")
    ] + [keras.layers.Dense(4, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


declare_functions()
declare_layers()
