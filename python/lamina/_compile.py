"""From a Keras model, live or in a file, to a compiled step."""
import json
import os
import warnings

from lamina import _core
from lamina._callbacks import keras_if_imported
from lamina._step import Step


def compile(model, batch_size=32, optimizer=None, loss=None, metrics=None, threads=None, seed=0,
            input_shapes=None, target_shapes=None, accumulate=1, memory_limit=None):
    """Compiles a model for training, evaluation and prediction on the CPU.

    Args:
        model: a live Keras model of any backend, whose weights and optimizer state are taken over, or
            the path of a .keras or .h5 file or of the JSON of `model.to_json()`.
        batch_size: the most rows of one batch; smaller ones need no compilation of their own.
        optimizer, loss, metrics: in place of those that the model was compiled with; names, or
            objects as keras.Model.compile takes them. Another optimizer starts with fresh state.
        threads: how many threads compiled code uses, the same for all steps of a process; None: as
            many as CPUs that this process may use.
        seed: of shuffling, dropout and initial weights that the model does not have.
        input_shapes: shapes of one row by input name, for axes that the model leaves open. Data may
            have others later.
        target_shapes: shapes of one row of targets by output name, for losses that leave them open
            (CTC); taken from the first targets where they are not given.
        accumulate: parts that a batch goes through the model in, at most batch_size; one update
            follows from the mean of their gradients. Takes less memory; the results differ by
            rounding, and by what normalizations make of a batch.
        memory_limit: bytes that a step may take beside the state; values are computed twice, to the
            same bits, where they would not have room until they are needed.

    Returns: a `Step`.

    Raises ValueError, TypeError or NotImplementedError with the layer and the reason when the model
    cannot be compiled.
    """
    settings = {"input_shapes": _shapes("input_shapes", input_shapes),
                "target_shapes": _shapes("target_shapes", target_shapes),
                "batch_size": _positive(batch_size, "batch_size"),
                "accumulate": _positive(accumulate, "accumulate"),
                "memory_limit": 0 if memory_limit is None else _positive(memory_limit, "memory_limit"),
                "threads": _positive(threads, "threads") if threads is not None else 0,
                "seed": _seed(seed), "sample_weights": False}
    order = None
    if isinstance(model, (str, os.PathLike)):
        settings["compile_config"] = _compile_config(optimizer, loss, metrics)
        core = _core.Step(path=os.fspath(model), name="", **settings)
    elif _is_keras_model(model):
        from lamina._content import content
        from lamina._keras import as_functional
        functional = as_functional(model, input_shapes)
        settings["compile_config"] = _compile_config(optimizer, loss, metrics, model, functional)
        parts, order = content(functional, model.weights)
        core = _core.Step(path="", name=f"model '{model.name}'", content=parts, **settings)
    else:
        raise TypeError(f"a Keras model or the path of a model file is wanted, not "
                        f"{type(model).__name__}")
    for note in core.notes:
        warnings.warn(note.removeprefix("note: "), stacklevel=2)
    return Step(core, settings["seed"], order)


def _is_keras_model(model):
    keras = keras_if_imported()
    return keras is not None and isinstance(model, keras.Model)


def _require_whole_number(value, what):
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{what} is a whole number, not {value!r}")


def _positive(value, what):
    _require_whole_number(value, what)
    if not 1 <= value < 1 << 31:
        raise ValueError(f"{what}={value}; it is at least 1")
    return int(value)


def _shapes(what, shapes):
    if shapes is None:
        return {}
    if not isinstance(shapes, dict):
        raise TypeError(f"{what} is a dict of shapes by name, not {type(shapes).__name__}")
    return {str(name): [_positive(n, f"{what}['{name}']") for n in shape]
            for name, shape in shapes.items()}


def _seed(value):
    _require_whole_number(value, "seed")
    if not 0 <= value < 1 << 63:
        raise ValueError(f"seed={value}; it is at least 0 and below 2**63")
    return int(value)


def keras_object(module, class_name, config):
    """An object of a class of Keras as Keras serializes it."""
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def _compile_config(optimizer, loss, metrics, model=None, functional=None):
    """The JSON of settings in place of the file's, in the form of its compile_config. A live model's
    own come from it where its file cannot say them."""
    given = {"loss": loss, "metrics": metrics}
    given = {name: value for name, value in given.items() if value is not None}
    config = {}
    if functional is not None:
        from lamina import _settings
        config = _settings.compile_settings(model, functional) or {}
        own = _settings.serialize_settings(functional, **given) if given else {}
        config.update({name: own[name] for name in given})
    else:
        config.update({name: _serialize(value) for name, value in given.items()})
    if isinstance(optimizer, str):
        config["optimizer"] = keras_object("keras.optimizers", optimizer, {})
    elif optimizer is not None:
        if not isinstance(optimizer, dict) and not type(optimizer).__module__.startswith("keras."):
            raise NotImplementedError(f"optimizer of class {type(optimizer).__name__}: one of your own "
                                      f"is given to the model, model.compile(optimizer=…), which is "
                                      f"compiled then")
        config["optimizer"] = _serialize(optimizer)
    return json.dumps(config) if config else ""


def _serialize(value):
    """Settings for a model in a file."""
    if isinstance(value, dict) and "class_name" in value:
        return value
    is_named = isinstance(value, str) or isinstance(value, (list, tuple, dict)) and all(
        isinstance(v, (str, dict)) for v in (value.values() if isinstance(value, dict) else value))
    if is_named:
        return value
    from lamina import _settings
    import keras
    if not all(map(_settings.is_own, keras.tree.flatten(value))):
        raise NotImplementedError("losses and metrics that are not Keras' own are traced for the "
                                  "outputs of a live model; compile that, and not its file")
    return _settings.serialize(value)
