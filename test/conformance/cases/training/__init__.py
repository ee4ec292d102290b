"""What `compile` and `fit` are told: losses, optimizers, metrics, weights of samples."""
