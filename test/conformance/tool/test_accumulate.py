"""--accumulate: what it takes, what it refuses, and that the bits hold; test_cases.py compares its
numbers with Keras' of whole batches."""
import re

import numpy as np
import pytest

import small_models as models


@pytest.fixture
def folder(tmp_path):
    models.write(tmp_path / "m.json", models.sequential(
        models.input_layer(20), models.dense("h", 400, activation="relu"), models.dense("out", 1)))
    random = np.random.default_rng(0)
    np.savez(tmp_path / "d.npz", x=random.normal(size=(90, 20)).astype("float32"),
             y=random.normal(size=(90, 1)).astype("float32"),
             w=random.uniform(size=90).astype("float32"))
    return tmp_path


def train(lamina, folder, out, *more):
    return lamina.run("train", "m.json", "--data", "d.npz", "--seed", 1, "--batch-size", 40,
                      "--accumulate", 7, "-o", out, *more, cwd=folder)


def test_bits_do_not_depend_on_threads(lamina, folder):
    for threads in (1, 2, 3):
        assert train(lamina, folder, f"{threads}.keras", "--threads", threads).returncode == 0
    files = {(folder / f"{threads}.keras").read_bytes() for threads in (1, 2, 3)}
    assert len(files) == 1


def test_a_run_that_goes_on_is_the_same(lamina, folder):
    checkpoint = ["--checkpoint", "c"]
    assert train(lamina, folder, "whole.keras", "--epochs", 4).returncode == 0
    assert train(lamina, folder, "half.keras", "--epochs", 2, *checkpoint).returncode == 0
    assert train(lamina, folder, "on.keras", "--epochs", 4, *checkpoint, "--resume").returncode == 0
    assert (folder / "on.keras").read_bytes() == (folder / "whole.keras").read_bytes()


def test_says_what_it_does(lamina, folder):
    done = train(lamina, folder, "o.keras")
    assert ("Batches go through the model in parts of 6 rows: updates are those of whole batches but for "
            "rounding, and for layers that look at a batch as a whole\n") in done.stderr
    assert "parts" not in train(lamina, folder, "o.keras", "--verbose", 0).stderr


def workspace(lamina, folder, *more):
    text = lamina("inspect", folder / "m.json", "--batch-size", 40, *more)
    number, unit = re.search(r"workspace ([\d.]+) (\w+)", text).groups()
    return text, float(number) * {"KiB": 1, "MiB": 1024}[unit]


def test_takes_the_memory_of_a_part(lamina, folder):
    whole, before = workspace(lamina, folder)
    parts, after = workspace(lamina, folder, "--accumulate", 7)
    assert "Batch size 40: " in whole and "Batch size 40 in parts of 6: " in parts
    assert "\naccumulate: " in parts and "accumulate" not in whole
    assert after < before / 3


@pytest.mark.parametrize("reduction, weights, reason", [
    ("sum", [], "which grows with the batch"),
    ("none", [], "whose gradient grows with the batch"),
    ("mean_with_sample_weight", ["--sample-weight", "w"], "which divides by the weights of a batch"),
    ("mean_with_sample_weight", [], None),
    ("mean", ["--sample-weight", "w"], None)])
def test_reductions(reduction, weights, reason, lamina, folder):
    loss = {"module": "keras.losses", "class_name": "MeanSquaredError", "registered_name": None,
            "config": {"name": "mse", "reduction": reduction}}
    models.write(folder / "m.json", models.sequential(
        models.input_layer(20), models.dense("out", 1), loss=loss))
    done = train(lamina, folder, "o.keras", *weights, "--verbose", 0)
    if reason:
        assert (done.returncode, done.stderr) == (
            1, f"error: m.json: loss 'MeanSquaredError': has the reduction '{reduction}', {reason}; with "
               "batches in parts (--accumulate) use 'sum_over_batch_size'\n")
    else:
        assert done.returncode == 0, done.stderr


def test_more_parts_than_rows(lamina, folder):
    done = lamina.run("train", "m.json", "--data", "d.npz", "--accumulate", 33, cwd=folder)
    assert (done.returncode, done.stderr) == (
        1, "error: m.json: a batch of 32 rows cannot be taken in 33 parts; --accumulate may be 32 at the "
           "most\n")
