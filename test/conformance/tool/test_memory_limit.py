"""--memory-limit: the same bits in less memory, what it costs, and what is not possible."""
import re
import zipfile

import numpy as np
import pytest

import small_models as models


def image_model():
    """Images that wait in pairs for the backward pass, and little between them."""
    conv = [models.layer("Conv2D", f"c{i}", filters=8, kernel_size=[3, 3], padding="same",
                         activation="tanh") for i in range(12)]
    return models.sequential(models.input_layer(32, 32, 3), *conv,
                             models.layer("GlobalAveragePooling2D", "pool"),
                             models.layer("Dropout", "drop", rate=0.2), models.dense("out", 2))


def series_model():
    """A loop among what can be computed again."""
    blocks = [layer for i in range(6) for layer in (
        models.dense(f"d{i}", 48, activation="gelu"), models.layer("LayerNormalization", f"n{i}"))]
    return models.sequential(models.input_layer(40, 12), *blocks, models.layer("LSTM", "l", units=8),
                             models.dense("out", 2))


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    for name, model, shape in (("images", image_model(), (32, 32, 3)), ("series", series_model(), (40, 12))):
        models.write(tmp_path / f"{name}.json", model)
        np.savez(tmp_path / f"{name}.npz", x=random.normal(size=(24, *shape)).astype("float32"),
                 y=random.normal(size=(24, 2)).astype("float32"))
    return tmp_path


def arena(lamina, folder, name, *more):
    """MiB of the training step, and what inspect says of it."""
    text = lamina("inspect", folder / f"{name}.json", "--batch-size", 8, *more)
    step = text[text.index("\ntrain_step: "):]
    number, unit = re.search(r"arena ([\d.]+) (\w+)", step).groups()
    return float(number) / {"KiB": 1024, "MiB": 1}[unit], step


def train(lamina, folder, name, out, *more):
    return lamina.run("train", f"{name}.json", "--data", f"{name}.npz", "--seed", 5, "--batch-size", 8,
                      "--epochs", 2, "-o", out, *more, cwd=folder)


def weights(path):
    with zipfile.ZipFile(path) as archive:
        return archive.read("model.weights.h5")


@pytest.mark.parametrize("name, share", [("images", 0.8), ("images", 0.55), ("series", 0.7)])
def test_same_bits_in_less_memory(name, share, lamina, folder):
    needed, _ = arena(lamina, folder, name)
    limit = round(share * needed, 4)
    taken, step = arena(lamina, folder, name, "--memory-limit", limit)
    assert taken <= limit + 0.01
    price = re.search(r"\n  (\d+ kernels run twice: [\d.]+ % more FLOPs, [\d.]+ % more bytes)\n", step)[1]
    assert train(lamina, folder, name, "all.keras").returncode == 0
    done = train(lamina, folder, name, "less.keras", "--memory-limit", limit)
    assert done.returncode == 0, done.stderr
    assert f"To fit into the memory limit {price}\n" in done.stderr
    assert weights(folder / "less.keras") == weights(folder / "all.keras")


def test_more_than_enough(lamina, folder):
    needed, before = arena(lamina, folder, "images")
    taken, after = arena(lamina, folder, "images", "--memory-limit", needed + 1)
    assert taken == needed and after == before and "twice" not in after


def test_too_little(lamina, folder):
    done = train(lamina, folder, "images", "o.keras", "--memory-limit", 0.01)
    assert done.returncode == 1
    assert re.fullmatch(
        r"error: images\.json: '\w+' needs at least [\d.]+ MiB beside the state, more than the memory "
        r"limit of 0\.010 MiB; a smaller batch, or one in parts, takes less\n", done.stderr)
    assert not (folder / "o.keras").exists()
