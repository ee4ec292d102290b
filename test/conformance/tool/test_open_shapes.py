"""Dimensions that the model's file leaves open, such as the length of sequences, are those of the data."""
import numpy as np
import pytest

import small_models as models


@pytest.fixture
def series(tmp_path):
    """A model of sequences of any length, and a function that writes some."""
    models.write(tmp_path / "model.json", models.sequential(
        models.input_layer(None, 3), models.layer("SimpleRNN", "rnn", units=4),
        models.dense("out", 2)))
    random = np.random.default_rng(0)

    def write(name, steps, width=3, key="x"):
        shape = (6, steps, width) if steps is not None else (6, width)
        return models.write_data(tmp_path / name, y=random.standard_normal((6, 2)).astype("float32"),
                                 **{key: random.standard_normal(shape).astype("float32")})

    return tmp_path, write


@pytest.mark.parametrize("key", ["x", "x0"])
def test_lengths_are_those_of_the_data(series, lamina, key):
    folder, write = series
    for steps in (2, 7):
        data = write("data.npz", steps, key=key)
        found = lamina.predict(folder / "model.json", data, folder / "found.npz")
        lamina("predict", folder / "model.json", "--data", data, "--input-shape", f"x={steps},3", "-o",
               folder / "given.npz")
        assert np.array_equal(found[0], np.load(folder / "given.npz")["y"])


def test_training_and_evaluation(series, lamina):
    folder, write = series
    data = write("data.npz", 5)
    before = lamina.evaluate(folder / "model.json", data, 6)["loss"]
    log = lamina.train(folder / "model.json", data, folder / "out.keras", folder / "log.csv", epochs=2,
                       batch_size=6)
    np.testing.assert_allclose(log["loss"][0], before, rtol=1e-6)
    other = write("other.npz", 4)  # what is written leaves the length open
    assert lamina.predict(folder / "out.keras", other, folder / "p.npz")[0].shape == (6, 2)


@pytest.mark.parametrize("steps, width, shape", [(5, 2, "(5, 2)"), (None, 3, "(3,)"), (0, 3, "(0, 3)")])
def test_what_does_not_fit(series, lamina, steps, width, shape):
    folder, write = series
    data = write("data.npz", steps, width)
    done = lamina.run("predict", folder / "model.json", "--data", data, "-o", folder / "p.npz")
    assert done.returncode == 1
    assert done.stderr == (f"error: {data}: rows for input 'x' have shape {shape}, but the model wants "
                           "(None, 3), with extents of at least 1\n")


def test_text_does_not_say_lengths(series, lamina):
    folder, _ = series
    (folder / "data.csv").write_text("1,2,3,4,5,6\n" * 2)
    done = lamina.run("predict", folder / "model.json", "--data", folder / "data.csv", "-o",
                      folder / "p.npz")
    assert done.returncode == 1
    assert done.stderr == (f"error: {folder / 'model.json'}: layer 'x': the input's shape is not known; "
                           "give it with --input-shape\n")
