"""Cells of the user's own in keras.layers.RNN agree with Keras; what cannot be traced is named."""
import pytest
from conftest import assert_same_logs, assert_same_weights
from test_fit import both
from test_guides import sequential, softmax_head
from test_lamina_files import assert_line_of_damage, layer

import lamina


def minimal(keras):
    class MinimalCell(keras.layers.Layer):
        """That of the guide on recurrent layers."""

        def __init__(self, units, **settings):
            super().__init__(**settings)
            self.units = self.state_size = units

        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], self.units), initializer="uniform",
                                          name="kernel")
            self.recurrent_kernel = self.add_weight(shape=(self.units, self.units),
                                                    initializer="orthogonal", name="recurrent_kernel")

        def call(self, inputs, states):
            h = keras.ops.matmul(inputs, self.kernel)
            output = h + keras.ops.matmul(states[0], self.recurrent_kernel)
            return output, [output]
    return MinimalCell


def of_two_states(keras):
    class Cell(keras.layers.Layer):
        """An output of another width than the states, layers of Keras inside, a weight that stays."""

        def __init__(self):
            super().__init__(name="two")
            self.state_size, self.output_size = [4, 3], 2
            self.gate = keras.layers.Dense(4, activation="sigmoid")
            self.head = keras.layers.Dense(2, activation="tanh", use_bias=False)

        def build(self, shape):
            self.gate.build((None, shape[-1] + 4))
            self.head.build((None, 7))
            self.rate = self.add_weight(shape=(), initializer="ones", trainable=False, name="rate")
            self.scale = self.add_weight(shape=(3,), initializer="ones", name="scale",
                                         constraint=keras.constraints.NonNeg())

        def call(self, x, states, training=False):
            h, mean = states
            h = self.gate(keras.ops.concatenate([x, h], axis=-1)) * (1.0 - 0.3 * h)
            mean = mean + self.rate * (h[:, :3] * self.scale - mean) * 0.5
            return self.head(keras.ops.concatenate([h, mean], axis=-1)), [h, mean]
    return Cell()


def check(keras, data, *layers):
    keras.utils.set_random_seed(6)
    model = sequential(keras, keras.layers.Reshape((3, 2)), *layers)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5), "sparse_categorical_crossentropy")
    ours, theirs, step = both(model, *data, validation_split=0.2)
    assert_same_logs(ours, theirs, 5e-6)
    assert_same_weights(step.get_weights(), model.get_weights(), 5e-6)
    assert_same_weights([step.predict(data[0], verbose=0)], [model.predict(data[0], verbose=0)], 5e-6)
    return model, step


def test_the_cell_of_the_guide(keras, data):
    Cell = minimal(keras)
    check(keras, data, keras.layers.RNN(Cell(5), return_sequences=True), keras.layers.RNN(Cell(4)),
          softmax_head(keras))


def test_stacked_cells(keras, data):
    Cell = minimal(keras)
    check(keras, data, keras.layers.RNN([Cell(5), keras.layers.LSTMCell(3), Cell(4)]), softmax_head(keras))


def test_two_states_backwards(keras, data):
    check(keras, data, keras.layers.RNN(of_two_states(keras), go_backwards=True), softmax_head(keras))


def test_steps_that_do_not_count(keras, data):
    mask = keras.layers.Lambda(lambda t: keras.ops.where(t > 1.0, 0.0, t))
    check(keras, data, mask, keras.layers.Masking(),
          keras.layers.RNN(minimal(keras)(4), return_sequences=True, zero_output_for_mask=True),
          keras.layers.Flatten(), softmax_head(keras))


def test_states_that_are_given_and_taken(keras, data):
    keras.utils.set_random_seed(6)
    a = keras.Input((6,))
    steps = keras.layers.Reshape((3, 2))(a)
    cell = minimal(keras)(4)
    first, state = keras.layers.RNN(cell, return_state=True)(steps)
    second = keras.layers.RNN(minimal(keras)(4))(steps, initial_state=[state])
    model = keras.Model(a, softmax_head(keras)(first + second))
    model.compile("sgd", "sparse_categorical_crossentropy")
    ours, theirs, step = both(model, *data)
    assert_same_logs(ours, theirs, 5e-6)
    assert_same_weights(step.get_weights(), model.get_weights(), 5e-6)


def test_a_cell_in_a_file(keras, data, tmp_path):
    model, step = check(keras, data, keras.layers.RNN(of_two_states(keras)), softmax_head(keras))
    path = str(tmp_path / "cell.lamina")
    step.save(path)
    again = lamina.compile(path, 16)
    assert_same_weights([again.predict(data[0], verbose=0)], [step.predict(data[0], verbose=0)], 0)
    assert again.train_on_batch(data[0][:16], data[1][:16]) == step.train_on_batch(data[0][:16],
                                                                                   data[1][:16])
    fresh = keras.models.clone_model(model, clone_function=lambda layer: layer)
    step.update(fresh)
    assert_same_weights(fresh.get_weights(), step.get_weights(), 0)


def test_what_cannot_be_traced_is_named(keras, data):
    def cell(call, **members):
        base = minimal(keras)
        return type("Mine", (base,), {"call": call, **members})(4, name="mine")

    def plain(self, x, states):
        return states[0], [states[0]]

    def branch(self, x, states):
        return (states[0] if keras.ops.sum(x) > 0 else x), states

    def changed(self, x, states):
        self.kernel.assign(self.kernel * 0.5)
        return states[0], states

    def noisy(self, x, states, training=False):
        return states[0] * (2.0 if training else 1.0), states

    def forgetful(self, x, states):
        return states[0], []
    def random(self, x, states):
        return keras.random.dropout(states[0], 0.5, seed=self.seeds), states
    seeds = keras.random.SeedGenerator(1)
    mine = "its cell 'mine' of class Mine cannot be traced: "
    of_line = r"line \d+ of .*test_own_cells.py: "
    for own, settings, message in (
            (cell(branch), {}, mine + of_line),
            (cell(changed), {}, mine + ".*it changes weights or adds losses"),
            (cell(noisy), {}, mine + "it computes something else in training than in prediction"),
            (cell(forgetful), {}, mine + "its call gives 0 states, but its state_size 1"),
            (cell(random, seeds=seeds), {}, mine + of_line + "it draws random numbers"),
            ([cell(plain), keras.layers.LSTMCell(3)], {"return_state": True},
             "cannot be traced: the layer returns states of stacked cells"),
            (cell(plain), {"stateful": True}, mine + "the layer is stateful"),
            (cell(plain, get_initial_state=lambda self, batch_size=None: [
                keras.ops.ones((batch_size, 4))]), {}, mine + "it has a get_initial_state of its own")):
        a = keras.Input((3, 2), batch_size=4 if "stateful" in settings else None)
        steps = keras.tree.flatten(keras.layers.RNN(own, **settings)(a))
        model = keras.Model(a, keras.layers.Dense(2)(steps[0]))
        with pytest.raises(NotImplementedError, match=message):
            lamina.compile(model)


def cell_of(config):
    return layer(config, "RNN")["config"]["cell"]["config"]


def changed(**changes):
    return lambda config: cell_of(config).update(changes)


def of_program(change):
    return lambda config: change(cell_of(config)["program"]["config"])


def first_output_twice(program):
    program["output_layers"] = [program["output_layers"][0]] * len(program["output_layers"])


DAMAGES = [
    (changed(state_count=0), "'state_count' is 0, not from 1 to 64"),
    (changed(state_count=-1), "'state_count' is -1, not from 1 to 64"),
    (changed(state_count=1), "its program 'program' has 8 inputs"),
    (changed(variables=3), "'variables' is not a list"),
    (changed(variables=[]), "its program 'program' has 8 inputs"),
    (changed(output_size=3), r"its program gives output the shape \(.*2\), not \(.*3\)"),
    (changed(program=None), "its program 'program' is missing"),
    (of_program(first_output_twice), r"its program gives state 0 the shape \(.*2\), not \(.*4\)"),
    (of_program(lambda program: program["output_layers"].pop()),
     "its program gives 2 tensors, not the output and 2 states"),
    (of_program(lambda program: program["layers"][1]["config"].update(batch_shape=[1, 4])),
     "state 0 of its program has no rows"),
]


@pytest.fixture(scope="module")
def saved(keras, tmp_path_factory):
    model = sequential(keras, keras.layers.Reshape((3, 2)), keras.layers.RNN(of_two_states(keras)),
                       softmax_head(keras))
    model.compile("sgd", "sparse_categorical_crossentropy")
    path = tmp_path_factory.mktemp("cell") / "x.lamina"
    lamina.compile(model, batch_size=4).save(path)
    return path


@pytest.mark.parametrize("number", range(len(DAMAGES)))
def test_the_line_of_a_damage(saved, tmp_path, number):
    assert_line_of_damage(saved, *DAMAGES[number], tmp_path)
