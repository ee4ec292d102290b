"""Random arrays and containers of all types, shapes and strides for the methods of a step: an answer, or
a TypeError, ValueError or NotImplementedError with the state as it was."""
import numpy as np
import pandas as pd
import pytest
from conftest import DIGITS
from test_foreign_objects import attempt

import lamina

DTYPES = ("f4", "f4", "f4", "f8", "f2", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "c8", "O", "S2",
          "U1", "M8[D]", ">f4", ">i4")
ERRORS = (TypeError, ValueError, NotImplementedError)


def draw_shape(rng):
    kind = rng.integers(6)
    if kind < 3:  # nearly right ones
        return (int(rng.choice([0, 1, 2, 63, 64, 65, 128])), int(rng.choice([0, 1, 63, 64, 64, 64, 65])))
    if kind == 3:
        return (int(rng.choice([0, 1, 63, 64, 65])),)
    return tuple(int(n) for n in rng.integers(0, 9, rng.integers(0, 5)))


def draw_layout(rng, array):
    """The same shape with other strides, offsets and flags, or another shape."""
    kind = rng.integers(9)
    if array.ndim == 0:
        return array
    if kind == 0:
        return np.asfortranarray(array)
    if kind == 1:
        return array[::-1]
    if kind == 2:
        return array.T
    if kind == 3:
        return np.repeat(array, 2, axis=0)[::2]
    if kind == 4:
        return np.broadcast_to(array[:1], array.shape) if len(array) else array
    if kind == 5 and array.dtype.kind not in "OSU":
        raw = bytes(1) + array.tobytes()
        return np.frombuffer(raw, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    if kind == 6:
        array = array.copy()
        array.flags.writeable = False
    return array


def draw_array(rng):
    dtype = np.dtype(str(rng.choice(DTYPES)))
    shape = draw_shape(rng)
    if dtype.kind in "fc":
        values = rng.normal(size=shape) * 10.0 ** rng.integers(-3, 5)
        if rng.integers(5) == 0 and values.size:
            values.flat[0] = rng.choice([np.nan, np.inf, -np.inf])
    else:
        values = rng.integers(-2 if rng.integers(3) == 0 else 0, 10, shape)
    with np.errstate(all="ignore"):
        return draw_layout(rng, np.asarray(values).astype(dtype))


def draw_object(rng):
    array = draw_array(rng)
    kind = rng.integers(14)
    if kind == 0:
        return array.tolist()
    if kind == 1:
        return tuple(array) if array.ndim else (array,)
    if kind == 2:
        return {str(rng.choice(["pixels", "digit", "other"])): array}
    if kind == 3:
        return [array, draw_array(rng)]
    if kind == 4 and array.ndim == 2:
        return pd.DataFrame(array)
    if kind == 5 and array.ndim == 1:
        return pd.Series(array)
    if kind == 6 and array.dtype.kind not in "OSUM":
        return memoryview(np.ascontiguousarray(array))
    if kind == 7 and array.dtype.kind not in "OSUM" and array.dtype.isnative and array.flags.writeable:
        return array.__dlpack__()
    if kind == 8:
        return (draw_array(rng) for _ in range(3))
    if kind == 9:
        return np.ma.masked_array(array)
    return array


@pytest.fixture(scope="module")
def step():
    return lamina.compile(DIGITS, batch_size=64)


def draw_call(rng, step):
    """A call, and whether it may train before it finds out what is wrong."""
    def right_or_not(good):
        return good if rng.integers(2) else draw_object(rng)
    x, y = np.zeros((64, 64), np.float32), np.zeros(64, np.int32)
    x, y, weights = right_or_not(x), right_or_not(y), right_or_not(None)
    batch_size = int(rng.choice([1, 7, 64, 65, 0, -1])) if rng.integers(3) == 0 else None
    values = [draw_object(rng) for _ in range(rng.integers(8))]
    calls = {
        "train_on_batch": lambda: step.train_on_batch(x, y, sample_weight=weights),
        "test_on_batch": lambda: step.test_on_batch(x, y, sample_weight=weights),
        "predict_on_batch": lambda: step.predict_on_batch(x),
        "predict": lambda: step.predict(x, verbose=0, batch_size=batch_size),
        "evaluate": lambda: step.evaluate(x, y, verbose=0, sample_weight=weights),
        "fit": lambda: step.fit(x, y, verbose=0, batch_size=batch_size, sample_weight=weights),
        "set_weights": lambda: step.set_weights(values)}
    name = str(rng.choice(list(calls)))
    return calls[name], name == "fit"


def test_random_arguments(step, request):
    refused = 0
    count, seed = request.config.getoption("--fuzz"), request.config.getoption("--fuzz-seed")
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        call, may_train = draw_call(rng, step)
        try:
            with np.errstate(all="ignore"):
                refused += attempt(step, call, ERRORS, may_train)
        except Exception as problem:
            raise AssertionError(f"arguments {number} of seed {seed}: {problem!r}") from problem
    assert 0.3 * count < refused < count
