"""The error rule itself: what passes, what fails, and what is said to be no comparison."""
import os
import subprocess
import sys

import numpy as np
import pytest

from answers import read_weights
from case import CASES
from compare import Comparison, Judge, error
from oracle_runs import IN_DOUBLE, REFEREE

ONES = [np.ones(3), np.ones((2, 2))]


def test_every_array_has_its_own_scale():
    large, small = np.full(4, 1e3), np.full(4, 1e-3)
    assert error([large, small * 1.5], [large, small]) == pytest.approx(0.5)
    assert error([large * 1.5, small], [large, small]) == pytest.approx(0.5)
    assert error([], []) == 0
    assert error([np.zeros(0), np.ones(2)], [np.zeros(0), np.zeros(2)]) == 1
    special = np.array([np.nan, np.inf, 2])
    assert error([special], [special]) == 0
    assert error([special * [1, 1, 2]], [special]) == 1
    for other in ([0, np.inf, 2], [np.nan, np.nan, 2], [np.nan, 3, 2], [np.nan, np.inf, np.nan]):
        assert error([np.array(other)], [special]) == np.inf
    with pytest.raises(AssertionError, match="shape"):
        error([np.ones(2)], [np.ones(3)])


def test_scales_are_those_of_neighbours_too():
    kernel, bias, other = np.full(4, 10.0), np.full(2, 1e-8), np.full(2, 1e-8)
    expected, wrong = [kernel, bias, other], [kernel, bias * 3, other]
    layers = [("dense", 1e-2), ("dense", 1e-2), ("other", 1e-2)]
    assert error(wrong, expected, layers) == pytest.approx(2e-7)
    assert error([kernel, bias, other * 3], expected, layers) == pytest.approx(2)
    kernel, bias = np.full(4, 4.0), np.ones(2)
    assert error([kernel, bias * 3], [kernel, bias], layers[:2]) == pytest.approx(1.0)


class Answers:
    """What Keras says of a case: ones, or as the second opinion has it."""

    def __init__(self, difference=None, noise=0.0, rounding=0.0, parted=0.0, right=None):
        self.measured = difference
        self.moved = noise
        self.second = {"rounding": {"weights": rounding},
                       "parted": {"weights": parted} if parted else {}, "right": right}
        self.asked = []

    def quantities(self, case, label="tensorflow"):
        return {"weights": [a * (1.1 if label == "graph" else 1) for a in ONES]}

    def neighbours(self, case):
        return {}

    def difference(self, case, quantity):
        return self.measured

    def noise(self, case):
        self.asked.append("noise")
        return {"weights": self.moved}

    def opinion(self, case):
        self.asked.append("modes")
        return self.second


def outcome(answers, scale, name="dense"):
    """What becomes of Lamina's answer of so many ones, and what is said about it."""
    judge = Judge(answers)
    try:
        judge.check(CASES[name], [Comparison("weights", [a * scale for a in ONES], "weights")])
    except BaseException as end:  # pytest's outcomes are no Exceptions
        assert isinstance(end, (pytest.fail.Exception, pytest.skip.Exception))
        assert str(end) == judge.rows[0]["said"]
    return judge.rows[0]["outcome"], judge.rows[0]["said"]


@pytest.mark.parametrize("answers, scale", [
    (Answers(), 1 + 9e-7),
    (Answers(difference=2e-6), 1 + 5e-6),
    (Answers(difference=1.0), 1 + 2e-5),
])
def test_nobody_is_asked_again_within_the_rule(answers, scale):
    assert outcome(answers, scale) == ("passed", "")
    assert answers.asked == []


@pytest.mark.parametrize("answers, scale, limit", [
    (Answers(), 1 + 2e-6, "1e-06"),
    (Answers(difference=2e-6), 1 + 7e-6, "6e-06"),
    (Answers(difference=1.0), 1 + 4e-5, "3e-05"),  # backends that part measure no rounding
    (Answers(noise=1e-5), 1 + 4e-5, "3e-05"),
    (Answers(rounding=1.0), 1 + 4e-5, "3e-05"),  # another convention is no rounding
    (Answers(parted=0.1, right="eager"), 1.1, "1e-06"),
])
def test_beyond_the_rule(answers, scale, limit):
    assert outcome(answers, scale) == (
        "failed", f"dense: error of weights is {scale - 1:.3g}, limit {limit}")
    assert answers.asked == ["noise", "modes"]


def test_noise_is_the_measure_where_rounding_grows():
    answers = Answers(noise=1e-4)
    assert outcome(answers, 1 + 2e-4)[0] == "passed"
    assert answers.asked == ["noise"]


def test_what_keras_itself_rounds_is_a_measure():
    assert outcome(Answers(rounding=4e-6), 1 + 1e-5)[0] == "passed"
    assert outcome(Answers(rounding=4e-6), 1 + 1.3e-5)[0] == "failed"


def test_a_mode_that_is_right_is_the_answer():
    answers = Answers(parted=0.1, right="graph")
    assert outcome(answers, 1.1)[0] == "passed"
    assert outcome(answers, 1.05)[0] == "failed"


def test_noise_that_says_nothing():
    assert outcome(Answers(noise=0.25), 1.5) == (
        "skipped", "dense: weights cannot be compared: it amplifies rounding: noise of one unit in "
                   "the last place moves it by 0.25")
    assert outcome(Answers(noise=0.25), 1 + 2e-3)[0] == "passed"


def test_modes_that_contradict_each_other():
    assert outcome(Answers(parted=0.1), 1.5) == (
        "skipped", "dense: weights cannot be compared: Keras contradicts itself: run eagerly and in "
                   "graphs it differs by 0.1, and double precision decides for neither")


def test_a_failure_is_not_hidden_by_what_cannot_be_compared():
    class Mixed(Answers):
        def quantities(self, case, label="tensorflow"):
            return {"weights": ONES, "predictions": ONES}

    judge = Judge(Mixed(noise=0.25))
    with pytest.raises(pytest.fail.Exception, match="predictions"):
        judge.check(CASES["dense"], [Comparison(name, [a * 1.5 for a in ONES], name)
                                     for name in ("weights", "predictions")])
    assert [row["outcome"] for row in judge.rows] == ["skipped", "failed"]


def claim_of_dense(case, path):
    """Predictions x w + b and the gradient of their mean squared error, by hand: the kernel's
    elements, then the bias'."""
    arrays = read_weights(path)
    kernel, bias = (arrays[f"layers/dense/vars/{i}"].astype("float64") for i in (0, 1))
    ([x], [y], _), _ = case.parts()
    predictions = x @ kernel + bias
    gap = 2 * (predictions - y) / y.size
    return {"predictions": predictions.ravel(),
            "gradient": np.concatenate([(x.T @ gap).ravel(), gap.sum(0)])}


def referee(path, folder, claims):
    """What the referee says of the case of a model's folder."""
    name = path.parent.name
    (folder / name).mkdir(parents=True)
    (folder / name / "model.keras").write_bytes(path.read_bytes())
    np.savez(folder / name / "claims.npz", **{f"{mode}.{what}": value
             for mode, claim in claims.items() for what, value in claim.items()})
    done = subprocess.run([sys.executable, REFEREE, folder, name], capture_output=True, text=True,
                          env={**os.environ, **IN_DOUBLE})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.cases(where=lambda case: case.name == "dense")
def test_referee(case, oracles, tmp_path):
    """One mode has the gradient of a bias wrong, then both have, then one has predictions wrong."""
    path = oracles.path(case, "model.keras")
    claims = {mode: claim_of_dense(case, path) for mode in ("eager", "graph")}
    claims["eager"]["gradient"][-1] += 0.05
    assert referee(path, tmp_path / "one", claims) == "graph"
    claims["graph"]["gradient"][-2] += 0.05
    assert referee(path, tmp_path / "both", claims) == "jax"
    claims = {mode: claim_of_dense(case, path) for mode in ("eager", "graph")}
    claims["graph"]["predictions"][0] += 0.05
    assert referee(path, tmp_path / "predictions", claims) == "eager"
