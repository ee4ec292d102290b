"""Cases of one chain of layers: what is tested, then Flatten and Dense, so that every element of
what it gives has a weight of its own."""
from case import case, normal


def chain(name, shape, layers, rows=6, batch_size=6, epochs=4, rate=0.05, source=None, jit=False,
          **settings):
    """Registers a case. `layers` gives a list of layers from `keras.layers`; several layers in one
    chain share the cost of a compilation. `jit`: on CPUs TensorFlow can run it only through XLA."""

    def build(keras):
        model = keras.Sequential([keras.Input(shape), *layers(keras.layers),
                                  keras.layers.Flatten(), keras.layers.Dense(2)])
        # So it is with all convolutions of images with channels first.
        first = any(getattr(l, "data_format", None) == "channels_first" for l in model.layers)
        model.compile(keras.optimizers.SGD(rate), "mse", jit_compile=jit or first or "auto")
        return model

    case(x=source or normal(*shape), y=normal(2), name=name, rows=rows, batch_size=batch_size,
         epochs=epochs, **settings)(build)
