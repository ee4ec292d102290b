"""Optimizers with their settings; all but the plainest are also stopped halfway and resumed."""
from case import case, labels, normal

SETTINGS = {
    "sgd": lambda O: O.SGD(0.05),
    "sgd_momentum": lambda O: O.SGD(0.05, momentum=0.9),
    "sgd_nesterov": lambda O: O.SGD(0.05, momentum=0.9, nesterov=True),
    "sgd_weight_decay": lambda O: O.SGD(0.05, weight_decay=0.02),
    "sgd_clipnorm": lambda O: O.SGD(0.5, clipnorm=0.05),
    "sgd_clipvalue": lambda O: O.SGD(0.5, clipvalue=0.01),
    "sgd_global_clipnorm": lambda O: O.SGD(0.5, momentum=0.5, global_clipnorm=0.1),
    "adam": lambda O: O.Adam(),
    "adam_settings": lambda O: O.Adam(0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-4),
    "adam_amsgrad": lambda O: O.Adam(0.01, amsgrad=True),
    "adam_weight_decay": lambda O: O.Adam(0.01, weight_decay=0.05),
    "adam_clipnorm": lambda O: O.Adam(0.01, clipnorm=0.05),
    "adam_global_clipnorm": lambda O: O.Adam(0.01, global_clipnorm=0.1),
    "adam_clipvalue": lambda O: O.Adam(0.01, clipvalue=0.01),
    "adamw": lambda O: O.AdamW(0.01),
    "adamw_settings": lambda O: O.AdamW(0.01, weight_decay=0.1, beta_1=0.7, amsgrad=True),
    "rmsprop": lambda O: O.RMSprop(),
    "rmsprop_settings": lambda O: O.RMSprop(0.01, rho=0.8, epsilon=1e-3, weight_decay=0.02),
    "rmsprop_momentum": lambda O: O.RMSprop(0.005, momentum=0.9),
    "rmsprop_centered": lambda O: O.RMSprop(0.005, centered=True, epsilon=1e-4),
    "rmsprop_centered_momentum": lambda O: O.RMSprop(0.002, momentum=0.5, centered=True,
                                                     epsilon=1e-4, clipnorm=0.5),
}


def declare():
    for name, make in SETTINGS.items():
        def build(keras, make=make):
            model = keras.Sequential([
                keras.Input((8,)), keras.layers.Dense(12, "relu"), keras.layers.Dense(7, "tanh"),
                keras.layers.Dense(4, "softmax")])
            model.compile(make(keras.optimizers), "sparse_categorical_crossentropy",
                          metrics=["accuracy"])
            return model

        case(x=normal(8), y=labels(4), name=f"optimizer_{name}", resume=name != "sgd")(build)


@case(x=normal(8), y=normal(3), resume=True)
def optimizer_adam_frozen_layer(keras):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(6, "relu"),
                              keras.layers.Dense(6, "tanh", trainable=False),
                              keras.layers.Dense(3)])
    model.compile("adam", "mse")
    return model


declare()
