"""Optimizers and constraints of the user's own agree with Keras; what cannot be traced is named."""
import pytest
from conftest import assert_same_logs, assert_same_weights
from test_fit import both
from test_guides import linear, sequential, softmax_head
from test_lamina_files import assert_line_of_damage

import lamina


def momentum(keras, **members):
    class Momentum(keras.optimizers.Optimizer):
        """Velocities, and squares behind all of them."""

        def __init__(self, learning_rate=0.1, decay=0.5, **settings):
            super().__init__(learning_rate=learning_rate, **settings)
            self.decay = decay

        def build(self, variables):
            if self.built:
                return
            super().build(variables)
            self.velocities = [self.add_variable_from_reference(v, "velocity") for v in variables]
            self.squares = [self.add_variable_from_reference(v, "square") for v in variables]

        def update_step(self, gradient, variable, learning_rate):
            i = self._get_variable_index(variable)
            velocity, square = self.velocities[i], self.squares[i]
            rate = learning_rate / keras.ops.cast(self.iterations + 1, "float32")
            self.assign(velocity, velocity * self.decay + gradient)
            self.assign_add(square, 0.1 * (keras.ops.square(gradient) - square))
            self.assign_sub(variable, rate * velocity / (keras.ops.sqrt(square) + 1.0))
    return type("Momentum", (Momentum,), members)


def small(keras, optimizer, **settings):
    keras.utils.set_random_seed(8)
    model = sequential(keras, keras.layers.Dense(6, "tanh", **settings), keras.layers.Dense(6),
                       softmax_head(keras))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def check(model, data):
    ours, theirs, step = both(model, *data, validation_split=0.2)
    assert_same_logs(ours, theirs, 5e-6)
    assert_same_weights(step.get_weights(), model.get_weights(), 5e-6)
    return step


def test_state_of_two_kinds(keras, data, tmp_path):
    model = small(keras, momentum(keras)())
    step = check(model, data)
    path = str(tmp_path / "x.lamina")
    step.save(path)
    again = lamina.compile(path, 16)
    batch = data[0][:16], data[1][:16]
    for _ in range(3):
        assert again.train_on_batch(*batch) == step.train_on_batch(*batch)
    # The state goes into the live model, and from it into another step.
    step.update(model)
    other = lamina.compile(model, 16)
    assert other.train_on_batch(*batch) == step.train_on_batch(*batch)


def test_settings_that_all_optimizers_share(keras, data):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.2, 5, 0.7)
    check(small(keras, momentum(keras)(schedule, clipnorm=0.1, weight_decay=0.01)), data)
    check(small(keras, momentum(keras)(0.1, use_ema=True, ema_momentum=0.8,
                                       gradient_accumulation_steps=2)), data)


def test_a_formula_on_top_of_keras(keras, data):
    class Signed(keras.optimizers.Adam):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(keras.ops.sign(gradient) * 0.1, variable, learning_rate)
    check(small(keras, Signed(0.01)), data)


def test_without_state(keras, data):
    class Plain(keras.optimizers.Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            variable.assign(variable - learning_rate * gradient)
    keras.utils.set_random_seed(8)
    model = sequential(keras, linear(keras)(3), softmax_head(keras))
    model.compile(Plain(0.1), "sparse_categorical_crossentropy")
    check(model, data)


def test_constraints(keras, data):
    class Centered(keras.constraints.Constraint):
        def __call__(self, w):
            return w - keras.ops.mean(w, axis=0, keepdims=True)

    def at_most_one(w):
        return keras.ops.clip(w, -0.3, 0.3)
    model = small(keras, keras.optimizers.SGD(0.5), kernel_constraint=Centered(),
                  bias_constraint=at_most_one)
    check(model, data)


def test_what_cannot_be_traced_is_named(keras):
    base = momentum(keras)

    def mine(**members):
        return type("Mine", (base,), members)()

    def branch(self, gradient, variable, learning_rate):
        if keras.ops.sum(gradient) > 0:
            self.assign_sub(variable, gradient)

    def shared(self, gradient, variable, learning_rate):
        self.assign(self.velocities[0], self.velocities[0] * 0.5)
        self.assign_sub(variable, gradient * keras.ops.sum(self.velocities[0]))

    def by_place(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        self.assign(self.velocities[i], gradient * (i + 1))
        self.assign(self.squares[i], gradient)

    def apply(self, *arguments):
        return None
    of_line = r"line \d+ of .*test_own_optimizers.py"
    for optimizer, message in (
            (mine(update_step=branch), f"optimizer of class Mine cannot be traced: {of_line}: "),
            (mine(update_step=shared), "optimizer of class Mine: its variable '.*velocity' belongs to 6 "
                                       "weights; each needs variables of its own"),
            (mine(update_step=by_place), "optimizer of class Mine: it does something else for one weight "
                                         r"of shape \(6, 6\) than for another"),
            (mine(apply=apply), rf"optimizer of class Mine: its own apply \({of_line}\) is not "
                                r"supported; say what it does in update_step")):
        with pytest.raises(NotImplementedError, match=message):
            lamina.compile(small(keras, optimizer))
    with pytest.raises(NotImplementedError, match="optimizer of class Momentum: one of your own is given "
                                                  "to the model, "):
        lamina.compile(small(keras, "sgd"), optimizer=base())

    def no_tensor(w):
        return 3
    with pytest.raises(NotImplementedError, match="cannot be traced: the constraint of its weight "
                                                  "'kernel' gives no tensor"):
        lamina.compile(small(keras, "sgd", kernel_constraint=no_tensor))


@pytest.fixture(scope="module")
def saved(keras, tmp_path_factory):
    path = tmp_path_factory.mktemp("optimizer") / "x.lamina"
    lamina.compile(small(keras, momentum(keras)(), bias_constraint=lambda w: w * 0.5), 4).save(path)
    return path


def changed(**changes):
    return lambda config: config["compile_config"]["optimizer"]["config"].update(changes)


def of_update(change):
    return lambda config: change(config["compile_config"]["optimizer"]["config"]["programs"][0])


def constraint_of(config):
    return next(c for c in (layer["config"].get("constraint") for layer in config["config"]["layers"])
                if c)


DAMAGES = [
    (changed(groups=3), "optimizer 'lamina>Optimizer': 'groups' is not a list"),
    (changed(groups=[0]), "'groups' holds 0, which is no number from 1 to 64"),
    (changed(groups=[1]), "'slots' does not have the 1 shapes of 'groups'"),
    (changed(programs=None), "'programs' is not a list"),
    (changed(programs=[]), r"has no program for .* of shape \(6, 6\)"),
    (of_update(lambda update: update.update(slots=[[6], [6]])), "cannot be broadcast|was traced for"),
    (of_update(lambda update: update.pop("program")), "its program 'program' is missing"),
    (of_update(lambda update: update["program"]["config"]["output_layers"].pop()),
     "its program gives 2 tensors, not the value and 2 slots"),
    (lambda config: constraint_of(config)["config"].pop("program"), "its program 'program' is missing"),
]


@pytest.mark.parametrize("number", range(len(DAMAGES)))
def test_the_line_of_a_damage(saved, tmp_path, number):
    assert_line_of_damage(saved, *DAMAGES[number], tmp_path)
