"""Attention as one kernel beside the composition that holds its scores; what memory it takes."""
import json

import numpy as np
import pytest

import small_models as models
from answers import read_weights

HELD = "--no-fused-attention"
MIB = 1 << 20


def heads(steps, count, size, **call):
    """A model of one MultiHeadAttention of a sequence with itself."""
    width = count * size

    def tensor():
        return {"class_name": "__keras_tensor__", "config": {
            "shape": [None, steps, width], "dtype": "float32", "keras_history": ["x", 0, 0]}}

    layers = [
        {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
         "config": {"name": "x", "batch_shape": [None, steps, width], "dtype": "float32"}},
        {"class_name": "MultiHeadAttention", "name": "heads",
         "config": {"name": "heads", "num_heads": count, "key_dim": size},
         "inbound_nodes": [{"args": [tensor(), tensor()], "kwargs": call}]}]
    return {"class_name": "Functional", "config": {
        "name": "model", "layers": layers, "input_layers": [["x", 0, 0]],
        "output_layers": [["heads", 0, 0]]}}


@pytest.mark.parametrize("call", [{}, {"use_causal_mask": True}], ids=["all", "causal"])
def test_as_the_composition(call, lamina, tmp_path):
    """Steps that no block divides; the weights after some steps of training differ by rounding."""
    models.write(tmp_path / "model.json", heads(133, 3, 20, **call))
    random = np.random.default_rng(0)
    x, y = random.standard_normal((2, 5, 133, 60)).astype("float32")
    models.write_data(tmp_path / "data.npz", x=x, y=y)
    weights = [read_weights(train(lamina, tmp_path, name, more))
               for name, more in (("fused", []), ("held", [HELD]))]
    assert weights[0].keys() == weights[1].keys()
    for name, values in weights[0].items():
        other, scale = weights[1][name], np.abs(values).max()
        assert np.abs(values - other).max() <= 1e-5 * scale + 1e-7, name


def train(lamina, folder, name, more):
    out = folder / f"{name}.keras"
    lamina("train", folder / "model.json", "--data", folder / "data.npz", "--optimizer", "sgd",
           "--learning-rate", 0.5, "--loss", "mse", "--epochs", 5, "--batch-size", 2, "--no-shuffle",
           "--seed", 3, "-o", out, *more)
    return out


def arena(lamina, folder, steps, *more):
    """Bytes of all values of a step of training."""
    models.write(folder / f"{steps}.json", heads(steps, 8, 64))
    text = lamina("bench", folder / f"{steps}.json", "--optimizer", "sgd", "--loss", "mse",
                  "--batch-size", 1, "--steps", 1, "--json", *more)
    return json.loads(text)["arena_bytes"]


def test_memory_grows_with_the_steps(lamina, tmp_path):
    small, large = (arena(lamina, tmp_path, steps) for steps in (256, 1024))
    assert large <= 4.1 * small
    assert arena(lamina, tmp_path, 1024, HELD) >= 8 * 1024 ** 2 * 4 + large / 2


def test_long_sequences_are_trained(lamina, tmp_path):
    """4,096 steps and 8 heads of 64: the scores alone would take 512 MiB, and as much in gradients."""
    models.write(tmp_path / "long.json", heads(4096, 8, 64, use_causal_mask=True))
    text = lamina("bench", tmp_path / "long.json", "--optimizer", "sgd", "--loss", "mse",
                  "--batch-size", 1, "--steps", 1, "--json")
    assert json.loads(text)["peak_rss_bytes"] <= 400 * MIB
