"""Optimizers with their settings; most are also stopped halfway and resumed."""
from case import case, labels, normal


def schedule(O):
    return O.schedules.ExponentialDecay(0.02, decay_steps=5, decay_rate=0.5)


# Averages take the variables' places when `fit` ends, which train_on_batch does not do.
BATCHES = {"rows": 40, "epochs": 6}

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
    "adamax_settings": lambda O: O.Adamax(0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-4,
                                          weight_decay=0.05),
    "nadam_settings": lambda O: O.Nadam(0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-4),
    "adadelta_settings": lambda O: O.Adadelta(1.0, rho=0.8, epsilon=1e-4, weight_decay=0.01),
    "adagrad_settings": lambda O: O.Adagrad(0.1, initial_accumulator_value=0.02, epsilon=1e-3,
                                            weight_decay=0.02),
    "adafactor_settings": lambda O: O.Adafactor(0.1, beta_2_decay=-0.6, epsilon_1=1e-6,
                                                epsilon_2=0.05, clip_threshold=0.7,
                                                weight_decay=0.01),
    "ftrl_settings": lambda O: O.Ftrl(0.1, learning_rate_power=-0.6,
                                      initial_accumulator_value=0.3,
                                      l1_regularization_strength=0.003,
                                      l2_regularization_strength=0.02, beta=0.1),
    "ftrl_shrinkage": lambda O: O.Ftrl(0.1, l2_shrinkage_regularization_strength=0.05,
                                       weight_decay=0.01),
    "lion_settings": lambda O: O.Lion(0.003, beta_1=0.8, beta_2=0.9, weight_decay=0.1),
    "lamb_settings": lambda O: O.Lamb(0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-4,
                                      weight_decay=0.05),
    "muon_settings": lambda O: O.Muon(0.02, adam_weight_decay=None, weight_decay=0.05,
                                      exclude_layers=["last"], adam_lr_ratio=0.5, momentum=0.8,
                                      nesterov=False, rms_rate=None),
    "adam_average_overwrites": lambda O: O.Adam(0.01, use_ema=True, ema_momentum=0.5,
                                                ema_overwrite_frequency=3),
    "adam_accumulation": lambda O: O.Adam(0.02, gradient_accumulation_steps=3, clipnorm=0.05),
    "sgd_accumulation_decay": lambda O: O.SGD(schedule(O), momentum=0.9, weight_decay=0.02,
                                              gradient_accumulation_steps=2),
    "nadam_accumulation_average": lambda O: O.Nadam(0.02, gradient_accumulation_steps=2,
                                                    use_ema=True, ema_momentum=0.8,
                                                    ema_overwrite_frequency=2,
                                                    loss_scale_factor=8.0),
}

# Not resumed: other configurations are (and averages would take over halfway too).
ONCE = {
    "sgd_average": lambda O: O.SGD(0.1, use_ema=True, ema_momentum=0.7),
    "adamax": lambda O: O.Adamax(),
    "adamax_clipnorm": lambda O: O.Adamax(0.01, clipnorm=0.05),
    "nadam": lambda O: O.Nadam(),
    "nadam_decay": lambda O: O.Nadam(schedule(O), weight_decay=0.05),
    "adadelta": lambda O: O.Adadelta(),
    "adadelta_clipvalue": lambda O: O.Adadelta(0.5, clipvalue=0.02),
    "adagrad": lambda O: O.Adagrad(0.05),
    "adagrad_global_clipnorm": lambda O: O.Adagrad(0.1, global_clipnorm=0.1),
    "adafactor": lambda O: O.Adafactor(0.05),
    "adafactor_absolute_step": lambda O: O.Adafactor(schedule(O), relative_step=False),
    "ftrl": lambda O: O.Ftrl(0.05),
    "lion": lambda O: O.Lion(),
    "lion_decay": lambda O: O.Lion(schedule(O), global_clipnorm=0.5),
    "lamb": lambda O: O.Lamb(0.01),
    "lamb_clipnorm": lambda O: O.Lamb(schedule(O), clipnorm=0.05),
    "muon": lambda O: O.Muon(0.01),
    "muon_steps": lambda O: O.Muon(0.01, ns_steps=2, muon_a=1.5, muon_b=-0.5, muon_c=0.0,
                                   adam_beta_1=0.8, adam_beta_2=0.9, epsilon=1e-4),
    "rmsprop_average_decay": lambda O: O.RMSprop(0.01, use_ema=True, weight_decay=0.05),
}


def declare():
    for name, make in (SETTINGS | ONCE).items():
        def build(keras, make=make):
            model = keras.Sequential([
                keras.Input((8,)), keras.layers.Dense(12, "relu"), keras.layers.Dense(7, "tanh"),
                keras.layers.Dense(4, "softmax", name="last")])
            model.compile(make(keras.optimizers), "sparse_categorical_crossentropy",
                          metrics=["accuracy"])
            return model

        batches = BATCHES if "average" in name else {}
        resume = name in SETTINGS and name != "sgd"
        case(x=normal(8), y=labels(4), name=f"optimizer_{name}", resume=resume, **batches)(build)


@case(x=normal(8), y=normal(3), resume=True)
def optimizer_adam_frozen_layer(keras):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(6, "relu"),
                              keras.layers.Dense(6, "tanh", trainable=False),
                              keras.layers.Dense(3)])
    model.compile("adam", "mse")
    return model


def schedule_free(keras, **settings):
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(12, "relu"),
                              keras.layers.Dense(4, "softmax")])
    model.compile(keras.optimizers.ScheduleFreeAdamW(**settings),
                  "sparse_categorical_crossentropy")
    # Built after loading, it would start from other weights than the file's.
    model.optimizer.build(model.trainable_variables)
    return model


@case(x=normal(8), y=labels(4))
def optimizer_schedule_free(keras):
    return schedule_free(keras, learning_rate=0.01)


@case(x=normal(8), y=labels(4), resume=True)
def optimizer_schedule_free_settings(keras):
    return schedule_free(keras, learning_rate=0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-4,
                         warmup_steps=4, weight_decay=0.1)


@case(x=normal(8), y=labels(4))
def optimizer_schedule_free_decay(keras):
    return schedule_free(keras, learning_rate=schedule(keras.optimizers), clipnorm=0.05)


declare()
