"""`lamina new`: models made for data load in real Keras, which predicts and trains the same; a table with
text and gaps needs nothing else; what no model can be made for is refused."""
import json
import os
import pathlib
import re
import subprocess
import sys
import zipfile

import numpy as np
import pandas
import pytest

LOADER = pathlib.Path(__file__).parents[1] / "keras_loader.py"


def table(rows=120):
    """A passenger list: names, a running number, text, gaps, a column without a value."""
    random = np.random.default_rng(5)
    data = pandas.DataFrame({
        "id": range(1, rows + 1), "name": [f"passenger {i}" for i in range(rows)],
        "age": random.normal(40, 12, rows).round(1), "deck": random.choice(["a", "b", "c"], rows),
        "fare": random.gamma(2, 10, rows).round(2), "ship": "Lamina", "nothing": np.nan})
    data["lived"] = np.where((data.deck == "a") | (data.age < 30), "yes", "no")
    data.loc[random.choice(rows, 20, replace=False), "age"] = np.nan
    data.loc[3, "deck"] = np.nan
    return data


def features_of(data):
    """What the recipe makes of a table, by hand."""
    deck = data.deck.fillna(data.deck.mode()[0])
    return np.stack([data.age.fillna(data.age.median()), *[(deck == d) * 1.0 for d in "abc"],
                     data.fare], 1).astype("float32")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data file for each kind of model."""
    folder, random = tmp_path_factory.mktemp("new"), np.random.default_rng(1)
    data = table()
    data.to_csv(folder / "table.csv", index=False)
    np.savez(folder / "encoded.npz", x=features_of(data), y=(data.lived == "yes").to_numpy("float32")[:, None])
    small = random.normal(5, 3, (64, 4)).astype("float32")
    np.savez(folder / "numbers.npz", x=small, y=1e5 + 2e4 * small[:, :2])
    np.savez(folder / "image.npz", x=random.integers(0, 256, (40, 16, 16), "uint8"),
             y=np.arange(40) % 3)
    np.savez(folder / "series.npz", x=random.normal(9, 2, (30, 140, 2)).astype("float32"),
             y=np.eye(3)[np.arange(30) % 3])
    return folder


MODELS = {"table.csv": "encoded.npz", "numbers.npz": "numbers.npz", "image.npz": "image.npz",
          "series.npz": "series.npz"}


@pytest.fixture(scope="module")
def by_keras(made, request):
    """The models, made, and what Keras says of each."""
    from lamina import Lamina
    lamina = Lamina(pathlib.Path(request.config.getoption("--lamina")))
    words = {name: lamina("new", made / name, "-o", made / f"{name}.keras") for name in MODELS}
    lines = []
    for name, data in MODELS.items():
        arrays = dict(np.load(made / data))
        if name == "image.npz":  # Keras adds no channels
            arrays["x"] = arrays["x"][..., None]
        np.savez(made / f"{name}.keras-data.npz", **arrays)
        lines.append("\t".join([name, str(made / f"{name}.keras"), str(made / f"{name}.keras-data.npz")]))
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([sys.executable, LOADER, made], input="\n".join(lines), text=True, check=True,
                   env=environment, capture_output=True)
    return made, words


@pytest.mark.parametrize("name", MODELS)
def test_keras_predicts_and_trains_the_same(name, lamina, by_keras, tmp_path):
    folder, _ = by_keras
    error = folder / f"{name}.error"
    assert not error.exists(), error.read_text()
    keras = np.load(folder / f"{name}.npz")
    ours = lamina.predict(folder / f"{name}.keras", folder / name, tmp_path / "p.npz")[0]
    scale = np.abs(keras["predictions"]).max()
    np.testing.assert_allclose(ours, keras["predictions"], atol=2e-6 * scale)
    rows = len(keras["predictions"])  # Keras' steps are of all rows
    more = ["--missing", "mean"] if name.endswith(".csv") else []
    log = lamina.train(folder / f"{name}.keras", folder / name, tmp_path / "t.keras", tmp_path / "log",
                       epochs=3, batch_size=rows, more=more)
    np.testing.assert_allclose(log["loss"], keras["losses"], rtol=2e-5)


def test_words(by_keras):
    folder, words = by_keras
    text = words["table.csv"]
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0] == f"{folder}/table.csv: 120 rows"
    assert "classification: column 'lived' holds 2 different texts" in lines
    for column, why in [("id", "it counts the rows"), ("ship", "it has one value"),
                        ("nothing", "it is empty"),
                        ("name", "it holds 120 different texts in 120 rows")]:
        assert f"column '{column}' is left out: {why}" in lines
    assert ("inputs: 5 values of 3 columns, 1 of them text (a value for each category); 2 have gaps, "
            "which get the median or the most frequent value") in lines
    assert ("Dense of 16: the next power of two from twice the inputs and outputs, 16 to 256") in lines
    assert "compiled with Adam, binary_crossentropy, accuracy" in lines
    assert "regression: 'y' is float64 (64, 2)" in words["numbers.npz"].replace("float32", "float64")
    assert "image: 'x' is uint8 (40, 16, 16): 16 x 16 pixels, 1 channel" in words["image.npz"]
    assert "series: 'x' is float32 (30, 140, 2): 140 steps of 2 values" in words["series.npz"]
    assert "with a single 1 in each row" in words["series.npz"]


def test_the_next_command(lamina, by_keras, tmp_path):
    """As it is printed, text columns and gaps and all."""
    folder, words = by_keras
    command = re.search(r"next: lamina (.*)", words["table.csv"])[1].split()
    lamina(*command, "--log", tmp_path / "log.csv")
    log = pandas.read_csv(tmp_path / "log.csv")
    assert log.accuracy.iloc[-1] > 0.9 and len(log) == 100
    some = table().iloc[5:9][["fare", "deck", "age"]]
    some.to_csv(tmp_path / "some.csv", index=False)
    lamina("predict", folder / "table.csv-trained.keras", "--data", tmp_path / "some.csv", "--format",
           "labels", "-o", tmp_path / "labels.csv")
    assert set((tmp_path / "labels.csv").read_text().split()[1:]) <= {"yes", "no"}


def test_a_file_without_names(lamina, tmp_path):
    """The class first, as in UCI's Wine; a column that is left out; rows without a class. The model
    remembers places."""
    data = table()
    data["lived"] = data.lived.map({"yes": 1, "no": 2})
    data = data[["lived", "id", "age", "fare"]]
    data.loc[7, "lived"] = np.nan
    data.to_csv(tmp_path / "d.data", index=False, header=False)
    words = lamina("new", tmp_path / "d.data", "--target", 0, "-o", tmp_path / "m.keras")
    assert "1 more rows have no target" in words and "column 1 is left out" in words
    command = re.search(r"next: lamina (.*)", words)[1].split()
    assert command[-4:-2] == ["--missing", "drop"]
    lamina(*command)
    trained = tmp_path / "m-trained.keras"
    recipe = json.loads(zipfile.ZipFile(trained).read("assets/lamina.json"))
    assert recipe["places"] == {"width": 4, "columns": [2, 3], "targets": [0]}
    assert recipe["classes"] == {"output": ["1", "2"]}
    report = lamina("evaluate", trained, "--data", tmp_path / "d.data", "--missing", "drop", "--report")
    assert float(re.search(r"accuracy: (\S+)", report)[1]) > 0.6


def test_seed(lamina, made, tmp_path):
    def weights(seed, name):
        lamina("new", made / "image.npz", "--seed", seed, "-o", tmp_path / name)
        return (tmp_path / name).read_bytes()

    assert weights(1, "a.keras") == weights(1, "b.keras") != weights(2, "c.keras")


def test_a_table_of_pixels_and_of_steps(lamina, tmp_path):
    random = np.random.default_rng(0)
    rows = pandas.DataFrame(random.integers(0, 17, (30, 64)))
    rows["digit"] = np.arange(30) % 3
    rows.to_csv(tmp_path / "d.csv", index=False)
    for task, shape in [("image", [None, 8, 8, 1]), ("series", [None, 64, 1])]:
        lamina("new", tmp_path / "d.csv", "--task", task, "-o", tmp_path / "m.keras")
        model = json.loads(zipfile.ZipFile(tmp_path / "m.keras").read("config.json"))
        assert model["config"]["layers"][0]["config"]["batch_shape"] == shape
        lamina("train", tmp_path / "m.keras", "--data", tmp_path / "d.csv", "-o", tmp_path / "t.keras")


CSV = "a,b,kind\n" + "".join(f"{i * 5 % 12},{i * i % 7},{'xyz'[i % 3]}\n" for i in range(12))
ARRAYS = {"x": np.zeros((6, 2)), "y": np.arange(6.)}


@pytest.mark.parametrize("content, more, message", [
    (CSV, ["--task", "regression"],
     "column 'kind' holds text ('x'), and regression is for numbers; use --task classification, or "
     "choose another column with --target"),
    (CSV, ["--target", "c"], "there is no column 'c'; the file has a, b, kind"),
    (CSV, ["--target", "kind", "--drop", "kind"],
     "column 'kind' is the target and cannot be dropped"),
    (CSV, ["--drop", "a,b,kind"], "all columns are dropped; keep one for the target"),
    (CSV, ["--drop", "a,b"],
     "no column is left for the inputs; a model needs at least one that varies"),
    (CSV, ["--target", "a,b", "--task", "classification"],
     "classification is by one column, and --target names 2; give one"),
    (CSV, ["--task", "image"],
     "2 values a row are no square image; give arrays of shape (rows, height, width) in a .npz file"),
    (CSV, ["--task", "image", "--target", "b"],
     "columns of text are no values of an image; drop them with --drop"),
    ("a,b\n1,1.5\n2,2.5\n3,0.5\n", ["--task", "classification"],
     "column 'b' holds 3 different numbers, which are no classes; use --task regression, or choose "
     "another column with --target"),
    ("a,b\n1,p\n2,q\n3,r\n", [],
     "column 'b' holds 3 different texts in 3 rows, which are no classes; choose another column with "
     "--target"),
    ("a,b\n1,p\n2,p\n", [],
     "column 'b' has the same value in every row, so there is nothing to learn; choose another with "
     "--target"),
    ("a,b\n1,p\n2,3\n", [],
     "column 'b' holds numbers and text ('p'); mend it, or choose another with --target"),
    ("a,b\n1,\n2,\n", [], "no row has a value in column 'b'; choose another with --target"),
    (ARRAYS, ["--target", "y"],
     "--target and --drop are for text files, and this file holds arrays; leave them out"),
    ({"a": np.zeros(3)}, [],
     "there is no array 'x'; a model is made for arrays x and y, and the file has a"),
    ({**ARRAYS, "y": np.arange(5)}, [], "'x' has 6 rows and 'y' 5; they must have as many"),
    ({**ARRAYS, "x": np.full((6, 2), np.nan)}, [],
     "'x' has values that are not finite, the first in row 0; replace them"),
    ({**ARRAYS, "x": np.zeros((0, 2))}, [], "'x' has no rows"),
    ({**ARRAYS, "x": np.zeros((6, 2, 2, 2, 2))}, [],
     "'x' is float64 (6, 2, 2, 2, 2); models are made for rows of at most three dimensions"),
    ({**ARRAYS, "y": np.zeros((6, 2, 2))}, [],
     "'y' is float64 (6, 2, 2); models are made for targets of one number or vector a row"),
    (ARRAYS, ["--task", "image"],
     "'x' is float64 (6, 2), and images are of shape (rows, height, width, channels) or (rows, height, "
     "width)"),
    ({**ARRAYS, "x": np.zeros((6, 2, 2, 1))}, ["--task", "series"],
     "'x' is float64 (6, 2, 2, 1), and series are of shape (rows, steps, values) or (rows, steps)"),
    ({**ARRAYS, "y": np.arange(6) / 4}, ["--task", "classification"],
     "'y' is float64 (6,) and holds no class numbers; number the classes from 0, or use --task "
     "regression"),
    ({**ARRAYS, "y": np.ones(6)}, [],
     "'y' has the same value in every row, so there is nothing to learn"),
    (np.zeros((3, 2)), [],
     "a .npy file holds one array, and targets are needed; give .npz with arrays x and y, or a table"),
])
def test_refused(content, more, message, lamina, tmp_path):
    path = tmp_path / ("d.csv" if isinstance(content, str) else
                       "d.npz" if isinstance(content, dict) else "d.npy")
    if isinstance(content, str):
        path.write_text(content)
    elif isinstance(content, dict):
        np.savez(path, **content)
    else:
        np.save(path, content)
    done = lamina.run("new", path, *more, "-o", tmp_path / "m.keras")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"error: {path}: {message}\n")
    assert not (tmp_path / "m.keras").exists()


def test_the_name_of_the_model(lamina, tmp_path):
    (tmp_path / "d.csv").write_text(CSV)
    done = lamina.run("new", tmp_path / "d.csv", "-o", tmp_path / "m.h5")
    assert (done.returncode, done.stderr) == (1, (
        f"error: cannot write {tmp_path}/m.h5: the name must end in .keras, the only format with a place "
        "for columns and classes\n"))
    assert lamina.run("new", tmp_path / "d.csv", "--task", "poetry", "-o", "m.keras").returncode == 2
