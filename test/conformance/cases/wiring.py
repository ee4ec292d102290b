"""Wirings: branches, shared layers, several inputs and outputs, nested models."""
from case import case, labels, normal


def compiled(model, loss="mse", **settings):
    model.compile(settings.pop("optimizer", "adam"), loss, **settings)
    return model


@case(x=normal(8), y=normal(2), resume=True)
def branches(keras):
    inputs = keras.Input((8,))
    left = keras.layers.Dense(6, "relu")(inputs)
    right = keras.layers.Dense(6, "tanh")(keras.layers.Dense(4)(inputs))
    return compiled(keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Add()([left, right]))))


@case(x=normal(8), y=normal(2))
def residual(keras):
    inputs = keras.Input((8,))
    hidden = inputs
    for _ in range(3):
        hidden = keras.layers.Add()([hidden, keras.layers.Dense(8, "gelu")(hidden)])
    return compiled(keras.Model(inputs, keras.layers.Dense(2)(hidden)))


@case(x=[normal(5), normal(5)], y=normal(1))
def shared_layer(keras):
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    shared = keras.layers.Dense(6, "tanh", name="shared")
    merged = keras.layers.Subtract()([shared(a), shared(b)])
    return compiled(keras.Model([a, b], keras.layers.Dense(1)(merged)))


@case(x=normal(6), y=normal(6))
def shared_layer_in_a_row(keras):
    inputs = keras.Input((6,))
    shared = keras.layers.Dense(6, "tanh")
    return compiled(keras.Model(inputs, shared(shared(shared(inputs)))))


@case(x=[normal(4), normal(3, 2)], y=[normal(2), labels(3)], resume=True)
def several_inputs_and_outputs(keras):
    a, b = keras.Input((4,), name="flat"), keras.Input((3, 2), name="grid")
    hidden = keras.layers.Concatenate()([keras.layers.Dense(5, "relu")(a),
                                         keras.layers.Flatten()(b)])
    value = keras.layers.Dense(2, name="value")(hidden)
    kind = keras.layers.Dense(3, "softmax", name="kind")(hidden)
    return compiled(keras.Model([a, b], [value, kind]),
                    ["mse", "sparse_categorical_crossentropy"], loss_weights=[0.5, 2.0],
                    metrics=[["mae"], ["accuracy"]])


@case(x=[normal(4)], y=[normal(2), normal(2)])
def outputs_by_name(keras):
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(5, "relu")(inputs)
    outputs = {"first": keras.layers.Dense(2, name="first")(hidden),
               "second": keras.layers.Dense(2, name="second")(hidden)}
    return compiled(keras.Model(inputs, list(outputs.values())),
                    {"first": "mse", "second": "mae"}, loss_weights={"first": 1.0, "second": 0.3},
                    metrics={"second": ["mse"]})


@case(x=normal(4), y=[normal(3), normal(2)])
def output_inside_the_network(keras):
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(3, "tanh")(inputs)
    return compiled(keras.Model(inputs, [hidden, keras.layers.Dense(2)(hidden)]), ["mse", "mse"])


@case(x=normal(6), y=normal(2), resume=True)
def nested_functional(keras):
    inner_inputs = keras.Input((6,))
    inner = keras.Model(inner_inputs, keras.layers.Dense(5, "relu")(
        keras.layers.Dense(7, "tanh")(inner_inputs)), name="inner")
    inputs = keras.Input((6,))
    return compiled(keras.Model(inputs, keras.layers.Dense(2)(inner(inputs))))


@case(x=normal(6), y=normal(2))
def sequential_in_functional(keras):
    block = keras.Sequential([keras.Input((6,)), keras.layers.Dense(6, "relu"),
                              keras.layers.Dense(6, "tanh")], name="block")
    inputs = keras.Input((6,))
    return compiled(keras.Model(inputs, keras.layers.Dense(2)(block(block(inputs)))))


@case(x=normal(6), y=normal(2))
def functional_in_sequential(keras):
    inputs = keras.Input((6,))
    inner = keras.Model(inputs, keras.layers.Dense(5, "relu")(inputs))
    return compiled(keras.Sequential([keras.Input((6,)), inner, keras.layers.Dense(2)]))


@case(x=[normal(4), normal(4)], y=normal(2))
def nested_with_two_inputs_and_outputs(keras):
    p, q = keras.Input((4,)), keras.Input((4,))
    total = keras.layers.Add()([p, q])
    inner = keras.Model([p, q], [keras.layers.Dense(3, "relu")(total),
                                 keras.layers.Dense(3, "tanh")(q)])
    a, b = keras.Input((4,)), keras.Input((4,))
    left, right = inner([a, b])
    return compiled(keras.Model([a, b], keras.layers.Dense(2)(
        keras.layers.Concatenate()([left, right]))))


@case(x=normal(6), y=normal(2))
def nested_three_deep(keras):
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(6, "tanh")])
    for _ in range(2):
        model = keras.Sequential([keras.Input((6,)), model, keras.layers.Dense(6, "tanh")])
    return compiled(keras.Sequential([keras.Input((6,)), model, keras.layers.Dense(2)]))


@case(x=normal(6), y=normal(2))
def same_classes_many_times(keras):
    """Weights are stored as dense, dense_1, … dense_10 whatever the layers' names are."""
    layers = [keras.layers.Dense(6, "tanh", name=f"z{12 - i}") for i in range(11)]
    return compiled(keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(2)]))
