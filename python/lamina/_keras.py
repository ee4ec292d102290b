"""What is asked of live Keras models."""


class _Group:
    """Stands for a group of a file: keeps where each variable would be."""

    def __init__(self, paths, path):
        self.paths, self.path = paths, path

    def __setitem__(self, key, variable):
        self.paths[id(variable)] = f"{self.path.lstrip('/')}/vars/{key}"


def weight_order(model):
    """The paths in a .keras file of `model.weights`, in their order; None where a layer does not
    store its variables as they are."""
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
    order = [store.paths.get(id(variable)) for variable in model.weights]
    return None if None in order else order
