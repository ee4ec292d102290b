"""What is asked of live Keras models."""
import keras

from lamina import _settings, _trace


def as_functional(model, input_shapes=None):
    """The model, or where it holds code of its user's a Functional one over the same layers, with an
    optimizer in the model's state."""
    if not _trace.needs_tracing(model):
        return model
    functional = _trace.trace(model, input_shapes)
    if getattr(model, "compiled", False) and model.optimizer is not None:
        functional.compile(_optimizer_for(functional, model))
    return functional


def _optimizer_for(functional, model):
    """The model's optimizer, or where the order of weights is another one a copy of it."""
    ours, theirs = functional.trainable_variables, model.trainable_variables
    same = len(ours) == len(theirs) and all(a is b for a, b in zip(ours, theirs))
    if same and model.optimizer.built:
        return model.optimizer
    copy = type(model.optimizer).from_config(model.optimizer.get_config())
    copy.build(ours)
    if model.optimizer.built:
        _settings.carry_optimizer(model.optimizer, theirs, copy, ours)
    return copy


def load_weights(model, path):
    """Gives the model the weights, and the optimizer's state, of a step's .weights.h5 file."""
    functional = as_functional(model)
    functional.load_weights(path)
    optimizer = getattr(model, "optimizer", None)
    if functional is not model and optimizer is not None and functional.optimizer is not optimizer:
        _settings.carry_optimizer(functional.optimizer, functional.trainable_variables, optimizer,
                                  model.trainable_variables)
