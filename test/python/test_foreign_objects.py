"""Whatever is passed: an answer or a TypeError, ValueError or NotImplementedError, and the state as it
was; never the end of the process."""
import io

import numpy as np
import pytest
from conftest import DIGITS

import lamina


class Raises:
    """Everything that one may ask of it fails."""

    def __array__(self, *arguments, **keywords):
        raise RuntimeError("no array")

    def __len__(self):
        raise OverflowError("no length")

    def __getitem__(self, index):
        raise KeyError(index)


class Lies:
    """Says to be an array that it is not."""
    shape, dtype, ndim = (64, 64), np.dtype("f4"), 2

    def __array_interface__(self):
        return None

    def __dlpack__(self):
        return object()


class BadInterface:
    __array_interface__ = {"shape": (64, 64), "typestr": "<f4", "version": 3, "data": "nonsense"}


def closed_file():
    file = io.BytesIO(bytes(64))
    file.close()
    return file


def released_view():
    view = memoryview(bytearray(64))
    view.release()
    return view


def objects():
    """Objects that are no arrays, and arrays of all kinds, most of which do not fit."""
    rng = np.random.default_rng(0)
    square = rng.random((64, 64), dtype=np.float32)
    yield from (None, 0, -1.5, "text", b"bytes", object(), int, len, ..., NotImplemented, [], {}, (),
                [[]], [[1, 2], [3]], [None], {"pixels": None}, {"pixels": square, 3: 4}, {1, 2},
                float("nan"), 1 << 200, [1 << 200], Raises(), Lies(), BadInterface(), closed_file(),
                released_view(), io.StringIO("1,2"), iter(()), range(64), slice(3), lamina)
    for dtype in ("f2", "f8", "g", "i1", "u2", "i8", "u8", "?", "c8", "S3", "U2", "O", "M8[s]", "m8[s]",
                  "V4", ">f4", ">i8", [("a", "f4")]):
        yield np.zeros((64, 64), dtype)
    for shape in ((), (0,), (64,), (64, 0), (0, 64), (1, 64), (65, 64), (64, 8, 8), (64, 64, 1),
                  (64, 1, 64), (1,) * 30, (3, 4, 5)):
        yield np.zeros(shape, np.float32)
    yield from (square[::-1], square[:, ::-1], square.T, square[::2], np.asfortranarray(square),
                np.broadcast_to(np.float32(1), (64, 64)), np.ma.masked_less(square, 0.5),
                np.lib.stride_tricks.as_strided(square, (64, 64), (4, 4)),
                square.view(np.recarray), memoryview(square), bytearray(64))
    frozen = square.copy()
    frozen.flags.writeable = False
    yield from (frozen, np.full((64, 64), np.nan, np.float32), np.full((64, 64), 1e300))
    unaligned = np.frombuffer(bytes(64 * 64 * 4 + 1), np.uint8)[1:].view("f4").reshape(64, 64)
    yield unaligned


OBJECTS = list(objects())


@pytest.fixture(scope="module")
def step():
    return lamina.compile(DIGITS, batch_size=64)


def state(step):
    return step._read(range(len(step._core.variables)))


def errors_of(value):
    own = (OverflowError, KeyError, RuntimeError) if isinstance(value, Raises) else ()
    return (TypeError, ValueError, NotImplementedError, *own)


def attempt(step, call, errors, may_train=False):
    """Whether it was refused, as it should be."""
    before = state(step)
    try:
        call()
        return False
    except errors:
        if may_train:
            return True
        for ours, theirs in zip(state(step), before):
            np.testing.assert_array_equal(ours, theirs)
        return True


@pytest.mark.parametrize("index", range(len(OBJECTS)))
def test_objects(step, index):
    value, x, y = OBJECTS[index], np.zeros((64, 64), np.float32), np.zeros(64, np.int32)
    calls = [lambda: step.train_on_batch(value, y), lambda: step.train_on_batch(x, value),
             lambda: step.train_on_batch(x, y, sample_weight=value),
             lambda: step.train_on_batch(x, y, class_weight=value),
             lambda: step.test_on_batch(value, value), lambda: step.predict_on_batch(value),
             lambda: step.predict(value, verbose=0), lambda: step.set_weights(value),
             lambda: step.fit(value, y, verbose=0), lambda: step.evaluate(x, value, verbose=0),
             lambda: step.ir(value)]
    refused = [attempt(step, call, errors_of(value)) for call in calls]
    assert refused[7] and refused[10]
    # Batches for validation are first looked at when an epoch has been trained.
    attempt(step, lambda: step.fit(x, y, validation_data=value, verbose=0), errors_of(value), True)


@pytest.mark.parametrize("index", range(32))
def test_what_is_no_model(index):
    value = OBJECTS[index]
    with pytest.raises(errors_of(value)):
        lamina.compile(value)
    for name in ("batch_size", "threads", "seed", "input_shapes"):
        if value is None and name != "batch_size" or name == "seed" and value == 0:
            continue  # what these may be
        if name == "input_shapes" and value == {}:
            continue
        with pytest.raises(errors_of(value)):
            lamina.compile(DIGITS, **{name: value})
