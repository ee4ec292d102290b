"""Learning rate schedules, each over the steps before, at and after their corners."""
from case import case, labels, normal

SCHEDULES = {
    "cosine": lambda S: S.CosineDecay(0.1, decay_steps=12),
    "cosine_alpha": lambda S: S.CosineDecay(0.1, decay_steps=7, alpha=0.25),
    "cosine_warmup": lambda S: S.CosineDecay(0.01, decay_steps=9, alpha=0.1, warmup_target=0.2,
                                             warmup_steps=5),
    "cosine_target_without_warmup": lambda S: S.CosineDecay(0.01, decay_steps=15,
                                                            warmup_target=0.15),
    "restarts": lambda S: S.CosineDecayRestarts(0.1, first_decay_steps=4),
    "restarts_of_equal_length": lambda S: S.CosineDecayRestarts(0.1, 6, t_mul=1.0, m_mul=0.5),
    "restarts_settings": lambda S: S.CosineDecayRestarts(0.2, first_decay_steps=3, t_mul=1.5,
                                                         m_mul=0.8, alpha=0.1),
    "inverse_time": lambda S: S.InverseTimeDecay(0.1, decay_steps=3, decay_rate=0.5),
    "inverse_time_staircase": lambda S: S.InverseTimeDecay(0.2, decay_steps=4, decay_rate=1.5,
                                                           staircase=True),
    "inverse_time_slow": lambda S: S.InverseTimeDecay(0.05, decay_steps=1, decay_rate=0.01),
    "exponential_staircase": lambda S: S.ExponentialDecay(0.1, decay_steps=6, decay_rate=0.4,
                                                          staircase=True),
    "piecewise": lambda S: S.PiecewiseConstantDecay([5, 11], [0.1, 0.05, 0.01]),
    "piecewise_of_every_step": lambda S: S.PiecewiseConstantDecay(
        [0, 1, 2, 3], [0.2, 0.1, 0.05, 0.02, 0.15]),
    "piecewise_fractions": lambda S: S.PiecewiseConstantDecay([4.5], [0.1, 0.03]),
    "polynomial": lambda S: S.PolynomialDecay(0.1, decay_steps=8, end_learning_rate=0.01),
    "polynomial_power": lambda S: S.PolynomialDecay(0.1, decay_steps=25, power=0.5),
    "polynomial_cycle": lambda S: S.PolynomialDecay(0.1, decay_steps=6, end_learning_rate=0.02,
                                                    power=2.0, cycle=True),
}


def declare():
    for name, make in SCHEDULES.items():
        def build(keras, make=make):
            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(6, "tanh"),
                                      keras.layers.Dense(4, "softmax")])
            model.compile(keras.optimizers.SGD(make(keras.optimizers.schedules), momentum=0.5),
                          "sparse_categorical_crossentropy")
            return model

        case(x=normal(8), y=labels(4), name=f"schedule_{name}",
             resume=name in ("cosine_warmup", "restarts_settings"))(build)


declare()
