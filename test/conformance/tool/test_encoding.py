"""Tables with text, missing values and columns of different scales: training on them is training on
the same table encoded by hand, and the model remembers how its columns were encoded."""
import json
import zipfile

import numpy as np
import pandas
import pytest

import small_models as models


@pytest.fixture
def table(tmp_path):
    random = np.random.default_rng(11)
    rows = pandas.DataFrame({"age": random.normal(40, 9, 80).round(1),
                             "job": random.choice(["boss", "clerk", "cook"], 80),
                             "pay": random.normal(0, 1, 80).round(3)})
    rows["rich"] = ((rows.job == "boss") | (rows.pay > 1)).map({True: "yes", False: "no"})
    rows.loc[[3, 50], "age"] = np.nan
    rows.to_csv(tmp_path / "raw.csv", index=False)
    return rows


def encode(rows, like):
    """By hand: mean for missing values, standardized over the values that are there, one-hot."""
    age = (rows.age - like.age.mean()) / like.age.std(ddof=0)
    jobs = [(rows.job == name) * 1.0 for name in ("boss", "clerk", "cook")]
    pay = (rows.pay - like.pay.mean()) / like.pay.std(ddof=0)
    return np.stack([age.fillna(0), *jobs, pay], 1).astype("float32")


@pytest.fixture
def trained(lamina, table, tmp_path):
    model = models.sequential(models.input_layer(5), models.dense("out", 1, activation="sigmoid"),
                              loss="binary_crossentropy", optimizer=models.sgd(0.5),
                              metrics=["accuracy"])
    models.write(tmp_path / "model.json", model)
    train = ["--epochs", 20, "--seed", 1, "-o"]
    lamina("train", tmp_path / "model.json", "--data", tmp_path / "raw.csv", "--missing", "mean",
           "--standardize", *train, tmp_path / "raw.keras")
    np.savez(tmp_path / "hand.npz", x=encode(table, table),
             y=(table.rich == "yes").to_numpy("float32")[:, None])
    lamina("train", tmp_path / "model.json", "--data", tmp_path / "hand.npz", *train,
           tmp_path / "hand.keras")
    return tmp_path


def test_as_by_hand(lamina, trained):
    raw = lamina.predict(trained / "raw.keras", trained / "raw.csv", trained / "raw.npz")
    hand = lamina.predict(trained / "hand.keras", trained / "hand.npz", trained / "out.npz")
    np.testing.assert_allclose(raw, hand, atol=1e-5)


def test_other_rows_by_the_same_recipe(lamina, trained, table):
    some = table.iloc[[3, 50, 7]][["pay", "job", "age"]]  # ages are missing, clerks may be too
    some.to_csv(trained / "some.csv", index=False)
    np.savez(trained / "some.npz", x=encode(some, table))
    raw = lamina.predict(trained / "raw.keras", trained / "some.csv", trained / "raw.npz")
    hand = lamina.predict(trained / "hand.keras", trained / "some.npz", trained / "out.npz")
    np.testing.assert_allclose(raw, hand, atol=1e-5)


def test_the_recipe_is_in_the_file(trained, table):
    with zipfile.ZipFile(trained / "raw.keras") as archive:
        recipe = json.loads(archive.read("assets/lamina.json"))
    assert recipe["columns"] == ["age", "job", "pay"]
    age, job, _ = recipe["encodings"]
    assert age["fill"] == age["mean"] == pytest.approx(table.age.mean())
    assert age["scale"] == pytest.approx(1 / table.age.std(ddof=0))
    assert job == {"categories": ["boss", "clerk", "cook"], "one_hot": True,
                   "fill": ["boss", "clerk", "cook"].index(table.job.mode()[0])}


def test_an_unknown_value(lamina, trained):
    (trained / "new.csv").write_text("age,job,pay\n30,pope,0\n")
    done = lamina.run("predict", trained / "raw.keras", "--data", trained / "new.csv", "-o",
                      trained / "new.npy")
    assert (done.returncode, done.stderr) == (1, (
        f"error: {trained}/new.csv: line 2: column 'job' holds 'pope', which is none of the values "
        "that the model was trained on: boss,clerk,cook\n"))


def test_flags_of_missing_values(lamina, table, tmp_path):
    """Columns with gaps have one value more, wherever they stand; the model remembers it."""
    table.loc[[5, 6], "job"] = np.nan
    table.to_csv(tmp_path / "raw.csv", index=False)
    model = models.sequential(models.input_layer(7), models.dense("out", 1, activation="sigmoid"),
                              loss="binary_crossentropy", optimizer=models.sgd(0.5))
    models.write(tmp_path / "model.json", model)
    lamina("train", tmp_path / "model.json", "--data", tmp_path / "raw.csv", "--missing", "mean",
           "--flag-missing", "-o", tmp_path / "raw.keras")
    job = table.job.fillna(table.job.mode()[0])
    wanted = np.stack([table.age.fillna(table.age.mean()), table.age.isna() * 1.0,
                       *[(job == name) * 1.0 for name in ("boss", "clerk", "cook")],
                       table.job.isna() * 1.0, table.pay], 1)
    np.savez(tmp_path / "hand.npz", x=wanted.astype("float32"))
    raw, hand = (lamina.predict(tmp_path / "raw.keras", tmp_path / data, tmp_path / "p.npz")[0]
                 for data in ("raw.csv", "hand.npz"))
    np.testing.assert_allclose(raw, hand, atol=1e-6)
    text = lamina("new", tmp_path / "raw.csv", "--flag-missing", "-o", tmp_path / "new.keras")
    assert "inputs: 7 values of 3 columns" in text
    lamina("train", tmp_path / "new.keras", "--data", tmp_path / "raw.csv", "-o", tmp_path / "t.keras")
    done = lamina.run("train", "model.json", "--data", "raw.csv", "--flag-missing", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, (
        "error: --flag-missing: it is for values that are put in; give --missing mean, median, most-frequent "
        "or a number too\n"))


def test_dates(lamina, tmp_path):
    """Days since 1970, as pandas counts them; a column with something else in it stays text."""
    texts = ["1969-12-31", "2024-02-29", "2026-12-01T06:30", "2026-12-01 23:59:59.25", ""]
    rows = pandas.DataFrame({"when": texts, "slash": ["2000/01/01"] * 4 + ["2000/01/02"],
                             "not": ["2024-02-30"] + ["2024-02-28"] * 4, "mixed": texts[:4] + ["soon"]})
    rows.to_csv(tmp_path / "d.csv", index=False)
    when, slash, wrong, mixed = json.loads(lamina("data", "describe", tmp_path / "d.csv", "--json"))["columns"]
    days = (pandas.to_datetime(rows["when"][:4], format="ISO8601") - pandas.Timestamp(1970, 1, 1)) / pandas.Timedelta(days=1)
    assert (when["kind"], when["dates"], when["missing"]) == ("numbers", True, 1)
    assert [when["min"], when["max"], when["mean"]] == pytest.approx([days.min(), days.max(), days.mean()],
                                                                     rel=1e-12)
    assert (slash["min"], slash["max"]) == (10957, 10958)
    assert (wrong["kind"], mixed["kind"]) == ("categories", "categories")
    assert "when: dates, as days since 1970-01-01: -1.0 to " in lamina("data", "describe", tmp_path / "d.csv")
