"""Models that hold code of their user's, said as models of Keras' own layers and operations.

Keras' own symbolic call runs the code once on tensors without values. What its layers and operations
do to them is a Functional model over the same layer objects, and so over the same weights.
"""
import contextlib
import inspect


def is_own(keras, layer):
    """Whether the layer's class is one of Keras', whose meaning a file can name."""
    module = type(layer).__module__
    return module.startswith("keras.") and not isinstance(layer, keras.layers.Lambda)


def needs_tracing(keras, model):
    return any(not is_own(keras, layer) for layer in model._flatten_layers())


def trace(keras, model, input_shapes=None):
    """A Functional model that computes what `model` does. `input_shapes` are those of one row by
    name, for models that do not know them.

    Raises NotImplementedError with the layer and the reason where that cannot be told: code that asks
    for values, functions of a backend, weights of a layer of the user's own, something else in
    training than in prediction.
    """
    foreign = [layer for layer in model._flatten_layers() if not is_own(keras, layer)]
    for layer in foreign:
        _refuse_own_weights(layer)
    # Models of Keras' own classes around such layers are taken apart, too.
    opened = [layer for layer in model._flatten_layers()
              if layer in foreign or isinstance(layer, keras.Model) and needs_tracing(keras, layer)]
    traced = [_trace_once(model, opened, training, keras, input_shapes)
              for training in (None, True, False)]
    if len({_outline(function) for function in traced}) > 1:
        names = ", ".join(f"'{layer.name}'" for layer in foreign)
        raise NotImplementedError(f"model '{model.name}': layer {names}: its code does something else "
                                  f"in training than in prediction; give that to a layer of Keras "
                                  f"such as Dropout")
    return traced[0]


def compile_like(functional, model):
    """Compiles the traced model with the settings, and the optimizer itself, of the model."""
    if not getattr(model, "compiled", False):
        return
    functional.compile_from_config(model.get_compile_config())
    ours, theirs = functional.trainable_variables, model.trainable_variables
    same = len(ours) == len(theirs) and all(a is b for a, b in zip(ours, theirs))
    if same and model.optimizer is not None and model.optimizer.built:
        functional.optimizer = model.optimizer


def _refuse_own_weights(layer):
    variables = layer._trainable_variables + layer._non_trainable_variables
    if variables:
        raise NotImplementedError(
            f"layer '{layer.name}' of class {type(layer).__name__}: weights of a layer of your own "
            f"('{variables[0].name}') are not supported; keep them in layers of keras.layers, such "
            f"as Dense, within it")


def _inputs(keras, model, input_shapes):
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
    return _inputs_of_shapes(keras, next(iter(shapes.values())))


def _inputs_of_shapes(keras, shape, name=None):
    if isinstance(shape, dict):
        return {key: _inputs_of_shapes(keras, value, key) for key, value in shape.items()}
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        return [_inputs_of_shapes(keras, value) for value in shape]
    return keras.Input(batch_shape=(None, *shape[1:]), name=name)


def _trace_once(model, opened, training, keras, input_shapes):
    inputs = _inputs(keras, model, input_shapes)
    with _opened(opened, training):
        outputs = model(inputs)
    return keras.Model(inputs, outputs, name=model.name)


@contextlib.contextmanager
def _opened(layers, training):
    """Calls of these layers run their code, where Keras would make a node for the whole layer. Python
    looks for `__call__` in classes alone."""
    classes = {type(layer) for layer in layers}
    own = {cls: cls.__dict__.get("__call__") for cls in classes}
    inner = {cls: cls.__call__ for cls in classes}
    chosen = {id(layer) for layer in layers}

    def call(layer, *arguments, **keywords):
        if id(layer) in chosen:
            return _run_code(layer, training, arguments, keywords)
        return inner[type(layer)](layer, *arguments, **keywords)
    for cls in classes:
        cls.__call__ = call
    try:
        yield
    finally:
        for cls, before in own.items():
            if before is None:
                del cls.__call__
            else:
                cls.__call__ = before


def _run_code(layer, training, arguments, keywords):
    keywords = {name: value for name, value in keywords.items() if name != "training"}
    if "training" in inspect.signature(layer.call).parameters:
        keywords["training"] = training
    try:
        return layer.call(*arguments, **keywords)
    except NotImplementedError:
        raise
    except Exception as problem:
        raise NotImplementedError(
            f"layer '{layer.name}' of class {type(layer).__name__}: cannot be traced: "
            f"{_line_of(problem, layer)}{_first_line(problem)}") from problem


def _first_line(problem):
    return (str(problem).strip() or type(problem).__name__).splitlines()[0]


def _line_of(problem, layer):
    """Where in the file of the layer's class the code failed: "line 12 of FILE: "."""
    file = inspect.getsourcefile(type(layer).call)
    lines, trace_back = [], problem.__traceback__
    while trace_back is not None:
        if trace_back.tb_frame.f_code.co_filename == file:
            lines.append(trace_back.tb_lineno)
        trace_back = trace_back.tb_next
    return f"line {lines[-1]} of {file}: " if lines else ""


def _outline(functional):
    """The operations in their order with the places of their operands: what two traces of one model
    have in common but for the names of operations."""
    places, outline = {}, []
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        for node in functional._nodes_by_depth[depth]:
            operands = tuple(places.get(id(t)) for t in node.input_tensors)
            places.update({id(t): (len(outline), i) for i, t in enumerate(node.outputs)})
            outline.append((type(node.operation).__name__, operands))
    return tuple(outline)
