"""Lets a trained model go on from a beginning, one character after the other.

Usage: sample.py LAMINA FOLDER BEGINNING COUNT   FOLDER has trained.keras and characters.txt"""
import pathlib
import subprocess
import sys

import numpy as np

STEPS = 24  # that the model looks back


def main():
    lamina, folder, text, count = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    characters = (folder / "characters.txt").read_text()
    random = np.random.default_rng(0)
    for _ in range(count):
        numbers = [characters.index(c) for c in text[-STEPS:]]
        np.savez(folder / "text.npz", x=np.array([numbers], "int32"))
        subprocess.run([lamina, "predict", folder / "trained.keras", "--data", folder / "text.npz",
                        "--batch-size", "1", "-o", folder / "next.npy"], check=True)
        logits = np.load(folder / "next.npy")[0, -1].astype("float64")
        chances = np.exp(logits - logits.max())
        text += characters[random.choice(len(characters), p=chances / chances.sum())]
    print(text)


if __name__ == "__main__":
    main()
