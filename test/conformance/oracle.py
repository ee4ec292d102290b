"""Runs cases with real Keras and keeps what comes out. Started by the harness, one or two processes per
backend (KERAS_BACKEND) for all cases, because importing a backend takes seconds.

Usage: oracle.py FOLDER SAMPLE [CASE…] [--resume CASE…]   for each case, FOLDER/CASE/ receives
  model.keras    the model, written by a TensorFlow process; all others load this file
  BACKEND.npz    before.K, after.K (predictions), log.NAME (a value per epoch); evaluate.NAME where the
                 backends part: from TensorFlow, and from both for a smaller last batch; slots, for
                 every variable of the optimizer its kind and the layer it belongs to
  BACKEND.keras  the trained model; BACKEND.half.keras after half the epochs of a `resume` case
  BACKEND.error  instead of the above: what Keras said
Which differences are measured is said in differences.py: of the cases whose difference is recorded,
only those in the SAMPLE.
For a `noise` case TensorFlow writes noise.I.npz and .keras in the place of JAX's: what comes of copies
of the data and of the weights with noise of one unit in the last place. A sum of n terms in single
precision is off by about sqrt(n) such units (Higham and Mary, "A new approach to probabilistic
rounding error analysis", 2019): of its terms where they cancel, of itself where they have one sign. So
kernels get as many, every element for itself and every column as a whole.
For an `application` case JAX gives predictions and first losses alone, operation by operation:
compiling its training step takes minutes. One draw of rounding errors says little about how far they
move the loss of a deep model, so log.loss holds it for the images and for copies of them with noise
of one unit in the last place.
For each case to resume, as soon as lamina.half.keras (written by Lamina after half the epochs) is
there, its second half is trained and resumed.npz written: log.NAME, iterations.
"""
import argparse
import contextlib
import dataclasses
import os
import pathlib
import time
import traceback
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import numpy as np  # noqa: E402

import cases  # noqa: E402,F401
from answers import COPIES, noise_label  # noqa: E402
from case import CASES  # noqa: E402
from differences import Record  # noqa: E402

BACKEND = keras.backend.backend()
# How many steps of training run eagerly at the most; more are traced, as is everything without any.
IN_GRAPHS, WHEN_FEW, ALWAYS = 0, 6, 10**9  # as many as WHEN_FEW take less time than tracing one


def single(arrays):
    """The arrays as Keras takes them: texts are objects to it."""
    arrays = [a.astype(object) if a.dtype.kind == "U" else a for a in arrays]
    return arrays[0] if len(arrays) == 1 else arrays


def as_list(outputs):
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def named(prefix, logs, rank):
    """Logs as arrays of this rank; one of several values is as many, NAME[0], NAME[1], …"""
    result = {}
    for name, values in logs.items():
        array = np.asarray(values, "float64")
        if array.ndim == rank:
            result[f"{prefix}.{name}"] = array
        else:
            result |= {f"{prefix}.{name}[{i}]": array[..., i] for i in range(array.shape[-1])}
    return result


def publish(path, write):
    """Readers wait for `path` to appear, so it must appear whole."""
    partial = path.with_name("partial." + BACKEND + "." + path.name)
    write(partial)
    partial.rename(path)


def predict(case, model, eager_steps):
    """What `predict` returns, without its pipeline of data."""
    (x, _, _), _ = case.parts()
    model.run_eagerly = eager_steps > 0
    batches = (slice(i, i + case.batch_size) for i in range(0, case.rows, case.batch_size))
    outputs = [as_list(model.predict_on_batch(single([a[rows] for a in x]))) for rows in batches]
    return [np.concatenate(parts) for parts in zip(*outputs)]


def is_one_batch(case):
    """Then train_on_batch and test_on_batch do the work of `fit` and `evaluate` without the overhead
    of a tenth of a second per epoch."""
    return case.rows <= case.batch_size and not case.validation_rows


def evaluate(case, model, eager_steps):
    (x, y, weights), _ = case.parts()
    settings = {"sample_weight": single(weights) if weights else None, "return_dict": True}
    # Eagerly, Keras weighs the losses of single outputs in a smaller last batch in another way.
    one = is_one_batch(case)
    model.run_eagerly = eager_steps > 0 and (one or case.rows % case.batch_size == 0)
    if one:
        return model.test_on_batch(single(x), single(y), **settings)
    return model.evaluate(single(x), single(y), case.batch_size, verbose=0, **settings)


def train_epochs(case, model, epochs, eager_steps):
    """Logs per epoch as `fit` gives them."""
    (x, y, weights), validation = case.parts()
    settings = {"sample_weight": single(weights) if weights else None,
                "class_weight": case.class_weight}
    model.run_eagerly = epochs * case.rows <= eager_steps * case.batch_size
    if is_one_batch(case):
        logs = [model.train_on_batch(single(x), single(y), return_dict=True, **settings)
                for _ in range(epochs)]
        return {name: [epoch[name] for epoch in logs] for name in logs[0]}
    return model.fit(
        single(x), single(y), batch_size=case.batch_size, epochs=epochs, shuffle=False, verbose=0,
        validation_batch_size=case.batch_size, **settings,
        validation_data=validation and tuple(single(part) for part in validation if part)).history


def copy_metrics(model):
    """Keras gives values of metrics that are vectors as the variables they are kept in; the logs of an
    epoch would become those of the validation after it."""
    metrics = model.get_metrics_result
    model.get_metrics_result = lambda: {name: value + 0 for name, value in metrics().items()}


def load(path):
    """A model from its file, whose weights replace the initial ones. JAX would compile the drawing of
    those for more than a second for every shape, so nothing is drawn there."""
    with contextlib.ExitStack() as stack:
        for name in ("normal", "truncated_normal", "uniform") if BACKEND == "jax" else ():
            stack.enter_context(mock.patch.object(
                keras.src.backend.random, name, lambda shape, **_: np.zeros(shape, "float32")))
        return keras.models.load_model(path)


def noisy(random, array, units=1.0, shape=None):
    """The array moved by so many units in the last place, up or down or not: every element for itself,
    or all together that broadcasting makes of one of `shape`."""
    if array.dtype != "float32":
        return array
    signs = random.choice([-1, 0, 1], array.shape if shape is None else shape)
    return (array * (1 + units * 2.0**-23 * signs)).astype("float32")


def noisy_variable(random, variable):
    array = np.asarray(variable)
    if "kernel" not in variable.name:
        return noisy(random, array)
    units = np.sqrt(np.prod(array.shape[:-1]))
    return noisy(random, noisy(random, array, units), units, array.shape[-1:])


def first_losses(case, model):
    """Predictions and losses of an application's images and of copies with noise."""
    (x, y, _), _ = case.parts()
    random = np.random.default_rng(case.seed)
    copies = [x[0]] + [noisy(random, x[0]) for _ in range(COPIES)]
    losses = [float(model.compute_loss(x=c, y=y[0], y_pred=model(c, training=True)))
              for c in copies]
    return {"before.0": np.asarray(model(x[0], training=False)), "log.loss": np.asarray(losses)}


def numbered(prefix, arrays):
    return {f"{prefix}.{i}": a for i, a in enumerate(arrays)}


def slots(model):
    """Kind and layer of every variable of the optimizer, "velocity of dense"; whose name begins with
    that of no variable of the model stands for itself."""
    result = []
    for slot in model.optimizer.variables:
        for variable in model.trainable_variables:
            owner = variable.path.replace("/", "_") + "_"
            if slot.name.startswith(owner):
                layer = variable.path.rpartition("/")[0]
                result.append(f"{slot.name.removeprefix(owner)} of {layer}")
                break
        else:
            result.append(slot.path)
    return np.array(result)


def train(case, model, folder, label, eager_steps):
    """Evaluates, trains and predicts; the model afterwards is that of LABEL.keras."""
    result = {}
    if BACKEND == "tensorflow" or case.rows % case.batch_size:
        result.update(named("evaluate", evaluate(case, model, eager_steps), 0))
    half = case.epochs // 2 if case.resume else 0
    logs = train_epochs(case, model, half, eager_steps) if half else {}
    if half:
        model.save(folder / f"{label}.half.keras")
    for key, values in train_epochs(case, model, case.epochs - half, eager_steps).items():
        logs[key] = logs.get(key, []) + values
    result.update(named("log", logs, 1))
    publish(folder / f"{label}.keras", model.save)
    result["slots"] = slots(model)
    return result | numbered("after", predict(case, model, eager_steps))


def run(case, folder, eager_steps, label=BACKEND, change=lambda model: None):
    """Computes everything, with the model changed before."""
    model = load(folder / "model.keras")
    change(model)
    answer_of(case, model, folder, eager_steps, label)


def answer_of(case, model, folder, eager_steps, label):
    """Computes everything with a model; its answer is that of LABEL.npz and LABEL.keras."""
    copy_metrics(model)
    if case.application and BACKEND == "jax":
        result = first_losses(case, model)
    else:
        result = numbered("before", predict(case, model, eager_steps))
        if not case.predict_only:
            result |= train(case, model, folder, label, eager_steps)
    # np.savez adds ".npz" to names that end otherwise; a file object keeps the name.
    publish(folder / f"{label}.npz", lambda p: np.savez(p.open("wb"), **result))


def run_with_noise(case, folder, eager_steps=WHEN_FEW):
    """The same with other noise in every copy."""
    for number in range(COPIES):
        random = np.random.default_rng([case.seed, number])
        with_noise = lambda source: lambda *rows: noisy(random, source(*rows))

        def change(model):
            model.set_weights([noisy_variable(random, v) for v in model.weights])

        run(dataclasses.replace(case, x=[with_noise(source) for source in case.x],
                                y=[with_noise(source) for source in case.y]),
            folder, eager_steps, noise_label(number), change)


def answer(case, folder):
    """TensorFlow has some convolutions in graphs alone, for example those with channels first."""
    try:
        run(case, folder, WHEN_FEW)
    except Exception:
        run(case, folder, IN_GRAPHS)


def obtain_model(case, folder):
    """The TensorFlow process writes the model; others wait for it. False where it could not."""
    path = folder / "model.keras"
    if BACKEND == "tensorflow" and not path.exists():
        publish(path, case.model(keras).save)
    while not (path.exists() or (folder / "tensorflow.error").exists()):
        time.sleep(0.1)
    return path.exists()


def answer_or_report(case, folder, measures):
    """What came of the case, be it an error; `measures`: whether the difference is asked for."""
    try:
        if not obtain_model(case, folder):
            return
        if case.noise and BACKEND == "tensorflow" and measures(folder / "model.keras"):
            run_with_noise(case, folder)
        if BACKEND == "tensorflow" or (not case.noise and measures(folder / "model.keras")):
            answer(case, folder)
    except Exception:
        publish(folder / f"{BACKEND}.error", lambda p: p.write_text(traceback.format_exc()))
    keras.utils.clear_session(free_memory=False)


def resume(case, folder):
    try:
        model = keras.models.load_model(folder / "lamina.half.keras")
        iterations = int(model.optimizer.iterations)
        logs = train_epochs(case, model, case.epochs - case.epochs // 2, WHEN_FEW)
        result = {f"log.{k}": np.asarray(v) for k, v in logs.items()}
        publish(folder / "resumed.npz",
                lambda p: np.savez(p.open("wb"), iterations=iterations, **result))
    except Exception:
        publish(folder / "resumed.error", lambda p: p.write_text(traceback.format_exc()))
    keras.utils.clear_session(free_memory=False)


def resume_ready(folder, names):
    """Continues what Lamina has trained halfway, and returns the names of the others."""
    ready = [n for n in names if (folder / n / "lamina.half.keras").exists()]
    for name in ready:
        resume(CASES[name], folder / name)
    return [n for n in names if n not in ready]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("sample")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--resume", nargs="*", default=[])
    options = parser.parse_args()
    folder, waiting, record = options.folder, options.resume, Record()
    for name in options.names:
        case = CASES[name]
        answer_or_report(case, folder / name,
                         lambda model: not record.spares(case, model, options.sample))
        waiting = resume_ready(folder, waiting)
    while waiting:
        time.sleep(0.05)
        waiting = resume_ready(folder, waiting)


if __name__ == "__main__":
    main()
