"""The error rule: Lamina's error against Keras on TensorFlow may be at most three times the
difference that another answer of Keras shows against it for the same case (now or as recorded,
differences.py), or 1e-6. The other answer is that of Keras on JAX; a random model has several, of Keras
on TensorFlow with noise as large as rounding errors (oracle.py)."""
import numpy as np

FACTOR = 3.0
FLOOR = 1e-6


def error(actual, expected):
    """Largest difference over the largest value, over several arrays taken together."""
    difference = scale = 0.0
    for a, e in zip(actual, expected, strict=True):
        a, e = np.asarray(a, "float64"), np.asarray(e, "float64")
        assert a.shape == e.shape, f"shape {a.shape}, but Keras has {e.shape}"
        if a.size:
            unequal = ~((a == e) | (np.isnan(a) & np.isnan(e)))
            difference = max(difference, np.abs(a - e)[unequal].max(initial=0.0))
            scale = max(scale, np.abs(e).max())
    return float(difference / scale) if scale else float(difference)


class Table:
    """Errors of all cases, for the report and for the decision."""

    def __init__(self):
        self.rows = []

    def check(self, case, quantity, actual, tensorflow, difference, floor=FLOOR):
        """Records the error and fails when it breaks the rule. `difference` is the one between
        Keras' answers; None where Keras on JAX cannot run the case: then the floor alone holds."""
        ours = error(actual, tensorflow)
        limit = max(FACTOR * (difference or 0.0), floor)
        self.rows.append({"case": case, "quantity": quantity, "error": ours,
                          "jax_error": difference, "limit": limit, "passed": bool(ours <= limit)})
        assert ours <= limit, (f"{case}: error of {quantity} is {ours:.3g}, limit {limit:.3g} "
                               f"(Keras' own difference: {difference})")
