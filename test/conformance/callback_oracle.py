"""What Keras makes of the runs and schedules in callbacks.py. Usage: callback_oracle.py FOLDER; writes
NAME.keras (the model), NAME.trained.keras and NAME.json (the logs of epochs) for every run, and
NAME.keras and NAME.json (the learning rates) for every schedule."""
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402

import callbacks  # noqa: E402


def write(path, values):
    path.write_text(json.dumps(values))


def fit(folder, name, run):
    callbacks.classifier(keras, run).save(folder / f"{name}.keras")
    model = keras.models.load_model(folder / f"{name}.keras")
    (x, y), validation = callbacks.data()
    history = model.fit(x, y, epochs=callbacks.EPOCHS, batch_size=callbacks.BATCH_SIZE,
                        shuffle=False, verbose=0, validation_data=validation,
                        validation_batch_size=callbacks.BATCH_SIZE,
                        callbacks=run.callbacks(keras.callbacks)).history
    write(folder / f"{name}.json", {k: [float(v) for v in values] for k, values in history.items()})
    model.save(folder / f"{name}.trained.keras")


def schedule(folder, name, make):
    rates = make(keras.optimizers.schedules)
    callbacks.ramp(keras, rates).save(folder / f"{name}.keras")
    write(folder / f"{name}.json", [float(rates(step)) for step in range(callbacks.STEPS)])


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    for key, value in callbacks.RUNS.items():
        fit(target, key, value)
    for key, value in callbacks.SCHEDULES.items():
        schedule(target, key, value)
