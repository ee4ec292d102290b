"""Merging layers, with and without broadcasting."""
from case import case, normal


def branches(keras, merge, count=2, shape=(8,), units=6, outputs=3):
    """`count` dense branches of one input, merged, and a dense layer on top."""
    inputs = keras.Input(shape)
    hidden = [keras.layers.Dense(units, "tanh", name=f"branch_{i}")(inputs) for i in range(count)]
    model = keras.Model(inputs, keras.layers.Dense(outputs, name="top")(merge(hidden)))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


def declare():
    kinds = {"add": 3, "subtract": 2, "multiply": 3, "average": 3, "maximum": 3, "minimum": 3,
             "concatenate": 3}
    for kind, count in kinds.items():
        case(x=normal(8), y=normal(3), name=f"merge_{kind}")(
            lambda keras, kind=kind, count=count: branches(
                keras, getattr(keras.layers, kind.capitalize())(), count))


@case(x=normal(4, 5), y=normal(8, 3))
def merge_concatenate_axis(keras):
    return branches(keras, keras.layers.Concatenate(axis=1), 2, (4, 5))


@case(x=normal(8), y=normal(3))
def merge_dot(keras):
    return branches(keras, keras.layers.Dot(axes=1))


@case(x=normal(8), y=normal(3))
def merge_dot_normalized(keras):
    return branches(keras, keras.layers.Dot(axes=1, normalize=True))


@case(x=normal(4, 5), y=normal(4, 3))
def merge_dot_matrices(keras):
    return branches(keras, keras.layers.Dot(axes=2), 2, (4, 5))


@case(x=normal(4, 5), y=normal(6, 3))
def merge_dot_first_axes(keras):
    return branches(keras, keras.layers.Dot(axes=(1, 1)), 2, (4, 5))


@case(x=[normal(4, 5), normal(1, 5)], y=normal(4, 2))
def merge_add_broadcast(keras):
    a, b = keras.Input((4, 5)), keras.Input((1, 5))
    wide, narrow = keras.layers.Dense(6)(a), keras.layers.Dense(6, "relu")(b)
    model = keras.Model([a, b], keras.layers.Dense(2)(keras.layers.Add()([wide, narrow])))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


@case(x=[normal(4, 5), normal(5)], y=normal(4, 2))
def merge_multiply_ranks(keras):
    a, b = keras.Input((4, 5)), keras.Input((5,))
    row = keras.layers.Reshape((1, 5))(keras.layers.Dense(5, "tanh")(b))
    model = keras.Model([a, b], keras.layers.Dense(2)(keras.layers.Multiply()([a, row])))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


declare()
