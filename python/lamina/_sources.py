"""Where the batches of an epoch come from: arrays, or anything that yields batches."""
import queue
import sys
import threading

import numpy as np

from lamina import _core
from lamina._arrays import convert_all, convert_weights, weights_of_classes

# A pass over arrays is made of chunks, each a run of batches that compiled code takes at once. Rows
# in another order are copied: at most this much of them, so that they stay in the caches.
CHUNK_BYTES = 4 << 20
# Batches that are read while a step runs.
BATCHES_AHEAD = 8


class Batches:
    """Arrays of one or several batches, as compiled code takes them."""
    __slots__ = ("x", "y", "weights", "batch_size", "count")

    def __init__(self, x, y, weights, batch_size):
        self.x, self.y, self.weights, self.batch_size = x, y, weights, batch_size
        self.count = -(-len(x[0]) // batch_size)


class ArraySource:
    """The rows of arrays, in file order or in a random one."""
    is_stream = False

    def __init__(self, x, y, weights, batch_size, order_of=None, shapes=None):
        """`order_of` gives the order of the rows for the number of an epoch; None: as they are.
        `shapes` are those of the step's rows that the arrays have."""
        self.shapes = shapes
        self.arrays = (x, y, weights)
        self.rows = len(x[0])
        self.batch_size = batch_size
        self.order_of = order_of
        if self.rows < 1:
            raise ValueError("there are no rows")

    @property
    def batches(self):
        return -(-self.rows // self.batch_size)

    def open(self, epoch):
        return _ArrayCursor(self, self.order_of(epoch, self.rows) if self.order_of else None)


class _ArrayCursor:
    def __init__(self, source, order):
        self.source, self.order, self.place = source, order, 0
        row_bytes = sum(a.nbytes for role in source.arrays for a in role) / source.rows
        self.most = max(1, int(CHUNK_BYTES / max(row_bytes, 1)) // source.batch_size)

    def take(self, most):
        """The next batches, at most `most` of them; None at the end."""
        begin = self.place
        if begin >= self.source.rows:
            return None
        if self.order is not None:
            most = min(most, self.most)
        self.place = end = min(begin + most * self.source.batch_size, self.source.rows)
        rows = slice(begin, end) if self.order is None else self.order[begin:end]
        return Batches(*(tuple(a[rows] for a in role) for role in self.source.arrays),
                       self.source.batch_size)

    def close(self):
        pass


class StreamSource:
    """Batches that an object yields: a generator, a PyDataset, a tf.data.Dataset, a DataLoader.

    They are read in a thread of their own while steps run."""
    is_stream = True
    shapes = None  # those of each batch

    def __init__(self, data, convert):
        """`convert(x, y, weights)` gives the arrays of a batch."""
        self.data, self.convert = data, convert
        self.is_once = hasattr(data, "__next__")
        self.batches = _length(data)

    def open(self, epoch):
        return _StreamCursor(self)

    def end_epoch(self):
        if hasattr(self.data, "on_epoch_end"):
            self.data.on_epoch_end()


class _StreamCursor:
    def __init__(self, source):
        self.convert = source.convert
        self.queue = queue.Queue(BATCHES_AHEAD)
        self.is_closed = False
        self.thread = threading.Thread(target=self._read, args=(source.data,), daemon=True)
        self.thread.start()

    def _read(self, data):
        problem = None
        try:
            for item in _items(data):
                if self.is_closed:
                    return
                self._put((item, None))
        except BaseException as error:  # is raised where the batch is wanted
            problem = error
        self._put((None, problem))

    def _put(self, entry):
        while not self.is_closed:
            try:
                return self.queue.put(entry, timeout=0.1)
            except queue.Full:
                continue

    def take(self, most):
        item, problem = self.queue.get()
        if problem is not None:
            self.queue.put((None, problem))
            raise problem
        if item is None:
            self.queue.put((None, None))
            return None
        x, y, weights = self.convert(*unpack(item))
        return Batches(x, y, weights, max(len(x[0]), 1))

    def close(self):
        self.is_closed = True
        self.thread.join()


def unpack(item):
    """x, y and weights of samples of what yields batches: x, (x,), (x, y) or (x, y, weights)."""
    if not isinstance(item, (tuple, list)) or (isinstance(item, list) and len(item) not in (2, 3)):
        return item, None, None
    if not 1 <= len(item) <= 3:
        raise ValueError(f"a batch is x, (x, y) or (x, y, sample_weight), not a tuple of {len(item)}")
    return (*item, None, None)[:3]


def _is_dataset_of(data, package, path):
    """Whether `data` is an instance of a class of a package that somebody has imported."""
    found = sys.modules.get(package)
    for name in path.split("."):
        found = getattr(found, name, None)
    return isinstance(found, type) and isinstance(data, found)


def _is_py_dataset(data):
    return _is_dataset_of(data, "keras", "utils.PyDataset")


def _is_tf_dataset(data):
    return _is_dataset_of(data, "tensorflow", "data.Dataset")


def is_stream(data):
    """Whether `data` yields batches, rather than being arrays."""
    if isinstance(data, (list, tuple, dict, np.ndarray, str, bytes)):
        return False
    if any(hasattr(data, name) for name in ("__array__", "__array_interface__", "__dlpack__")):
        return False
    try:
        memoryview(data)
        return False
    except TypeError:
        pass
    return _is_py_dataset(data) or hasattr(data, "__iter__") or hasattr(data, "__next__")


def _length(data):
    """The batches of a pass, None where nobody knows."""
    if _is_py_dataset(data):
        return data.num_batches
    if _is_tf_dataset(data):
        count = int(data.cardinality())
        return count if count >= 0 else None
    try:
        return len(data)
    except TypeError:
        return None


def _items(data):
    if _is_py_dataset(data):
        count = data.num_batches
        index = 0
        while count is None or index < count:
            yield data[index]
            index += 1
    elif _is_tf_dataset(data):
        yield from data.as_numpy_iterator()
    else:
        yield from data


def shuffled_order(seed):
    """The order of the rows for the number of an epoch, that of `lamina train --seed`."""
    def order(epoch, rows):
        return np.frombuffer(_core.shuffled_rows(seed, epoch, rows), dtype=np.uint32)
    return order


class Converter:
    """Makes the arrays of a role out of what people give, for one compiled model."""

    def __init__(self, step):
        self.step = step

    def inputs(self, x):
        return self.step._inputs(x)

    def all(self, x, y, sample_weight=None, class_weight=None):
        """The arrays of inputs, targets and weights of samples."""
        step = self.step
        if any(step._open):
            step._follow(x, y)
        arrays = self.inputs(x)
        if y is None and step.target_specs:
            raise ValueError(f"{step.name}: targets are missing; give y")
        outputs = [spec.name for spec in step.output_specs]
        targets = convert_all(y, step.target_specs, "target", len(arrays[0]), outputs)
        if class_weight is not None:
            sample_weight = self.class_weights(y, sample_weight, class_weight)
        if sample_weight is not None:
            step._core.add_sample_weights()
        specs = step.weight_specs
        weights = convert_weights(sample_weight, specs, len(arrays[0]), outputs) if specs else ()
        return arrays, targets, weights

    def class_weights(self, y, sample_weight, class_weight):
        if sample_weight is not None:
            raise ValueError("`sample_weight` and `class_weight` cannot be given at the same time")
        if len(self.step.target_specs) != 1:
            raise ValueError("`class_weight` needs a model with one output that has a loss")
        if not isinstance(class_weight, dict):
            raise TypeError(f"class_weight is a dict by class number, not "
                            f"{type(class_weight).__name__}")
        [y] = [y] if not isinstance(y, dict) else y.values()
        return weights_of_classes(y, class_weight)

    def source(self, x, y, sample_weight, class_weight, batch_size, order_of=None):
        """The batches of `x`: arrays, or something that yields batches, targets among them."""
        if not is_stream(x):
            arrays = self.all(x, y, sample_weight, class_weight)
            return ArraySource(*arrays, batch_size, order_of, self.step._core.shapes)
        if y is not None or sample_weight is not None:
            raise ValueError(f"{type(x).__name__} yields its own targets and weights; leave y and "
                             f"sample_weight out")
        if class_weight is not None:
            self.step._core.add_sample_weights()
        return StreamSource(x, lambda bx, by, weights: self.all(bx, by, weights, class_weight))
