"""Tables that scikit-learn brings along, and one that is drawn at random, as CSV files to train and test with.

- iris, wine, breast_cancer, diabetes: sklearn.datasets.
- titanic, penguins: ARFF files of OpenML in scikit-learn's own tests; text, missing values, columns that tell
  nothing (names, tickets).
- cars: drawn with a fixed seed in the manner of Auto-MPG: horsepower is missing in some rows and written
  as "?", the origin is text, and the fuel economy follows from weight, power and year with noise.
"""
import gzip
import pathlib

import numpy as np
import pandas
import sklearn.datasets
from sklearn.externals import _arff

OPENML = pathlib.Path(sklearn.datasets.__file__).parent / "tests/data/openml"
LOADED = {"iris": sklearn.datasets.load_iris, "wine": sklearn.datasets.load_wine,
          "breast_cancer": sklearn.datasets.load_breast_cancer, "diabetes": sklearn.datasets.load_diabetes}


def loaded(name):
    """One of sklearn.datasets, with its classes as text."""
    data = LOADED[name](as_frame=True)
    table = data.frame
    if name != "diabetes":
        table["target"] = [str(data.target_names[i]) for i in table.target]
    return table, "target"


def arff(folder):
    """A file of OpenML, by the reader that scikit-learn has for them; numbers of text become numbers."""
    path, = (OPENML / folder).glob("data-*.arff.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        content = _arff.load(file)
    table = pandas.DataFrame(content["data"], columns=[name for name, _ in content["attributes"]])
    return table.apply(lambda column: pandas.to_numeric(column) if all_numbers(column) else column)


def all_numbers(column):
    return pandas.to_numeric(column, errors="coerce").notna().sum() == column.notna().sum()


def titanic():
    table = arff("id_40945").drop(columns=["boat", "body"])  # known only afterwards
    table["survived"] = table.survived.map({0: "no", 1: "yes"})
    return table, "survived"


def penguins():
    table = arff("id_42585")
    return table.dropna(subset=["species"]), "species"


def cars(rows=400):
    random = np.random.default_rng(70)
    weight = random.normal(3000, 800, rows).clip(1600, 5200).round()
    power = (weight / 28 * random.lognormal(0, 0.15, rows)).round()
    year = random.integers(70, 83, rows)
    origin = random.choice(["usa", "europe", "japan"], rows, p=[0.6, 0.2, 0.2])
    economy = 52 - 0.0075 * weight - 0.05 * power + 0.6 * (year - 76) + 1.5 * (origin == "japan")
    table = pandas.DataFrame({"name": [f"car {i}" for i in range(rows)], "horsepower": power.astype(object),
                              "weight": weight, "year": year, "origin": origin,
                              "mpg": (economy + random.normal(0, 2, rows)).round(1)})
    table.loc[random.choice(rows, 12, replace=False), "horsepower"] = "?"
    return table, "mpg"


TABLES = {**{name: lambda name=name: loaded(name) for name in LOADED}, "titanic": titanic,
          "penguins": penguins, "cars": cars}


def write(name, folder):
    """NAME-train.csv and NAME-test.csv, a quarter of the rows drawn with a fixed seed; the target's name."""
    table, target = TABLES[name]()
    table = table[[column for column in table if column != target] + [target]]
    table = table.sample(frac=1, random_state=1)
    cut = len(table) // 4
    table[cut:].to_csv(folder / f"{name}-train.csv", index=False)
    table[:cut].to_csv(folder / f"{name}-test.csv", index=False)
    return target
