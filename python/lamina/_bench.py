"""A model's training step, compiled and by others, side by side."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

from lamina._callbacks import keras_if_imported
from lamina._compile import compile as compile_model

# Rounds in which all take turns, and seconds of each turn: the best round counts, because what else
# runs on the machine makes steps slower and never faster.
ROUNDS = 5
SECONDS = 0.2


def random_batch(step):
    """Inputs uniform in [0, 1) or indices, and targets that the losses take."""
    rng = np.random.default_rng(step.seed)

    def make(spec):
        shape = (step.batch_size, *spec.shape)
        if np.dtype(spec.dtype).kind == "f":
            return rng.random(shape).astype(spec.dtype)
        return rng.integers(0, spec.bound or 2, shape).astype(spec.dtype)
    return ([make(spec) for spec in step.input_specs], [make(spec) for spec in step.target_specs])


def _single(arrays):
    return arrays[0] if len(arrays) == 1 else arrays


def bench(model, batch_size=32, peers=("keras",), threads=None):
    """Times training steps on a random batch.

    Args:
        model: as `lamina.compile` takes it; the peer "keras" needs a live Keras model.
        batch_size: rows of the batch.
        peers: "keras", the model's own train_on_batch on the backend at hand (of a copy of the
            model), or functions of the arrays x and y, by name in a dict. "installed": the model's
            file in whatever this Python has of TensorFlow, XLA, JAX and PyTorch, each in a process of its
            own with as many threads, in turns; rounds in which the machine gave less than its peak are
            left out (the command `lamina bench --peers`).
        threads: of the compiled step.

    Returns: a DataFrame with a row for each: milliseconds of a step in the best round, the first
    call with what it compiles, and how many times faster Lamina is.
    """
    import pandas
    if peers == "installed":
        return pandas.DataFrame(_installed_peers(model, batch_size, threads))
    began = time.perf_counter()
    step = compile_model(model, batch_size, threads=threads)
    x, y = (_single(arrays) for arrays in random_batch(step))
    runs = {"lamina": lambda: step.train_on_batch(x, y)}
    first = {"lamina": time.perf_counter() - began}
    runs.update(_peers(model, peers, x, y))
    best = {}
    for name, run in runs.items():
        began = time.perf_counter()
        run()
        first[name] = first.get(name, 0) + time.perf_counter() - began
    for _ in range(ROUNDS):
        for name, run in runs.items():
            best[name] = min(best.get(name, np.inf), _seconds_per_call(run))
    return pandas.DataFrame({
        "step_ms": {name: seconds * 1e3 for name, seconds in best.items()},
        "first_ms": {name: first[name] * 1e3 for name in best},
        "times_slower": {name: seconds / best["lamina"] for name, seconds in best.items()}})


def _installed_peers(model, batch_size, threads):
    """Columns by name, as the command measures them."""
    with tempfile.TemporaryDirectory() as folder:
        path = model
        if not isinstance(model, (str, os.PathLike)):
            path = pathlib.Path(folder) / "model.keras"
            model.save(path)
        command = [sys.executable, "-m", "lamina", "bench", os.fspath(path), "--batch-size", str(batch_size),
                   "--rounds", str(ROUNDS), "--peers", "--python", sys.executable, "--json"]
        command += ["--threads", str(threads)] if threads else []
        paths = [path for path in sys.path if path]  # where this package was found, for one
        done = subprocess.run(command, capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})
    if done.returncode:
        raise ValueError(done.stderr.strip().splitlines()[-1].removeprefix("error: "))
    result = json.loads(done.stdout)
    comparison = result["comparison"]
    first = result["compile_ms"] + result["first_step_ms"]
    rows = [("lamina", comparison["min_ms"], first, 1.0)]
    rows += [(peer["name"], peer["min_ms"], peer["first_call_s"] * 1e3, peer["ratio"])
             for peer in comparison["peers"]]
    names = [row[0] for row in rows]
    return {column: dict(zip(names, values))
            for column, values in zip(("step_ms", "first_ms", "times_slower"), zip(*(r[1:] for r in rows)))}


def _peers(model, peers, x, y):
    if isinstance(peers, dict):
        return {name: (lambda peer=peer: peer(x, y)) for name, peer in peers.items()}
    runs = {}
    for peer in peers:
        keras = keras_if_imported()
        if peer != "keras":
            raise ValueError(f"there is no peer {peer!r}; there is 'keras', and functions of x and y "
                             f"go into a dict by name")
        if keras is None or not isinstance(model, keras.Model):
            raise ValueError("the peer 'keras' needs a live Keras model")
        copy = keras.models.clone_model(model)
        copy.compile_from_config(model.get_compile_config())
        copy.set_weights(model.get_weights())
        runs[f"keras on {keras.backend.backend()}"] = lambda: copy.train_on_batch(x, y)
    return runs


def _seconds_per_call(run):
    """The mean over as many calls as take a while."""
    count, began = 0, time.perf_counter()
    while True:
        run()
        count += 1
        passed = time.perf_counter() - began
        if passed >= SECONDS:
            return passed / count
