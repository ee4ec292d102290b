"""The dtype policy float64, of single layers and of whole models."""
from case import case, labels, normal


@case(x=normal(8), y=normal(3), epochs=8, resume=True)
def double_model(keras):
    D = lambda *args: keras.layers.Dense(*args, dtype="float64", kernel_constraint="max_norm")
    model = keras.Sequential([keras.Input((8,), dtype="float64"), D(6, "tanh"), D(3)])
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    return model


@case(x=normal(8), y=labels(3), rows=22, batch_size=8, epochs=3, validation_rows=5)
def double_layers(keras):
    L = keras.layers
    model = keras.Sequential([
        keras.Input((8,)), L.Dense(6, "gelu", dtype="float64"), L.Dense(5, "tanh"),
        L.LayerNormalization(dtype="float64"), L.Dense(3, "softmax", dtype="float64")])
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9, clipvalue=0.1),
                  "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@case(x=normal(6, 5, 3), y=normal(2), rows=6, batch_size=6, epochs=4, mixes_rows=True)
def double_images(keras):
    L, double = keras.layers, {"dtype": "float64"}
    model = keras.Sequential([
        keras.Input((6, 5, 3)), L.Conv2D(4, 3, padding="same", activation="relu", **double),
        L.BatchNormalization(**double), L.MaxPooling2D(**double),
        L.DepthwiseConv2D(2, **double), L.Flatten(**double), L.Dense(2, **double)])
    model.compile(keras.optimizers.RMSprop(0.01), "mse")
    return model


OPTIMIZERS = {
    "adamw": lambda O: O.AdamW(0.01, amsgrad=True, clipnorm=0.5),
    "nadam": lambda O: O.Nadam(0.01), "lion": lambda O: O.Lion(0.001),
    "ftrl": lambda O: O.Ftrl(0.05), "adafactor": lambda O: O.Adafactor(0.05),
    "lamb": lambda O: O.Lamb(0.01, use_ema=True, ema_overwrite_frequency=2),
    "adadelta": lambda O: O.Adadelta(1.0, weight_decay=0.01, global_clipnorm=0.1),
}


def declare():
    for name, make in OPTIMIZERS.items():
        def build(keras, make=make):
            model = keras.Sequential([
                keras.Input((8,)), keras.layers.Dense(6, "tanh", dtype="float64"),
                keras.layers.Dense(3, dtype="float64")])
            model.compile(make(keras.optimizers), "mse")
            return model

        case(x=normal(8), y=normal(3), rows=40, epochs=3, name=f"double_optimizer_{name}")(build)


declare()
