"""Loads model files with real Keras, in a process of its own: for every line `NAME MODEL DATA` of
standard input, predictions of the data and, of a .keras file, the losses of three steps of training go
to FOLDER/NAME.npz, and the model as it was loaded to FOLDER/NAME.h5, .weights.h5 and .json. What Keras
said instead goes to FOLDER/NAME.error.

Usage: keras_loader.py FOLDER, with KERAS_BACKEND set
"""
import os
import pathlib
import sys
import traceback

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import numpy as np  # noqa: E402


def arrays(data, prefix):
    found = [data[k] for k in sorted(data.files) if k.startswith(prefix)]
    return found if len(found) > 1 else found[0]


def keep(model, base):
    pathlib.Path(f"{base}.json").write_text(model.to_json())
    model.save_weights(f"{base}.weights.h5")
    # Last, because it takes the optimizer out of what the model says of `compile`.
    model.save(f"{base}.h5")


def run(model_path, data_path, base):
    """Keras cannot read the optimizer of every legacy file that it wrote itself, so of those it reads
    the model alone."""
    trains = model_path.endswith(".keras")
    model = keras.models.load_model(model_path, compile=trains)
    keep(model, base)
    with np.load(data_path) as data:
        x, y = arrays(data, "x"), arrays(data, "y")
    result = {"predictions": model.predict(x, verbose=0)}
    if trains:
        result |= {"iterations": int(model.optimizer.iterations), "losses": train(model, x, y)}
    return result


def train(model, x, y):
    losses = []
    for _ in range(3):
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x, y, return_dict=True)["loss"]))
    return np.array(losses)


def main():
    folder = pathlib.Path(sys.argv[1])
    for line in sys.stdin.read().splitlines():
        name, model, data = line.split("\t")
        try:
            np.savez(folder / f"{name}.npz", **run(model, data, folder / name))
        except Exception:
            (folder / f"{name}.error").write_text(traceback.format_exc())
        keras.utils.clear_session(free_memory=False)


main()
