"""Running the user's code on tensors without values.

Keras' symbolic call does most of it. What it leaves out is put in its place for as long as the code
runs: variables are tensors, what is assigned to them is kept, losses and random numbers are nodes
of the graph, and the number of rows is a tensor.
"""
import contextlib
import inspect
import sys
import threading

import keras
import numpy as np

from lamina import _program

_lock = threading.RLock()
_OPERATORS = ("neg", "abs", "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv",
              "floordiv", "rfloordiv", "mod", "rmod", "pow", "rpow", "matmul", "rmatmul", "lt", "le",
              "gt", "ge", "eq", "ne", "and", "rand", "or", "ror", "xor", "rxor", "getitem")


class Scope(keras.StatelessScope):
    """Gives variables of traced layers, and of traced metrics, as tensors. Losses that the code adds
    are in `added`."""

    def __init__(self, find):
        super().__init__()
        self.find, self.first, self.variables, self.added = find, {}, {}, []

    def get_current_value(self, variable):
        key = id(variable)
        if key not in self.state_mapping:
            tensor = self.find(variable)
            if tensor is None:
                return None
            self.first[key] = self.state_mapping[key] = tensor
        return self.state_mapping[key]

    def add_update(self, update):
        self.variables[id(update[0])] = update[0]
        super().add_update(update)

    def updates(self):
        """Variables with the tensors that were assigned to them last."""
        return [(variable, self.state_mapping[key]) for key, variable in self.variables.items()
                if self.find(variable) is not None
                and self.state_mapping[key] is not self.first.get(key)]


def current_scope():
    scope = keras.src.backend.common.stateless_scope.get_stateless_scope()
    return scope if isinstance(scope, Scope) else None


def is_tensor(value):
    return isinstance(value, keras.KerasTensor)


def variable_tensor(x):
    """The tensor that stands for a variable; other things as they are."""
    if isinstance(x, keras.Variable) and current_scope():
        value = x.value
        return value if is_tensor(value) else x
    return x


def _has_variables(items):
    return any(is_tensor(variable_tensor(x)) for x in keras.tree.flatten(items)
               if isinstance(x, keras.Variable))


class Patches:
    """Attributes of modules and classes that are other ones for a while."""

    def __init__(self):
        self.kept = []

    def set(self, owner, name, value):
        self.kept.append((owner, name, vars(owner).get(name, self)))
        setattr(owner, name, value)

    def undo(self):
        for owner, name, value in reversed(self.kept):
            if value is self:
                delattr(owner, name)
            else:
                setattr(owner, name, value)

    def everywhere(self, function, replacement):
        """In all of Keras' modules that know the function by a name."""
        for module_name, module in list(sys.modules.items()):
            if module_name.startswith("keras"):
                for name, value in list(vars(module).items()):
                    if value is function:
                        self.set(module, name, replacement)


@contextlib.contextmanager
def tracing(call_layer, anchor):
    """`call_layer(inner, layer, arguments, keywords)` makes a call of a layer; `anchor` is a tensor
    with rows."""
    with _lock:
        patches = Patches()
        try:
            _patch_variables(patches)
            _patch_layers(patches, call_layer)
            _patch_rows(patches, anchor)
            _patch_random(patches, anchor)
            yield
        finally:
            patches.undo()


def _patch_variables(patches):
    src = keras.src
    symbolic = src.backend.common.keras_tensor.any_symbolic_tensors

    def any_symbolic_tensors(args=None, kwargs=None):
        return symbolic(args, kwargs) or bool(current_scope() and _has_variables((args, kwargs)))
    patches.everywhere(symbolic, any_symbolic_tensors)

    operation = src.ops.operation.Operation
    inner = operation.symbolic_call

    def symbolic_call(self, *args, **kwargs):
        args, kwargs = keras.tree.map_structure(variable_tensor, (args, kwargs))
        return inner(self, *args, **kwargs)
    patches.set(operation, "symbolic_call", symbolic_call)

    variable = keras.Variable
    convert = variable._convert_to_tensor

    def convert_to_tensor(self, value, dtype=None):
        value = variable_tensor(value)
        if not is_tensor(value):
            return convert(self, value, dtype)
        return value if dtype in (None, value.dtype) else keras.ops.cast(value, dtype)
    patches.set(variable, "_convert_to_tensor", convert_to_tensor)
    for name in _OPERATORS:
        _patch_operator(patches, variable, f"__{name}__")


def _patch_operator(patches, variable, name):
    inner = getattr(variable, name)

    def operator(self, *others):
        if current_scope() is None:
            return inner(self, *others)
        own, others = variable_tensor(self), tuple(variable_tensor(x) for x in others)
        if is_tensor(own):
            return getattr(own, name)(*others)
        if others and is_tensor(others[0]) and hasattr(others[0], _mirror(name)):
            return getattr(others[0], _mirror(name))(self)
        return inner(self, *others)
    patches.set(variable, name, operator)


def _mirror(name):
    """`__radd__` for `__add__` and the other way round."""
    word = name.strip("_")
    comparisons = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}
    reflected = word[1:] if word.startswith("r") and word[1:] in _OPERATORS else "r" + word
    return f"__{comparisons.get(word, reflected)}__"


def _patch_layers(patches, call_layer):
    layer = keras.layers.Layer
    call, add_loss = layer.__call__, layer.add_loss

    def new_call(self, *args, **kwargs):
        if current_scope() is None:
            return call(self, *args, **kwargs)
        return call_layer(call, self, args, kwargs)
    patches.set(layer, "__call__", new_call)

    def new_add_loss(self, loss):
        scope = current_scope()
        losses = [variable_tensor(x) for x in keras.tree.flatten(loss)]
        if scope is None or not any(map(is_tensor, losses)):
            return add_loss(self, loss)
        scope.added.extend(losses)
    patches.set(layer, "add_loss", new_add_loss)


def _patch_rows(patches, anchor):
    ops, counts = keras.ops, []

    def rows():
        if not counts:
            counts.append(_program.row_count(anchor))
        return counts[0]

    def is_rows(extent):
        return any(extent is count for count in counts)

    def replace(function, make):
        def replaced(*args, **kwargs):
            return make(*args, **kwargs) if current_scope() else function(*args, **kwargs)
        patches.everywhere(function, replaced)

    inner_shape, inner_reshape, broadcast = ops.shape, ops.reshape, ops.broadcast_to

    def shape(x):
        x = variable_tensor(x)
        if not is_tensor(x) or None not in x.shape:
            return inner_shape(x)
        return tuple(rows() if i == 0 and extent is None else extent
                     for i, extent in enumerate(x.shape))

    def reshape(x, newshape):
        extents = [newshape] if not isinstance(newshape, (list, tuple)) else list(newshape)
        if any(map(is_rows, extents)) and -1 in extents and x.shape[0] is None:
            known = [e for e in extents if not is_rows(e) and e != -1]
            extents[extents.index(-1)] = int(np.prod(x.shape[1:]) // np.prod(known or [1]))
        return inner_reshape(x, tuple(-1 if is_rows(e) else e for e in extents))

    def filled(shape, value, dtype):
        """Rows of zeros made of the anchor's, and the value on top of them."""
        rest = list(shape[1:])
        zeros = ops.zeros_like(anchor)
        for _ in anchor.shape[1:]:
            zeros = ops.sum(zeros, axis=-1)
        zeros = ops.cast(inner_reshape(zeros, (-1, *[1] * len(rest))), dtype)
        return zeros + np.full((1, *rest), value, dtype)

    def creation(function, value):
        def make(shape, dtype=None):
            if not isinstance(shape, (list, tuple)) or not shape or not is_rows(shape[0]):
                return function(shape, dtype=dtype)
            return filled(shape, value, dtype or keras.config.floatx())
        return make

    inner_convert = ops.convert_to_tensor

    def convert_to_tensor(x, dtype=None, **settings):
        """Of a list with tensors in it, such as a shape is, their vector."""
        if not isinstance(x, (list, tuple)) or not any(map(is_tensor, x)):
            return inner_convert(x, dtype=dtype, **settings)
        parts = [inner_reshape(e, ()) * place if is_tensor(e) else e * place
                 for e, place in zip(x, np.eye(len(x), dtype="int32"))]
        vector = sum(parts[1:], parts[0])
        return vector if dtype is None else ops.cast(vector, dtype)

    def broadcast_to(x, shape):
        if not any(map(is_rows, shape)):
            return broadcast(x, shape)
        return x + filled(shape, 0, keras.backend.standardize_dtype(x.dtype))
    replace(inner_shape, shape)
    replace(inner_reshape, reshape)
    replace(broadcast, broadcast_to)
    replace(inner_convert, convert_to_tensor)
    replace(ops.zeros, creation(ops.zeros, 0))
    replace(ops.ones, creation(ops.ones, 1))


def _patch_random(patches, anchor):
    def extents(shape):
        return [None if extent is None or is_tensor(extent) else int(extent) for extent in shape]

    def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
        return _program.random_numbers(anchor, "normal", extents(shape), mean, stddev, dtype)

    def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
        return _program.random_numbers(anchor, "uniform", extents(shape), minval, maxval, dtype)

    def dropout(inputs, rate, noise_shape=None, seed=None):
        shape = noise_shape or inputs.shape
        kept = uniform(shape) >= rate
        return keras.ops.where(kept, inputs / (1.0 - rate), keras.ops.zeros_like(inputs))

    for name, function in (("normal", normal), ("uniform", uniform), ("dropout", dropout)):
        _replace_random(patches, getattr(keras.random, name), function)
    for name in ("categorical", "randint", "truncated_normal", "shuffle", "gamma", "binomial", "beta"):
        _replace_random(patches, getattr(keras.random, name), _refused(name))


def _replace_random(patches, inner, function):
    def random(*args, **kwargs):
        return function(*args, **kwargs) if current_scope() else inner(*args, **kwargs)
    patches.everywhere(inner, random)


def _refused(name):
    def refuse(*args, **kwargs):
        raise NotImplementedError(f"keras.random.{name} is not supported; normal, uniform and dropout "
                                  f"are")
    return refuse


def without_training(layer, args, kwargs, training):
    """The arguments of a call without a `training` that is that of the whole model."""
    if kwargs.get("training", None) in (None, training):
        kwargs = {name: value for name, value in kwargs.items() if name != "training"}
    names = list(inspect.signature(layer.call).parameters)
    place = names.index("training") if "training" in names else len(args)
    if place < len(args) and place == len(args) - 1 and args[place] in (None, training):
        args = args[:place]
    return args, kwargs


def line_of(problem, function):
    """Where in the file of the user's code it failed: "line 12 of FILE: "."""
    try:
        file = inspect.getsourcefile(function)
    except TypeError:
        return ""
    lines, trace_back = [], problem.__traceback__
    while trace_back is not None:
        if trace_back.tb_frame.f_code.co_filename == file:
            lines.append(trace_back.tb_lineno)
        trace_back = trace_back.tb_next
    return f"line {lines[-1]} of {file}: " if lines else ""


def place_of(function):
    """Where the user's code of it begins: "line 12 of FILE"."""
    code = function.__code__
    return f"line {code.co_firstlineno} of {code.co_filename}"


def first_line(problem):
    return (str(problem).strip() or type(problem).__name__).splitlines()[0]
