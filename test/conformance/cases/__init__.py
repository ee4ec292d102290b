"""All conformance cases; importing this package registers them in case.CASES."""
from . import (activations, applications, attention, convolutions, doubles, layers,  # noqa: F401
               losses, masks, merging, metrics, normalization, operations, operations_of_networks,
               operations_of_numbers, optimizers, pooling, preprocessing, random_models, reductions,
               regularization, schedules, settings, spatial, spectral, streaming_metrics, training,
               weights, wiring)
