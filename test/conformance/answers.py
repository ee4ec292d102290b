"""What Keras computed for a case, by quantity, read from the files that oracle.py wrote."""
import io
import re
import zipfile

import h5py
import numpy as np

from compare import error


# What a scale is at least, as a share of the largest value of its kind: a bias in front of a
# normalization, for one, has a gradient of rounding errors alone. Squares have the share squared.
SHARE = 1e-2
SQUARES = re.compile("(velocity|velocity_hat|accumulator|accumulated_grad|accumulated_delta_var|r|c|v) of ")
DOUBLE = "double"  # the label of the answer in double precision
COPIES = 3  # with noise, of the images of an application and of what goes into a `noise` case


def noise_label(number):
    return f"noise.{number}"


def noise_labels():
    return [noise_label(i) for i in range(COPIES)]


def labels(case):
    """Under which names those answers stand whose differences from TensorFlow's are the measure."""
    return noise_labels() if case.noise else ["jax"]


def is_measured(case, folder):
    """Whether these answers are there; Keras on JAX may have answered with an error."""
    return all((folder / f"{label}.npz").exists() for label in labels(case)) or (
        folder / "jax.error").exists()


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


def has_variables(case):
    return not case.predict_only and not case.application


def group(answer, prefix):
    """Values of keys `prefix.NAME`, sorted by name."""
    return [answer[k] for k in sorted(answer) if k.startswith(prefix + ".")]


def variables(path):
    """The quantities of a trained model's file."""
    arrays = read_weights(path)
    return {"weights": [arrays[k] for k in sorted(arrays) if not is_slot(k)],
            "optimizer state": [arrays[k] for k in sorted(arrays) if is_slot(k)]}


def neighbours(folder):
    """For the quantities whose arrays have scales in common, by array: the name of what it shares one
    with and the share (compare.py). All weights do, and optimizer state of one kind."""
    names = read_weights(folder / "tensorflow.keras")
    weights = [name for name in sorted(names) if not is_slot(name)]
    with np.load(folder / "tensorflow.npz") as file:
        kinds = file["slots"]
    slots = [str(kinds[int(name.rpartition("/")[2])]) for name in sorted(names) if is_slot(name)]
    return {"weights": [("weights", SHARE)] * len(weights),
            "optimizer state": [(slot.partition(" of ")[0],
                                 SHARE**2 if SQUARES.match(slot) else SHARE) for slot in slots]}


def is_slot(name):
    return name.startswith("optimizer/")


def read_weights(path):
    """All arrays in a .keras file by their path, optimizer state included."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        with h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r") as file:
            file.visititems(lambda name, item: arrays.__setitem__(name, item[()])
                            if isinstance(item, h5py.Dataset) else None)
    return arrays


def measured_differences(case, folder):
    """How far those other answers are from that of Keras on TensorFlow, by quantity; nothing where
    JAX cannot run the case. JAX evaluates only where a smaller last batch makes the backends part."""
    if (folder / "jax.error").exists():
        return {}
    return differences(case, folder, labels(case))


def differences(case, folder, others, reference="tensorflow"):
    """The largest difference of these answers from another one of Keras, by quantity."""
    expected = quantities(case, folder, reference)
    shared = neighbours(folder) if has_variables(case) else {}
    result = {}
    for label in others:
        other = quantities(case, folder, label)
        if case.application:  # of the first loss: JAX has it for noisy copies too
            losses = other["first losses"][0] if label == "jax" else other["first losses"][0][:1]
            other["first losses"] = [losses]
            first = expected["first losses"][0][:1]
            expected["first losses"] = [np.broadcast_to(first, losses.shape)]
        for name, arrays in expected.items():
            if name in other:
                result[name] = max(result.get(name, 0.0), error(other[name], arrays, shared.get(name)))
    return result
