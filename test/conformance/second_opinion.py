"""What else Keras says of a case in which Lamina's answer breaks the error rule, on this machine. Run
on demand (oracles.py) in a process of its own, with KERAS_BACKEND=tensorflow.

Usage: second_opinion.py FOLDER CASE {noise,modes}   FOLDER/CASE has the answers of oracle.py and receives
 first, for `noise`,
  noise.I.npz, .keras copies with noise of one unit in the last place (oracle.py)
 and where the noise does not explain Lamina's answer, for `modes`,
  eager.npz, .keras   the case with every operation run as it comes
  graph.npz, .keras   the case traced to graphs, as `fit` runs it
  claims.npz          predictions and first gradients in these modes
  double.npz, .keras  the case in double precision (referee.py), if Keras can run it so
  opinion.json        {"rounding": {QUANTITY: how far TensorFlow's answer is from that in double precision},
                      "parted": {QUANTITY: how far the two modes are from each other, where noise does
                      not explain it}, "right": whose answers are right (referee.py), null where
                      nobody's are known to be}; where those of JAX are, it has answered too
"""
import contextlib
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np

import answers
import cases  # noqa: F401
from case import CASES
from compare import FACTOR, FLOOR
from differences import EVERY
from oracle import ALWAYS, IN_GRAPHS, WHEN_FEW, is_one_batch, publish, run, run_with_noise
from oracle_runs import IN_DOUBLE, ORACLE, REFEREE
from referee import first_gradient, flat

MODES = {"eager": ALWAYS, "graph": IN_GRAPHS}


def ask_referee(case, folder, modes):
    """Who is right; None where double precision does not decide, or cannot run the case."""
    claims = {}
    for mode in modes:
        claims[f"{mode}.predictions"] = flat(answers.quantities(case, folder, mode)["predictions"])
        claims[f"{mode}.gradient"] = first_gradient(
            case, keras.models.load_model(folder / "model.keras"), mode == "eager")
    np.savez(folder / "claims.npz", **claims)
    done = subprocess.run(
        [sys.executable, REFEREE, folder.parent, case.name], capture_output=True, text=True,
        env={**os.environ, **IN_DOUBLE})
    (folder / "referee.log").write_text(done.stdout + done.stderr)
    return done.stdout.strip() or None


def answer_in_modes(case, folder):
    """The modes that can run the case. Eagerly, Keras weighs losses of single outputs in a smaller
    last batch in another way; graphs of deep models take minutes to trace."""
    left_out = {"graph": case.application,
                "eager": not is_one_batch(case) and case.rows % case.batch_size}
    answered = []
    for mode, eager_steps in MODES.items():
        if left_out[mode]:
            continue
        with contextlib.suppress(Exception):
            run(case, folder, eager_steps, mode)
            answered.append(mode)
    return answered


def answer_noise(case, folder):
    """TensorFlow has some convolutions in graphs alone."""
    try:
        run_with_noise(case, folder, WHEN_FEW)
    except Exception:
        run_with_noise(case, folder, IN_GRAPHS)


def opinion(case, folder):
    modes = answer_in_modes(case, folder)
    noise = answers.differences(case, folder, answers.noise_labels())
    right = None if case.application else ask_referee(case, folder, modes)
    if right == "jax" and not (folder / "jax.npz").exists():
        subprocess.run([sys.executable, ORACLE, folder.parent, EVERY, case.name], check=True,
                       env={**os.environ, "KERAS_BACKEND": "jax"})
    parted = {}
    if len(modes) == len(MODES):
        parted = {name: gap
                  for name, gap in answers.differences(case, folder, ["graph"], "eager").items()
                  if gap > max(FACTOR * noise.get(name, 0.0), FLOOR)}
    rounding = {}
    if (folder / f"{answers.DOUBLE}.npz").exists():
        rounding = answers.differences(case, folder, [answers.DOUBLE])
    return {"rounding": rounding, "parted": parted, "right": right}


def main():
    case = CASES[sys.argv[2]]
    folder = pathlib.Path(sys.argv[1]) / case.name
    if sys.argv[3] == "noise":
        answer_noise(case, folder)
    else:
        text = json.dumps(opinion(case, folder), indent=1)
        publish(folder / "opinion.json", lambda path: path.write_text(text + "\n"))


if __name__ == "__main__":
    main()
