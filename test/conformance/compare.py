"""The error rule: Lamina's error against Keras on TensorFlow may be at most three times the
difference that another answer of Keras shows against it for the same case (now or as recorded,
differences.py), or 1e-6. The other answer is that of Keras on JAX; a random model has several, of Keras
on TensorFlow with noise as large as rounding errors (oracle.py).

A difference between backends that is larger than rounding makes it says that they have other
conventions, not how far rounding goes, so it counts up to MOST_BETWEEN_BACKENDS. Where the rule is
broken, Keras is asked again (second_opinion.py): noise measures on this machine how far rounding goes.
Where that is not enough, double precision says how far Keras' own answer is from the exact one, which
counts like a difference between backends; and of two modes of TensorFlow that contradict each other the
right one is what Lamina has to give.
Where noise goes beyond MOST_NOISE, or neither mode is right, a comparison says nothing about Lamina:
that is said, and the test is skipped."""
import dataclasses

import numpy as np
import pytest

FACTOR = 3.0
FLOOR = 1e-6
MOST_BETWEEN_BACKENDS = 1e-5
MOST_NOISE = 1e-3


def error(actual, expected, neighbours=None):
    """The largest of the arrays' errors, each its largest difference over its largest value. What is
    small beside its neighbours carries their rounding: `neighbours` names for every array what it
    belongs to. Its scale is the geometric mean of its largest value and of the largest one there, of
    which it is at least the given share."""
    neighbours = neighbours or [(number, 1.0) for number in range(len(expected))]
    differences = [difference(a, e) for a, e in zip(actual, expected, strict=True)]
    scales = [largest_value(e) for e in expected]
    largest = {}
    for (group, _), scale in zip(neighbours, scales, strict=True):
        largest[group] = max(scale, largest.get(group, 0.0))
    scales = [max(np.sqrt(scale * largest[group]), share * largest[group])
              for (group, share), scale in zip(neighbours, scales)]
    return float(max((d / (s or 1.0) for d, s in zip(differences, scales)), default=0.0))


def largest_value(array):
    values = np.abs(np.asarray(array, "float64"))
    return values[np.isfinite(values)].max(initial=0.0)


def difference(actual, expected):
    """The largest difference of elements; what is not a number on both sides is none, and on one side
    as large as any."""
    a, e = np.asarray(actual, "float64"), np.asarray(expected, "float64")
    assert a.shape == e.shape, f"shape {a.shape}, but Keras has {e.shape}"
    unequal = ~((a == e) | (np.isnan(a) & np.isnan(e)))
    differences = np.abs(a[unequal] - e[unequal])
    return np.nan_to_num(differences, nan=np.inf, posinf=np.inf).max(initial=0.0)


@dataclasses.dataclass
class Comparison:
    """What Lamina computed, and which quantity of Keras' answer (answers.py) it has to be."""
    label: str
    actual: list
    quantity: str
    floor: float = FLOOR
    first: int | None = None  # so many values of every array are compared, None: all

    def error(self, expected, neighbours):
        return error(self.actual, [e[:self.first] for e in expected] if self.first else expected,
                     neighbours)


class Judge:
    """Decides by the error rule and keeps the errors of all comparisons for the report."""

    def __init__(self, oracles):
        self.oracles = oracles
        self.rows = []

    def check(self, case, comparisons):
        """Fails when one of the comparisons breaks the rule, else skips where one says nothing."""
        rows = [self._decide(case, c) for c in comparisons]
        self.rows += rows
        for outcome, end in (("failed", pytest.fail), ("skipped", pytest.skip)):
            said = [row["said"] for row in rows if row["outcome"] == outcome]
            if said:
                end("; ".join(said))

    def _decide(self, case, comparison):
        difference = self.oracles.difference(case, comparison.quantity)
        most = MOST_NOISE if case.noise else MOST_BETWEEN_BACKENDS
        row = self._row(case, comparison, self.oracles.quantities(case)[comparison.quantity],
                        min(difference or 0.0, most))
        return row if row["outcome"] == "passed" else self._ask_again(case, comparison, row)

    def _ask_again(self, case, comparison, row):
        """The row as noise has it, and where that is not enough the second opinion."""
        name = comparison.quantity
        noise = self.oracles.noise(case).get(name, 0.0)
        measure = max(row["difference"], min(noise, MOST_NOISE))
        row = self._row(case, comparison, self.oracles.quantities(case)[name], measure)
        return row if row["outcome"] == "passed" else self._decide_by_opinion(
            case, comparison, row, noise)

    def _decide_by_opinion(self, case, comparison, row, noise):
        opinion, name = self.oracles.opinion(case), comparison.quantity
        if opinion["parted"] and not opinion["right"] and name in opinion["parted"]:
            return skipped(row, "Keras contradicts itself: run eagerly and in graphs it differs by "
                                f"{opinion['parted'][name]:.2g}, and double precision decides for "
                                "neither")
        expected = self._right_answer(case, name, opinion["right"])
        rounding = min(opinion["rounding"].get(name, 0.0), MOST_BETWEEN_BACKENDS)
        row = self._row(case, comparison, expected, max(row["difference"], rounding))
        if row["outcome"] == "failed" and noise > MOST_NOISE:
            return skipped(row, "it amplifies rounding: noise of one unit in the last place moves "
                                f"it by {noise:.2g}")
        return row

    def _right_answer(self, case, name, right):
        """JAX evaluates only where a smaller last batch makes the backends part."""
        found = self.oracles.quantities(case, right or "tensorflow")
        return found[name] if name in found else self.oracles.quantities(case)[name]

    def _row(self, case, comparison, expected, difference):
        ours = comparison.error(expected, self.oracles.neighbours(case).get(comparison.quantity))
        limit = max(FACTOR * difference, comparison.floor)
        row = {"case": case.name, "quantity": comparison.label, "error": ours,
               "difference": difference, "limit": limit, "outcome": "passed", "said": ""}
        if ours > limit:
            row |= {"outcome": "failed", "said": f"{case.name}: error of {comparison.label} is "
                                                 f"{ours:.3g}, limit {limit:.3g}"}
        return row


def skipped(row, reason):
    return row | {"outcome": "skipped",
                  "said": f"{row['case']}: {row['quantity']} cannot be compared: {reason}"}
