"""Weights in several places, initializers and regularizers of the user's own, losses that models compute:
like the models of test_guides.py they agree with Keras."""
import pytest
from test_guides import assert_agrees, sequential, softmax_head


def a_kernel_that_is_used_twice(keras):
    class Autoencoder(keras.layers.Layer):
        """The decoder's kernel is the encoder's, transposed."""

        def __init__(self):
            super().__init__()
            self.encoder = keras.layers.Dense(3, activation="tanh", kernel_regularizer="l2")

        def build(self, shape):
            self.bias = self.add_weight(shape=(shape[-1],), initializer="zeros", name="bias")

        def call(self, x):
            code = self.encoder(x)
            return keras.ops.matmul(code, keras.ops.transpose(self.encoder.kernel)) + self.bias
    return sequential(keras, Autoencoder(), softmax_head(keras))


def an_embedding_that_also_gives_the_scores(keras):
    class LanguageModel(keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding = keras.layers.Embedding(5, 4)
            self.mix = keras.layers.Dense(4, activation="relu")

        def call(self, x):
            h = keras.ops.mean(self.mix(self.embedding(keras.ops.cast(x > 0, "int32"))), axis=1)
            return keras.ops.softmax(h @ keras.ops.transpose(self.embedding.embeddings))
    return LanguageModel()


def a_weight_in_two_layers(keras):
    class Scale(keras.layers.Layer):
        def __init__(self, weight=None):
            super().__init__()
            self.scale = weight if weight is not None else self.add_weight(
                shape=(6,), initializer="ones", name="scale")

        def call(self, x):
            return x * self.scale
    first = Scale()
    return sequential(keras, first, keras.layers.Dense(6, "tanh"), Scale(first.scale),
                      softmax_head(keras))


def a_kernel_in_two_layers_of_keras(keras):
    first = keras.layers.Dense(6, activation="tanh")
    first.build((None, 6))
    second = keras.layers.Dense(6, use_bias=False)
    second._kernel, second.bias, second.built = first._kernel, None, True
    return sequential(keras, first, second, softmax_head(keras))


def an_initializer_and_a_regularizer_of_ones_own(keras):
    class Small(keras.initializers.Initializer):
        def __call__(self, shape, dtype=None):
            return 0.1 * keras.random.normal(shape, dtype=dtype)

    class Sparse(keras.regularizers.Regularizer):
        def __call__(self, w):
            return 0.02 * keras.ops.sum(keras.ops.sqrt(keras.ops.abs(w) + 1e-2))

    def ramp(shape, dtype=None):
        return keras.ops.reshape(keras.ops.arange(shape[0], dtype=dtype) * 0.1, shape)
    return sequential(keras, keras.layers.Dense(5, "tanh", kernel_initializer=Small(),
                                                bias_initializer=ramp, kernel_regularizer=Sparse()),
                      keras.layers.Dense(2, "softmax", kernel_initializer=Small()))


def a_loss_that_the_model_computes(keras):
    class Smoothed(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = keras.ops.mean(keras.losses.sparse_categorical_crossentropy(y, y_pred))
            entropy = -keras.ops.mean(keras.ops.sum(y_pred * keras.ops.log(y_pred + 1e-6), axis=-1))
            return loss - 0.1 * entropy + sum(self.losses)
    a = keras.Input((6,))
    h = keras.layers.Dense(4, "tanh", kernel_regularizer=keras.regularizers.L2(0.01))(a)
    return Smoothed(a, softmax_head(keras)(h))


def a_loss_that_the_model_adds_to_the_compiled_one(keras):
    class Calibrated(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.head = keras.layers.Dense(5, "relu"), softmax_head(keras)

        def call(self, x):
            h = self.hidden(x)
            self.add_loss(0.01 * keras.ops.mean(h * h))
            return self.head(h)

        def compute_loss(self, x, y, y_pred, sample_weight=None, **settings):
            loss = super().compute_loss(x, y, y_pred, sample_weight)
            return loss + 0.05 * keras.ops.mean(keras.ops.square(y_pred - 0.5))
    return Calibrated()


MODELS = [a_kernel_that_is_used_twice, an_embedding_that_also_gives_the_scores, a_weight_in_two_layers,
          a_kernel_in_two_layers_of_keras, an_initializer_and_a_regularizer_of_ones_own,
          a_loss_that_the_model_computes, a_loss_that_the_model_adds_to_the_compiled_one]


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_model(keras, data, make):
    assert_agrees(keras, data, make)
