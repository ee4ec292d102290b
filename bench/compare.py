#!/usr/bin/env python3
"""Times training steps in Lamina and in its peers, in turns within one run (A B C A B C …), so that a
busy machine slows all of them alike. Prints a table per workload of medians, ratios, cold starts and
peak memory, and writes them to build/bench.json.

Ratios are per round, the peer's median over Lamina's; the table has their median.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np
from workloads import ROOT, WORKLOADS

PEERS = ROOT / "bench/peers"
# Which `lamina bench --peers` runs too.
KERAS_PEER = ROOT / "tools/lamina/peers/peer.py"
# Bare networks are written for these; for deep models Keras stands for JAX.
SMALL = ("digits", "mlp_wide", "cnn_mnist", "lstm", "gru", "transformer")


class Peer:
    """A process of bench/peers; see protocol.py."""

    def __init__(self, name, command, **environment):
        self.name, self.command = name, command
        # OpenBLAS' own settings slow the peers down where a machine has them.
        kept = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        self.environment = {**kept, **environment}
        self.process = self.cold_s = self.peak = None
        self.medians = []

    def start(self):
        """Starts the process and waits for its first step; False where it cannot run here."""
        started = time.perf_counter()
        self.process = subprocess.Popen(
            self.command, env=self.environment, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=PEERS)
        line = self.process.stdout.readline()
        self.cold_s = time.perf_counter() - started
        return bool(line) and not {"missing", "error"} & json.loads(line).keys()

    def measure(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.peak = answer["peak_rss_bytes"]
        self.medians.append(statistics.median(answer["ms"]))

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Lamina:
    """`lamina bench`, a process per round."""

    name = "Lamina"

    def __init__(self, binary, model, batch):
        self.command = [binary, "bench", model, "--batch-size", str(batch), "--json"]
        self.cold_s = self.peak = self.report = None
        self.medians = []

    def run(self, steps):
        done = subprocess.run([*self.command, "--steps", str(steps)], capture_output=True,
                              text=True)
        if done.returncode:
            sys.exit(f"error: lamina bench: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def start(self):
        started = time.perf_counter()
        self.run(1)
        self.cold_s = time.perf_counter() - started
        return True

    def measure(self, steps):
        self.report = self.run(steps)
        self.peak = self.report["peak_rss_bytes"]
        self.medians.append(self.report["median_ms"])

    def stop(self):
        pass


def write_model(options, name):
    """The workload's model file; where it has none yet, Keras writes it."""
    if WORKLOADS[name].file:
        return WORKLOADS[name].file
    path = options.models / f"{name}.keras"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([options.python, ROOT / "bench/workloads.py", name, path], check=True,
                       env={**os.environ, "KERAS_BACKEND": "tensorflow",
                            "TF_CPP_MIN_LOG_LEVEL": "3"})
    return path


def write_batch(options, name):
    """The batch that peers in JAX and PyTorch draw for themselves."""
    path = options.models / f"{name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = WORKLOADS[name].random_batch()
    np.savez(path, x=x, y=y)
    return path


def contenders(options, name):
    model = write_model(options, name)
    batch = write_batch(options, name)
    yield Lamina(options.lamina, model, WORKLOADS[name].batch)
    if name in SMALL:
        yield Peer("JAX, bare jit", [options.python, "jax_peer.py", name])
        yield Peer("IREE", [options.iree_python, "iree_peer.py", name])
    yield Peer("PyTorch", [options.torch_python or options.python, "torch_peer.py", name])
    for backend, title in (("jax", "JAX"), ("tensorflow", "TensorFlow"),
                           ("tensorflow-xla", "TensorFlow, XLA")):
        yield Peer(f"Keras on {title}", [options.python, KERAS_PEER, backend, "train_step", model, batch,
                                         str(len(os.sched_getaffinity(0)))])


def summarize(contender, lamina):
    ratios = [a / b for a, b in zip(contender.medians, lamina.medians)]
    return {"name": contender.name, "median_ms": statistics.median(contender.medians),
            "min_ms": min(contender.medians), "ratio": statistics.median(ratios),
            "cold_start_s": contender.cold_s, "peak_rss_bytes": contender.peak,
            "rounds_ms": contender.medians}


def print_table(workload, rows):
    print(f"\n{workload.title}, batch {workload.batch}: one training step\n")
    print(f"{'':22}{'median ms':>11}{'over Lamina':>13}{'cold start s':>14}{'peak MiB':>10}")
    for row in rows:
        print(f"{row['name']:22}{row['median_ms']:11.4f}{row['ratio']:13.2f}"
              f"{row['cold_start_s']:14.2f}{row['peak_rss_bytes'] / 2**20:10.0f}")


def compare(options, name):
    """Starts all contenders that can run here, measures them in turns and prints the table."""
    running = []
    for contender in contenders(options, name):
        if contender.name in options.without:
            continue
        if contender.start():
            running.append(contender)
        else:
            print(f"{contender.name}: does not run here, left out", file=sys.stderr)
    steps = options.steps or WORKLOADS[name].steps
    for round_number in range(options.rounds + 1):
        for contender in running:
            contender.measure(steps)
            if round_number == 0:
                contender.medians.clear()  # the first round warms up
    rows = [summarize(contender, running[0]) for contender in running]
    for contender in running:
        contender.stop()
    print_table(WORKLOADS[name], rows)
    return {"workload": name, "batch_size": WORKLOADS[name].batch, "steps": steps,
            "lamina": running[0].report, "rows": rows}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workloads", default="digits",
                        help=f"comma-separated, of {', '.join(WORKLOADS)}")
    parser.add_argument("--lamina", default=str(ROOT / "build/bin/lamina"))
    parser.add_argument("--python", default=sys.executable, help="with JAX, Keras and TensorFlow")
    parser.add_argument("--iree-python", default=sys.executable, help="with IREE and JAX")
    parser.add_argument("--torch-python", help="with PyTorch and torchvision; left out where they "
                        "are not installed")
    parser.add_argument("--without", action="append", default=[], metavar="NAME",
                        help="leaves a contender out, by its name in the table")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, help="per round; each workload has its own default")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "build/bench-models")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/bench.json")
    options = parser.parse_args()
    options.models = options.models.absolute()
    for name in ("python", "iree_python", "torch_python"):
        if path := getattr(options, name):
            setattr(options, name, os.path.abspath(path))  # peers run in a folder of their own
    results = [compare(options, name) for name in options.workloads.split(",")]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(
        {"cpus": len(os.sched_getaffinity(0)), "workloads": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
