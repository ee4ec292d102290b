"""What is asked of live Keras models."""
from lamina import _trace


def as_functional(model, input_shapes=None):
    """The model, or where it holds code of its user's a Functional one over the same layers."""
    import keras
    if not _trace.needs_tracing(keras, model):
        return model
    functional = _trace.trace(keras, model, input_shapes)
    _trace.compile_like(functional, model)
    return functional


class _Group:
    """Stands for a group of a file: keeps where each variable would be."""

    def __init__(self, paths, path):
        self.paths, self.path = paths, path

    def __setitem__(self, key, variable):
        self.paths[id(variable)] = f"{self.path.lstrip('/')}/vars/{key}"


def weight_order(model, weights):
    """The paths in the model's .keras file of variables of it, in their order; None where a layer
    does not store its variables as they are."""
    from keras.src.saving import saving_lib

    class Store(saving_lib.NpzIOStore):
        """Stands for a file of weights; `_save_state` takes classes of its own alone."""

        def __init__(self):
            self.paths = {}

        def __bool__(self):
            return True

        def make(self, path, metadata=None):
            return _Group(self.paths, path)

    store = Store()
    saving_lib._save_state(model, weights_store=store, assets_store=None, inner_path="",
                           visited_saveables=set())
    order = [store.paths.get(id(variable)) for variable in weights]
    return None if None in order else order
