#!/usr/bin/env python3
"""Times epochs of ResNet50 with a new head: trained as a whole, with its base frozen, and with what the
base gives computed once (lamina train --cache-frozen).

Usage: fine_tuning.py [--size PIXELS] [--batch ROWS] [--rows N] [--rounds N]
Prints a table; milliseconds are the fastest of the rounds, which take turns."""
import argparse
import multiprocessing
import os
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
CLASSES, MORE = 10, 20
FREEZE = ["--freeze", "..base"]


def write_files(folder, size, rows):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import numpy as np
    base = keras.applications.ResNet50(include_top=False, weights=None, pooling="avg",
                                       input_shape=(size, size, 3), name="base")
    model = keras.Sequential([keras.Input((size, size, 3)), base, keras.layers.Dense(CLASSES, "softmax")])
    model.compile(keras.optimizers.SGD(1e-3, momentum=0.9), "sparse_categorical_crossentropy")
    model.save(folder / "model.keras")
    random = np.random.default_rng(1)
    np.savez(folder / "data.npz", x=random.random((rows, size, size, 3), "float32"),
             y=random.integers(0, CLASSES, rows))


def seconds(lamina, folder, batch, epochs, more):
    begin = time.perf_counter()
    subprocess.run([lamina, "train", folder / "model.keras", "--data", folder / "data.npz", "--batch-size",
                    str(batch), "--epochs", str(epochs), "--verbose", "0", *more], check=True,
                   capture_output=True)
    return time.perf_counter() - begin


def epoch(lamina, folder, batch, more, extra):
    """The time of an epoch behind the first one: of `extra` more."""
    return (seconds(lamina, folder, batch, 1 + extra, more) -
            seconds(lamina, folder, batch, 1, more)) / extra


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lamina", default=ROOT / "build/bin/lamina")
    options = parser.parse_args()
    contenders = {"as a whole": ([], 1), "base frozen": (FREEZE, 1),
                  "base frozen, cached": ([*FREEZE, "--cache-frozen"], MORE)}
    best = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            pool.apply(write_files, (folder, options.size, options.rows))
        for _ in range(options.rounds):
            for contender, (more, extra) in contenders.items():
                taken = epoch(options.lamina, folder, options.batch, more, extra)
                best[contender] = min(taken, best.get(contender, taken))
    print(f"ResNet50, {options.size} x {options.size}, {options.rows} rows, batches of {options.batch}\n\n"
          "| trained | an epoch behind the first, ms | times faster |\n|---|--:|--:|")
    for contender, taken in best.items():
        print(f"| {contender} | {1e3 * taken:.1f} | {best['as a whole'] / taken:.1f} |")


if __name__ == "__main__":
    main()
