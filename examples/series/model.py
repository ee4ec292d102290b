#!/usr/bin/env python3
"""A network for a time series as real Keras builds it, and windows of a series to train it on: the
Mackey-Glass equation x' = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x (Science 197, 1977), whose solution
never repeats. From 32 values in a row the network says what comes 12 steps later.

Usage: model.py FOLDER   writes model.keras, train.npz and test.npz, and prints the mean absolute error
                         on the test data of saying that the last value stays
"""
import pathlib
import sys

import numpy as np

STEPS, AHEAD, DELAY = 32, 12, 17


def series(length, substeps=10):
    """Values at whole times, by Euler's method."""
    x = np.full((length + DELAY) * substeps, 1.2)
    for i in range(DELAY * substeps, len(x) - 1):
        late = x[i - DELAY * substeps]
        x[i + 1] = x[i] + (0.2 * late / (1 + late**10) - 0.1 * x[i]) / substeps
    return x[DELAY * substeps::substeps].astype("float32")


def windows(values):
    starts = range(len(values) - STEPS - AHEAD)
    x = np.stack([values[i:i + STEPS] for i in starts])[:, :, None]
    return x, values[STEPS - 1 + AHEAD:][:len(x), None]


def build():
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((STEPS, 1)), layers.GRU(16, return_sequences=True), layers.LSTM(16),
        layers.Dense(1)])
    model.compile(keras.optimizers.Adam(5e-3), "mse", metrics=["mae"])
    return model


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    values = series(1500)[300:]
    for name, part in (("train", values[:900]), ("test", values[900:])):
        x, y = windows(part)
        np.savez(folder / f"{name}.npz", x=x, y=y)
    build().save(folder / "model.keras")
    print(f"last value stays: {np.abs(y - x[:, -1]).mean():.4f}")


if __name__ == "__main__":
    main()
