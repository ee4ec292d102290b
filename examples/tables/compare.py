#!/usr/bin/env python3
"""Trains on tables with nothing but `lamina new` and `lamina train`, and prints what a linear model and
gradient boosting of scikit-learn reach on the same rows.

Usage: compare.py LAMINA FOLDER [TABLE ...]
"""
import pathlib
import subprocess
import sys

import pandas
from sklearn import compose, ensemble, impute, linear_model, metrics, pipeline, preprocessing

import data


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")


def lamina_predictions(lamina, folder, name, is_class):
    train, test, model = (folder / f"{name}{end}" for end in ("-train.csv", "-test.csv", ".keras"))
    run(lamina, "new", train, "-o", model, "--seed", 1)
    run(lamina, "train", model, "--data", train, "--epochs", 200, "--seed", 1, "--validation-split", 0.2,
        "--early-stopping", "patience=30,restore-best", "-o", folder / f"{name}-trained.keras")
    out = folder / f"{name}-predictions.csv"
    run(lamina, "predict", folder / f"{name}-trained.keras", "--data", test,
        *(["--format", "labels"] if is_class else []), "-o", out)
    return pandas.read_csv(out).iloc[:, 0]


def peers(table, is_class):
    """A linear model and gradient boosting behind the usual preparation: medians and modes for what is
    missing, scaled numbers, a value for each category."""
    numbers = table.select_dtypes("number").columns
    texts = [column for column in table if column not in numbers and table[column].nunique() <= 50]
    prepare = compose.ColumnTransformer([
        ("numbers", pipeline.make_pipeline(impute.SimpleImputer(strategy="median"),
                                           preprocessing.StandardScaler()), numbers),
        ("texts", pipeline.make_pipeline(impute.SimpleImputer(strategy="most_frequent"),
                                         preprocessing.OneHotEncoder(handle_unknown="ignore")), texts)])
    models = ([linear_model.LogisticRegression(max_iter=5000),
               ensemble.GradientBoostingClassifier(random_state=0)] if is_class else
              [linear_model.LinearRegression(), ensemble.GradientBoostingRegressor(random_state=0)])
    return [pipeline.make_pipeline(prepare, model) for model in models]


def compare(lamina, folder, name):
    """Accuracy, or R^2 where the target is a number, of Lamina and of the peers."""
    target = data.write(name, folder)
    train, test = (pandas.read_csv(folder / f"{name}-{part}.csv", na_values="?") for part in ("train", "test"))
    is_class = not pandas.api.types.is_numeric_dtype(train[target])
    score = metrics.accuracy_score if is_class else metrics.r2_score
    scores = [score(test[target], lamina_predictions(lamina, folder, name, is_class))]
    for model in peers(train.drop(columns=target), is_class):
        model.fit(train.drop(columns=target), train[target])
        scores.append(score(test[target], model.predict(test.drop(columns=target))))
    return len(test), "accuracy" if is_class else "R^2", scores


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[2])
    print(f"{'table':<14} {'test rows':>9} {'measure':>9} {'lamina':>8} {'linear':>8} {'boosting':>9}")
    for name in sys.argv[3:] or data.TABLES:
        rows, measure, (lamina, linear, boosting) = compare(sys.argv[1], folder, name)
        print(f"{name:<14} {rows:>9} {measure:>9} {lamina:>8.3f} {linear:>8.3f} {boosting:>9.3f}", flush=True)


if __name__ == "__main__":
    main()
