"""Models in the manner of Keras' guides on custom layers, subclassing, custom losses and functional
models agree with Keras: losses and metrics of every epoch, weights, predictions."""
import pytest
from conftest import assert_same_logs, assert_same_weights
from test_fit import both

ROWS = 48


def softmax_head(keras, units=2):
    return keras.layers.Dense(units, activation="softmax")


def linear(keras):
    class Linear(keras.layers.Layer):
        """Weights in build, by the input's shape."""

        def __init__(self, units=4, **settings):
            super().__init__(**settings)
            self.units = units

        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1], self.units),
                                     initializer="glorot_uniform", name="w")
            self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")

        def call(self, inputs):
            return keras.ops.matmul(inputs, self.w) + self.b
    return Linear


def sequential(keras, *layers, shape=(6,)):
    return keras.Sequential([keras.Input(shape), *layers])


def weights_in_build(keras):
    Linear = linear(keras)
    return sequential(keras, Linear(8), keras.layers.ReLU(), Linear(2), keras.layers.Softmax())


def weights_in_the_constructor(keras):
    class Linear(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.w = self.add_weight(shape=(6, 3), initializer="random_normal")
            self.b = self.add_weight(shape=(3,), initializer="ones", trainable=True)

        def call(self, x):
            return x @ self.w + self.b
    return sequential(keras, Linear(), softmax_head(keras))


def operators_of_variables(keras):
    class Mix(keras.layers.Layer):
        def build(self, shape):
            self.a = self.add_weight(shape=(shape[-1],), initializer="ones")
            self.b = self.add_weight(shape=(shape[-1],), initializer="random_uniform")

        def call(self, x):
            scaled = self.a * x + self.b / 2.0 - (1.0 - self.b) * 0.1
            return keras.ops.tanh(scaled ** 2 + (-self.a)[None, :] * keras.ops.exp(self.b))
    return sequential(keras, Mix(), softmax_head(keras))


def a_counter_that_is_no_weight_of_training(keras):
    class ComputeSum(keras.layers.Layer):
        def __init__(self, dim):
            super().__init__()
            self.total = self.add_weight(initializer="zeros", shape=(dim,), trainable=False)

        def call(self, inputs):
            self.total.assign_add(keras.ops.mean(inputs, axis=0))
            return inputs + 0.01 * self.total
    return sequential(keras, ComputeSum(6), softmax_head(keras))


def moving_statistics_in_training_alone(keras):
    class Center(keras.layers.Layer):
        def build(self, shape):
            self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False)

        def call(self, x, training=False):
            if training:
                batch = keras.ops.mean(x, axis=0)
                self.mean.assign(self.mean * 0.9 + batch * 0.1)
                return x - batch
            return x - self.mean
    return sequential(keras, Center(), keras.layers.Dense(4, "relu"), softmax_head(keras))


def something_else_in_training(keras):
    class Scale(keras.layers.Layer):
        def call(self, x, training=None):
            return x * 2 if training else x
    return sequential(keras, Scale(), softmax_head(keras))


def blocks_within_blocks(keras):
    Linear = linear(keras)

    class Block(keras.layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.first, self.second = Linear(units, name="first"), Linear(units, name="second")
            self.norm = keras.layers.BatchNormalization(name="norm")

        def call(self, x, training=None):
            return self.norm(self.second(keras.ops.relu(self.first(x))), training=training)
    return sequential(keras, Block(6), Block(5), softmax_head(keras))


def a_loss_that_a_layer_adds(keras):
    class Activity(keras.layers.Layer):
        def __init__(self, rate):
            super().__init__()
            self.rate = rate

        def call(self, x):
            self.add_loss(self.rate * keras.ops.mean(x))
            return x

    class Outer(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense, self.activity = keras.layers.Dense(5), Activity(1e-2)

        def call(self, x):
            return self.activity(self.dense(x))
    return sequential(keras, Outer(), softmax_head(keras))


def regularizers_and_constraints_of_weights(keras):
    class Linear(keras.layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1], 4), regularizer=keras.regularizers.L2(0.01),
                                     initializer="glorot_uniform",
                                     constraint=keras.constraints.NonNeg())
            self.v = self.add_weight(shape=(4,), regularizer=lambda w: 0.1 * keras.ops.sum(w * w))

        def call(self, x):
            return keras.ops.matmul(x, self.w) + self.v
    return sequential(keras, Linear(activity_regularizer="l2"), softmax_head(keras))


def a_residual_block_as_a_model(keras):
    class Residual(keras.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = keras.layers.Dense(6, "relu"), keras.layers.Dense(6)
            self.head = softmax_head(keras)

        def call(self, x):
            return self.head(keras.ops.relu(x + self.b(self.a(x))))
    return Residual()


def models_within_a_model(keras):
    class Encoder(keras.layers.Layer):
        def __init__(self):
            super().__init__(name="encoder")
            self.hidden = keras.layers.Dense(8, activation="relu")
            self.mean, self.log_var = keras.layers.Dense(3), keras.layers.Dense(3)

        def call(self, x):
            h = self.hidden(x)
            return self.mean(h), self.log_var(h)

    class Autoencoder(keras.Model):
        def __init__(self):
            super().__init__(name="autoencoder")
            self.encoder, self.decoder = Encoder(), keras.Sequential([keras.layers.Dense(6)])

        def call(self, x):
            mean, log_var = self.encoder(x)
            noise = keras.random.normal(keras.ops.shape(mean), stddev=0.0, seed=1)
            z = mean + keras.ops.exp(0.5 * log_var) * noise
            kl = -0.5 * keras.ops.mean(log_var - keras.ops.square(mean) - keras.ops.exp(log_var) + 1)
            self.add_loss(kl)
            return self.decoder(z)
    return Autoencoder(), "mse", lambda x, y: x


def a_list_of_layers_in_a_loop(keras):
    class Stack(keras.Model):
        def __init__(self, depth):
            super().__init__()
            self.blocks = [keras.layers.Dense(6, activation="tanh") for _ in range(depth)]
            self.scales = [self.add_weight(shape=(), initializer="ones", name=f"scale_{i}")
                           for i in range(depth)]
            self.head = softmax_head(keras)

        def call(self, x):
            for block, scale in zip(self.blocks, self.scales):
                x = x + scale * block(x)
            return self.head(x)
    return Stack(3)


def a_layer_that_is_shared(keras):
    shared = linear(keras)(6, name="shared")
    a = keras.Input((6,))
    b = shared(keras.ops.relu(shared(a)))
    return keras.Model(a, softmax_head(keras)(b))


def attention_by_hand(keras):
    class Attention(keras.layers.Layer):
        def __init__(self, heads, width):
            super().__init__()
            self.heads, self.width = heads, width
            self.q, self.k, self.v = (keras.layers.Dense(width) for _ in range(3))
            self.out = keras.layers.Dense(width)

        def split(self, x):
            batch, length = keras.ops.shape(x)[0], x.shape[1]
            x = keras.ops.reshape(x, (batch, length, self.heads, self.width // self.heads))
            return keras.ops.transpose(x, (0, 2, 1, 3))

        def call(self, x):
            q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
            scores = keras.ops.softmax(q @ keras.ops.transpose(k, (0, 1, 3, 2)) / 2.0, axis=-1)
            y = keras.ops.transpose(scores @ v, (0, 2, 1, 3))
            return self.out(keras.ops.reshape(y, (keras.ops.shape(x)[0], -1, self.width)))
    return sequential(keras, keras.layers.Reshape((3, 2)), Attention(2, 8),
                      keras.layers.GlobalAveragePooling1D(), softmax_head(keras))


def position_embedding(keras):
    class Positions(keras.layers.Layer):
        def build(self, shape):
            self.table = self.add_weight(shape=shape[1:], initializer="uniform", name="table")

        def call(self, x):
            return x + keras.ops.expand_dims(self.table, 0)
    return sequential(keras, keras.layers.Reshape((3, 2)), Positions(),
                      keras.layers.Flatten(), softmax_head(keras))


def squeeze_and_excite(keras):
    class SqueezeExcite(keras.layers.Layer):
        def build(self, shape):
            self.reduce = keras.layers.Dense(2, activation="relu")
            self.expand = keras.layers.Dense(shape[-1], activation="sigmoid")

        def call(self, x):
            pooled = keras.ops.mean(x, axis=(1, 2), keepdims=True)
            return x * self.expand(self.reduce(pooled))
    return sequential(keras, keras.layers.Reshape((2, 3, 1)), keras.layers.Conv2D(4, 2, padding="same"),
                      SqueezeExcite(), keras.layers.Flatten(), softmax_head(keras))


def a_frozen_part_that_always_predicts(keras):
    class FineTuned(keras.Model):
        def __init__(self):
            super().__init__()
            self.base = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5),
                                          keras.layers.BatchNormalization()])
            self.base.trainable = False
            self.head = softmax_head(keras)

        def call(self, x):
            return self.head(self.base(x, training=False))
    return FineTuned()


def batch_norm_of_its_own(keras):
    class Norm(keras.layers.Layer):
        def build(self, shape):
            width = (shape[-1],)
            self.gamma = self.add_weight(shape=width, initializer="ones", name="gamma")
            self.beta = self.add_weight(shape=width, initializer="zeros", name="beta")
            self.mean = self.add_weight(shape=width, initializer="zeros", trainable=False)
            self.var = self.add_weight(shape=width, initializer="ones", trainable=False)

        def call(self, x, training=False):
            if training:
                mean, var = keras.ops.moments(x, axes=[0])
                self.mean.assign(0.9 * self.mean + 0.1 * mean)
                self.var.assign(0.9 * self.var + 0.1 * var)
            else:
                mean, var = self.mean, self.var
            return self.gamma * (x - mean) / keras.ops.sqrt(var + 1e-3) + self.beta
    return sequential(keras, keras.layers.Dense(5), Norm(), softmax_head(keras))


def gated_linear_units(keras):
    class Gated(keras.layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.linear, self.gate = keras.layers.Dense(units), keras.layers.Dense(units)

        def call(self, x):
            return self.linear(x) * keras.ops.sigmoid(self.gate(x))
    a = keras.Input((6,))
    h = keras.layers.LayerNormalization()(Gated(6)(a) + a)
    return keras.Model(a, softmax_head(keras)(h))


def lambda_layers(keras):
    return sequential(keras, keras.layers.Lambda(lambda t: keras.ops.concatenate([t, t * t], -1)),
                      keras.layers.Dense(4, "relu"),
                      keras.layers.Lambda(lambda t, k: t * k, arguments={"k": 0.5}),
                      softmax_head(keras))


def masks_that_pass_through(keras):
    class Scale(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, x):
            return x * 0.5

    class MaskedMean(keras.layers.Layer):
        def call(self, x, mask=None):
            kept = keras.ops.expand_dims(keras.ops.cast(mask, "float32"), -1)
            return keras.ops.sum(x * kept, axis=1) / (keras.ops.sum(kept, axis=1) + 1e-3)
    return sequential(keras, keras.layers.Reshape((3, 2)),
                      keras.layers.Lambda(lambda t: keras.ops.where(t > 1.0, 0.0, t)),
                      keras.layers.Masking(), Scale(), MaskedMean(), softmax_head(keras))


def a_regression_with_a_loss_of_its_own(keras):
    def huber_like(y_true, y_pred):
        error = keras.ops.abs(y_true - y_pred)
        return keras.ops.mean(keras.ops.where(error < 1.0, 0.5 * error * error, error - 0.5), axis=-1)
    return sequential(keras, keras.layers.Dense(3, "tanh"), keras.layers.Dense(6)), huber_like, \
        lambda x, y: x * 2


MODELS = [weights_in_build, weights_in_the_constructor, operators_of_variables,
          a_counter_that_is_no_weight_of_training, moving_statistics_in_training_alone,
          something_else_in_training, blocks_within_blocks, a_loss_that_a_layer_adds,
          regularizers_and_constraints_of_weights, a_residual_block_as_a_model, models_within_a_model,
          a_list_of_layers_in_a_loop, a_layer_that_is_shared, attention_by_hand, position_embedding,
          squeeze_and_excite, a_frozen_part_that_always_predicts, batch_norm_of_its_own,
          gated_linear_units, lambda_layers, masks_that_pass_through,
          a_regression_with_a_loss_of_its_own]


def assert_agrees(keras, data, make):
    keras.utils.set_random_seed(4)
    made = make(keras)
    model, loss, target = made if isinstance(made, tuple) else (
        made, "sparse_categorical_crossentropy", lambda x, y: y)
    x, y = data[0][:ROWS], target(data[0][:ROWS], data[1][:ROWS])
    model(x[:2])
    # What the call changed is no part of the comparison: both sides start from here.
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5), loss)
    ours, theirs, step = both(model, x, y, validation_split=0.25)
    assert_same_logs(ours, theirs, 5e-6)
    assert_same_weights(step.get_weights(), model.get_weights(), 1e-5)
    theirs = model.predict(x, verbose=0, batch_size=16)
    assert_same_weights([step.predict(x, verbose=0)], [theirs], 1e-5)


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_model(keras, data, make):
    assert_agrees(keras, data, make)
