"""What people give as arrays, made into what compiled code reads."""
import typing

import numpy as np


class TensorSpec(typing.NamedTuple):
    """An input, target, output or weight of a compiled model; `shape` is that of one row."""
    name: str
    dtype: str
    shape: tuple
    bound: int

    def __str__(self):
        return f"{self.dtype} (rows{''.join(f', {n}' for n in self.shape)})"


def as_array(value, what):
    """`value` as a NumPy array, without a copy where its memory can be shared."""
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "toarray") and hasattr(value, "nnz"):
        raise TypeError(f"{what}: sparse matrices are not supported; give value.toarray()")
    try:
        if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
            return np.from_dlpack(value)
        return np.asarray(value)
    except Exception as problem:  # whatever the object's own code raises
        raise TypeError(f"{what}: {type(value).__name__} is no array: {problem}") from None


def _squeezed(shape):
    return tuple(n for n in shape if n != 1)


def _require_shape(array, spec, what, rows):
    if array.ndim < 1 or _squeezed(array.shape[1:]) != _squeezed(spec.shape):
        raise ValueError(f"{what}: shape {array.shape} does not fit {spec}")
    if rows is not None and array.shape[0] != rows:
        raise ValueError(f"{what}: {array.shape[0]} rows, but the first array has {rows}")


def convert(value, spec, what, rows=None):
    """`value` as a dense row-major array that `spec` describes.

    Raises TypeError for what holds no numbers, ValueError for another shape, another number of rows
    and values that the type cannot hold.
    """
    array = as_array(value, what)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{what}: values of type {array.dtype} are no real numbers")
    _require_shape(array, spec, what, rows)
    return _cast(array, spec, what).reshape((array.shape[0], *spec.shape))


def convert_texts(value, spec, what, rows=None):
    """`value` as an array of bytes objects, texts in UTF-8, that `spec` describes.

    Raises TypeError for what holds no text, ValueError for another shape or number of rows.
    """
    array = as_array(value, what)
    if array.dtype.kind not in "USOT":
        raise TypeError(f"{what}: values of type {array.dtype} are no text; convert them with "
                        f"astype(str)")
    _require_shape(array, spec, what, rows)
    return [_encode(text, what) for text in array.ravel().tolist()], array.shape[0]


def _encode(text, what):
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    if not isinstance(text, bytes):
        raise TypeError(f"{what}: {text!r} is no text; convert it with str()")
    return text


def convert_data(values, specs):
    """The columns that lookups take for `specs`, and the number of rows."""
    columns, rows = [], None
    for value, spec in zip(arrange(values, specs, "input"), specs):
        what = f"input '{spec.name}'"
        if spec.dtype == "string":
            column, rows = convert_texts(value, spec, what, rows)
        else:
            column = convert(value, spec, what, rows)
            rows = len(column)
        columns.append(column)
    return columns, rows


def filled_shape(value, opened):
    """The row shape `opened` with the extents of an array where it is -1; None where they do not fit."""
    row = list(as_array(value, "data").shape[1:])
    if len(row) + 1 == len(opened) and opened[-1] == 1:
        row.append(1)
    fits = len(row) == len(opened) and all(
        n > 0 and known in (-1, n) for n, known in zip(row, opened))
    return row if fits else None


def _cast(array, spec, what):
    dtype = np.dtype(spec.dtype)
    if dtype.kind != "f" and array.dtype != dtype:
        _require_whole(array, dtype, what)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=dtype)


def _require_whole(array, dtype, what):
    """Refuses values that an integer type cannot hold."""
    if dtype.kind == "b":
        least, most = 0, 1
    else:
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    bad = ~((array >= least) & (array <= most))
    if array.dtype.kind == "f":
        bad |= np.trunc(array) != array
    if bad.any():
        raise ValueError(f"{what}: {array[bad][0]} is no value of type {dtype}")


def _by_name(values, specs, kind):
    unknown = [name for name in values if name not in [spec.name for spec in specs]]
    missing = [spec.name for spec in specs if spec.name not in values]
    if unknown or missing:
        names = ", ".join(f"'{spec.name}'" for spec in specs)
        raise ValueError(f"{kind}s are given for {sorted(values)}; the model has {names}")
    return [values[spec.name] for spec in specs]


def _is_structure(value):
    """Whether a list holds arrays, one for each tensor, rather than the rows of one."""
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(
        v is None or hasattr(v, "shape") and len(v.shape) > 0 for v in value)


def arrange(values, specs, kind, further=()):
    """The values of `specs` in their order, from one array, a list or a dict by name.

    `further` are the names of all outputs: a list may also hold one value for each of them.
    """
    if isinstance(values, dict):
        known = {name: value for name, value in values.items()
                 if value is not None or name in [spec.name for spec in specs]}
        return _by_name(known, specs, kind)
    if len(specs) == 1 and not (_is_structure(values) and len(values) in (1, len(further))):
        return [values]
    if not isinstance(values, (list, tuple)):
        raise ValueError(f"the model has {len(specs)} {kind}s; give a list of as many arrays, or a "
                         f"dict by name, not {type(values).__name__}")
    if len(values) == len(specs):
        return list(values)
    if len(values) == len(further):
        wanted = [spec.name for spec in specs]
        return [value for name, value in zip(further, values) if name in wanted]
    raise ValueError(f"the model has {len(specs)} {kind}s, but {len(values)} are given")


def convert_all(values, specs, kind, rows=None, further=()):
    """The tuple of arrays that compiled code reads for `specs`."""
    arrays = []
    for value, spec in zip(arrange(values, specs, kind, further), specs):
        arrays.append(convert(value, spec, f"{kind} '{spec.name}'", rows))
        rows = len(arrays[0])
    return tuple(arrays)


def convert_weights(values, specs, rows, further=()):
    """Weights of samples for each of `specs`: one array for all of them, a list or a dict; ones for
    None. Weights of rows hold for all values of a row."""
    if values is None:
        return tuple(np.ones((rows, *spec.shape), spec.dtype) for spec in specs)
    if not isinstance(values, (dict, list, tuple)) or not (
            isinstance(values, dict) or _is_structure(values)):
        values = [values] * len(specs)
    elif not isinstance(values, dict) and len(values) == 1:
        values = list(values) * len(specs)
    result = []
    for value, spec in zip(arrange(values, specs, "sample weight", further), specs):
        what = f"sample weight of '{spec.name}'"
        array = np.ones(rows, spec.dtype) if value is None else as_array(value, what)
        if array.ndim and array.ndim < 1 + len(spec.shape) and len(array) == rows:
            array = array.reshape(array.shape + (1,) * (1 + len(spec.shape) - array.ndim))
            array = np.broadcast_to(array, (rows, *spec.shape))
        result.append(convert(array, spec, what, rows))
    return tuple(result)


def weights_of_classes(y, class_weight):
    """Keras' sample weights of a `class_weight`, a dict by class number."""
    labels = as_array(y, "y")
    if labels.ndim > 1:
        labels = np.argmax(labels, axis=-1) if labels.shape[-1] != 1 else labels[..., 0]
    labels = np.round(labels).astype(np.int64)
    classes, places = np.unique(labels, return_inverse=True)
    weights = np.array([class_weight.get(int(c), 1.0) for c in classes], dtype=np.float32)
    return weights[places.reshape(labels.shape)]
