"""Runs of fit with Keras' callbacks beside the options of `lamina train` that mean the same, and
learning rate schedules. Declared without importing Keras: functions receive its modules."""
import dataclasses
from typing import Callable

import numpy as np

EPOCHS = 14
BATCH_SIZE = 8


@dataclasses.dataclass(frozen=True)
class Run:
    callbacks: Callable  # from keras.callbacks to a list
    options: tuple
    optimizer: Callable = lambda optimizers: optimizers.SGD(0.15, momentum=0.5)


def averaged(optimizers):
    return optimizers.SGD(0.15, use_ema=True, ema_momentum=0.8)


def halved(epoch, rate):
    return rate * 0.5 if epoch >= 3 else rate


RUNS = {
    "early_stopping": Run(lambda C: [C.EarlyStopping(patience=2)],
                          ("--early-stopping", "patience=2")),
    "early_stopping_restores": Run(
        lambda C: [C.EarlyStopping(patience=3, min_delta=0.01, restore_best_weights=True)],
        ("--early-stopping", "patience=3,min-delta=0.01,restore-best")),
    "early_stopping_accuracy": Run(
        lambda C: [C.EarlyStopping("val_accuracy", patience=1, start_from_epoch=4, baseline=0.2)],
        ("--early-stopping",
         "monitor=val_accuracy,patience=1,start-from-epoch=4,baseline=0.2")),
    "early_stopping_baseline": Run(
        lambda C: [C.EarlyStopping("loss", baseline=0.5, patience=4, mode="min", min_delta=0.1,
                                   restore_best_weights=True)],
        ("--early-stopping",
         "monitor=loss,baseline=0.5,patience=4,mode=min,min-delta=0.1,restore-best")),
    "reduce_on_plateau": Run(lambda C: [C.ReduceLROnPlateau(patience=2, factor=0.5)],
                             ("--reduce-lr-on-plateau", "patience=2,factor=0.5")),
    "reduce_on_plateau_cooldown": Run(
        lambda C: [C.ReduceLROnPlateau("val_accuracy", patience=1, factor=0.2, cooldown=2,
                                       min_lr=0.002, min_delta=0.0)],
        ("--reduce-lr-on-plateau",
         "monitor=val_accuracy,patience=1,factor=0.2,cooldown=2,min-lr=0.002,min-delta=0")),
    "reduce_and_stop": Run(
        lambda C: [C.ReduceLROnPlateau("loss", patience=1, min_delta=0.5),
                   C.EarlyStopping(patience=4)],
        ("--reduce-lr-on-plateau", "monitor=loss,patience=1,min-delta=0.5",
         "--early-stopping", "patience=4")),
    "rates_by_epoch": Run(
        lambda C: [C.LearningRateScheduler(lambda e, rate: {2: 0.05, 6: 0.01}.get(e, rate))],
        ("--learning-rate-scheduler", "2=0.05,6=0.01")),
    "rates_by_factor": Run(lambda C: [C.LearningRateScheduler(halved)],
                           ("--learning-rate-scheduler", "factor=0.5,start-from-epoch=3")),
    "average_at_the_end": Run(lambda C: [], (), averaged),
    "average_for_evaluation": Run(lambda C: [C.SwapEMAWeights()],
                                  ("--swap-ema-weights", "evaluation"), averaged),
    "average_between_epochs": Run(lambda C: [C.SwapEMAWeights(swap_on_epoch=True)],
                                  ("--swap-ema-weights", "epoch"), averaged),
}


def data():
    """(x, y) for training and for validation: few rows of noise, so that validation gets worse."""
    random = np.random.default_rng(7)
    x = random.standard_normal((44, 6)).astype("float32")
    y = random.integers(0, 3, 44).astype("int32")
    return (x[:24], y[:24]), (x[24:], y[24:])


def classifier(keras, run):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "tanh"),
                              keras.layers.Dense(3, "softmax")])
    model.compile(run.optimizer(keras.optimizers), "sparse_categorical_crossentropy",
                  metrics=["accuracy"])
    return model


# Learning rate schedules (from keras.optimizers.schedules), seen for so many steps.
STEPS = 25
SCHEDULES = {
    "exponential": lambda S: S.ExponentialDecay(0.02, 10, 0.5),
    "exponential_staircase": lambda S: S.ExponentialDecay(0.02, 4, 0.7, staircase=True),
    "exponential_growth": lambda S: S.ExponentialDecay(0.001, 7, 1.5),
    "inverse_time": lambda S: S.InverseTimeDecay(0.02, 5, 0.8),
    "inverse_time_staircase": lambda S: S.InverseTimeDecay(0.02, 3, 0.5, staircase=True),
    "inverse_time_short": lambda S: S.InverseTimeDecay(0.01, 1, 0.1),
    "polynomial": lambda S: S.PolynomialDecay(0.02, 15),
    "polynomial_square": lambda S: S.PolynomialDecay(0.02, 12, end_learning_rate=0.002, power=2.0),
    "polynomial_cycle": lambda S: S.PolynomialDecay(0.02, 6, 0.001, power=0.5, cycle=True),
    "cosine": lambda S: S.CosineDecay(0.02, 16),
    "cosine_floor": lambda S: S.CosineDecay(0.02, 10, alpha=0.2),
    "cosine_warmup": lambda S: S.CosineDecay(0.001, 12, alpha=0.1, warmup_target=0.03,
                                             warmup_steps=6),
    "restarts": lambda S: S.CosineDecayRestarts(0.02, 5),
    "restarts_of_one_length": lambda S: S.CosineDecayRestarts(0.02, 6, t_mul=1.0, m_mul=0.8),
    "restarts_lower": lambda S: S.CosineDecayRestarts(0.02, 4, t_mul=1.5, m_mul=0.9, alpha=0.1),
    "piecewise": lambda S: S.PiecewiseConstantDecay([5, 12], [0.02, 0.01, 0.001]),
    "piecewise_one": lambda S: S.PiecewiseConstantDecay([3], [0.001, 0.02]),
    "piecewise_fractions": lambda S: S.PiecewiseConstantDecay([2.5, 9.0, 20.0],
                                                              [0.01, 0.02, 0.004, 0.0]),
}


def ramp(keras, schedule):
    """A model whose loss falls by the learning rate in every step: the hinge loss 1 - w of a single
    weight w."""
    model = keras.Sequential([
        keras.Input((1,)),
        keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(schedule), "hinge")
    return model
