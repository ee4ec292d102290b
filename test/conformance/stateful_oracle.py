"""Keras' answers for a model with stateful layers: each from the file, where states begin as 0.

Usage: stateful_oracle.py FOLDER   writes model.keras, data.npz, validation.npz and answers.npz
"""
import pathlib
import sys

import keras
import numpy as np

BATCH = 4


def build():
    layers = keras.layers
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((5, 3), batch_size=BATCH),
        layers.LSTM(2, stateful=True, return_sequences=True),
        layers.Bidirectional(layers.GRU(2, stateful=True, return_sequences=True)),
        layers.RNN([layers.SimpleRNNCell(3), layers.LSTMCell(2)], stateful=True), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


def main():
    folder = pathlib.Path(sys.argv[1])
    random = np.random.default_rng(0)
    x = random.standard_normal((3 * BATCH, 5, 3)).astype("float32")
    y = random.standard_normal((3 * BATCH, 1)).astype("float32")
    part = slice(0, 2 * BATCH)
    np.savez(folder / "data.npz", x=x, y=y)
    np.savez(folder / "validation.npz", x=x[part], y=y[part])
    build().save(folder / "model.keras")
    load = lambda: keras.models.load_model(folder / "model.keras")  # noqa: E731
    history = load().fit(x, y, batch_size=BATCH, epochs=3, shuffle=False, verbose=0,
                         validation_data=(x[part], y[part])).history
    np.savez(folder / "answers.npz", predictions=load().predict(x, batch_size=BATCH, verbose=0),
             loss=load().evaluate(x, y, batch_size=BATCH, verbose=0), **{
                 f"history_{name}": values for name, values in history.items()})


if __name__ == "__main__":
    main()
