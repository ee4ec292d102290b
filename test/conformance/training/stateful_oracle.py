"""Keras' answers for a model with stateful layers: each from the file, where states begin as 0.

Usage: stateful_oracle.py FOLDER   writes model.keras, data.npz, validation.npz and answers.npz; the
arrays of steps.npz are what came of single batches, with the states set to 0 in between.
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


def steps(model, x, y):
    """Three batches of training, then all of them predicted and evaluated from states of 0, and
    evaluated again from where that has ended."""
    batches = [slice(i, i + BATCH) for i in range(0, len(x), BATCH)]

    def each(run, *arrays):
        results = []
        for batch in batches:
            model.reset_metrics()
            results.append(run(*(a[batch] for a in arrays)))
        return np.array(results)

    def reset():
        """As `reset_state` does, which fails for layers of several cells."""
        for layer in model._flatten_layers():
            for state in keras.tree.flatten(getattr(layer, "states", None) or []):
                state.assign(np.zeros(state.shape))

    result = {"losses": each(model.train_on_batch, x, y)}
    reset()
    result["predictions"] = each(model.predict_on_batch, x)
    reset()
    result["evaluated"] = each(model.test_on_batch, x, y)
    result["went_on"] = each(model.test_on_batch, x, y)
    return result


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
    np.savez(folder / "steps.npz", **steps(load(), x, y))
    history = load().fit(x, y, batch_size=BATCH, epochs=3, shuffle=False, verbose=0,
                         validation_data=(x[part], y[part])).history
    np.savez(folder / "answers.npz", predictions=load().predict(x, batch_size=BATCH, verbose=0),
             loss=load().evaluate(x, y, batch_size=BATCH, verbose=0), **{
                 f"history_{name}": values for name, values in history.items()})


if __name__ == "__main__":
    main()
