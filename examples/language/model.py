"""Writes a language model of characters and the data to train it on.

Usage: model.py FOLDER   writes model.keras, data.npz and characters.txt, and prints the cross-entropy of
guesses that know nothing but how frequent each character is."""
import pathlib
import sys

import keras
import numpy as np

STEPS = 24  # of a row
STRIDE = 2  # from one row's beginning to the next one's


def build(characters):
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((None,), dtype="int32", name="characters"),
        layers.Embedding(characters, 16), layers.GRU(64, return_sequences=True),
        layers.Dense(characters)])
    model.compile(keras.optimizers.Adam(0.01),
                  keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=["accuracy"])
    return model


def main():
    folder = pathlib.Path(sys.argv[1])
    text = pathlib.Path(__file__).with_name("text.txt").read_text()
    characters = sorted(set(text))
    numbers = np.array([characters.index(c) for c in text], "int32")
    begins = np.arange(0, len(numbers) - STEPS, STRIDE)
    rows = numbers[begins[:, None] + np.arange(STEPS + 1)]
    np.savez(folder / "data.npz", x=rows[:, :-1], y=rows[:, 1:])
    (folder / "characters.txt").write_text("".join(characters))
    keras.utils.set_random_seed(0)
    build(len(characters)).save(folder / "model.keras")
    shares = np.bincount(numbers) / len(numbers)
    print(f"by frequency alone: {-np.sum(shares * np.log(shares)):.4f}")


if __name__ == "__main__":
    main()
