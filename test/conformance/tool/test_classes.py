"""What a classifier says of classes by their names: predictions, and `evaluate --report`."""
import csv

import numpy as np
import pandas
import pytest
import sklearn.metrics

import small_models as models

NAMES = {"binary": ["no, never", "yes"], "sparse": ["blue", "green", "red"]}


@pytest.fixture(params=NAMES)
def trained(request, lamina, tmp_path):
    """A folder with a trained model and a table, and the names of the classes."""
    names = NAMES[request.param]
    random = np.random.default_rng(5)
    kinds = random.integers(len(names), size=90)
    rows = pandas.DataFrame({"a": kinds + random.normal(0, 0.6, 90), "b": random.normal(size=90),
                             "kind": np.array(names)[kinds]})
    rows.to_csv(tmp_path / "d.csv", index=False)
    head = (1, "sigmoid", "binary_crossentropy") if request.param == "binary" else (
        3, "softmax", "sparse_categorical_crossentropy")
    model = models.sequential(models.input_layer(2), models.dense("out", head[0], activation=head[1]),
                              loss=head[2], optimizer=models.sgd(0.3), metrics=["accuracy"])
    models.write(tmp_path / "model.json", model)
    lamina("train", tmp_path / "model.json", "--data", tmp_path / "d.csv", "--epochs", 10, "-o",
           tmp_path / "m.keras")
    return tmp_path, names, rows


def predict(lamina, folder, form):
    lamina("predict", folder / "m.keras", "--data", folder / "d.csv", "--format", form, "-o",
           folder / "out.csv")
    with open(folder / "out.csv", newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_labels_and_probabilities(lamina, trained):
    folder, names, _ = trained
    values = lamina.predict(folder / "m.keras", folder / "d.csv", folder / "out.npz")[0]
    if len(names) == 2:
        values = np.concatenate([1 - values, values], 1)
    header, *probabilities = predict(lamina, folder, "probabilities")
    assert header == names
    np.testing.assert_allclose(np.array(probabilities, "float32"), values, atol=1e-6)
    header, *labels = predict(lamina, folder, "labels")
    assert header == ["label"]
    assert [label for label, in labels] == [names[i] for i in values.argmax(1)]


def test_report(lamina, trained):
    folder, names, rows = trained
    labels = [label for label, in predict(lamina, folder, "labels")[1:]]
    text = lamina("evaluate", folder / "m.keras", "--data", folder / "d.csv", "--report")
    lines = text.splitlines()
    assert lines[0].startswith("loss: ")
    counts = sklearn.metrics.confusion_matrix(rows.kind, labels, labels=names)
    table = lines.index("Rows of each class (lines), by what they were taken for:") + 2
    report = sklearn.metrics.classification_report(rows.kind, labels, output_dict=True,
                                                   zero_division=np.nan)
    for i, name in enumerate(names):
        assert lines[table + i].removeprefix(name).split() == [str(count) for count in counts[i]]
        numbers = lines[table + len(names) + 2 + i].removeprefix(name).split()
        wanted = [report[name][key] for key in ("precision", "recall", "f1-score", "support")]
        assert [float(each) for each in numbers] == pytest.approx(wanted, abs=5e-5)


def test_names_by_hand(lamina, trained):
    folder, names, _ = trained
    other = [name.upper().replace(",", "") for name in names]
    lamina("predict", folder / "m.keras", "--data", folder / "d.csv", "--format", "probabilities",
           "--classes", ",".join(other), "-o", folder / "out.csv")
    assert (folder / "out.csv").read_text().splitlines()[0] == ",".join(other)


def test_errors(lamina, trained):
    folder = trained[0]
    done = lamina.run("predict", folder / "m.keras", "--data", folder / "d.csv", "--format",
                      "labels", "-o", folder / "out.npy")
    assert (done.returncode, done.stderr) == (1, (
        f"error: cannot write {folder}/out.npy: --format labels gives names, and only a .csv file "
        "holds them\n"))
    model = models.sequential(models.input_layer(2), models.dense("out", 1), loss="mse")
    models.write(folder / "regression.json", model)
    (folder / "n.csv").write_text("a,b,c\n1,2,3\n")
    for command, option, reason in [
            ("predict", ["--format", "labels", "-o", folder / "out.csv"],
             "--format labels is for classifiers, and no output of the model has classes"),
            ("evaluate", ["--report"],
             "--report is for classifiers, and no output of the model has classes")]:
        done = lamina.run(command, folder / "regression.json", "--data", folder / "n.csv", *option)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == f"error: {folder}/regression.json: {reason}"
