"""What Keras computed for a case, by quantity, read from the files that oracle.py wrote."""
import io
import zipfile

import h5py
import numpy as np

from compare import error


def quantities(case, folder, backend):
    """Lists of arrays by the name of what is compared."""
    with np.load(folder / f"{backend}.npz") as file:
        answer = dict(file)
    result = {"predictions": group(answer, "before")}
    if case.predict_only:
        return result
    if case.application:
        return result | {"first losses": [answer["log.loss"]]}
    if case.resume:
        result["continued loss"] = [answer["log.loss"][case.epochs // 2:]]
    result |= {key: [values] for key, values in answer.items()
               if key.startswith(("log.", "evaluate."))}
    result["trained predictions"] = group(answer, "after")
    return result | variables(folder / f"{backend}.keras")


def group(answer, prefix):
    """Values of keys `prefix.NAME`, sorted by name."""
    return [answer[k] for k in sorted(answer) if k.startswith(prefix + ".")]


def variables(path):
    """The quantities of a trained model's file."""
    arrays = read_weights(path)
    slots = {k: v for k, v in arrays.items() if k.startswith("optimizer/")}
    return {"weights": [arrays[k] for k in sorted(arrays) if k not in slots],
            "optimizer state": [slots[k] for k in sorted(slots)]}


def read_weights(path):
    """All arrays in a .keras file by their path, optimizer state included."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        with h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r") as file:
            file.visititems(lambda name, item: arrays.__setitem__(name, item[()])
                            if isinstance(item, h5py.Dataset) else None)
    return arrays


def differences(case, folder):
    """How far Keras on JAX is from Keras on TensorFlow, by quantity; nothing where JAX cannot run
    the case. JAX evaluates only where a smaller last batch makes the backends part."""
    if (folder / "jax.error").exists():
        return {}
    tensorflow, jax = (quantities(case, folder, b) for b in ("tensorflow", "jax"))
    if case.application:  # of the first loss: JAX has it for noisy copies too
        first = tensorflow["first losses"][0][:1]
        tensorflow["first losses"] = [np.broadcast_to(first, jax["first losses"][0].shape)]
    return {name: error(jax[name], arrays) for name, arrays in tensorflow.items() if name in jax}
