#!/usr/bin/env python3
"""Writes train.csv and test.csv: scikit-learn's copy of the UCI optical digits, a stratified fifth
held out. The split is fixed by its seed, so running this again gives the same bytes.

Usage: split.py [FOLDER]   (needs numpy and scikit-learn)
"""
import pathlib
import sys

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

COLUMNS = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)] + ["digit"]


def write(path, pixels, labels):
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.write(",".join(COLUMNS) + "\n")
        for row, label in zip(pixels.astype(int), labels):
            file.write(",".join(map(str, [*row, label])) + "\n")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__)
    folder = folder if folder.is_dir() else folder.parent
    pixels, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        pixels, labels, test_size=0.2, stratify=labels, random_state=0)
    write(folder / "train.csv", train_x, train_y)
    write(folder / "test.csv", test_x, test_y)


if __name__ == "__main__":
    main()
