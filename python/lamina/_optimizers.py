"""Optimizers of the user's own: `update_step` as a traced program for each shape of weights."""
import contextlib

import keras

from lamina._settings import _object, _program, _run
from lamina._tracing import Patches, place_of

_OWN_STEPS = ("apply", "apply_gradients", "stateless_apply", "_backend_update_step",
              "_backend_apply_gradients")


def is_own(optimizer):
    return type(optimizer).__module__.startswith("keras.")


def optimizer_object(optimizer, weights):
    """The optimizer of these weights as a file's compile_config has it."""
    what = f"optimizer of class {type(optimizer).__name__}"
    for name in _OWN_STEPS:
        own = getattr(type(optimizer), name, None)
        if own is not getattr(keras.optimizers.Optimizer, name, None):
            raise NotImplementedError(f"{what}: its own {name} ({place_of(own)}) is not supported; say "
                                      f"what it does in update_step")
    if not optimizer.built:
        optimizer.build(weights)
    with _own_variables(type(optimizer), weights):
        traced = [_Update(what, optimizer, weight) for weight in weights]
    config = keras.optimizers.Optimizer.get_config(optimizer)
    return _object("Optimizer", {
        **config, "groups": _groups(what, _slots_of(what, optimizer, traced)),
        "programs": _programs(what, traced)})


@contextlib.contextmanager
def _own_variables(optimizer, weights):
    """Methods of an optimizer's class that are about variables of Keras, not of the backend."""
    def index(self, variable):
        return next(i for i, weight in enumerate(weights) if weight is variable)
    patches = Patches()
    try:
        patches.set(optimizer, "_get_variable_index", index)
        for name in ("assign", "assign_add", "assign_sub"):
            patches.set(optimizer, name, _assignment(name))
        yield
    finally:
        patches.undo()


class _Update:
    """`update_step` for one weight."""

    def __init__(self, what, optimizer, weight):
        shape = tuple(weight.shape)
        self.shape = shape
        self.slots, self.states = [], _states(optimizer)
        self.inputs = [_input("gradient", shape, weight.dtype), _input("value", shape, weight.dtype),
                       _input("learning_rate", (), "float32"), _input("iterations", (), "int32")]
        # `iterations` divides by the batches of one update.
        batches = self.inputs[3] * (optimizer.gradient_accumulation_steps or 1)
        self.known = {id(weight): self.inputs[1], id(optimizer._iterations): batches}
        self.tensors = {}
        _, scope = _run(what, optimizer.update_step, type(optimizer).update_step, self._find,
                        self.inputs[0], self.inputs[0], weight, self.inputs[2])
        new = {id(variable): value for variable, value in scope.updates()}
        self.slots.sort(key=lambda slot: next(i for i, s in enumerate(self.states) if s is slot))
        slots = [self.tensors[id(slot)] for slot in self.slots]
        outputs = [new.get(id(weight), self.inputs[1]),
                   *(new.get(id(slot), self.tensors[id(slot)]) for slot in self.slots)]
        self.program = _program(what, [*self.inputs, *slots], outputs)

    def _find(self, variable):
        if id(variable) in self.known:
            return self.known[id(variable)]
        if not any(state is variable for state in self.states):
            return None
        if id(variable) not in self.tensors:
            self.slots.append(variable)
            self.tensors[id(variable)] = _input(f"slot_{len(self.slots)}", tuple(variable.shape),
                                                variable.dtype)
        return self.tensors[id(variable)]


def _states(optimizer):
    """The variables that are the class's own; the others are what all optimizers share."""
    shared = [optimizer._iterations, optimizer._learning_rate]
    for name in ("_accumulated_gradients", "_model_variables_moving_average"):
        shared += getattr(optimizer, name, None) or []
    return [v for v in optimizer.variables if not any(v is other for other in shared)]


def _input(name, shape, dtype):
    return keras.Input(batch_shape=shape, dtype=dtype, name=name)


def _assignment(name):
    def assign(self, variable, value):
        getattr(variable, name)(value)
    return assign


def _slots_of(what, optimizer, traced):
    """Which weight each of the optimizer's variables belongs to, in their order."""
    owners = []
    for variable in _states(optimizer):
        users = [i for i, update in enumerate(traced) if any(s is variable for s in update.slots)]
        if len(users) != 1:
            raise NotImplementedError(f"{what}: its variable '{variable.name}' belongs to {len(users)} "
                                      f"weights; each needs variables of its own")
        owners += users
    return owners


def _groups(what, owners):
    """How many variables of each weight lie side by side, for each pass through the weights."""
    groups, begin = [], 0
    while begin < len(owners):
        first = owners[begin:]
        count = next((i for i, owner in enumerate(first) if owner != first[0]), len(first))
        weights = max(owners) + 1
        if first[:count * weights] != [w for w in range(weights) for _ in range(count)]:
            raise NotImplementedError(f"{what}: its variables are not in the order of the weights")
        groups.append(count)
        begin += count * weights
    return groups


def _programs(what, traced):
    programs = {}
    for update in traced:
        settings = {"shape": list(update.shape), "program": update.program,
                    "slots": [list(slot.shape) for slot in update.slots]}
        known = programs.setdefault(update.shape, settings)
        if _without_names(known) != _without_names(settings):
            raise NotImplementedError(f"{what}: it does something else for one weight of shape "
                                      f"{update.shape} than for another")
    return list(programs.values())


def _without_names(value, names=None):
    """The settings with numbers in place of the names that each graph makes anew."""
    names = {} if names is None else names
    if isinstance(value, dict):
        for key in ("name", "registered_name"):
            if isinstance(value.get(key), str):
                names.setdefault(value[key], len(names))
        return {key: _without_names(v, names) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_names(v, names) for v in value]
    return names.get(value, value) if isinstance(value, str) else value
