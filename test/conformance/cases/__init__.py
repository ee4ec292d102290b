"""All conformance cases; importing this package registers them in case.CASES."""
from . import activations, applications, layers, losses, merging, metrics, optimizers, training, wiring  # noqa: F401
