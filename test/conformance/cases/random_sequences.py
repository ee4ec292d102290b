"""Random Functional models of sequences: recurrent layers, forwards and backwards, masked and not, with
states that come from elsewhere and go elsewhere, among the layers and wirings of all random models."""
import random

from case import case, normal
from .layers.masks import some_steps
from .random_models import Builder

COUNT = 500
OPTION = "--random-sequences"
PREFIX = "random_sequence_"
TOKENS = 5
STEPS = (4, 6)  # of all inputs
INPUTS = ["tokens", "masked", "masked", "plain", "images"]
ACTIVATIONS = ["tanh", "tanh", "sigmoid", "softsign", "elu", "linear", "relu"]
GATES = ["sigmoid", "hard_sigmoid", "tanh"]


def tokens(steps):
    """Of which some are 0; the first of a row never is."""
    def source(random, rows):
        x = random.integers(0, TOKENS, (rows, steps)).astype("int32")
        x[:, 0] = random.integers(1, TOKENS, rows)
        return x
    return source


class SequenceBuilder(Builder):
    """The same with further moves, and inputs that may be tokens or have a mask."""

    def __init__(self, keras, seed):
        super().__init__(keras, seed)
        self.steps_that_count = []  # masks that calls may name

    def elementwise_layer(self, x):
        """Keras' Softmax cannot take a mask of steps."""
        layer = self.keras.src.backend.get_keras_mask(x) is None and self.pick(True, False)
        return super().elementwise_layer(x) if layer else self.layers.Activation("tanh")(x)

    # Recurrent layers and cells

    def cell_settings(self):
        return {"activation": self.pick(*ACTIVATIONS), "use_bias": self.pick(True, True, False),
                "bias_initializer": self.pick("zeros", "random_normal")}

    def gate_settings(self):
        settings = self.cell_settings() | {"recurrent_activation": self.pick(*GATES)}
        return settings | {"implementation": self.pick(1, 2)}

    def lstm_settings(self):
        forget = self.pick(True, False)
        settings = self.gate_settings() | {"unit_forget_bias": forget}
        return settings | ({"bias_initializer": "zeros"} if forget else {})

    def layer_settings(self):
        return {"return_sequences": self.pick(True, True, False), "unroll": self.pick(True, False),
                "go_backwards": self.pick(False, False, True),
                "zero_output_for_mask": self.pick(True, False)}

    def cell(self, units):
        L = self.layers
        return self.pick(lambda: L.SimpleRNNCell(units, **self.cell_settings()),
                         lambda: L.LSTMCell(units, **self.lstm_settings()),
                         lambda: L.GRUCell(units, reset_after=self.pick(True, False),
                                           **self.gate_settings()))()

    def recurrent_layer(self, units=None, **fixed):
        """Of so many units, where these are given."""
        L, settings = self.layers, self.layer_settings() | fixed
        units = units or 1 + self.size(3)
        return self.pick(
            lambda: L.SimpleRNN(units, **self.cell_settings(), **settings),
            lambda: L.LSTM(units, **self.lstm_settings(), **settings),
            lambda: L.GRU(units, reset_after=self.pick(True, False), **self.gate_settings(),
                          **settings),
            lambda: L.RNN(self.cell(units), **settings),
            lambda: L.RNN([self.cell(1 + self.size(3)), self.cell(units)], **settings))()

    def states_for(self, cell):
        """Initial states from rows of vectors that the model has, or from a mean."""
        rows = [t for t in self.tensors if len(t.shape) == 2]
        source = self.pick(*rows) if rows else self.ops.mean(self.pick(*self.tensors), axis=1)
        flat = self.flatten(source) if len(source.shape) > 2 else source
        return self.keras.tree.map_structure(lambda n: self.layers.Dense(n, "tanh")(flat),
                                             cell.state_size)

    def mask_for(self, x):
        return self.pick(None, *[m for m in self.steps_that_count if m.shape[1] == x.shape[1]])

    def recurrence(self, x):
        """Its last states go to other moves."""
        layer = self.recurrent_layer(return_state=self.pick(True, False))
        call = {"mask": self.mask_for(x)}
        if self.pick(True, False):
            call["initial_state"] = self.states_for(layer.cell)
        outputs = layer(x, **{k: v for k, v in call.items() if v is not None})
        y, *states = self.keras.tree.flatten(outputs)
        self.tensors += states
        self.unused += states
        return y

    def both_directions(self, x):
        """By one layer turned around, or by two that differ, but not in their size: Keras takes the
        result for twice as wide as that of the first."""
        settings = {"return_sequences": self.pick(True, False), "units": 1 + self.size(3)}
        forward, other = self.recurrent_layer(go_backwards=False, **settings), None
        if self.pick(True, False):
            other = self.recurrent_layer(go_backwards=True, **settings)
            forward, other = self.random.sample([forward, other], 2)
        return self.layers.Bidirectional(
            forward, merge_mode=self.pick("sum", "mul", "ave", "concat"), backward_layer=other)(x)

    def step_by_step(self, x):
        L = self.layers
        shared = [lambda: L.Dense(1 + self.size(3), self.activation()),
                  lambda: L.LayerNormalization() if x.shape[-1] > 1 else L.Identity(),
                  lambda: L.BatchNormalization(momentum=0.8)]
        special = {3: [lambda: L.Rescaling(0.5, 0.1)],
                   4: [lambda: L.Conv1D(self.size(3), 1, activation=self.activation()),
                       L.Flatten, L.GlobalAveragePooling1D,
                       lambda: self.recurrent_layer(unroll=False)]}
        return L.TimeDistributed(self.pick(*shared, *special.get(len(x.shape), [L.Flatten]))())(x)

    def convolutional_recurrence(self, x):
        padding = self.pick("same", "valid")
        kernel = self.pick(*range(1, min(2, x.shape[2]) + 1))
        settings = self.gate_settings() | self.layer_settings()
        del settings["implementation"]
        return self.layers.ConvLSTM1D(self.size(3), kernel, padding=padding, unit_forget_bias=False,
                                      **settings)(x)

    # Models

    def moves(self, x):
        special = {3: [self.recurrence] * 5 + [self.both_directions] * 3 + [self.step_by_step] * 2,
                   4: [self.convolutional_recurrence] * 2 + [self.step_by_step] * 2}
        return super().moves(x) + special.get(len(x.shape), [])

    def enter(self, kind, steps):
        """An input and what becomes of it first."""
        L = self.layers
        if kind == "tokens":
            x = self.keras.Input((steps,), dtype="int32")
            self.steps_that_count.append(self.ops.not_equal(x, 0))
            return x, L.Embedding(TOKENS, 1 + self.size(3), mask_zero=self.pick(True, False))(x)
        x = self.keras.Input((steps, 3) if kind != "images" else (steps, 3, 2))
        if kind == "masked":
            self.steps_that_count.append(self.ops.not_equal(x[:, :, 0], 0.0))
            return x, self.pick(L.Masking(), L.Identity())(x)
        return x, x

    def optimizer(self, model):
        """Of a token that comes up several times, Keras on TensorFlow squares what each gives for
        itself, not their sum, in RMSprop and others that scale by squares. And a key's bias has a
        gradient of rounding errors alone, which those blow up."""
        attends = any("attention" in layer.name for layer in model.layers)
        embeds = any(isinstance(layer, self.layers.Embedding) for layer in model.layers)
        drawn = super().optimizer(model)
        is_scaled = isinstance(drawn, self.keras.optimizers.RMSprop)
        return "sgd" if is_scaled and (attends or embeds) else drawn

    def build(self, inputs):
        entered = [self.enter(kind, steps) for kind, steps in inputs]
        self.tensors = [x for _, x in entered]
        self.unused = list(self.tensors)
        return self.finish([x for x, _ in entered])


def source(kind, steps):
    return {"tokens": tokens(steps), "masked": some_steps(steps, 3), "plain": normal(steps, 3),
            "images": normal(steps, 3, 2)}[kind]


def register(seed):
    draw = random.Random(seed)
    inputs = [(draw.choice(INPUTS), draw.choice(STEPS)) for _ in range(1 + seed % 2)]

    def build(keras):
        return SequenceBuilder(keras, seed).build(inputs)

    case(x=[source(*i) for i in inputs], y=normal(2), name=f"{PREFIX}{seed}", rows=6, batch_size=6,
         epochs=3, noise=True)(build)


for number in range(COUNT):
    register(number)
