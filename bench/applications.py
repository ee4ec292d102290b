#!/usr/bin/env python3
"""Times every model of keras.applications in Lamina and writes what came out as a page.

Usage: applications.py [--native] [--document FILE] [--steps N] [NETWORK …]
96 x 96 pixels and batches of 6, as the conformance tests compare them with Keras; --native: the size each
model was made for, and batches of 8. Networks go by the names of the tests (resnet50); all without any.
Each figure is added to build/applications.json as soon as it is there; the page has what that file has, so
a run may be broken off and go on with the networks that are missing (--again measures anew).
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test/conformance"))
from cases.applications import FAMILIES, NETWORKS, without_dropout  # noqa: E402

KEPT = ROOT / "build/applications.json"
SMALL, BATCH, NATIVE_BATCH = 96, 6, 8
MIB = 2**20

PAGE = """# Keras' applications

All {count} models that `keras.applications` builds, with fresh weights and 1,000 classes, compiled for one
processor. Written by `bench/applications.py` (`./dev bench applications --document FILE`) on
{machine}, with {threads} threads.

*compile*: of the training step. *step*,
*predict*: the fastest of {steps} runs with a batch. *state*: parameters and slots of SGD; *workspace*: all
that a training step keeps besides; *peak*: resident memory of the process that trained. How predictions,
losses and the change of the loss by a step compare with Keras on TensorFlow is
[tested](testing.md): `./dev test --only conformance -- --applications -k test_losses`.
"""


def write_model(network, native, path):
    """The model's file, its side length and its number of parameters."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    shape = {} if native else {"input_shape": (SMALL, SMALL, 3)}
    model = without_dropout(getattr(keras.applications, network)(weights=None, **shape))
    model.compile(keras.optimizers.SGD(1e-5), "sparse_categorical_crossentropy")
    model.save(path)
    return model.input_shape[1], model.count_params()


def bench(lamina, model, function, batch, steps):
    done = subprocess.run([lamina, "bench", model, "--batch-size", str(batch), "--steps", str(steps),
                           "--function", function, "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def measure(options, name):
    native = options.native
    batch = NATIVE_BATCH if native else BATCH
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model.keras"
        # In a process of its own: what it held would count for its children's peak.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            size, parameters = pool.apply(write_model, (NETWORKS[name], native, model))
        step = bench(options.lamina, model, "train_step", batch, options.steps)
        predict = bench(options.lamina, model, "predict", batch, options.steps)
    return {"size": size, "batch": batch, "parameters": parameters, "threads": step["threads"],
            "steps": options.steps, "compile_s": step["compile_ms"] / 1e3, "step_ms": step["min_ms"],
            "predict_ms": predict["min_ms"], "state_mib": step["state_bytes"] / MIB,
            "workspace_mib": step["arena_bytes"] / MIB, "peak_mib": step["peak_rss_bytes"] / MIB}


def table(rows):
    lines = ["| family | model | pixels | batch | parameters | compile, s | step, ms | predict, ms | "
             "state, MiB | workspace, MiB | peak, MiB |",
             "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for family, networks in FAMILIES.items():
        for name, network in networks.items():
            if row := rows.get(name):
                lines.append(
                    f"| {family} | {network} | {row['size']} | {row['batch']} | {row['parameters']:,} | "
                    f"{row['compile_s']:.1f} | {row['step_ms']:.0f} | {row['predict_ms']:.0f} | "
                    f"{row['state_mib']:.0f} | {row['workspace_mib']:.0f} | {row['peak_mib']:.0f} |")
    return "\n".join(lines) + "\n"


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def page(kept):
    every = [row for rows in kept.values() for row in rows.values()]
    text = PAGE.format(count=len(NETWORKS), machine=processor(), threads=every[0]["threads"],
                       steps=every[0]["steps"])
    for kind, title in (("small", "At 96 x 96"), ("native", "At the size they were made for")):
        if rows := kept.get(kind):
            text += f"\n## {title}\n\n{table(rows)}"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    parser.add_argument("--native", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--document", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--lamina", default=ROOT / "build/bin/lamina")
    options = parser.parse_args()
    if unknown := [name for name in options.networks if name not in NETWORKS]:
        parser.error(f"no network {', '.join(unknown)}; there are {', '.join(NETWORKS)}")
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    rows = kept.setdefault("native" if options.native else "small", {})
    for name in options.networks or NETWORKS:
        if name in rows and not options.again:
            continue
        rows[name] = measure(options, name)
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")
        print(f"{name}: compiled in {rows[name]['compile_s']:.1f} s, {rows[name]['step_ms']:.0f} ms a step, "
              f"{rows[name]['peak_mib']:.0f} MiB", flush=True)
    if options.document:
        options.document.write_text(page(kept))
    else:
        print(table(rows), end="")


if __name__ == "__main__":
    main()
