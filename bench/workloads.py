"""The networks whose training steps are compared, and the model files that all contenders start from.

Usage: workloads.py WORKLOAD OUT.keras     writes the compiled model with real Keras
"""
import dataclasses
import pathlib
import sys
from typing import Callable

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    batch: int
    shape: tuple  # of one row of the input
    classes: int
    steps: int  # of every contender in one round
    build: Callable | None = None  # from the keras module to a compiled model; None: it has a file
    highest: float = 1.0  # the inputs are uniform in [0, highest)
    file: pathlib.Path | None = None

    def write(self, path):
        import keras

        keras.utils.set_random_seed(0)
        self.build(keras).save(path)

    def random_batch(self, seed=0):
        """Random inputs and class numbers."""
        random = np.random.default_rng(seed)
        x = random.uniform(0, self.highest, (self.batch, *self.shape)).astype("float32")
        return x, random.integers(0, self.classes, self.batch).astype("int32")


def compiled(model, optimizer):
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


def mlp_wide(keras):
    layers = keras.layers
    return compiled(keras.Sequential([
        keras.Input((784,)), layers.Dense(1024, activation="relu"),
        layers.Dense(1024, activation="relu"), layers.Dense(10, activation="softmax")]),
        keras.optimizers.SGD(1e-2, momentum=0.9))


def cnn_mnist(keras):
    layers = keras.layers
    return compiled(keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
        layers.Dropout(0.5), layers.Dense(10, activation="softmax")]), keras.optimizers.Adam(1e-3))


def recurrent(layer, units, *shape):
    def build(keras):
        layers = keras.layers
        return compiled(keras.Sequential([
            keras.Input(shape), getattr(layers, layer)(units),
            layers.Dense(10, activation="softmax")]), keras.optimizers.Adam(1e-3))

    return build


def transformer(keras):
    """Two blocks of four heads of 32, normalized behind the residuals."""
    layers = keras.layers
    x = y = keras.Input((64, 128))
    for _ in range(2):
        y = layers.LayerNormalization()(y + layers.MultiHeadAttention(4, 32)(y, y))
        hidden = layers.Dense(128)(layers.Dense(512, activation="gelu")(y))
        y = layers.LayerNormalization()(y + hidden)
    y = layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling1D()(y))
    return compiled(keras.Model(x, y), keras.optimizers.Adam(1e-3))


def application(name):
    def build(keras):
        model = getattr(keras.applications, name)(
            weights=None, input_shape=(224, 224, 3), classes=10)
        return compiled(model, keras.optimizers.SGD(1e-3, momentum=0.9))

    return build


WORKLOADS = {w.name: w for w in (
    Workload("digits", "MLP 64-128-64-10, Adam", 64, (64,), 10, 300, highest=16.0,
             file=ROOT / "examples/digits/digits.keras"),
    Workload("mlp_wide", "MLP 784-1024-1024-10, momentum", 256, (784,), 10, 20, mlp_wide),
    Workload("cnn_mnist", "CNN 3x3x32, 3x3x64, Adam", 128, (28, 28, 1), 10, 10, cnn_mnist),
    Workload("lstm", "LSTM 128 over 64x32, Adam", 64, (64, 32), 10, 20,
             recurrent("LSTM", 128, 64, 32)),
    Workload("gru", "GRU 32 over 100x8, Adam", 16, (100, 8), 10, 100, recurrent("GRU", 32, 100, 8)),
    Workload("transformer", "transformer of 2 blocks, width 128, 64 steps, Adam", 32, (64, 128), 10,
             10, transformer),
    Workload("resnet50", "ResNet50, momentum", 8, (224, 224, 3), 10, 2, application("ResNet50")),
    Workload("mobilenetv2", "MobileNetV2, momentum", 8, (224, 224, 3), 10, 4,
             application("MobileNetV2")),
    Workload("vgg16", "VGG16, momentum", 4, (224, 224, 3), 10, 2, application("VGG16")),
)}


if __name__ == "__main__":
    WORKLOADS[sys.argv[1]].write(sys.argv[2])
