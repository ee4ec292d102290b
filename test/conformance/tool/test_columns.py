"""Columns and classes that a model was trained on go with its file: other files are fitted in the
same way, by the names of their columns and the texts of their labels."""
import json
import zipfile

import numpy as np
import pytest

import small_models as models

MEMBER = "assets/lamina.json"
HEADER = ["long", "wide", "kind"]


def write_table(path, header, rows):
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in [header, *rows]))


def rows_of(kinds):
    """Two kinds that the first feature tells apart, as the other one is noise."""
    random = np.random.default_rng(7)
    return [[round(random.normal(3 if kind == "malign" else -3), 3), round(random.normal(0), 3), kind]
            for kind in kinds]


@pytest.fixture(params=["binary", "sparse"])
def trained(request, lamina, tmp_path):
    """A folder with a trained model, and a table of the same kind whose columns stand otherwise."""
    head = ([models.dense("out", 1, activation="sigmoid")], "binary_crossentropy")
    if request.param == "sparse":
        head = ([models.dense("out", 2, activation="softmax")], "sparse_categorical_crossentropy")
    model = models.sequential(models.input_layer(2), *head[0], loss=head[1],
                              optimizer=models.sgd(0.5), metrics=["accuracy"])
    models.write(tmp_path / "model.json", model)
    write_table(tmp_path / "train.csv", HEADER, rows_of(["benign", "malign"] * 50))
    moved = rows_of(["malign", "benign", "malign"] * 20)
    write_table(tmp_path / "moved.csv", ["kind", "id", "wide", "long"],
                [[kind, i, wide, long] for i, (long, wide, kind) in enumerate(moved)])
    lamina("train", tmp_path / "model.json", "--data", tmp_path / "train.csv", "--epochs", 30,
           "--validation-data", tmp_path / "moved.csv", "--log", tmp_path / "log.csv",
           "-o", tmp_path / "trained.keras")
    return tmp_path


def accuracy(lamina, folder, data, *more):
    text = lamina("evaluate", folder / "trained.keras", "--data", folder / data, *more)
    return float(dict(line.split(": ") for line in text.splitlines())["accuracy"])


def test_validation_by_name(trained):
    header, *_, last = (trained / "log.csv").read_text().splitlines()
    assert float(dict(zip(header.split(","), last.split(",")))["val_accuracy"]) == 1


def test_evaluation_by_name(lamina, trained):
    assert accuracy(lamina, trained, "moved.csv") == 1


@pytest.mark.parametrize("kind", ["benign", "malign"])
def test_one_class_alone(kind, lamina, trained):
    write_table(trained / "one.csv", HEADER, rows_of([kind] * 20))
    assert accuracy(lamina, trained, "one.csv") == 1


def test_numbers_are_taken_as_they_are(lamina, trained):
    write_table(trained / "ones.csv", HEADER,
                [[long, wide, 1] for long, wide, _ in rows_of(["malign"] * 20)])
    assert accuracy(lamina, trained, "ones.csv") == 1


def test_prediction_by_name(lamina, trained):
    write_table(trained / "same.csv", HEADER, [])
    moved = [line.split(",") for line in (trained / "moved.csv").read_text().splitlines()[1:]]
    write_table(trained / "same.csv", HEADER[:2], [[long, wide] for _, _, wide, long in moved])
    answers = [lamina.predict(trained / "trained.keras", trained / name, trained / "out.npz")[0]
               for name in ("moved.csv", "same.csv")]
    np.testing.assert_array_equal(*answers)


def refused(lamina, folder, command, data, *more):
    done = lamina.run(command, "trained.keras", "--data", data, *more, cwd=folder)
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


def test_files_that_do_not_fit(lamina, trained):
    write_table(trained / "other.csv", HEADER, rows_of(["benign", "unclear"]))
    assert refused(lamina, trained, "evaluate", "other.csv") == (
        "error: other.csv: line 3: label 'unclear' is none of the classes benign,malign")
    write_table(trained / "less.csv", ["long", "high", "kind"], rows_of(["benign"]))
    assert refused(lamina, trained, "predict", "less.csv", "-o", "out.csv") == (
        "error: less.csv: there is no column 'wide', which the model was trained on; the file has "
        "long, high, kind")


def test_validation_data_with_another_class(lamina, trained):
    write_table(trained / "other.csv", HEADER, rows_of(["benign", "unclear"]))
    assert refused(lamina, trained, "train", "train.csv", "--validation-data", "other.csv") == (
        "error: other.csv: line 3: label 'unclear' is none of the classes benign,malign")


def test_training_goes_on_with_the_same_columns(lamina, trained):
    lamina("train", trained / "trained.keras", "--data", trained / "moved.csv", "--epochs", 1,
           "--learning-rate", "1e-9", "-o", trained / "more.keras")
    again = recipe(trained / "more.keras")
    assert again.pop("places") == {"width": 4, "columns": [3, 2], "targets": [0]}
    assert again == {k: v for k, v in recipe(trained / "trained.keras").items() if k != "places"}
    write_table(trained / "new.csv", ["a", "b", "c"], rows_of(["benign", "malign"]))
    done = lamina.run("train", "trained.keras", "--data", "new.csv", "-o", "new.keras", cwd=trained)
    assert done.returncode == 0
    assert done.stderr.startswith("new.csv: other columns than the model was trained on; they are "
                                  "taken by position\n")
    assert recipe(trained / "new.keras")["columns"] == ["a", "b"]


def recipe(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(MEMBER))


def test_recipe(lamina, trained):
    expected = {"columns": ["long", "wide"], "targets": ["kind"],
                "classes": {"out": ["benign", "malign"]},
                "places": {"width": 3, "columns": [0, 1], "targets": [2]}}
    assert recipe(trained / "trained.keras") == expected
    lamina("convert", trained / "trained.keras", trained / "again.keras")
    assert recipe(trained / "again.keras") == expected


def test_arrays_leave_no_recipe(lamina, tmp_path):
    models.write(tmp_path / "model.json", models.sequential(
        models.input_layer(2), models.dense("out", 1)))
    models.write_data(tmp_path / "data.npz", x=np.ones((4, 2), "float32"), y=np.ones(4, "float32"))
    lamina("train", tmp_path / "model.json", "--data", tmp_path / "data.npz", "-o",
           tmp_path / "out.keras")
    assert MEMBER not in zipfile.ZipFile(tmp_path / "out.keras").namelist()


DAMAGE = {
    "not_json": ("{", ": not valid JSON at byte 1: the text ends too early"),
    "other_types": ('{"columns": 3}',
                    " is damaged; write the model again, or remove the member from the archive"),
    "list": ("[1, 2]",
             " is damaged; write the model again, or remove the member from the archive"),
    "places_outside": ('{"places": {"width": 2, "columns": [0, 2], "targets": [1]}}',
                       " is damaged; write the model again, or remove the member from the archive"),
    "classes_of_numbers": ('{"classes": {"out": [1, 2]}}',
                           " is damaged; write the model again, or remove the member from the "
                           "archive"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_recipe(name, lamina, trained):
    content, message = DAMAGE[name]
    with zipfile.ZipFile(trained / "trained.keras") as source:
        members = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(trained / "trained.keras", "w") as target:
        for member, data in members.items():
            target.writestr(member, content if member == MEMBER else data)
    assert refused(lamina, trained, "evaluate", "train.csv") == (
        f"error: trained.keras: {MEMBER}{message}")


def test_text_labels_for_a_model_that_does_not_know_them(lamina, trained):
    """What Keras writes says nothing of columns: guessing from the file at hand would be wrong."""
    with zipfile.ZipFile(trained / "trained.keras") as source, \
            zipfile.ZipFile(trained / "plain.keras", "w") as target:
        for name in source.namelist():
            if name != MEMBER:
                target.writestr(name, source.read(name))
    (trained / "plain.keras").rename(trained / "trained.keras")
    assert refused(lamina, trained, "evaluate", "train.csv") == (
        "error: train.csv: column 'kind' holds labels as text ('benign'), and the model does not say "
        "which class is which; name them in the order of training with --classes A,B,...")
    assert accuracy(lamina, trained, "train.csv", "--classes", "benign,malign") == 1


def test_keras_loads_it(lamina, trained, load_in_keras):
    """Keras passes over the member: it predicts the same, and trains on."""
    x = np.random.default_rng(1).standard_normal((8, 2)).astype("float32")
    models.write_data(trained / "data.npz", x=x, y=np.zeros((8, 1), "float32"))
    folder = load_in_keras({"m": (trained / "trained.keras", trained / "data.npz")})
    answer = np.load(folder / "m.npz")
    ours, = lamina.predict(trained / "trained.keras", trained / "data.npz", trained / "out.npz")
    np.testing.assert_allclose(answer["predictions"], ours, rtol=1e-5, atol=1e-6)
    assert np.isfinite(answer["losses"]).all() and answer["iterations"] > 0
