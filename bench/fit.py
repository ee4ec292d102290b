#!/usr/bin/env python3
"""Times 20 epochs of the digits network by `fit`: a compiled step, lamina.compile with a warm cache of kernels
included, and Keras on TensorFlow and on JAX, each in a process of its own.

Usage: fit.py [--epochs N] [--batch ROWS] [--rounds N]
Prints a table; seconds, and seconds of all processors, are the least of the rounds, which take turns. Keras
has compiled its functions before the clock starts."""
import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def load():
    """The network, and its rows."""
    import keras
    import pandas as pd
    table = pd.read_csv(ROOT / "examples/digits/train.csv")
    x = table.drop(columns="digit").to_numpy("float32")
    return keras.models.load_model(ROOT / "examples/digits/digits.keras"), x, table["digit"].to_numpy("int32")


def contender(name, options):
    """Serves one contender: a line on standard input asks for a run, whose seconds are printed, and
    those of processors."""
    import time
    model, x, y = load()
    settings = {"epochs": options.epochs, "verbose": 0}
    if name == "lamina":
        sys.path.insert(0, str(ROOT / "build/python"))
        import lamina

        def run():
            lamina.compile(model, batch_size=options.batch).fit(x, y, **settings)
    else:
        def run():
            model.fit(x, y, batch_size=options.batch, **settings)
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        began, worked = time.perf_counter(), time.process_time()
        run()
        print(time.perf_counter() - began, time.process_time() - worked, flush=True)


def start(name, options):
    backend = name if name in ("tensorflow", "jax") else "tensorflow"
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3",
                   "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, __file__, "--serve", name, "--epochs", str(options.epochs), "--batch",
               str(options.batch)]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    if process.stdout.readline() != "ready\n":
        raise SystemExit(f"error: {name} did not start; run {' '.join(command)}")
    return process


def ask(process):
    process.stdin.write("run\n")
    process.stdin.flush()
    return [float(seconds) for seconds in process.stdout.readline().split()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return contender(options.serve, options)
    processes = {name: start(name, options) for name in ("lamina", "tensorflow", "jax")}
    best = {}
    for _ in range(options.rounds):
        for name, process in processes.items():
            best[name] = list(map(min, ask(process), best.get(name, [float("inf")] * 2)))
    for process in processes.values():
        process.stdin.close()
        process.wait()
    print(f"digits, {options.epochs} epochs, batches of {options.batch}\n\n"
          "| fit | seconds | times slower | of processors | times more |\n|---|--:|--:|--:|--:|")
    labels = {"lamina": "lamina.compile and fit", "tensorflow": "Keras on TensorFlow", "jax": "Keras on JAX"}
    for name, label in labels.items():
        figures = [f"{a:.3f} | {a / b:.1f}" for a, b in zip(best[name], best["lamina"])]
        print(f"| {label} | {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
