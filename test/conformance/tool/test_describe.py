"""`lamina data describe`: what is in a file, beside what pandas says of it."""
import json

import numpy as np
import pandas
import pytest


def describe(lamina, path):
    return json.loads(lamina("data", "describe", path, "--json"))


@pytest.fixture
def table(tmp_path):
    random = np.random.default_rng(2)
    rows = pandas.DataFrame({"size": random.normal(3, 2, 50), "count": random.integers(9, size=50),
                             "kind": random.choice(["a", "b"], 50, p=[0.8, 0.2]), "nothing": np.nan})
    rows.loc[:4, "size"] = np.nan
    rows["mixed"] = ["1", "2", "three"] + ["4"] * 47
    rows.to_csv(tmp_path / "d.csv", index=False)
    return tmp_path / "d.csv", rows


def test_columns(lamina, table):
    path, rows = table
    answer = describe(lamina, path)
    assert (answer["file"], answer["rows"]) == (str(path), 50)
    size, count, kind, nothing, mixed = answer["columns"]
    for column, of in [(size, rows["size"]), (count, rows["count"])]:
        assert column["kind"] == "numbers" and column["missing"] == of.isna().sum()
        assert column["distinct"] == of.nunique()
        wanted = [of.min(), of.max(), of.mean(), of.std(ddof=0)]
        assert [column[key] for key in ("min", "max", "mean", "standard_deviation")] == pytest.approx(
            wanted, rel=1e-12)
    assert (size["integers"], count["integers"]) == (False, True)
    assert "--missing" in size["treatment"] and count["treatment"] == "taken as it is"
    assert kind["values"] == rows.kind.value_counts().to_dict() and kind["distinct"] == 2
    assert kind["treatment"].startswith("2 values (one-hot)")
    assert (nothing["kind"], nothing["missing"]) == ("empty", 50)
    assert (mixed["kind"], mixed["first_text"], mixed["line"]) == ("mixed", "three", 4)


def test_in_words(lamina, table):
    path, rows = table
    text = lamina("data", "describe", path)
    assert text.startswith(f"{path}: 50 rows, 5 columns\n\nsize: ")
    counts = rows.kind.value_counts()
    assert f"\nkind: 2 categories: a ({counts.a}) b ({counts.b})\n" in text
    assert "\nnothing: 50 missing\n  nothing is in it: leave it out with --drop\n" in text
    assert "\nmixed: numbers, and text ('three' in line 4)\n  refused: it holds numbers" in text


def test_arrays(lamina, tmp_path):
    np.savez(tmp_path / "d.npz", x=np.array([[1, np.nan], [-2, np.inf]], "float32"), y=np.arange(2))
    x, y = describe(lamina, tmp_path / "d.npz")["arrays"]
    assert x == {"name": "x", "type": "float32", "shape": [2, 2], "min": -2, "max": 1, "not_finite": 2}
    assert y == {"name": "y", "type": "int64", "shape": [2], "min": 0, "max": 1, "not_finite": 0}
    assert "x: float32 of shape [2,2], -2.0 to 1.0; 2 not finite\n" in lamina(
        "data", "describe", tmp_path / "d.npz")


def test_errors(lamina, tmp_path):
    done = lamina.run("data", "describe", tmp_path / "none.csv")
    assert done.returncode == 1
    assert done.stderr == (f"error: {tmp_path}/none.csv: cannot be read: No such file or directory; "
                           "check the path\n")
    assert lamina.run("data", "explain", tmp_path / "none.csv").returncode == 2
