"""Models that hold code of their user's, said as models of Keras' own layers and operations.

Keras' own symbolic call runs the code on tensors without values, once as in training and once as in
prediction. What it does to them is a Functional model over the same layer objects and the same
weights, with layers of `lamina._program` for what operations do not say.
"""
import inspect

import keras

from lamina import _program
from lamina._cells import has_own_cell, OwnCell
from lamina._graphs import is_program, nodes_between, outline
from lamina._tracing import (Scope, first_line, is_tensor, line_of, place_of, tracing,
                             variable_tensor, without_training)


def is_own(layer):
    """Whether the layer's class is one of Keras', whose meaning a file can name."""
    module = type(layer).__module__
    is_test = module.endswith("_test")  # Keras' own tests are in its package
    return module.startswith("keras.") and not is_test and not isinstance(layer, keras.layers.Lambda)


def needs_tracing(model):
    layers = model._flatten_layers()
    return any(not is_own(layer) for layer in layers) or bool(_layers_to_open(layers))


def _weights_of(layer):
    return layer._trainable_variables + layer._non_trainable_variables


def _layers_to_open(layers):
    """Layers of Keras' own that have a weight which another layer has, too, or one with a regularizer
    or a constraint of the user's own."""
    owners = {}
    for layer in layers:
        for variable in _weights_of(layer):
            owners.setdefault(id(variable), []).append((layer, variable))
    found = [entry for shared in owners.values() for entry in shared
             if _is_in_several([layer for layer, _ in shared]) or not (_is_keras(entry[1].regularizer)
                                        and _is_keras(entry[1].constraint))]
    return list({id(layer): layer for layer, _ in found if is_own(layer)}.values())


def _is_in_several(layers):
    """Whether they are not one of Keras' wrappers and what is in it."""
    return len(layers) > 1 and not any(
        is_own(outer) and all(any(layer is inner for inner in outer._flatten_layers())
                              for layer in layers) for outer in layers)


class _Opening(BaseException):
    """Says that a layer of Keras has to be traced like the user's own, since code outside of it uses
    its weights. No Exception, so that the user's code does not keep it."""

    def __init__(self, layer):
        super().__init__(layer.name)
        self.layer = layer


def trace(model, input_shapes=None):
    """A Functional model that computes what `model` does. `input_shapes` are those of one row by
    name, for models that do not know them.

    Raises NotImplementedError with the layer, the line and the reason where that cannot be told:
    code that asks for values, functions of a backend.
    """
    _refuse_own_steps(model)
    return _Trace(model, input_shapes).functional()


def _refuse_own_steps(model):
    for name in ("train_step", "test_step", "predict_step", "compute_metrics"):
        own = getattr(type(model), name)
        if own is not getattr(keras.Model, name):
            raise NotImplementedError(f"model '{model.name}' of class {type(model).__name__}: its own "
                                      f"{name} ({place_of(own)}) is not supported; say what it adds "
                                      f"with add_loss, compute_loss, a loss or a metric")


class _Trace:
    """One model's way to a Functional one."""

    def __init__(self, model, input_shapes):
        self.model = model
        layers = model._flatten_layers()
        self.foreign = [layer for layer in layers if not is_own(layer)] + _layers_to_open(layers)
        self.inputs = _inputs(model, input_shapes)
        self.anchor = keras.tree.flatten(self.inputs)[0]
        self.opened = {}  # by id: the layers whose code is run
        self.parameters = {}  # by variable: the layer and its tensor
        self.recurrent = {}  # by id: what stands for an RNN layer with a cell of the user's own
        self.is_cell = False  # whether the code of a cell runs
        self.training = None

    def functional(self):
        while True:
            try:
                return self._functional()
            except _Opening as found:
                self.foreign.append(found.layer)

    def _functional(self):
        self.parameters = {}
        self.opened = {id(layer): layer for layer in self.foreign}
        # Models of Keras' own classes around such layers are taken apart, too.
        for layer in self.model._flatten_layers():
            if isinstance(layer, keras.Model) and any(id(inner) in self.opened
                                                      for inner in layer._flatten_layers()):
                self.opened[id(layer)] = layer
        with tracing(self._call, self.anchor):
            trained, predicted = self._run(True), self._run(False)
        outputs = predicted
        if outline(self.inputs, trained) != outline(self.inputs, predicted):
            outputs = self._either(trained, predicted)
        _name_apart(self.inputs, outputs)
        functional = keras.Model(self.inputs, outputs, name=self.model.name)
        self._require_one_place(functional)
        _keep_training(functional)
        return functional

    def _require_one_place(self, functional):
        """Refuses weights that a layer of Keras within another one has, and that are used outside."""
        for layer in functional._flatten_layers():
            for variable in _weights_of(layer):
                if id(variable) in self.parameters and not isinstance(layer, _program.Parameter):
                    raise NotImplementedError(
                        f"the weight '{variable.name}' of layer '{layer.name}' is used outside of that "
                        f"layer, which is within another one of Keras' own; that is not supported")

    def _either(self, trained, predicted):
        shapes = [[(t.shape, t.dtype) for t in keras.tree.flatten(outputs)]
                  for outputs in (trained, predicted)]
        if shapes[0] != shapes[1]:
            raise NotImplementedError(f"model '{self.model.name}': its outputs have other shapes in "
                                      f"training than in prediction")
        return keras.tree.map_structure(_program.choice, trained, predicted)

    def _run(self, training):
        """The model's outputs, with the effects of its code."""
        self.training = training
        with Scope(self._find) as scope:
            outputs = self.model(self.inputs)
            effects = [_program.added_loss(loss) for loss in scope.added if is_tensor(loss)]
            effects += [_program.added_loss(loss) for loss in self._penalties()]
            effects += [self._assignment(variable, value) for variable, value in scope.updates()]
        flat = keras.tree.flatten(outputs)
        flat[0] = _program.with_effects(flat[0], effects)
        return keras.tree.pack_sequence_as(outputs, flat)

    def _assignment(self, variable, value):
        layer, tensor = self._parameter(variable)
        if not is_tensor(value):
            value = keras.ops.zeros_like(tensor) + value
        return layer(None, value=value)

    def _penalties(self):
        """Regularizers of the user's own; Keras' are settings of the weights."""
        for layer, variable in {id(v): (layer, v) for layer, v in self._own_variables()}.values():
            regularizer = variable.regularizer
            if regularizer is not None and variable.trainable and not _is_keras(regularizer):
                with _named(layer, regularizer):
                    yield regularizer(self._find(variable))

    def _own_variables(self):
        for layer in self.foreign:
            for variable in _weights_of(layer):
                yield layer, variable

    def _find(self, variable):
        """The tensor of a weight of a traced layer; None for what the code may read as it is."""
        if id(variable) in self.parameters:
            return self.parameters[id(variable)][1]
        if any(v is variable for _, v in self._own_variables()):
            return self._parameter(variable)[1]
        for layer in self.model._flatten_layers():
            if any(v is variable for v in _weights_of(layer)):
                raise _Opening(layer)
        return None

    def _parameter(self, variable):
        if id(variable) not in self.parameters:
            owner = next(layer for layer, own in self._own_variables() if own is variable)
            regularizer = variable.regularizer if _is_keras(variable.regularizer) else None
            constraint = variable.constraint
            if not _is_keras(constraint):
                constraint = self._traced_constraint(owner, variable)
            layer = _program.Parameter(variable, f"{owner.name}.{variable.name}",
                                       regularizer=regularizer, constraint=constraint)
            self.parameters[id(variable)] = layer, layer(self.anchor)
        return self.parameters[id(variable)]

    @staticmethod
    def _traced_constraint(owner, variable):
        weight = keras.Input(batch_shape=tuple(variable.shape), dtype=variable.dtype, name="weight")
        with _named(owner, variable.constraint), Scope(lambda _: None):
            value = variable_tensor(variable.constraint(weight))
            if not is_tensor(value):
                raise ValueError(f"the constraint of its weight '{variable.name}' gives no tensor")
        return _program.constraint(weight, value)

    def _call(self, inner, layer, args, kwargs):
        args, kwargs = keras.tree.map_structure(variable_tensor, (args, kwargs))
        if id(layer) not in self.opened and not is_own(layer) and not is_program(layer):
            self.foreign.append(layer)  # made while the code runs
            self.opened[id(layer)] = layer
        if self.is_cell and isinstance(layer, _program.RandomNumbers):
            raise NotImplementedError("it draws random numbers")
        if id(layer) in self.opened or self.is_cell and not is_program(layer):
            return self._run_code(layer, args, kwargs)
        if has_own_cell(layer, is_own):
            layer = self._with_traced_cell(layer, args[0] if args else kwargs["sequences"])
        args, kwargs = without_training(layer, args, kwargs, self.training)
        return inner(layer, *args, **kwargs)

    def _with_traced_cell(self, layer, sequences):
        def run(cell, args, kwargs, training):
            outer, self.is_cell, self.training = self.training, True, training
            try:
                return cell.call(*args, **self._arguments(cell, args, kwargs))
            finally:
                self.is_cell, self.training = False, outer
        if id(layer) not in self.recurrent:
            self.recurrent[id(layer)] = OwnCell(layer, run).trace(sequences.shape)
        return self.recurrent[id(layer)]

    def _run_code(self, layer, args, kwargs):
        """What Layer.__call__ does around `call`."""
        first = args[0] if args else next(iter(kwargs.values()), None)
        if is_own(layer) and isinstance(layer, keras.Model):
            return layer.call(*args, **self._arguments(layer, args, kwargs))
        code = layer.function if isinstance(layer, keras.layers.Lambda) else type(layer).call
        with _named(layer, code):
            args, kwargs = keras.tree.map_structure(lambda x: _cast(layer, x), (args, kwargs))
            if not layer.built:
                layer.build(*_shapes(args)) if _has_own_build(layer) else None
                layer.built = True
            masks = keras.tree.map_structure(_mask_of, first)
            outputs = layer.call(*args, **self._arguments(layer, args, kwargs, masks))
            outputs = keras.tree.map_structure(variable_tensor, outputs)
            self._penalize(layer, outputs)
            return self._mask(layer, first, outputs, masks)

    def _arguments(self, layer, args, kwargs, masks=None):
        names = list(inspect.signature(layer.call).parameters)
        kwargs = {name: value for name, value in kwargs.items()
                  if name in names or name not in ("training", "mask")}
        if "training" in names and kwargs.get("training") is None:
            if names.index("training") >= len(args):
                kwargs["training"] = self.training
        tensors = [a for a in (*args, *kwargs.values()) if any(map(is_tensor, keras.tree.flatten(a)))]
        if "mask" in names[len(args):] and kwargs.get("mask") is None and len(tensors) == 1:
            kwargs["mask"] = masks
        return kwargs

    @staticmethod
    def _penalize(layer, outputs):
        if layer.activity_regularizer is None:
            return
        for output in keras.tree.flatten(outputs):
            if is_tensor(output):
                loss = layer.activity_regularizer(output)
                if len(output.shape) > 0:
                    loss = loss / keras.ops.cast(keras.ops.shape(output)[0], loss.dtype)
                layer.add_loss(loss)

    @staticmethod
    def _mask(layer, first, outputs, masks):
        if not layer.supports_masking or all(m is None for m in keras.tree.flatten(masks)):
            return outputs
        flat = keras.tree.flatten(outputs)
        new = layer.compute_mask(first, masks)
        if new is None or all(_mask_of(x) is not None for x in flat):
            return outputs
        flat = [_program.masked(x, mask) if mask is not None and _mask_of(x) is None else x
                for x, mask in zip(flat, keras.tree.flatten(new))]
        return keras.tree.pack_sequence_as(outputs, flat)


class _named:
    """Says of exceptions in it which layer and which line of its code they are about."""

    def __init__(self, layer, function):
        self.layer, self.function = layer, function

    def __enter__(self):
        return self

    def __exit__(self, kind, problem, trace_back):
        if problem is None or not isinstance(problem, Exception):
            return
        layer = self.layer
        prefix = f"layer '{layer.name}' of class {type(layer).__name__}: cannot be traced: "
        if isinstance(problem, NotImplementedError) and "cannot be traced" in str(problem):
            return
        raise NotImplementedError(
            f"{prefix}{line_of(problem, self.function)}{first_line(problem)}") from problem


def _is_keras(thing):
    return thing is None or type(thing).__module__.startswith("keras.")


def _mask_of(x):
    return getattr(x, "_keras_mask", None)


def _cast(layer, x):
    """Keras casts the floating-point arguments of layers to the layer's type."""
    wanted = layer.input_dtype
    if not is_tensor(x) or not layer.autocast or x.dtype == wanted:
        return x
    floats = keras.backend.is_float_dtype
    return keras.ops.cast(x, wanted) if floats(x.dtype) and floats(wanted) else x


def _has_own_build(layer):
    return type(layer).build is not keras.layers.Layer.build


def _shapes(args):
    return [keras.tree.map_structure(lambda t: tuple(t.shape), a) for a in args
            if any(map(is_tensor, keras.tree.flatten(a)))]


def _inputs(model, input_shapes):
    """New inputs like those that the model was built with."""
    known = getattr(model, "_functional", None) or model  # of a Sequential
    if hasattr(known, "_inputs_struct"):
        return keras.tree.map_structure(
            lambda t: keras.Input(batch_shape=t.shape, dtype=t.dtype, name=t.name),
            known._inputs_struct)
    if input_shapes:
        inputs = {name: keras.Input(shape, name=name) for name, shape in input_shapes.items()}
        return inputs if len(inputs) > 1 else next(iter(inputs.values()))
    shapes = model._build_shapes_dict
    if not shapes or len(shapes) != 1:
        raise NotImplementedError(f"model '{model.name}': the shapes of its inputs are not known; give "
                                  f"input_shapes, those of one row by name")
    return _inputs_of_shapes(next(iter(shapes.values())))


def _inputs_of_shapes(shape, name=None):
    if isinstance(shape, dict):
        return {key: _inputs_of_shapes(value, key) for key, value in shape.items()}
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        return [_inputs_of_shapes(value) for value in shape]
    return keras.Input(batch_shape=(None, *shape[1:]), name=name)


def _name_apart(inputs, outputs):
    """Layers of one name, as blocks of one class have, get numbers; the user's model keeps its names
    but for these."""
    taken, seen = set(), set()
    for node in nodes_between(inputs, outputs):
        operation = node.operation
        if id(operation) in seen:
            continue
        seen.add(id(operation))
        name, number = operation.name, 0
        while operation.name in taken:
            number += 1
            operation.name = f"{name}_{number}"
        taken.add(operation.name)


def _keep_training(functional):
    """The calls' own `training` goes into the configuration under a name of ours: that of Keras'
    Functional models is overridden by the whole model's."""
    inner = functional.get_config

    def get_config():
        config = inner()
        for layer in config["layers"]:
            for node in layer.get("inbound_nodes", ()):
                training = node["kwargs"].get("training")
                if isinstance(training, bool):
                    node["kwargs"]["lamina_training"] = training
        return config
    functional.get_config = get_config
