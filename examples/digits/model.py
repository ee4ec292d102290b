#!/usr/bin/env python3
"""The networks of this folder as real Keras builds them, compiled and not trained yet. Seeds are
fixed, so the initial weights are the same every time.

  mlp       digits.keras           multi-layer perceptron 64-128-64-10
  cnn       digits_cnn.keras       three convolutions, batch normalization, pooling, dropout
  branches  digits_branches.keras  Functional: kernels of three sizes side by side, a sum around them

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


NETWORKS = {"mlp": (mlp, "digits.keras"), "cnn": (cnn, "digits_cnn.keras"),
            "branches": (branches, "digits_branches.keras")}


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
