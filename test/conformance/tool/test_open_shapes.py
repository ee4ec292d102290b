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


def test_columns_fill_an_open_dimension(series, lamina):
    """Those that are no targets; of one that is not named the last column."""
    folder, _ = series
    random = np.random.default_rng(1)
    for steps in (2, 5):
        rows = random.standard_normal((4, 3 * steps + 2)).astype("float32")
        np.savetxt(folder / "data.csv", rows, delimiter=",", fmt="%.9g")
        models.write_data(folder / "data.npz", x=rows[:, :-2].reshape(4, steps, 3), y=rows[:, -2:])
        text = lamina.run("evaluate", folder / "model.json", "--data", folder / "data.csv", "--target",
                          "-2,-1", "--loss", "mse")
        arrays = lamina.run("evaluate", folder / "model.json", "--data", folder / "data.npz", "--loss",
                            "mse")
        assert text.returncode == 0 and text.stdout == arrays.stdout
        np.savetxt(folder / "inputs.csv", rows[:, :-2], delimiter=",", fmt="%.9g")
        found = lamina.predict(folder / "model.json", folder / "inputs.csv", folder / "p.npz")[0]
        assert np.array_equal(found, lamina.predict(folder / "model.json", folder / "data.npz",
                                                    folder / "q.npz")[0])


def test_columns_that_do_not_fill(series, lamina):
    folder, _ = series
    (folder / "data.csv").write_text("1,2,3,4,5\n" * 2)
    done = lamina.run("predict", folder / "model.json", "--data", folder / "data.csv", "-o",
                      folder / "p.npz")
    assert done.returncode == 1
    assert done.stderr == (f"error: {folder / 'data.csv'}: rows have 5 feature values, which do not fill "
                           "the model's input 'x' of shape (None, 3); choose columns with --target and "
                           "--drop\n")


def test_validation_data_of_another_length(series, lamina):
    folder, write = series
    data, other = write("data.npz", 5), write("other.npz", 8)
    log = lamina.train(folder / "model.json", data, folder / "out.keras", folder / "log.csv",
                       epochs=3, batch_size=4, validation=other)
    last = lamina.evaluate(folder / "out.keras", other, 4)["loss"]
    np.testing.assert_allclose(log["val_loss"][-1], last, rtol=1e-6)


def test_frozen_layers_are_not_kept_for_two_lengths(series, lamina):
    folder, write = series
    data, other = write("data.npz", 5), write("other.npz", 8)
    done = lamina.run("train", folder / "model.json", "--data", data, "--validation-data", other,
                      "--freeze", "rnn", "--cache-frozen", "--verbose", "0")
    assert done.returncode == 1
    assert done.stderr == (f"error: {other}: --cache-frozen keeps rows of one length, but those of "
                           "--validation-data have another one than those of --data; give both the "
                           "same, or leave the option out\n")


@pytest.fixture
def aligned(tmp_path):
    """A model whose steps are aligned with labels, and its data."""
    models.write(tmp_path / "model.json", models.sequential(
        models.input_layer(6, 3), models.dense("out", 4)))
    random = np.random.default_rng(0)
    return tmp_path, models.write_data(tmp_path / "data.npz",
                                       x=random.standard_normal((5, 6, 3)).astype("float32"),
                                       y=random.integers(0, 4, (5, 3)).astype("int32"))


def test_numbers_of_labels_are_those_of_the_data(aligned, lamina):
    folder, data = aligned
    given = lamina.run("evaluate", folder / "model.json", "--data", data, "--loss", "ctc",
                       "--target-shape", "out=3")
    found = lamina.run("evaluate", folder / "model.json", "--data", data, "--loss", "ctc")
    assert given.returncode == 0 and found.stdout == given.stdout
    other = lamina.run("evaluate", folder / "model.json", "--data", data, "--loss", "ctc",
                       "--target-shape", "out=2")
    assert other.returncode == 1
    assert other.stderr == (f"error: {data}: rows for target 'out' have shape (3,), but the model wants "
                            "(2,)\n")


def test_numbers_of_labels_without_data(aligned, lamina):
    folder, _ = aligned
    done = lamina.run("bench", folder / "model.json", "--loss", "ctc", "--optimizer", "sgd")
    assert done.returncode == 1
    assert done.stderr == (f"error: {folder / 'model.json'}: output 'out': how many values a row of its "
                           "targets has is known from data alone; give it with --target-shape out=N\n")
    done = lamina.run("bench", folder / "model.json", "--loss", "ctc", "--optimizer", "sgd",
                      "--target-shape", "out=3", "--steps", "2")
    assert done.returncode == 0
    done = lamina.run("bench", folder / "model.json", "--target-shape", "out")
    assert done.returncode == 1
    assert done.stderr == ("error: --target-shape out: expected NAME=N,N,... with extents of at least "
                           "1\n")
