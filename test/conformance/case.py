"""A conformance case: a small Keras model with its compile settings, and the data it trains on.

Cases are declared without importing Keras (that takes seconds and fixes the backend): a case's
function receives the `keras` module and returns a compiled model. `@case(x=…, y=…)` registers it.
"""
import dataclasses
import zlib
from typing import Callable

import numpy as np

from sources import calling_files


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    build: Callable
    x: list  # one source (see below) per input, in model order
    y: list  # one source per output
    rows: int = 16
    batch_size: int = 16
    epochs: int = 20
    validation_rows: int = 0  # the last rows are validation data
    weights: tuple = ()  # sources of sample weights: one for all outputs, or one per output
    class_weight: dict | None = None
    resume: bool = False  # saved halfway and continued, by Keras and by Lamina
    predict_only: bool = False
    mixes_rows: bool = False  # an output depends on other rows of its batch
    noise: bool = False  # rounding is measured with noise on TensorFlow, not by Keras on JAX
    application: bool = False  # a deep model: its first two losses are compared, not its weights
    files: frozenset = frozenset()  # that declare it

    @property
    def seed(self):
        return zlib.crc32(self.name.encode())

    def data(self):
        """Arrays of all rows: ([x0, …], [y0, …], [sample weights, …])."""
        random = np.random.default_rng(self.seed)
        total = self.rows + self.validation_rows
        return [[s(random, total) for s in sources] for sources in (self.x, self.y, self.weights)]

    def parts(self):
        """Training and validation data; the latter is None without validation rows."""
        data = self.data()
        train = [[a[: self.rows] for a in arrays] for arrays in data]
        if not self.validation_rows:
            return train, None
        return train, [[a[self.rows:] for a in arrays] for arrays in data]

    def model(self, keras):
        keras.utils.set_random_seed(self.seed)
        return self.build(keras)


CASES: dict[str, Case] = {}


def case(x, y, name=None, **settings):
    """Registers a function as a case. `x` and `y` are one source or a list of them."""

    def register(build):
        as_list = lambda sources: list(sources) if isinstance(sources, (list, tuple)) else [sources]
        made = Case(name or build.__name__, build, as_list(x), as_list(y), **settings,
                    files=calling_files())
        assert made.name not in CASES, f"two cases named {made.name}"
        CASES[made.name] = made
        return build

    return register


# Sources: functions from a random generator and the number of rows to an array.


def normal(*shape, scale=1.0):
    return lambda random, rows: (scale * random.standard_normal((rows, *shape))).astype("float32")


def uniform(*shape, low=0.0, high=1.0):
    return lambda random, rows: random.uniform(low, high, (rows, *shape)).astype("float32")


def labels(classes, *shape):
    return lambda random, rows: random.integers(0, classes, (rows, *shape)).astype("int32")


def one_hot(classes, *shape):
    return lambda random, rows: np.eye(classes, dtype="float32")[
        random.integers(0, classes, (rows, *shape))]


def bits(*shape):
    return lambda random, rows: random.integers(0, 2, (rows, *shape)).astype("float32")


def distribution(classes):
    """Soft targets: rows that sum to one."""
    return lambda random, rows: random.dirichlet(np.ones(classes), rows).astype("float32")
