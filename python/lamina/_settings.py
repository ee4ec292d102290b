"""Losses, metrics and optimizers of live Keras models, in the form of a file's compile_config.

Losses and metrics that are not Keras' own are traced like layers: a loss is a function of targets and
predictions; a metric is what a batch adds to its variables, and its result from these.
"""
import keras
import numpy as np

from lamina._graphs import nodes_between
from lamina._tracing import Scope, first_line, is_tensor, line_of, tracing, variable_tensor


def is_own(value):
    """Whether Keras can name what a loss or metric does."""
    if isinstance(value, (str, type(None), dict)):
        return True
    function = getattr(value, "fn", None) or getattr(value, "_fn", None)
    if function is not None and not is_own(function):
        return False
    module = value.__module__ if callable(value) and hasattr(value, "__name__") else (
        type(value).__module__)
    return (module or "").startswith("keras.")


def compile_settings(model, functional):
    """Losses and metrics of a compiled model, with those that are not Keras' own traced for the
    outputs of `functional`; None where the model's file says all of them."""
    if not getattr(model, "compiled", False) or not hasattr(model, "_compile_config"):
        return None
    given = model._compile_config.config
    values = {name: given.get(name) for name in ("loss", "metrics", "weighted_metrics")}
    if type(model).compute_loss is not keras.Model.compute_loss:
        from lamina._compute_loss import OwnLoss
        values["loss"] = OwnLoss(model, functional, values["loss"])
    if functional is model and all(map(is_own, keras.tree.flatten(list(values.values())))):
        return None
    return {**serialize_settings(functional, **values), "loss_weights": given.get("loss_weights")}


def serialize_settings(functional, loss=None, metrics=None, weighted_metrics=None):
    """The JSON of losses and metrics for the model's outputs."""
    functional = getattr(functional, "_functional", None) or functional  # of a Sequential
    if not hasattr(functional, "output_names"):
        raise NotImplementedError(f"model '{functional.name}': a loss or metric of your own needs a "
                                  f"model that knows its inputs' shapes; call it once, or begin it with "
                                  f"an Input")
    outputs = dict(zip(functional.output_names, functional.outputs))
    if isinstance(functional._outputs_struct, dict):
        outputs = {name: functional._outputs_struct[name]
                   for name in sorted(functional._outputs_struct)}
    targets = dict(zip(outputs, map(_target, outputs.values(), _losses(loss, outputs))))

    def trace_metric(name, metric, weighted):
        return metric_program(metric, targets[name], outputs[name], weighted)
    return {"loss": _distribute(loss, outputs, lambda name, value: loss_program(value, outputs[name])),
            "metrics": _distribute(metrics, outputs, lambda n, v: trace_metric(n, v, False)),
            "weighted_metrics": _distribute(weighted_metrics, outputs,
                                            lambda n, v: trace_metric(n, v, True))}


def _losses(loss, outputs):
    """The loss of each output."""
    if isinstance(loss, dict):
        return [loss.get(name) for name in outputs]
    return list(loss) if isinstance(loss, (list, tuple)) else [loss] * len(outputs)


def _target(output, loss):
    """A tensor like the output's targets: class indices for sparse losses, else like the output."""
    name = loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(
        loss, "__name__", "")
    is_sparse = "sparse" in name.lower() or name in ("crossentropy", "ce") and output.shape[-1] != 1
    shape = output.shape[:-1] if is_sparse else output.shape
    return keras.KerasTensor(shape, "int32" if is_sparse else output.dtype)


def _distribute(value, outputs, trace):
    """The settings with what is not Keras' own traced for the output that it belongs to."""
    names = list(outputs)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict) and "class_name" not in value:
        return {name: _of_output(v, name, trace) for name, v in value.items()}
    if isinstance(value, (list, tuple)):
        if len(names) == 1:
            return [_of_output(v, names[0], trace) for v in value]
        return [_of_output(v, name, trace) for v, name in zip(value, names, strict=True)]
    if is_own(value) or len(names) == 1:
        return _of_output(value, names[0], trace)
    return [_of_output(value, name, trace) for name in names]


def _of_output(value, name, trace):
    if isinstance(value, (list, tuple)):
        return [_of_output(v, name, trace) for v in value]
    return serialize(value) if is_own(value) else trace(name, value)


def serialize(value):
    """Names and objects of Keras as a file has them."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return [serialize(v) for v in value]
    if isinstance(value, dict):
        is_object = "class_name" in value
        return value if is_object else {name: serialize(v) for name, v in value.items()}
    serialized = keras.saving.serialize_keras_object(value)
    # Keras leaves a loss's own type out.
    if isinstance(value, keras.losses.Loss) and value.dtype != "float32":
        serialized["config"]["dtype"] = value.dtype
    return serialized


def _object(class_name, config):
    return {"module": "lamina", "class_name": class_name, "config": config,
            "registered_name": f"lamina>{class_name}"}


def _like(tensor, name, dtype=None):
    return keras.Input(batch_shape=tuple(tensor.shape), dtype=dtype or tensor.dtype, name=name)


def _refuse_variable(what):
    def find(variable):
        raise NotImplementedError(f"{what}: it reads the variable '{variable.name}', which only layers "
                                  f"and metrics can have")
    return find


def _call(inner, layer, args, kwargs):
    return inner(layer, *args, **kwargs)


def _run(what, function, code, find, anchor, *arguments):
    """What the function gives for tensors without values, and its scope. `code` is whose lines are
    named."""
    with tracing(_call, anchor), Scope(find) as scope:
        try:
            return keras.tree.map_structure(variable_tensor, function(*arguments)), scope
        except Exception as problem:
            if isinstance(problem, NotImplementedError) and str(problem).startswith(what):
                raise
            raise NotImplementedError(f"{what} cannot be traced: {line_of(problem, code)}"
                                      f"{first_line(problem)}") from problem


def _program(what, inputs, outputs):
    """The JSON of a function of tensors."""
    for output in outputs:
        if not is_tensor(output):
            raise NotImplementedError(f"{what} cannot be traced: it gives {output!r:.60}, no tensor")
    return keras.saving.serialize_keras_object(keras.Model(inputs, outputs))


def loss_program(loss, output):
    """A loss of the user's own."""
    if hasattr(loss, "program"):
        return loss.program(output)
    if not isinstance(loss, keras.losses.Loss):
        loss = keras.src.losses.losses.LossFunctionWrapper(loss, name=_name(loss))
    what = f"loss '{loss.name}'"
    y_true, y_pred = _like(output, "y_true", loss.dtype), _like(output, "y_pred", loss.dtype)
    code = getattr(loss, "fn", type(loss).call)
    values, _ = _run(what, loss.call, code, _refuse_variable(what), y_pred, y_true, y_pred)
    return _object("Loss", {"name": loss.name, "reduction": loss.reduction, "dtype": loss.dtype,
                            "program": _program(what, [y_true, y_pred], [values])})


def _name(function):
    return getattr(function, "__name__", type(function).__name__).replace("<lambda>", "lambda")


def metric_program(metric, target, output, weighted):
    """A metric of the user's own."""
    if not isinstance(metric, keras.metrics.Metric):
        metric = keras.metrics.MeanMetricWrapper(metric, name=_name(metric))
    what = f"metric '{metric.name}'"
    metric.reset_state()
    if any(np.any(keras.ops.convert_to_numpy(v)) for v in metric.variables):
        raise NotImplementedError(f"{what}: its variables do not begin at 0, which is not supported")
    states = [_like(v, f"state_{i}") for i, v in enumerate(metric.variables)]
    inputs = [_like(target, "y_true"), _like(output, "y_pred")]
    if weighted:
        inputs.append(keras.Input(batch_shape=target.shape[:1], name="sample_weight"))
    code = getattr(metric, "_fn", type(metric).update_state)

    def find(variable):
        for own, state in zip(metric.variables, states):
            if own is variable:
                return state
        return _refuse_variable(what)(variable)
    _, scope = _run(what, metric.update_state, code, find, inputs[1], *inputs)
    new = {id(v): value for v, value in scope.updates()}
    sums = [_addend(what, v, new.get(id(v), state), state, states, inputs[1])
            for v, state in zip(metric.variables, states)]
    value, _ = _run(what, metric.result, type(metric).result, find, inputs[1])
    return _object("Metric", {"name": metric.name, "update": _program(what, inputs, sums),
                              "result": _program(what, states, [value])})


def _addend(what, variable, new, state, states, anchor):
    """What a batch adds to a variable whose new value is `new`."""
    addend = None
    while new is not state:
        node = is_tensor(new) and new._keras_history.operation._inbound_nodes[
            new._keras_history.node_index]
        name = type(node.operation).__name__ if node else ""
        args = node.arguments.args if node else ()
        if name not in ("Add", "Subtract") or not is_tensor(args[0]):
            raise NotImplementedError(f"{what}: its variable '{variable.name}' changes otherwise than "
                                      f"by assign_add, which is not supported")
        part = args[1] if name == "Add" else keras.ops.negative(args[1])
        addend = part if addend is None else addend + part
        new = args[0]
    if addend is None:
        addend = 0.0
    if not is_tensor(addend):
        addend = _zeros(anchor, tuple(state.shape)) + addend
    needed = nodes_between([], [addend])
    read = {id(t) for node in needed for t in node.input_tensors}
    if any(id(s) in read for s in states):
        raise NotImplementedError(f"{what}: what is added to its variable '{variable.name}' depends on "
                                  f"its variables, which is not supported")
    return keras.ops.cast(addend, "float32")


def _zeros(anchor, shape):
    return keras.ops.broadcast_to(keras.ops.sum(keras.ops.zeros_like(anchor)), shape)


def carry_optimizer(source, of, target, to):
    """Copies an optimizer's state where the order of the weights is another: `source` trains the
    variables `of`, `target` the variables `to`."""
    places = {id(v): i for i, v in enumerate(of)}
    for name, value in vars(source).items():
        other = getattr(target, name, None)
        if isinstance(value, keras.Variable) and isinstance(other, keras.Variable):
            other.assign(value.value)
        elif _is_slots(value, of) and _is_slots(other, to):
            for variable, slot in zip(to, other):
                if id(variable) in places:
                    slot.assign(value[places[id(variable)]].value)


def _is_slots(value, variables):
    return (isinstance(value, list) and len(value) == len(variables)
            and all(isinstance(v, keras.Variable) for v in value))
