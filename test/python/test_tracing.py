"""Models with code of their user's: subclasses, layers of their own, Lambda."""
import pytest
from conftest import assert_same_logs, assert_same_weights
from test_fit import both

import lamina


@pytest.fixture
def compiled(keras, data):
    def run(model):
        model(data[0][:2])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model
    keras.utils.set_random_seed(2)
    return run


def check(model, data):
    ours, theirs, step = both(model, *data, validation_split=0.2)
    assert_same_logs(ours, theirs)
    assert_same_weights(step.get_weights(), model.get_weights())
    assert_same_weights([step.predict(data[0], verbose=0)], [model.predict(data[0], verbose=0)])
    return step


def test_a_subclassed_model(keras, compiled, data):
    class Residual(keras.Model):
        def __init__(self):
            super().__init__(name="residual")
            self.last = keras.layers.Dense(2, activation="softmax")
            self.first = keras.layers.Dense(6, activation="tanh")
            self.norm = keras.layers.LayerNormalization()
            self.drop = keras.layers.Dropout(0.0)

        def call(self, x, training=False):
            h = self.drop(self.norm(self.first(x)), training=training)
            return self.last(keras.ops.concatenate([h + 2.0 * x, keras.ops.square(x)], axis=-1))

    model = compiled(Residual())
    step = check(model, data)
    other = compiled(Residual())
    step.update(other)
    assert_same_weights(other.get_weights(), model.get_weights())


def test_the_optimizer_of_a_subclassed_model_goes_on(keras, compiled, data):
    class Small(keras.Model):
        def __init__(self):
            super().__init__()
            self.a = keras.layers.Dense(4)
            self.b = keras.layers.Dense(2, activation="softmax")

        def call(self, x):
            return self.b(self.a(x))
    model = compiled(Small())
    model.fit(*data, batch_size=16, verbose=0, shuffle=False)
    check(model, data)


def test_layers_of_their_own_within_each_other(keras, compiled, data):
    class Block(keras.layers.Layer):
        def __init__(self, units, **settings):
            super().__init__(**settings)
            self.dense = keras.layers.Dense(units)

        def call(self, x):
            return keras.ops.relu(self.dense(x)) - 0.5

    class Two(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.a, self.b = Block(5), Block(4)

        def call(self, x):
            return self.b(self.a(x))

    model = keras.Sequential([keras.Input((6,)), Two(), keras.layers.Lambda(lambda t: t * 3 + 1),
                              keras.layers.Dense(2, activation="softmax")])
    check(compiled(model), data)


def test_weights_of_a_layer_of_keras_within_another_are_theirs_alone(keras, compiled):
    class Tied(keras.layers.Layer):
        def __init__(self):
            super().__init__(name="mine")
            self.each = keras.layers.TimeDistributed(keras.layers.Dense(2, name="inner"))

        def call(self, x):
            return keras.ops.matmul(self.each(x), keras.ops.transpose(self.each.layer.kernel))
    model = compiled(keras.Sequential([keras.Input((6,)), keras.layers.Reshape((3, 2)), Tied(),
                                       keras.layers.Flatten(), keras.layers.Dense(2)]))
    with pytest.raises(NotImplementedError, match="the weight 'kernel' of layer 'inner' is used outside "
                                                  "of that layer, which is within another one of Keras' "
                                                  "own; that is not supported"):
        lamina.compile(model)


def test_code_that_asks_for_values_is_named_with_its_line(keras, compiled):
    class Branch(keras.layers.Layer):
        def call(self, x):
            if keras.ops.sum(x) > 0:
                return x
            return -x
    class Sub(keras.Model):
        def __init__(self):
            super().__init__(name="sub")
            self.layer, self.dense = Branch(name="branch"), keras.layers.Dense(2)
            self.dense.build((None, 6))

        def call(self, x):
            return self.dense(self.layer(x))
    sub = compiled(Sub())
    with pytest.raises(NotImplementedError, match="model 'sub': the shapes of its inputs are not known"):
        lamina.compile(sub)
    with pytest.raises(NotImplementedError, match=r"layer 'branch' of class Branch: cannot be traced: "
                                                  r"line \d+ of .*test_tracing.py: "):
        lamina.compile(sub, input_shapes={"x": (6,)})


def test_a_train_step_of_their_own_is_refused(keras, data):
    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.dense = keras.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

        def train_step(self, batch):
            return {}
    model = Own()
    model(data[0][:2])
    with pytest.raises(NotImplementedError, match=r"model 'own' of class Own: its own train_step "
                                                  r"\(line \d+ of .*test_tracing.py\) is not supported; "
                                                  r"say what it adds with add_loss, compute_loss, a loss "
                                                  r"or a metric"):
        lamina.compile(model)


def test_functions_of_a_backend_are_named_with_their_line(keras, compiled):
    import tensorflow as tf

    class Square(keras.layers.Layer):
        def call(self, x):
            return tf.square(x)
    model = compiled(keras.Sequential([keras.Input((6,)), Square(name="square"),
                                       keras.layers.Dense(2, activation="softmax")]))
    with pytest.raises(NotImplementedError, match=r"layer 'square' of class Square: cannot be traced: "
                                                  r"line \d+ of .*test_tracing.py: "):
        lamina.compile(model)


def test_numbers_in_the_code_that_differ_in_training_are_seen(keras, compiled, data):
    class Noise(keras.layers.Layer):
        def call(self, x, training=None):
            return x * (2.0 if training else 1.0)
    check(compiled(keras.Sequential([keras.Input((6,)), Noise(),
                                     keras.layers.Dense(2, activation="softmax")])), data)


def test_optimizer_state_follows_its_weights(keras, data):
    """Where the model lists its weights in another order than the traced one runs them."""
    class Backwards(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(2, activation="softmax")
            self.first = keras.layers.Dense(2)
            self.scale = self.add_weight(shape=(2,), initializer="ones")

        def call(self, x):
            return self.last(self.first(x) * self.scale)

    def make():
        model = Backwards()
        model(data[0][:2])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model
    model = make()
    model.fit(*data, batch_size=16, verbose=0, shuffle=False)
    step = check(model, data)
    other = make()
    step.update(other)
    assert_same_weights(other.get_weights(), model.get_weights())
    assert_same_weights([v.numpy() for v in other.optimizer.variables],
                        [v.numpy() for v in model.optimizer.variables], 1e-5)


def test_layers_that_are_not_supported_are_named(keras):
    refused = keras.layers.ContrastLimitedAdaptiveHistogramEqualization(name="even")
    with pytest.raises(NotImplementedError, match="layer 'even': class ContrastLimited.* is refused"):
        lamina.compile(keras.Sequential([keras.Input((8, 8, 3)), refused]))
