#!/usr/bin/env python3
"""Writes digits.keras with real Keras: the multi-layer perceptron 64-128-64-10, compiled with Adam
and not trained yet. Seeds are fixed, so the initial weights are the same every time.

Usage: model.py [OUT.keras]          writes the model (needs keras and one of its backends)
       model.py --train [--epochs N] [--no-shuffle]
                                     trains it with Keras on train.csv and prints the test accuracy,
                                     the figure to compare Lamina's with
"""
import argparse
import pathlib

import keras
import numpy as np

HERE = pathlib.Path(__file__).parent


def build():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(name="digits", layers=[
        keras.Input((64,), name="pixels"),
        keras.layers.Rescaling(1 / 16, name="scale"),
        keras.layers.Dense(128, activation="relu", name="hidden_1"),
        keras.layers.Dense(64, activation="relu", name="hidden_2"),
        keras.layers.Dense(10, activation="softmax", name="digit"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def read(name):
    table = np.loadtxt(HERE / name, delimiter=",", skiprows=1, dtype="float32")
    return table[:, :-1], table[:, -1].astype("int32")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", nargs="?", default=HERE / "digits.keras")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--no-shuffle", dest="shuffle", action="store_false")
    options = parser.parse_args()
    model = build()
    if not options.train:
        model.save(options.out)
        return
    model.fit(*read("train.csv"), epochs=options.epochs, batch_size=options.batch_size,
              shuffle=options.shuffle, verbose=0)
    print(f"test accuracy {model.evaluate(*read('test.csv'), verbose=0)[1]:.4f}")


if __name__ == "__main__":
    main()
