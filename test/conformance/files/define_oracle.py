"""A model with a class of its own and a Lambda layer, for test_definitions.py.

Usage: define_oracle.py make FOLDER     writes models, definitions, data and Keras' answers
       define_oracle.py weights MODEL   prints the weights of a model with the class, as JSON"""
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402
from keras.src.applications.convnext import LayerScale  # noqa: E402


@keras.saving.register_keras_serializable("mine")
class Block(layers.Layer):
    """Own variables, layers as attributes, in a model and in a list; settings for values and shapes."""

    def __init__(self, units, rate, **settings):
        super().__init__(**settings)
        self.units, self.rate = units, rate
        self.att = layers.Dense(units, "tanh")
        self.ffn = keras.Sequential([layers.Dense(4, "relu"), layers.Dense(units)])
        self.drops = [layers.Dropout(0.0), layers.Dropout(0.0)]
        self.steps = [layers.Dense(units), layers.Dense(units)]

    def build(self, shape):
        self.scale = self.add_weight(shape=shape[-1:], initializer="uniform", name="scale")
        inner = (None, self.units)
        self.att.build(shape)
        for layer in (self.ffn, *self.steps):
            layer.build(inner)

    def call(self, x):
        return self.steps[1](self.steps[0](self.ffn(self.att(x * self.scale)))) * self.rate

    def get_config(self):
        return {**super().get_config(), "units": self.units, "rate": self.rate}


def block_definition(names=("att", "ffn", "steps.dense", "steps.dense_1"), units=(5, 4)):
    """The JSON of a model of one block, with its sizes for 5 units replaced by the setting."""
    x, rate = keras.Input((6,)), keras.Input(batch_shape=(), name="rate")
    y = LayerScale(1.0, 6)(x)
    y = layers.Dense(units[0], "tanh", name=names[0])(y)
    y = keras.Sequential([layers.Dense(units[1], "relu"), layers.Dense(5)], name=names[1])(y)
    y = layers.Dense(5, name=names[3])(layers.Dense(5, name=names[2])(y))
    return keras.Model([x, rate], y * rate).to_json().replace('"units": 5', '"units": "{units}"')


def model():
    x = keras.Input((6,))
    y = layers.Lambda(lambda t: 0.5 * t, name="halve")(Block(5, 0.7, name="one")(x))
    frozen = Block(5, 1.5, name="two", trainable=False)
    both = layers.Concatenate()([y, frozen(x)])
    result = keras.Model(x, layers.Dense(2)(both))
    result.compile(keras.optimizers.Adam(0.01), "mse")
    return result


def weights(path):
    loaded = keras.models.load_model(path, safe_mode=False)
    print(json.dumps([[v.path, np.asarray(v).tolist()] for v in loaded.weights]))


def make(folder):
    keras.utils.set_random_seed(7)
    random = np.random.default_rng(7)
    x = random.standard_normal((8, 6)).astype("float32")
    y = random.standard_normal((8, 2)).astype("float32")
    np.savez(folder / "data.npz", x=x, y=y)
    made = model()
    made.save(folder / "model.keras")
    made.save(folder / "model.h5")
    (folder / "block.json").write_text(block_definition())
    (folder / "unnamed.json").write_text(block_definition(("a", "b", "c", "d")))
    (folder / "wide.json").write_text(block_definition(units=(7, 4)))
    x_half = keras.Input((None,))
    keras.Model(x_half, layers.Rescaling(0.5)(x_half)).save(folder / "halve.keras")
    loaded = keras.models.load_model(folder / "model.keras", safe_mode=False)
    np.save(folder / "predictions.npy", loaded.predict_on_batch(x))
    for _ in range(3):
        loaded.train_on_batch(x, y)
    (folder / "trained.json").write_text(
        json.dumps([[v.path, np.asarray(v).tolist()] for v in loaded.weights]))


if __name__ == "__main__":
    {"make": make, "weights": weights}[sys.argv[1]](pathlib.Path(sys.argv[2]))
