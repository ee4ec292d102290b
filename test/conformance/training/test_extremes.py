"""Elementwise functions over the whole range of floating-point numbers, compiled, against exact values:
zeros, numbers below and above the smallest normal one, the largest ones, infinities, NaN."""
import json

import numpy as np
import pytest

L = np.longdouble
PI = L("3.14159265358979323846264338327950288")


def sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))


def softplus(x):
    return np.where(x > 0, x, 0 * np.where(np.isinf(x), 0, x)) + np.log1p(np.exp(-abs(x)))


def times(x, factor):
    """x times a factor that is 0 at minus infinity."""
    return np.where(x == -np.inf, 0, x * factor)


def sinc(x):
    return np.where(x == 0, 1, np.where(np.isinf(x), 0, np.sin(PI * x) / (PI * x)))


# How far off a result may be: that many times the rounding of the result, and of the argument (or of 1)
# where a function subtracts from it.
ACTIVATIONS = {
    "relu": lambda x: np.where(x < 0, 0, x),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x > 0, x, L("0.2") * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "silu": lambda x: times(x, sigmoid(x)),
    "mish": lambda x: times(x, np.tanh(softplus(x))),
    "exponential": np.exp,
    "tanh": np.tanh,
    "tanh_shrink": lambda x: x - np.tanh(x),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hard_silu": lambda x: times(x, np.clip(x + 3, 0, 6) / 6),
    "softplus": softplus,
    "softsign": lambda x: np.where(np.isinf(x), np.sign(x), x / (1 + abs(x))),
    "squareplus": lambda x: np.where(x < 0, 2 / (np.sqrt(x * x + 4) - x), (x + np.sqrt(x * x + 4)) / 2),
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
    "log_sigmoid": lambda x: -softplus(-x),
    "sigmoid": sigmoid,
}
OPERATIONS = {
    "Abs": abs, "Arccosh": np.arccosh, "Arcsinh": np.arcsinh, "Arctanh": np.arctanh, "Cbrt": np.cbrt,
    "Ceil": np.ceil, "Cos": np.cos, "Cosh": np.cosh, "Exp": np.exp, "Exp2": np.exp2,
    "Expm1": np.expm1, "Floor": np.floor, "Log": np.log, "Log10": np.log10, "Log1p": np.log1p,
    "Log2": np.log2, "Negative": lambda x: -x, "Reciprocal": lambda x: 1 / x, "Round": np.round,
    "Rsqrt": lambda x: 1 / np.sqrt(x), "Sign": np.sign, "Sin": np.sin, "Sinc": sinc,
    "Sinh": np.sinh, "Sqrt": np.sqrt, "Square": lambda x: x * x, "Tan": np.tan, "Tanh": np.tanh,
    "Trunc": np.trunc,
}
SUBTRACTING = {"tanh_shrink", "Sinc"}  # from values of the argument's size, or around 1
# A power whose exponent 1/3 is rounded, as in Keras: the error grows with the argument's logarithm.
ROUNDED_EXPONENT = {"Cbrt"}


def points(dtype):
    info = np.finfo(dtype)
    sizes = [0, info.smallest_subnormal, info.tiny, 1e-38, 1e-20, 1e-7, 1e-3, .1, .5, .999, 1, 1.001, 2, 3,
             7, 17, 20, 88, 89, 100, 710, 1e4, 1e5, 1e10, 1e19, 1e20, 1e30, 3e38, 3.4e38,
             np.sqrt(info.max) * .9, np.sqrt(info.max) * 2, info.max / 2, info.max, np.inf]
    return np.array([*sizes, *[-size for size in sizes], np.nan], dtype)


def write_model(path, dtype):
    """A model with every function as an output; the outputs' functions by name."""
    tensor = {"class_name": "__keras_tensor__",
              "config": {"shape": [None, 1], "dtype": dtype, "keras_history": ["x", 0, 0]}}
    call = [{"args": [tensor], "kwargs": {}}]
    layers = [{"module": "keras.layers", "class_name": "InputLayer", "name": "x", "inbound_nodes": [],
               "config": {"name": "x", "batch_shape": [None, 1], "dtype": dtype}}]
    for name in ACTIVATIONS:
        layers.append({"module": "keras.layers", "class_name": "Activation", "name": name,
                       "config": {"name": name, "activation": name, "dtype": dtype},
                       "inbound_nodes": call})
    for name in OPERATIONS:
        layers.append({"module": "keras.src.ops.numpy", "class_name": name, "name": name,
                       "config": {"name": name}, "inbound_nodes": call})
    functions = {**ACTIVATIONS, **OPERATIONS}
    model = {"module": "keras.src.models.functional", "class_name": "Functional",
             "config": {"name": "m", "layers": layers, "input_layers": [["x", 0, 0]],
                        "output_layers": [[name, 0, 0] for name in functions]}}
    path.write_text(json.dumps(model))
    return functions


def matches(ours, exact, x, dtype, name):
    """Whether each of our values is right."""
    info = np.finfo(dtype)
    with np.errstate(all="ignore"):
        rounded = exact.astype(dtype)
        scale = np.maximum(abs(exact), np.minimum(abs(x), 1) if name in SUBTRACTING else 0)
        if name in ROUNDED_EXPONENT:
            scale = scale * np.maximum(1, abs(np.log(np.maximum(abs(x), info.smallest_subnormal))) / 16)
        near = abs(ours.astype(L) - exact) <= 16 * info.eps * scale + 4 * info.tiny * np.maximum(1, abs(x))
    same = (ours == rounded) | (np.isnan(ours) & np.isnan(rounded))
    return np.where(np.isfinite(rounded), near, same)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extremes(dtype, tmp_path, lamina):
    functions = write_model(tmp_path / "m.json", dtype)
    x = points(dtype)
    np.savez(tmp_path / "x.npz", x=x.reshape(-1, 1))
    outputs = lamina.predict(tmp_path / "m.json", tmp_path / "x.npz", tmp_path / "y.npz")
    # Numbers below the smallest normal one may count as 0.
    flushed = np.where(abs(x) < np.finfo(dtype).tiny, 0 * x, x)
    wrong = []
    for (name, function), ours in zip(functions.items(), outputs):
        ours = ours.ravel()
        with np.errstate(all="ignore"):
            right = [matches(ours, function(given.astype(L)), given.astype(L), dtype, name)
                     for given in (x, flushed)]
        for i in np.flatnonzero(~(right[0] | right[1])):
            wrong.append(f"{name}({x[i]!r}) = {ours[i]!r}")
    assert not wrong
