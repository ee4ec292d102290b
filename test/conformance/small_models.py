"""Model files for tests that need no Keras process: configs written by hand."""
import json

import numpy as np


def layer(class_name, name, **config):
    return {"module": "keras.layers", "class_name": class_name,
            "config": {"name": name, **config}, "registered_name": None}


def input_layer(*shape, name="x", dtype="float32"):
    return layer("InputLayer", name, batch_shape=[None, *shape], dtype=dtype)


def dense(name, units, **config):
    return layer("Dense", name, units=units, **{"activation": "linear", **config})


def initializer(class_name, **config):
    return {"module": "keras.initializers", "class_name": class_name, "config": config,
            "registered_name": None}


def sequential(*layers, loss="mse", optimizer=None, metrics=None):
    model = {"module": "keras", "class_name": "Sequential", "registered_name": "Sequential",
             "config": {"name": "small", "layers": list(layers)}}
    if loss:
        model["compile_config"] = {
            "optimizer": optimizer or sgd(0.01), "loss": loss, "loss_weights": None,
            "metrics": metrics, "weighted_metrics": None, "run_eagerly": False,
            "steps_per_execution": 1, "jit_compile": False}
    return model


def sgd(rate):
    return {"module": "keras.optimizers", "class_name": "SGD", "registered_name": None,
            "config": {"name": "sgd", "learning_rate": rate}}


def write(path, model):
    path.write_text(json.dumps(model))
    return path


def write_data(path, **arrays):
    np.savez(path, **arrays)
    return path
