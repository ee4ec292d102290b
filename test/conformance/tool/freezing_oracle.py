"""Models to freeze layers of, and what Keras makes of them, for test_freezing.py.

Usage: freezing_oracle.py make FOLDER   writes models and data; prints Keras' answers as JSON
       freezing_oracle.py load MODEL    prints what a written model says is trained"""
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers as L  # noqa: E402


def images():
    x = inputs = keras.Input((12, 12, 3))
    x = L.Conv2D(16, 3, padding="same", use_bias=False, name="c1")(x)
    x = L.ReLU(name="r1")(L.BatchNormalization(name="n1")(x))
    x = L.Add(name="a")([x, L.Conv2D(16, 3, padding="same", name="c2")(x)])
    x = L.Conv2D(8, 3, name="c3")(L.Dropout(0.3, name="drop")(x))
    return inputs, L.GlobalAveragePooling2D(name="g")(x), "..a"


def attention():
    inputs = keras.Input((6, 8))
    q, k = L.Dense(8, name="q")(inputs), L.Dense(8, name="k")(inputs)
    x = L.MultiHeadAttention(2, 4, name="m")(q, k)
    return inputs, L.Flatten(name="f")(L.LayerNormalization(name="ln")(x + q)), "..k"


def sums():
    """A product just before a sum, which become one operation."""
    inputs = keras.Input((10,))
    scaled = L.Rescaling(1.7, name="sc")(L.Dense(5, name="d1")(inputs))
    x = L.BatchNormalization(name="n")(L.Add(name="a")([scaled, L.Dense(5, name="d2")(inputs)]))
    return inputs, x, "d2..n"


def freeze(model, frozen):
    """As --freeze FIRST..LAST does."""
    names = [layer.name for layer in model.layers]
    first, last = frozen.split("..")
    begin = names.index(first) if first else 0
    for layer in model.layers[begin:names.index(last) + 1]:
        layer.trainable = False


def make(folder):
    random = np.random.default_rng(1)
    answers = {}
    for build in (images, attention, sums):
        keras.utils.set_random_seed(5)
        name = build.__name__
        inputs, x, frozen = build()
        model = keras.Model(inputs, L.Dense(3, "softmax", name="head")(x))
        settings = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
        model.compile(keras.optimizers.Adam(0.01), **settings)
        for variable in model.non_trainable_variables:  # moving statistics that say something
            if "moving" in variable.name:
                variable.assign(random.uniform(0.5, 1.5, variable.shape))
        model.save(folder / f"{name}.keras")
        data = random.standard_normal((50, *inputs.shape[1:])).astype("float32")
        labels = random.integers(0, 3, 50)
        np.savez(folder / f"{name}.npz", x=data, y=labels)
        freeze(model, frozen)
        model.compile(keras.optimizers.Adam(0.01), **settings)
        history = model.fit(data, labels, batch_size=16, epochs=3, shuffle=False, verbose=0).history
        answers[name] = {"frozen": frozen, "losses": history["loss"],
                         "trainable": [v.path for v in model.trainable_variables]}
    print(json.dumps(answers))


def load(path):
    model = keras.models.load_model(path)
    print(json.dumps({"trainable": [v.path for v in model.trainable_variables],
                      "iterations": int(model.optimizer.iterations)}))


if __name__ == "__main__":
    {"make": make, "load": load}[sys.argv[1]](pathlib.Path(sys.argv[2]))
