"""What a .keras archive of a live model holds, in memory: no file is written, and none is read."""
import contextlib
import functools
import json
import os
import shutil
import warnings

import keras
import numpy as np

from lamina import _optimizers

_saving = keras.src.saving.saving_lib


class _Group:
    """Stands for a group of the file of weights."""

    def __init__(self, store, path):
        self.store, self.path = store, path

    def __setitem__(self, key, value):
        self.store.values[f"{self.path}/{key}"] = value
        self.store.groups.setdefault(self.path, "")


class _Weights(_saving.NpzIOStore):
    """Stands for a file of weights; `_save_state` takes classes of its own alone."""

    def __init__(self):
        self.values, self.groups = {}, {}

    def __bool__(self):
        return True

    def make(self, path, metadata=None):
        group = f"{path}/vars".lstrip("/")
        if metadata:
            self.groups[group] = metadata["name"]
        return _Group(self, group)


class _Assets(_saving.DiskIOStore):
    """Files that layers write, in a folder that is made when the first one does."""

    def __init__(self):
        self.tmp_dir, self.is_open = None, False

    def __bool__(self):
        return True

    def make(self, path):
        if not self.is_open:
            super().__init__("assets", mode="w")
            self.is_open = True
        return super().make(path)

    def take(self):
        """The files as bytes, by their names in an archive; the folder is gone then."""
        files = {}
        for folder, _, names in os.walk(self.working_dir if self.is_open else ""):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    files["assets/" + os.path.relpath(path, self.working_dir)] = file.read()
        if self.is_open:
            shutil.rmtree(self.tmp_dir)
        return files


_skipset = functools.cache(_saving.get_attr_skipset)


@contextlib.contextmanager
def _remembered_skipsets():
    """Keras makes objects for the names of attributes to leave out, anew for each of the model's."""
    inner, _saving.get_attr_skipset = _saving.get_attr_skipset, _skipset
    try:
        yield
    finally:
        _saving.get_attr_skipset = inner


def content(model, weights):
    """The parts of the archive, and the paths in it of `weights`, in their order, each a list of all
    places where it is; None where a layer does not store its variables as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Keras cannot save, which is told elsewhere
        config, metadata = _saving._serialize_model_as_json(model)
    config = _without_own_initializers(json.loads(config))
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and not _optimizers.is_own(optimizer):
        training = config.get("compile_config") or {}
        own = _optimizers.optimizer_object(optimizer, model.trainable_variables)
        config["compile_config"] = {**training, "optimizer": own}
    store, assets = _Weights(), _Assets()
    try:
        with _remembered_skipsets():
            _saving._save_state(model, weights_store=store, assets_store=assets, inner_path="",
                                visited_saveables=set())
    finally:
        files = assets.take()
    parts = {"config": json.dumps(config), "metadata": metadata, "groups": store.groups,
             "weights": {path: _array(value) for path, value in store.values.items()},
             "assets": files}
    places = {}
    for path, value in store.values.items():
        places.setdefault(id(value), []).append(path)
    order = [places.get(id(variable)) for variable in weights]
    return parts, None if None in order else order


def _without_own_initializers(config):
    """The configuration with zeros in place of initializers of the user's own: the weights have their
    values."""
    if isinstance(config, list):
        return [_without_own_initializers(value) for value in config]
    if not isinstance(config, dict):
        return config
    zeros = keras.saving.serialize_keras_object(keras.initializers.Zeros())
    return {key: zeros if key.endswith("initializer") and _is_foreign(value) else
            _without_own_initializers(value) for key, value in config.items()}


def _is_foreign(value):
    module = value.get("module") if isinstance(value, dict) else None
    return module is not None and not module.startswith("keras") or isinstance(value, dict) and (
        value.get("class_name") == "function")


def _array(value):
    array = keras.ops.convert_to_numpy(value)
    if array.dtype.kind not in "biuf":  # bfloat16 is no type of NumPy's
        array = array.astype("float32")
    return np.require(array, requirements="C")
