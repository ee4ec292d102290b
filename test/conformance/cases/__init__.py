"""All conformance cases; importing this package registers them in case.CASES."""
from . import (activations, applications, convolutions, layers, losses, merging,  # noqa: F401
               metrics, normalization, operations, optimizers, pooling, preprocessing,
               random_models, regularization, schedules, spatial, streaming_metrics, training,
               weights, wiring)
