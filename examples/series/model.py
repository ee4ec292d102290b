#!/usr/bin/env python3
"""A network for a time series as real Keras builds it, and a series to train it on: the
Mackey-Glass equation x' = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x (Science 197, 1977), whose solution
never repeats. From 32 values in a row the network says what comes 12 steps later.

Usage: model.py FOLDER   writes model.keras, train.csv and test.csv, and prints the mean absolute error
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
        np.savetxt(folder / f"{name}.csv", part, "%.9g", header="value", comments="")
    build().save(folder / "model.keras")
    later, last = part[STEPS - 1 + AHEAD:], part[STEPS - 1:-AHEAD]
    print(f"last value stays: {np.abs(later - last).mean():.4f}")


if __name__ == "__main__":
    main()
