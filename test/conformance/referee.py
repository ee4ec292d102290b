"""Who is right about a case, where the modes of Keras on TensorFlow contradict each other or Keras on
JAX: JAX in double precision decides, by its predictions and by central differences of its loss, which
no gradient has a part in. Where gradients g and h part, the loss' slope along (g - h)/|g - h| says whose
is right, as they claim slopes that differ by |g - h|. At a kink, where backends choose gradients by
convention, it lies between them, and nobody is right. Started by second_opinion.py.

Usage: referee.py FOLDER CASE, with KERAS_BACKEND=jax and JAX_ENABLE_X64=1; prints the mode or "jax", or
nothing. FOLDER/CASE/claims.npz has MODE.predictions and MODE.gradient, one vector each. The whole
answer in double precision goes to double.npz and double.keras beside it, where Keras can give one.
"""
import contextlib
import itertools
import pathlib
import sys
import tempfile
import zipfile

import keras
import numpy as np
from keras.src.trainers.data_adapters import data_adapter_utils

import cases  # noqa: F401
from answers import DOUBLE
from case import CASES
from oracle import ALWAYS, IN_GRAPHS, answer_of, load, predict, single

STEP = 1e-5  # of central differences, in the space of all weights
ROUNDING = 1e-4  # of a vector's length: claims that are as near to each other are no contest
JAX = "jax"
NEAR = 0.1  # of the gap between two claims: as near as this to one of them is a decision for it


def first_batch(case):
    """Inputs, targets and weights of samples, None without any."""
    x, y, weights = ([a[:case.batch_size] for a in arrays] for arrays in case.parts()[0])
    if case.class_weight:
        return x, y, data_adapter_utils.class_weight_to_sample_weights(y[0], case.class_weight)
    return x, y, single(weights) if weights else None


def flat(arrays):
    return np.concatenate([np.asarray(a, "float64").ravel() for a in arrays])


class Recorder(keras.optimizers.Optimizer):
    """Keeps the gradients and leaves the variables as they are."""

    def __init__(self):
        super().__init__(learning_rate=0.0)
        self.gradients = []

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self.gradients = [self.add_variable_from_reference(v, name="gradient")
                              for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        self.assign(self.gradients[index], keras.ops.convert_to_tensor(gradient))


def first_gradient(case, model, eager):
    """Of the first batch's loss, as a step of training has it; the weights stay as they are."""
    if case.predict_only:
        return np.zeros(0)
    before = model.get_weights()
    model.run_eagerly, model.optimizer = eager, Recorder()
    x, y, weights = first_batch(case)
    model.train_on_batch(single(x), single(y), weights)
    model.set_weights(before)
    return flat(model.optimizer.gradients)


@contextlib.contextmanager
def in_double(path):
    """The model of a file with float64 in the place of float32 everywhere."""
    keras.config.set_floatx("float64")
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "double.keras"
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                if name == "config.json":
                    content = content.replace(b'"float32"', b'"float64"')
                target.writestr(name, content)
        yield load(copy)


def slope(case, model, direction):
    """The derivative of the first batch's loss along a vector over all trainable weights."""
    x, y, weights = first_batch(case)
    variables, start = model.trainable_variables, model.get_weights()
    ends = np.cumsum([np.prod(v.shape, dtype=int) for v in variables])[:-1]
    moves = [m.reshape(v.shape) for m, v in zip(np.split(direction, ends), variables)]

    def loss(length):
        model.set_weights(start)  # normalizations move theirs
        for variable, move in zip(variables, moves):
            variable.assign(np.asarray(variable) + length * move)
        outputs = model(single(x), training=True)
        return float(model.compute_loss(x=single(x), y=single(y), y_pred=outputs,
                                        sample_weight=weights, training=True))

    return (loss(STEP) - loss(-STEP)) / (2 * STEP)


def nearest(claimed, true):
    """Which of two claims is true, None where neither is."""
    gap = np.linalg.norm(np.subtract(*claimed.values()))
    return next((name for name, value in claimed.items()
                 if np.linalg.norm(value - true) < NEAR * gap), None)


def contests(claimed):
    """Pairs of names whose claims are further apart than rounding makes them."""
    for first, second in itertools.combinations(claimed, 2):
        gap = np.linalg.norm(claimed[first] - claimed[second])
        if gap > ROUNDING * np.linalg.norm(claimed[first]):
            yield first, second


def decide(case, claims, model):
    """The first who wins every contest, None where everybody loses one or nobody wins it. `claims`:
    vectors by name for predictions and for the gradient."""
    losers = set()
    true = claims["predictions"][JAX]
    for pair in contests(claims["predictions"]):
        losers |= set(pair) - {nearest({n: claims["predictions"][n] for n in pair}, true)}
    for pair in contests(claims["gradient"]):
        first, second = (claims["gradient"][name] for name in pair)
        direction = (first - second) / np.linalg.norm(first - second)
        slopes = dict(zip(pair, (first @ direction, second @ direction)))
        losers |= set(pair) - {nearest(slopes, slope(case, model, direction))}
    return next((name for name in claims["predictions"] if name not in losers), None)


def main():
    case = CASES[sys.argv[2]]
    folder = pathlib.Path(sys.argv[1]) / case.name
    claims = {}
    with np.load(folder / "claims.npz") as file:
        for key, value in file.items():
            mode, what = key.split(".")
            claims.setdefault(what, {})[mode] = value
    with in_double(folder / "model.keras") as model:
        claims["predictions"][JAX] = flat(predict(case, model, ALWAYS))
        claims["gradient"][JAX] = first_gradient(case, model, eager=True)
        print(decide(case, claims, model) or "")
    with contextlib.suppress(Exception), in_double(folder / "model.keras") as model:
        answer_of(case, model, folder, IN_GRAPHS, DOUBLE)


if __name__ == "__main__":
    main()
