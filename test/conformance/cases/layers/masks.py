"""Masks of steps: where they come from, what layers do with them, what losses and metrics make of
the output's."""
from case import bits, case, labels, normal, uniform


def some_steps(*shape, value=0.0):
    """Steps of which some are `value`; the first of a row never is."""
    def source(random, rows):
        x = random.standard_normal((rows, *shape)).astype("float32")
        left_out = random.integers(0, 2, (rows, shape[0])).astype(bool)
        left_out[:, 0] = False
        x[left_out] = value
        return x
    return source


def compiled(keras, inputs, outputs, loss="mse", **settings):
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.05), loss, **settings)
    return model


TOKENS = {"x": labels(4, 5), "epochs": 6}
STEPS = {"x": some_steps(5, 3), "epochs": 6}
PARTS = dict(rows=22, batch_size=8, epochs=3, validation_rows=5)


@case(y=normal(5, 2), **STEPS)
def mask_reaches_the_loss(keras):
    L = keras.layers
    inputs = keras.Input((5, 3))
    x = L.Dropout(0.0)(L.Dense(4, "tanh")(L.Masking()(inputs)))
    return compiled(keras, inputs, L.Dense(2)(L.LayerNormalization()(x)), metrics=["mae"])


@case(x=labels(4, 5), y=labels(3, 5), **PARTS)
def mask_of_tokens(keras):
    L, m = keras.layers, keras.metrics
    inputs = keras.Input((5,))
    x = L.Activation("tanh")(L.Dense(4)(L.Embedding(4, 3, mask_zero=True)(inputs)))
    return compiled(keras, inputs, L.Dense(3, "softmax")(x), "sparse_categorical_crossentropy",
                    metrics=["accuracy", m.SparseTopKCategoricalAccuracy(k=2)],
                    weighted_metrics=["accuracy"])


@case(x=labels(4, 5), y=bits(5, 1), weights=(uniform(5, high=2.0),), **PARTS)
def mask_and_weights(keras):
    """Metrics that are no means do not look at masks."""
    L, m = keras.layers, keras.metrics
    inputs = keras.Input((5,))
    x = L.Dense(4, "tanh")(L.Embedding(4, 3, mask_zero=True)(inputs))
    return compiled(keras, inputs, L.Dense(1, "sigmoid")(x), "binary_crossentropy",
                    metrics=["accuracy", m.RootMeanSquaredError(), m.Precision(thresholds=0.4)],
                    weighted_metrics=["accuracy", m.RootMeanSquaredError(name="weighted")])


def choices(*shape):
    """True and False; the first of a row is True."""
    def source(random, rows):
        x = random.integers(0, 2, (rows, *shape)).astype(bool)
        x[..., 0] = True
        return x
    return source


@case(x=[normal(4, 5), choices(4, 5)], y=normal(3), epochs=6)
def softmax_of_some(keras):
    """A mask that the call names: an input, or computed. Flatten ends it: Keras would hand a mask of
    single elements to the loss, which wants one of steps."""
    L = keras.layers
    inputs = keras.Input((4, 5)), keras.Input((4, 5), dtype="bool")
    x = L.Softmax()(L.Dense(5)(inputs[0]), mask=inputs[1])
    x = L.Softmax(axis=1)(x, keras.ops.logical_or(inputs[1], inputs[0] > 0))
    return compiled(keras, inputs, L.Dense(3)(L.Flatten()(x)))


@case(x=[normal(4, 5), uniform(4, 1)], y=normal(3), epochs=6)
def softmax_of_likely(keras):
    """Numbers above a half count."""
    L = keras.layers
    inputs = keras.Input((4, 5)), keras.Input((4, 1))
    x = L.Softmax(axis=[1])(L.Dense(5)(inputs[0]), inputs[1])
    return compiled(keras, inputs, L.Dense(3)(L.Flatten()(x)))


@case(x=[normal(4, 5), labels(2, 1, 5)], y=normal(3), epochs=6)
def softmax_of_some_columns(keras):
    L = keras.layers
    inputs = keras.Input((4, 5)), keras.Input((1, 5), dtype="int32")
    x = L.Softmax(axis=(1, 2))(L.Dense(5)(inputs[0]), mask=inputs[1])
    return compiled(keras, inputs, L.Dense(3)(L.Flatten()(x)))


@case(x=[normal(4, 5), bits(4, 1)], y=[normal(4, 3), normal(4, 5)], epochs=6)
def softmax_hands_its_mask_on(keras):
    """Named in the call, the mask is the output's too: here of single elements, one for each step."""
    L = keras.layers
    inputs = keras.Input((4, 5)), keras.Input((4, 1))
    x = L.Softmax(axis=1)(L.Dense(5)(inputs[0]), mask=inputs[1])
    return compiled(keras, inputs, [L.Dense(3)(x), x])


@case(x=some_steps(5, 3), y=[normal(5, 2)] * 4 + [labels(3, 5)], epochs=5)
def mask_and_reductions(keras):
    L, losses = keras.layers, keras.losses
    inputs = keras.Input((5, 3))
    x = L.Masking()(inputs)
    kinds = ["sum", "mean", "mean_with_sample_weight", "sum_over_batch_size"]
    outputs = [L.Dense(2)(x) for _ in kinds] + [L.Dense(3)(x)]
    ignoring = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)
    return compiled(keras, inputs, outputs,
                    [losses.MeanSquaredError(reduction=kind) for kind in kinds] + [ignoring],
                    loss_weights=[0.05, 1.0, 1.0, 1.0, 1.0])


@case(y=normal(2), **STEPS)
def mask_is_averaged(keras):
    L = keras.layers
    inputs = keras.Input((5, 3))
    x = L.Dense(4, "tanh")(L.Masking()(inputs))
    kept = L.Reshape((4,))(L.GlobalAveragePooling1D(keepdims=True)(x))
    return compiled(keras, inputs, L.Dense(2)(L.Concatenate()([L.GlobalAveragePooling1D()(x), kept])))


@case(x=some_steps(5, 5), y=normal(2), epochs=6)
def mask_is_averaged_channels_first(keras):
    """The mask is that of the last dimension, as long as the one that is averaged."""
    L = keras.layers
    inputs = keras.Input((5, 5))
    x = L.GlobalAveragePooling1D(data_format="channels_first")(L.Masking()(inputs))
    return compiled(keras, inputs, L.Dense(2)(x))


@case(y=normal(5, 2), mixes_rows=True, **STEPS)
def mask_in_batch_normalization(keras):
    L = keras.layers
    inputs = keras.Input((5, 3))
    x = L.BatchNormalization(momentum=0.6)(L.Dense(4, "tanh")(L.Masking()(inputs)))
    return compiled(keras, inputs, L.Dense(2)(x))


def merged(keras, merge, are_both_masked, channels=(4, 4)):
    """Two branches with masks of their own, or one of them without; then what sees the joined mask."""
    L = keras.layers
    steps, tokens = keras.Input((5, 3)), keras.Input((5,))
    a = L.Dense(channels[0], "tanh")(L.Masking()(steps))
    b = L.Dense(channels[1])(L.Embedding(4, 3, mask_zero=are_both_masked)(tokens))
    return compiled(keras, [steps, tokens], L.Dense(2)(merge(L)([a, b])))


KINDS = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
for _kind in KINDS:
    for _both in (True, False):
        case(x=[some_steps(5, 3), labels(4, 5)], y=normal(5, 2), epochs=5,
             name=f"mask_{'joined_by' if _both else 'beside_none_in'}_{_kind.lower()}")(
            lambda keras, kind=_kind, both=_both: merged(
                keras, lambda L: getattr(L, kind)(), both))


@case(x=[some_steps(5, 3), labels(4, 5)], y=normal(10, 2), epochs=5)
def mask_of_steps_in_a_row(keras):
    return merged(keras, lambda L: L.Concatenate(axis=1), True)


@case(x=[some_steps(5, 3), labels(4, 5)], y=normal(10, 2), epochs=5)
def mask_of_half_the_steps(keras):
    return merged(keras, lambda L: L.Concatenate(axis=1), False)


@case(y=normal(5, 2), **STEPS)
def mask_ends_at_shapes(keras):
    """Layers that move elements drop the mask, also where they move none."""
    L = keras.layers
    inputs = keras.Input((5, 3))
    x = L.Reshape((5, 3))(L.Masking()(inputs))
    y = L.Permute((1, 2))(L.Masking()(inputs))
    return compiled(keras, inputs, L.Dense(2)(L.Add()([x, y])))


@case(y=[normal(5, 2), normal(5, 2)], **STEPS)
def mask_of_one_use(keras):
    """One of two uses of a value drops its mask; the other has it."""
    L = keras.layers
    inputs = keras.Input((5, 3))
    x = L.Dense(3, "tanh")(L.Masking()(inputs))
    return compiled(keras, inputs, [L.Dense(2)(L.Reshape((5, 3))(x)), L.Dense(2)(x)])


@case(y=normal(5, 2), **TOKENS)
def mask_through_a_model(keras):
    L = keras.layers
    part = keras.Input((5, 3))
    inner = keras.Model(part, L.Dense(4, "tanh")(part))
    inputs = keras.Input((5,))
    x = inner(L.Embedding(4, 3, mask_zero=True)(inputs))
    return compiled(keras, inputs, L.Dense(2)(x))


@case(x=some_steps(2, 5, 3), y=normal(2, 5, 2), epochs=5)
def mask_of_two_dimensions(keras):
    """A mask of more than one dimension of steps."""
    L = keras.layers
    inputs = keras.Input((2, 5, 3))
    return compiled(keras, inputs, L.Dense(2)(L.Masking()(inputs)), metrics=["mae"])


@case(x=some_steps(5, 3, value=-1.5), y=normal(5, 2), epochs=5)
def mask_of_another_value(keras):
    L = keras.layers
    inputs = keras.Input((5, 3))
    x = L.Dense(3)(L.Masking(-1.5)(inputs))
    return compiled(keras, inputs, L.Dense(2)(L.Masking()(L.Activation("relu")(x))), "mae")
