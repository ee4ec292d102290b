"""Keras' callbacks around a compiled step."""
import sys


def keras_if_imported():
    """Keras, where somebody has imported it; it takes seconds, and nothing here needs it."""
    return sys.modules.get("keras")


class History:
    """The logs of every epoch by name, as keras.callbacks.History has them."""

    def __init__(self):
        self.history, self.epoch, self.params, self.model = {}, [], None, None

    def set_params(self, params):
        self.params = params

    def set_model(self, model):
        self.model = model


def new_history():
    keras = keras_if_imported()
    history = keras.callbacks.History() if keras else History()
    history.history, history.epoch = {}, []
    return history


class OptimizerView:
    """What callbacks see of a step's optimizer: its learning rate, to read and to set."""

    built = True

    def __init__(self, core):
        object.__setattr__(self, "_core", core)

    @property
    def learning_rate(self):
        return self._core.learning_rate

    def __setattr__(self, name, value):
        if name not in ("learning_rate", "lr"):
            raise AttributeError(f"the optimizer of a compiled step has no '{name}' to set")
        self._core.learning_rate = float(value)


BATCH_HOOKS = {"train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin",
                         "on_batch_end"),
               "test": ("on_test_batch_begin", "on_test_batch_end"),
               "predict": ("on_predict_batch_begin", "on_predict_batch_end")}


def _refuse_swap_averages(callback):
    keras = keras_if_imported()
    if keras and isinstance(callback, keras.callbacks.SwapEMAWeights):
        raise NotImplementedError("callback SwapEMAWeights looks into the optimizer of a Keras model, "
                                  "which a compiled step does not have")


class Callbacks:
    """Calls the hooks of callbacks, each in turn. Hooks of batches are called where a callback has
    some of its own: steps between them are otherwise run at once."""

    def __init__(self, callbacks, step, params):
        nested = getattr(callbacks, "callbacks", callbacks)
        self.callbacks = list(nested) if isinstance(nested, (list, tuple)) else (
            [] if nested is None else [nested])
        for callback in self.callbacks:
            if not hasattr(callback, "on_train_begin") or not hasattr(callback, "set_model"):
                raise TypeError(f"{callback!r} is no keras.callbacks.Callback")
            _refuse_swap_averages(callback)
            callback.set_params(params)
            callback.set_model(step)

    def wants_batches(self, kind):
        return any(self._has_hook(callback, name)
                   for callback in self.callbacks for name in BATCH_HOOKS[kind])

    @staticmethod
    def _has_hook(callback, name):
        base = next((c for c in type(callback).__mro__
                     if c.__name__ == "Callback" and c.__module__.startswith("keras.")), None)
        own = getattr(callback, name, None)
        return getattr(own, "__func__", own) is not getattr(base, name, None) and own is not None

    def call(self, hook, *place, logs=None):
        """`place` is the number of the epoch or batch, for hooks of those. Logs are a keyword where
        Keras gives them as one."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            if "_batch_" in hook:
                getattr(callback, hook)(*place, logs=logs)
            else:
                getattr(callback, hook)(*place, logs)
