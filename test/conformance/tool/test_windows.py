"""Windows of a table's rows over time give what arrays of the same windows give."""
import json
import zipfile

import numpy as np
import pandas
import pytest

import small_models as models

ROWS, STEPS = 50, 6


@pytest.fixture
def table():
    random = np.random.default_rng(7)
    return pandas.DataFrame({"day": np.arange(ROWS), "a": np.sin(np.arange(ROWS) / 3).astype("float32"),
                             "b": random.standard_normal(ROWS).astype("float32"),
                             "label": random.integers(0, 2, ROWS)})


@pytest.fixture
def folder(tmp_path, table):
    table.to_csv(tmp_path / "t.csv", index=False, float_format="%.9g")
    table.sample(frac=1, random_state=1).to_csv(tmp_path / "mixed.csv", index=False, float_format="%.9g")
    for name, shape in (("steps", (STEPS, 2)), ("flat", (STEPS * 2,)), ("open", (None, 2)), ("one", (STEPS, 1))):
        models.write(tmp_path / f"{name}.json", model_of(shape))
    return tmp_path


def model_of(shape):
    """Trained from zeros, so that all files start alike."""
    pooled = [] if len(shape) == 1 else [models.layer("GlobalAveragePooling1D", "mean")]
    return models.sequential(models.input_layer(*shape), *pooled,
                             models.dense("out", 1, kernel_initializer="zeros", trainable=True),
                             optimizer=models.sgd(0.1), metrics=["mae"])


def windows(table, columns, target, horizon, stride=1):
    """x and y by hand."""
    values, targets = table[columns].to_numpy("float32"), table[target].to_numpy("float32")
    starts = range(0, len(table) - STEPS - horizon + 1, stride)
    return (np.stack([values[i:i + STEPS] for i in starts]),
            np.stack([targets[i + STEPS - 1 + horizon] for i in starts])[:, None])


def trained(lamina, folder, model, data, *more):
    """The log and the predictions of the trained model for the same data."""
    lamina_in(lamina, folder, "train", model, "--data", data, "--no-shuffle", "--epochs", 2, "--log", "log.csv",
              "-o", "out.keras", *more)
    lamina_in(lamina, folder, "predict", "out.keras", "--data", data, "-o", "p.npz")
    with np.load(folder / "p.npz") as file:
        return pandas.read_csv(folder / "log.csv"), file[file.files[0]]


def lamina_in(lamina, folder, *arguments):
    done = lamina.run(*arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("horizon, stride, columns, target, drop", [
    (1, 1, ["a", "b"], "a", "day,label"),
    (3, 2, ["a", "b"], "b", "day,label"),
    (0, 1, ["a", "b"], "label", "day"),
])
def test_as_arrays(lamina, folder, table, horizon, stride, columns, target, drop):
    x, y = windows(table, columns, target, horizon, stride)
    np.savez(folder / "w.npz", x=x, y=y)
    expected, _ = trained(lamina, folder, "steps.json", "w.npz")
    log, predictions = trained(lamina, folder, "steps.json", "t.csv", "--target", target, "--drop", drop,
                               "--window", STEPS, "--horizon", horizon, "--stride", stride)
    pandas.testing.assert_frame_equal(log, expected, check_exact=True)
    # Predictions need no targets: all windows have one.
    np.savez(folder / "all.npz", x=np.stack([table[columns].to_numpy("float32")[i:i + STEPS]
                                             for i in range(ROWS - STEPS + 1)]))
    lamina_in(lamina, folder, "predict", "out.keras", "--data", "all.npz", "-o", "all_p.npz")
    with np.load(folder / "all_p.npz") as file:
        np.testing.assert_array_equal(predictions, file[file.files[0]])


def test_models_that_take_all_steps_in_one_dimension(lamina, folder, table):
    x, y = windows(table, ["a", "b"], "a", 1)
    np.savez(folder / "w.npz", x=x.reshape(len(x), -1), y=y)
    expected, _ = trained(lamina, folder, "flat.json", "w.npz")
    log, _ = trained(lamina, folder, "flat.json", "t.csv", "--target", "a", "--drop", "day,label", "--window", STEPS)
    pandas.testing.assert_frame_equal(log, expected, check_exact=True)


def test_open_lengths_are_those_of_windows(lamina, folder):
    expected, _ = trained(lamina, folder, "steps.json", "t.csv", "--target", "a", "--drop", "day,label",
                          "--window", STEPS)
    log, _ = trained(lamina, folder, "open.json", "t.csv", "--target", "a", "--drop", "day,label", "--window", STEPS)
    pandas.testing.assert_frame_equal(log, expected, check_exact=True)


def test_arrays_of_rows(lamina, folder, table):
    x, y = windows(table, ["a", "b"], "label", 2)
    np.savez(folder / "w.npz", x=x, y=y)
    np.savez(folder / "rows.npz", x=table[["a", "b"]].to_numpy("float32"),
             y=table[["label"]].to_numpy("float32"))
    expected, _ = trained(lamina, folder, "steps.json", "w.npz")
    log, predictions = trained(lamina, folder, "steps.json", "rows.npz", "--window", STEPS, "--horizon", 2)
    pandas.testing.assert_frame_equal(log, expected, check_exact=True)
    assert len(predictions) == ROWS - STEPS + 1


@pytest.mark.parametrize("data, more", [("t.csv", ["--drop", "day,label"]),
                                        ("mixed.csv", ["--drop", "label", "--split", "time", "--split-column", "day"])])
def test_no_window_is_in_both_parts(lamina, folder, table, data, more):
    """The rows are split, then windows are made of each part: the last 20 of 50 rows are for validation."""
    for name, part in (("w", table[:30]), ("v", table[30:])):
        x, y = windows(part, ["a", "b"], "a", 2)
        np.savez(folder / f"{name}.npz", x=x, y=y)
    expected, _ = trained(lamina, folder, "steps.json", "w.npz", "--validation-data", "v.npz")
    lamina_in(lamina, folder, "train", "steps.json", "--data", data, "--no-shuffle", "--epochs", 2, "--log",
              "log.csv", "--target", "a", "--window", STEPS, "--horizon", 2, "--validation-split", 0.4, *more)
    pandas.testing.assert_frame_equal(pandas.read_csv(folder / "log.csv"), expected, check_exact=True)


def test_the_model_remembers_them(lamina, folder, table):
    trained(lamina, folder, "steps.json", "t.csv", "--target", "a", "--drop", "day,label", "--window", STEPS,
            "--horizon", 2, "--stride", 4, "--standardize")
    with zipfile.ZipFile(folder / "out.keras") as archive:
        assert json.loads(archive.read("assets/lamina.json"))["window"] == {"steps": STEPS, "horizon": 2}
    table[["label", "b", "a"]].to_csv(folder / "other.csv", index=False, float_format="%.9g")
    loss = lamina_in(lamina, folder, "evaluate", "out.keras", "--data", "other.csv").stdout
    assert loss == lamina_in(lamina, folder, "evaluate", "out.keras", "--data", "t.csv").stdout
    assert loss != lamina_in(lamina, folder, "evaluate", "out.keras", "--data", "t.csv", "--window", STEPS,
                             "--horizon", 1).stdout


@pytest.mark.parametrize("model, more, said", [
    ("steps", ["--window", 5], "error: t.csv: windows of 5 steps do not fit the model's input 'x' of shape (6, 2); "
                               "give --window the steps that it takes"),
    ("steps", ["--window", STEPS, "--horizon", 45],
     "error: t.csv: 50 rows from line 2 make no window of 6 steps with a target 45 rows later; give more rows, or "
     "a smaller --window"),
    ("steps", ["--window", STEPS, "--missing", "drop"],
     "error: t.csv: --missing drop would leave gaps in the windows; put in a value instead"),
    ("steps", ["--window", STEPS, "--validation-split", 0.4, "--split", "shuffled"],
     "error: --split shuffled: windows are of rows in a row, and rows that are drawn are none; use --split time, or "
     "leave it out"),
    ("one", ["--window", STEPS], "error: t.csv: rows have 2 feature values, but the model takes 1 (input shape "
                                 "(1,)); choose columns with --target and --drop"),
    ("steps", ["--horizon", 2], "error: --horizon requires --window; see 'lamina help train'"),
    ("steps", ["--window", 0], "error: --window: Value 0 not in range 1 to 16777216; see 'lamina help train'"),
])
def test_refused(lamina, folder, model, more, said):
    done = lamina.run("train", f"{model}.json", "--data", "t.csv", "--target", "a", "--drop", "day,label", *more,
                      cwd=folder)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2 if "help" in said else 1, said)
