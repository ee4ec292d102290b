#!/usr/bin/env python3
"""A network that waits for a word, as real Keras builds it, and sounds to train it on.

The network is the streaming wake word model of MLPerf Tiny: depthwise convolutions over time and 1 x 1
ones, until one step is left. It says of 30 spectra of 40 bands, about a second of sound, whether they
are the word, another word or no word at all.

The sounds are made here. A word is three vowels in a row, each a hum with two formants (Peterson and
Barney 1952) and a consonant's burst before it, at some pitch, speed and loudness, somewhere in the second,
with noise. The word to wait for is "a o i"; other words are the same vowels in another order, or others.

Usage: model.py FOLDER   writes model.keras, train.npz and test.npz
"""
import pathlib
import sys

import numpy as np

RATE, STEPS, BANDS, WINDOW, HOP = 16000, 30, 40, 1024, 512
SAMPLES = WINDOW + (STEPS - 1) * HOP
FORMANTS = {"a": (730, 1090), "o": (570, 840), "i": (270, 2290), "e": (530, 1840), "u": (300, 870)}
WORD = ("a", "o", "i")


def vowel(random, name, pitch, length):
    """Harmonics of the pitch, those near the formants louder."""
    time = np.arange(length) / RATE
    glide = pitch * (1 + random.uniform(-0.1, 0.1) * time / time[-1])
    phase = 2 * np.pi * np.cumsum(glide) / RATE
    shift = random.uniform(0.92, 1.08)  # by the length of the speaker's throat
    sound = np.zeros(length)
    for harmonic in range(1, int(3500 / pitch)):
        near = sum(np.exp(-((harmonic * pitch - shift * f) / 150) ** 2) for f in FORMANTS[name])
        sound += (0.05 + near) / harmonic**0.5 * np.sin(harmonic * phase)
    sound *= np.sin(np.pi * np.arange(length) / length) ** 0.5
    burst = length // 8
    sound[:burst] += 0.3 * random.standard_normal(burst) * np.linspace(1, 0, burst)
    return sound


def spoken(random, word):
    """A second with the word in it; with noise alone for None."""
    sound = random.uniform(0.02, 0.15) * random.standard_normal(SAMPLES)
    if word:
        pitch, length = random.uniform(90, 220), int(RATE * random.uniform(0.16, 0.25))
        parts = np.concatenate([vowel(random, name, pitch, length) for name in word])
        start = random.integers(0, SAMPLES - len(parts) + 1)
        sound[start:start + len(parts)] += random.uniform(0.4, 1.0) * parts
    return sound


def filters():
    """Triangles over the frequencies of a spectrum, of equal widths on the mel scale."""
    mel = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    frequencies = np.fft.rfftfreq(WINDOW, 1 / RATE)[:, None]
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling))


def spectra(sounds):
    windows = np.stack([sounds[:, i * HOP:i * HOP + WINDOW] for i in range(STEPS)], axis=1)
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW))) ** 2
    return np.log10(power @ filters() + 1e-3).astype("float32")[:, :, None, :]


def make(random, rows):
    """Spectra, and rows of three: the word, another word, no word."""
    kinds = random.integers(0, 3, rows)
    sounds = []
    for kind in kinds:
        word = WORD
        while kind == 1 and word == WORD:
            word = tuple(random.choice(list(FORMANTS), 3))
        sounds.append(spoken(random, None if kind == 2 else word))
    return spectra(np.stack(sounds)), np.eye(3, dtype="float32")[kinds]


def build():
    import keras

    L = keras.layers
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((STEPS, 1, BANDS))
    for filter_count, steps in ((128, 3), (64, 5), (64, 10), (32, 15)):
        x = L.DepthwiseConv2D((steps, 1), use_bias=False)(x)
        x = L.Conv2D(filter_count, 1, use_bias=False)(x)
        x = L.Activation("relu")(L.BatchNormalization()(x))
    x = L.Dropout(0.2)(L.Flatten()(x))
    model = keras.Model(inputs, L.Dense(3)(x))
    model.compile(keras.optimizers.Adam(3e-3), keras.losses.CategoricalCrossentropy(from_logits=True),
                  metrics=["accuracy", keras.metrics.Recall(class_id=0, thresholds=0.0, name="recall")])
    return model


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    for name, rows, seed in (("train", 1500, 1), ("test", 500, 2)):
        x, y = make(np.random.default_rng(seed), rows)
        np.savez(folder / f"{name}.npz", x=x, y=y)
    build().save(folder / "model.keras")


if __name__ == "__main__":
    main()
