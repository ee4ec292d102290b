"""A model's own `compute_loss` as the loss of its output."""
import inspect

import keras

from lamina._settings import _like, _object, _program, _run, _target
from lamina._graphs import nodes_between
from lamina._tracing import Patches, is_tensor


class OwnLoss:
    """Stands for the losses of a model that computes them itself."""

    def __init__(self, model, functional, loss):
        self.model, self.outputs, self.loss = model, functional.outputs, loss
        self.name = getattr(loss, "name", None) or (loss if isinstance(loss, str) else getattr(
            loss, "__name__", "compute_loss"))
        self.what = f"model '{model.name}' of class {type(model).__name__}: its own compute_loss"

    def program(self, output):
        model = self.model
        if len(self.outputs) > 1:
            raise NotImplementedError(f"{self.what} is not supported for several outputs; give a loss "
                                      f"for each of them")
        inputs = [_like(_target(output, self.loss), "y_true"), _like(output, "y_pred")]
        x = _like(inputs[0], "x")
        own = type(model).compute_loss
        names = inspect.signature(own).parameters
        settings = {"training": True} if "training" in names else {}
        reads = []

        def call():
            return model.compute_loss(x, inputs[0], inputs[1], None, **settings)
        patches = Patches()
        # What layers add is added by the compiled step itself.
        patches.set(keras.layers.Layer, "losses", property(lambda layer: reads.append(layer) or []))
        try:
            value, _ = _run(self.what, call, own, lambda variable: None, inputs[1])
        finally:
            patches.undo()
        if not reads and model.losses:
            raise NotImplementedError(f"{self.what} leaves out what layers and regularizers add to the "
                                      f"loss; add sum(self.losses), or call super().compute_loss")
        if is_tensor(value) and _reads(value, x):
            raise NotImplementedError(f"{self.what} cannot be traced: it reads the model's inputs; add "
                                      f"what depends on them in a layer, with add_loss")
        return _object("Loss", {"name": self.name, "reduction": "sum", "dtype": "float32",
                                "takes_weights": False,
                                "program": _program(self.what, inputs, [value])})


def _reads(value, tensor):
    return any(t is tensor for node in nodes_between([], [value]) for t in node.input_tensors)
