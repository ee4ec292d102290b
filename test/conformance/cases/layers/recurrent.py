"""Recurrent layers: cells, states, masks, directions, and layers that are called step by step."""
from case import case, labels, normal
from .masks import compiled, some_steps

SEQUENCE = {"x": normal(5, 3), "epochs": 6}


def recurrent(name, shape=(5, 3), outputs=(2,), rows=16, **settings):
    """A case of one recurrent layer in front of a Dense one."""
    sequences = settings.pop("x", normal(*shape))

    def register(make):
        @case(x=sequences, y=normal(*outputs), name=name, epochs=settings.pop("epochs", 6), rows=rows,
              **settings)
        def build(keras):
            inputs = keras.Input(shape)
            return compiled(keras, inputs, keras.layers.Dense(outputs[-1])(make(keras, inputs)))
        return make
    return register


SETTINGS = {
    "plain": dict(),
    "sequences": dict(return_sequences=True),
    "backwards": dict(go_backwards=True, return_sequences=True, use_bias=False),
    "unrolled": dict(unroll=True, activation="relu", bias_initializer="normal",
                     unit_forget_bias=False),
    "regularized": dict(kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2",
                        kernel_constraint="max_norm", activity_regularizer="l2"),
}
for _class in ("SimpleRNN", "LSTM", "GRU"):
    for _name, _settings in SETTINGS.items():
        _settings = {k: v for k, v in _settings.items()
                     if _class == "LSTM" or k != "unit_forget_bias"}
        recurrent(f"{_class.lower()}_{_name}",
                  outputs=(5, 2) if _settings.get("return_sequences") else (2,))(
            lambda keras, x, c=_class, s=_settings: getattr(keras.layers, c)(4, **s)(x))

recurrent("gru_resets_before")(lambda keras, x: keras.layers.GRU(4, reset_after=False)(x))
recurrent("gru_resets_before_split", predict_only=True)(
    lambda keras, x: keras.layers.GRU(4, reset_after=False, recurrent_dropout=0.3, dropout=0.2)(x))
recurrent("gru_other_gates")(
    lambda keras, x: keras.layers.GRU(4, recurrent_activation="hard_sigmoid", use_bias=False)(x))
recurrent("lstm_other_gates", outputs=(5, 2))(
    lambda keras, x: keras.layers.LSTM(4, None, recurrent_activation="hard_silu",
                                       return_sequences=True)(x))
recurrent("lstm_dropout_in_inference", predict_only=True)(
    lambda keras, x: keras.layers.LSTM(4, dropout=0.4, recurrent_dropout=0.3)(x))
recurrent("lstm_frozen")(lambda keras, x: keras.layers.LSTM(4, trainable=False)(x))
recurrent("rnn_of_cells", outputs=(5, 2))(
    lambda keras, x: keras.layers.RNN(
        [keras.layers.LSTMCell(4), keras.layers.GRUCell(3), keras.layers.SimpleRNNCell(2),
         keras.layers.LSTMCell(2, trainable=False)], return_sequences=True)(x))
recurrent("rnn_of_a_cell")(lambda keras, x: keras.layers.RNN(keras.layers.GRUCell(4))(x))
recurrent("rnn_of_simple_cells", outputs=(5, 2))(
    lambda keras, x: keras.layers.RNN(
        keras.layers.StackedRNNCells([keras.layers.SimpleRNNCell(3), keras.layers.SimpleRNNCell(4)]),
        go_backwards=True, return_sequences=True)(x))


@case(x=[normal(5, 3), normal(4), normal(4)], y=[normal(5, 2), normal(2)], epochs=6)
def lstm_with_states(keras):
    """Initial states are inputs, the last ones outputs that another layer begins from."""
    L = keras.layers
    inputs = keras.Input((5, 3)), keras.Input((4,)), keras.Input((4,))
    x, h, c = L.LSTM(4, return_sequences=True, return_state=True)(inputs[0], initial_state=inputs[1:])
    y, last = L.GRU(4, return_sequences=True, return_state=True)(x, initial_state=h)
    return compiled(keras, inputs, [L.Dense(2)(y), L.Dense(2)(L.Add()([last, c]))])


@case(x=[normal(5, 3), normal(4)], y=normal(2), epochs=6)
def cells_by_themselves(keras):
    """A cell called as a layer, for two steps."""
    L = keras.layers
    inputs = keras.Input((5, 3)), keras.Input((4,))
    gru, lstm = L.GRUCell(4), L.LSTMCell(4)
    x, states = gru(inputs[0][:, 0], inputs[1])
    x, states = gru(inputs[0][:, 1], states)
    y, (h, c) = lstm(x, [inputs[1], states])
    return compiled(keras, inputs, L.Dense(2)(L.Add()([y, L.SimpleRNNCell(4)(c, h)[0]])))


MASKED = {"x": some_steps(5, 3)}
for _class in ("SimpleRNN", "LSTM", "GRU"):
    for _name, _settings in {"masked": {}, "masked_sequences": dict(return_sequences=True),
                             "masked_unrolled": dict(unroll=True, return_sequences=True),
                             "masked_backwards": dict(go_backwards=True, return_sequences=True),
                             "masked_zeroed": dict(zero_output_for_mask=True, return_sequences=True),
                             "masked_last_zeroed": dict(zero_output_for_mask=True)}.items():
        recurrent(f"{_class.lower()}_{_name}", x=some_steps(5, 3), epochs=4,
                  outputs=(5, 2) if _settings.get("return_sequences") else (2,))(
            lambda keras, x, c=_class, s=_settings: getattr(keras.layers, c)(4, **s)(
                keras.layers.Masking()(x)))

recurrent("gru_masked_zeroed_backwards_unrolled", x=some_steps(5, 3), outputs=(5, 2))(
    lambda keras, x: keras.layers.GRU(3, zero_output_for_mask=True, return_sequences=True,
                                      unroll=True, go_backwards=True)(keras.layers.Masking()(x)))
recurrent("rnn_of_masked_cells", x=some_steps(5, 3), outputs=(5, 2))(
    lambda keras, x: keras.layers.RNN([keras.layers.LSTMCell(4), keras.layers.GRUCell(3)],
                                      return_sequences=True)(keras.layers.Masking()(x)))


def sparse_rows(random, rows):
    """Tokens of which some, and all of the first row's, are 0."""
    x = random.integers(0, 5, (rows, 6)).astype("int32")
    x[0] = 0
    return x


@case(x=sparse_rows, y=normal(2), epochs=6)
def lstm_of_tokens(keras):
    """A row without any step keeps the states that it begins with."""
    L = keras.layers
    inputs = keras.Input((6,))
    x = L.Embedding(5, 3, mask_zero=True)(inputs)
    x = L.LSTM(4, return_sequences=True)(x)
    return compiled(keras, inputs, L.Dense(2)(L.GRU(3)(x)))


@case(x=[some_steps(5, 3), normal(4)], y=[normal(5, 2), normal(2)], epochs=6)
def mask_beside_states(keras):
    """With initial states only a mask that the call names counts; outputs have one all the same."""
    L = keras.layers
    inputs = keras.Input((5, 3)), keras.Input((4,))
    x = L.Masking()(inputs[0])
    sequence = L.GRU(4, return_sequences=True)(x, initial_state=inputs[1])
    y, last = L.SimpleRNN(4, return_sequences=True, return_state=True)(
        sequence, initial_state=inputs[1], mask=keras.ops.not_equal(inputs[0][:, :, 0], 0.0))
    return compiled(keras, inputs, [L.Dense(2)(y), L.Dense(2)(last)])


for _mode in ("sum", "mul", "concat", "ave"):
    recurrent(f"bidirectional_{_mode}", outputs=(5, 2))(
        lambda keras, x, m=_mode: keras.layers.Bidirectional(
            keras.layers.GRU(4, return_sequences=True), merge_mode=m)(x))


@case(x=some_steps(5, 3), y=[normal(2), normal(5, 2)], epochs=6)
def bidirectional_apart(keras):
    L = keras.layers
    inputs = keras.Input((5, 3))
    x = L.Masking()(inputs)
    a, b = L.Bidirectional(L.LSTM(4), merge_mode=None)(x)
    c, d = L.Bidirectional(L.SimpleRNN(3, return_sequences=True), merge_mode=None)(x)
    return compiled(keras, inputs, [L.Dense(2)(L.Concatenate()([a, b])),
                                    L.Dense(2)(L.Concatenate()([c, d]))])


recurrent("bidirectional_of_two", x=some_steps(5, 3), outputs=(5, 2))(
    lambda keras, x: keras.layers.Bidirectional(
        keras.layers.LSTM(4, return_sequences=True, activity_regularizer="l2"),
        backward_layer=keras.layers.GRU(4, return_sequences=True, go_backwards=True,
                                        trainable=False))(keras.layers.Masking()(x)))
recurrent("bidirectional_turned_around", outputs=(5, 2))(
    lambda keras, x: keras.layers.Bidirectional(
        keras.layers.GRU(4, return_sequences=True, go_backwards=True), merge_mode="sum",
        backward_layer=keras.layers.GRU(4, return_sequences=True))(x))
recurrent("bidirectional_of_cells")(
    lambda keras, x: keras.layers.Bidirectional(keras.layers.RNN(
        [keras.layers.LSTMCell(3), keras.layers.GRUCell(2)]))(x))


@case(x=[normal(5, 3)] + [normal(4)] * 4, y=normal(2), epochs=6)
def bidirectional_with_states(keras):
    L = keras.layers
    inputs = [keras.Input((5, 3))] + [keras.Input((4,)) for _ in range(4)]
    outputs = L.Bidirectional(L.LSTM(4, return_state=True))(inputs[0], initial_state=inputs[1:])
    return compiled(keras, inputs, L.Dense(2)(L.Concatenate()(list(outputs))))


recurrent("time_distributed_dense", outputs=(5, 2), x=some_steps(5, 3))(
    lambda keras, x: keras.layers.TimeDistributed(
        keras.layers.Dense(4, "tanh", activity_regularizer="l2"))(keras.layers.Masking()(x)))
recurrent("time_distributed_convolution", shape=(4, 6, 6, 2), outputs=(4, 2))(
    lambda keras, x: keras.layers.TimeDistributed(keras.layers.Flatten())(
        keras.layers.TimeDistributed(keras.layers.MaxPooling2D())(
            keras.layers.TimeDistributed(keras.layers.Conv2D(3, 3, activation="relu"))(x))))
recurrent("time_distributed_normalization", outputs=(5, 2), mixes_rows=True)(
    lambda keras, x: keras.layers.TimeDistributed(keras.layers.BatchNormalization(momentum=0.7))(x))
recurrent("time_distributed_lstm", shape=(3, 4, 2), outputs=(3, 2))(
    lambda keras, x: keras.layers.TimeDistributed(keras.layers.LSTM(3))(x))
recurrent("time_distributed_dropout", outputs=(5, 2), predict_only=True)(
    lambda keras, x: keras.layers.TimeDistributed(keras.layers.Dropout(0.4))(x))


def chain(keras, *layers, shape):
    return keras.Sequential([keras.Input(shape), *layers])


recurrent("time_distributed_sequential", outputs=(5, 2), x=some_steps(5, 3))(
    lambda keras, x: keras.layers.TimeDistributed(
        chain(keras, keras.layers.Dense(4, "relu", activity_regularizer="l2"),
              keras.layers.LayerNormalization(), keras.layers.Dense(3), shape=(3,)))(
                  keras.layers.Masking()(x)))
recurrent("time_distributed_network", shape=(4, 6, 6, 2), outputs=(4, 2), mixes_rows=True)(
    lambda keras, x: keras.layers.TimeDistributed(
        chain(keras, keras.layers.Conv2D(3, 3), keras.layers.BatchNormalization(momentum=0.7),
              keras.layers.ReLU(), keras.layers.MaxPooling2D(), keras.layers.Flatten(),
              shape=(6, 6, 2)))(x))
recurrent("time_distributed_models", shape=(3, 4, 2), outputs=(3, 2))(
    lambda keras, x: keras.layers.TimeDistributed(
        chain(keras, keras.layers.TimeDistributed(
            chain(keras, keras.layers.Dense(3, "tanh"), shape=(2,))), keras.layers.GRU(3),
              shape=(4, 2)))(x))
recurrent("time_distributed_model_dropout", outputs=(5, 2), predict_only=True)(
    lambda keras, x: keras.layers.TimeDistributed(
        chain(keras, keras.layers.Dropout(0.4), keras.layers.Dense(3), shape=(3,)))(x))


@case(x=labels(5, 3, 4), y=normal(3, 2), epochs=6)
def time_distributed_embedding(keras):
    L = keras.layers
    inputs = keras.Input((3, 4))
    x = L.TimeDistributed(L.Flatten())(L.TimeDistributed(L.Embedding(5, 2))(inputs))
    return compiled(keras, inputs, L.Dense(2)(L.SimpleRNN(3, return_sequences=True)(x)))


for _rank, _shape in {1: (4, 6, 2), 2: (3, 5, 5, 2), 3: (3, 3, 3, 4, 2)}.items():
    recurrent(f"conv_lstm{_rank}d", shape=_shape)(
        lambda keras, x, r=_rank: keras.layers.Flatten()(
            getattr(keras.layers, f"ConvLSTM{r}D")(2, 2)(x)))
recurrent("conv_lstm2d_strides", shape=(3, 6, 5, 2), outputs=(3, 3, 3, 2))(
    lambda keras, x: keras.layers.ConvLSTM2D(3, (3, 2), strides=2, padding="same", use_bias=False,
                                             return_sequences=True, go_backwards=True)(x))
recurrent("conv_lstm1d_dilations", shape=(4, 8, 2), outputs=(4, 2))(
    lambda keras, x: keras.layers.ConvLSTM1D(2, 3, dilation_rate=2, recurrent_activation="hard_sigmoid",
                                             unit_forget_bias=False, trainable=False)(x))
recurrent("conv_lstm2d_masked", shape=(4, 3, 3, 2), x=some_steps(4, 3, 3, 2))(
    lambda keras, x: keras.layers.Flatten()(
        keras.layers.Bidirectional(keras.layers.ConvLSTM2D(2, 3, padding="same", trainable=False,
                                                           return_sequences=True))(
            keras.layers.Masking()(x))))
recurrent("conv_lstm2d_channels_first", shape=(3, 2, 5, 4), predict_only=True)(
    lambda keras, x: keras.layers.Flatten()(
        keras.layers.ConvLSTM2D(3, 2, data_format="channels_first")(x)))
