#!/usr/bin/env python3
"""The networks of this folder as real Keras builds them, compiled and not trained yet. Seeds are
fixed, so the initial weights are the same every time.

  mlp       digits.keras           multi-layer perceptron 64-128-64-10
  cnn       digits_cnn.keras       three convolutions, batch normalization, pooling, dropout
  branches  digits_branches.keras  Functional: kernels of three sizes side by side, a sum around them
  transformer  digits_transformer.keras  the eight lines of an image as a sequence: two blocks of
                                     attention and dense layers

Usage: model.py [NETWORK] [OUT.keras]   writes the model (needs keras and one of its backends)
       model.py [NETWORK] --train [--epochs N] [--no-shuffle]
                                        trains it with Keras on train.csv and prints the test
                                        accuracy, the figure to compare Lamina's with
"""
import argparse
import pathlib

import keras
import numpy as np

HERE = pathlib.Path(__file__).parent


def mlp():
    return keras.Sequential(name="digits", layers=[
        keras.Input((64,), name="pixels"),
        keras.layers.Rescaling(1 / 16, name="scale"),
        keras.layers.Dense(128, activation="relu", name="hidden_1"),
        keras.layers.Dense(64, activation="relu", name="hidden_2"),
        keras.layers.Dense(10, activation="softmax", name="digit"),
    ])


def normalized_convolution(filters, number):
    """Layers of a convolution without bias, normalized; momentum for few steps."""
    return [
        keras.layers.Conv2D(filters, 3, padding="same", use_bias=False,
                            name=f"convolution_{number}"),
        keras.layers.BatchNormalization(momentum=0.9, name=f"normalization_{number}"),
        keras.layers.ReLU(name=f"relu_{number}"),
    ]


def cnn():
    return keras.Sequential(name="digits_cnn", layers=[
        keras.Input((64,), name="pixels"),
        keras.layers.Rescaling(1 / 16, name="scale"),
        keras.layers.Reshape((8, 8, 1), name="image"),
        *normalized_convolution(24, 1),
        *normalized_convolution(24, 2),
        keras.layers.MaxPooling2D(name="pool"),
        keras.layers.Dropout(0.3, name="dropout_1"),
        keras.layers.Conv2D(48, 3, padding="same", activation="relu", name="convolution_3"),
        keras.layers.Flatten(name="flat"),
        keras.layers.Dropout(0.3, name="dropout_2"),
        keras.layers.Dense(10, activation="softmax", name="digit"),
    ])


def branches():
    pixels = keras.Input((64,), name="pixels")
    stem = keras.layers.Rescaling(1 / 16, name="scale")(pixels)
    stem = keras.layers.Reshape((8, 8, 1), name="image")(stem)
    for layer in normalized_convolution(24, 1):
        stem = layer(stem)
    sizes = [keras.layers.Conv2D(8, size, padding="same", activation="relu",
                                 name=f"kernel_{size}")(stem) for size in (1, 3, 5)]
    block = keras.layers.Add(name="sum")([stem, keras.layers.Concatenate(name="joined")(sizes)])
    block = keras.layers.MaxPooling2D(name="pool")(block)
    block = keras.layers.Dropout(0.3, name="dropout_1")(block)
    details = keras.layers.Conv2D(48, 3, padding="same", activation="relu", name="details")(block)
    features = keras.layers.Concatenate(name="features")([
        keras.layers.Flatten(name="places")(details),
        keras.layers.GlobalAveragePooling2D(name="means")(block)])
    features = keras.layers.Dropout(0.3, name="dropout_2")(features)
    digit = keras.layers.Dense(10, activation="softmax", name="digit")(features)
    return keras.Model(pixels, digit, name="digits_branches")


def positions(steps, width):
    """Sines and cosines of other wavelengths for each place (Vaswani et al. 2017)."""
    angles = np.arange(steps)[:, None] / 100 ** (np.arange(width) // 2 * 2 / width)
    return np.where(np.arange(width) % 2, np.cos(angles), np.sin(angles)).astype("float32")


def attention_block(x, number):
    """Before each part what goes in is normalized; its result is added to what went in."""
    normal = keras.layers.LayerNormalization(name=f"attention_normalization_{number}")(x)
    heads = keras.layers.MultiHeadAttention(4, 8, name=f"attention_{number}")(normal, normal)
    x = keras.layers.Add(name=f"attention_sum_{number}")([x, heads])
    normal = keras.layers.LayerNormalization(name=f"dense_normalization_{number}")(x)
    wide = keras.layers.Dense(64, "gelu", name=f"wide_{number}")(normal)
    wide = keras.layers.Dropout(0.2, name=f"dropout_{number}")(wide)
    narrow = keras.layers.Dense(32, name=f"narrow_{number}")(wide)
    return keras.layers.Add(name=f"dense_sum_{number}")([x, narrow])


def transformer():
    pixels = keras.Input((64,), name="pixels")
    lines = keras.layers.Rescaling(1 / 16, name="scale")(pixels)
    lines = keras.layers.Reshape((8, 8), name="lines")(lines)
    x = keras.layers.Dense(32, name="embedding")(lines) + positions(8, 32)
    for number in (1, 2):
        x = attention_block(x, number)
    x = keras.layers.Flatten(name="flat")(keras.layers.LayerNormalization(name="normal")(x))
    digit = keras.layers.Dense(10, activation="softmax", name="digit")(x)
    return keras.Model(pixels, digit, name="digits_transformer")


NETWORKS = {"mlp": (mlp, "digits.keras"), "cnn": (cnn, "digits_cnn.keras"),
            "branches": (branches, "digits_branches.keras"),
            "transformer": (transformer, "digits_transformer.keras")}


def build(network):
    keras.utils.set_random_seed(0)
    model = NETWORKS[network][0]()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def read(name):
    table = np.loadtxt(HERE / name, delimiter=",", skiprows=1, dtype="float32")
    return table[:, :-1], table[:, -1].astype("int32")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("network", nargs="?", choices=NETWORKS, default="mlp")
    parser.add_argument("out", nargs="?", help="default: the file beside this script")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--no-shuffle", dest="shuffle", action="store_false")
    options = parser.parse_args()
    model = build(options.network)
    if not options.train:
        model.save(options.out or HERE / NETWORKS[options.network][1])
        return
    model.fit(*read("train.csv"), epochs=options.epochs, batch_size=options.batch_size,
              shuffle=options.shuffle, verbose=0)
    print(f"test accuracy {model.evaluate(*read('test.csv'), verbose=0)[1]:.4f}")


if __name__ == "__main__":
    main()
