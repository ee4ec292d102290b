"""Keras models as compiled training steps on the CPU.

    import lamina
    step = lamina.compile(keras_model, batch_size=32)
    history = step.fit(x, y, epochs=3, validation_split=0.1)
    step.update(keras_model)

`compile` reads a live Keras model or a model file and gives a `Step`, which trains, evaluates and
predicts as the model does. `LaminaClassifier` and `LaminaRegressor` are estimators of scikit-learn,
`plot` draws what a step knows of itself, `bench` compares a model's step with others.
"""
import importlib

from lamina._compile import compile
from lamina._step import Step

__version__ = "0.2.0"
__all__ = ["LaminaClassifier", "LaminaRegressor", "Step", "bench", "compile", "plot"]

# What needs scikit-learn, pandas or seaborn is imported when it is asked for.
_LATER = {"LaminaClassifier": "lamina._estimators", "LaminaRegressor": "lamina._estimators",
          "bench": "lamina._bench"}


def __getattr__(name):
    if name == "plot":
        return importlib.import_module("lamina.plot")
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module 'lamina' has no attribute '{name}'")


def __dir__():
    return sorted([*globals(), *_LATER, "plot"])
