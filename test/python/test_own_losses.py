"""Losses and metrics of the user's own, as functions and as classes, agree with Keras."""
import numpy as np
import pytest
from conftest import assert_same_logs, assert_same_weights
from test_fit import both
from test_guides import linear, sequential, softmax_head

import lamina


def check(keras, data, loss, metrics=(), units=2, target=lambda y: y, **settings):
    keras.utils.set_random_seed(5)
    model = sequential(keras, keras.layers.Dense(5, "tanh"), softmax_head(keras, units))
    model.compile("sgd", loss, metrics=list(metrics), **settings)
    ours, theirs, step = both(model, data[0], target(data[1]), validation_split=0.2)
    assert_same_logs(ours, theirs, 5e-6)
    assert_same_weights(step.get_weights(), model.get_weights())
    return step


def test_a_function(keras, data):
    def my_mse(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)
    check(keras, data, my_mse, target=lambda y: np.eye(2, dtype="float32")[y])


def test_a_function_that_gives_one_number(keras, data):
    def total(y_true, y_pred):
        return keras.ops.sum(keras.ops.abs(y_true - y_pred)) / keras.ops.cast(
            keras.ops.shape(y_true)[0], "float32")
    check(keras, data, total, target=lambda y: np.eye(2, dtype="float32")[y])


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum"])
def test_a_class_with_settings(keras, data, reduction):
    class Regularized(keras.losses.Loss):
        def __init__(self, factor):
            super().__init__(reduction=reduction, name="regularized")
            self.factor = factor

        def call(self, y_true, y_pred):
            mse = keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)
            return mse + self.factor * keras.ops.mean(keras.ops.square(0.5 - y_pred), axis=-1)
    check(keras, data, Regularized(0.1), target=lambda y: np.eye(2, dtype="float32")[y])


def test_a_loss_around_one_of_keras_uses_the_logits(keras, data):
    def smooth(y_true, y_pred):
        return 0.9 * keras.losses.categorical_crossentropy(y_true, y_pred) + 0.1
    check(keras, data, smooth, target=lambda y: np.eye(2, dtype="float32")[y])


def test_a_metric_that_is_a_function(keras, data):
    def margin(y_true, y_pred):
        return keras.ops.abs(y_pred[:, 0] - y_pred[:, 1])
    check(keras, data, "sparse_categorical_crossentropy", [margin, "accuracy"])


def test_a_metric_with_state(keras, data):
    class TruePositives(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="true_positives")
            self.count = self.add_weight(name="count", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            found = keras.ops.argmax(y_pred, axis=-1)
            hits = keras.ops.equal(keras.ops.cast(y_true, "int32"), keras.ops.cast(found, "int32"))
            self.count.assign_add(keras.ops.sum(keras.ops.cast(hits, "float32")))

        def result(self):
            return self.count + 0.0  # the variable itself would be read too late
    check(keras, data, "sparse_categorical_crossentropy", [TruePositives()])


def test_a_metric_of_two_sums(keras, data):
    class Ratio(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="ratio")
            self.top = self.add_weight(shape=(2,), name="top", initializer="zeros")
            self.bottom = self.add_weight(shape=(), name="bottom", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.top.assign_add(keras.ops.sum(y_pred, axis=0))
            self.bottom.assign_add(keras.ops.cast(keras.ops.shape(y_pred)[0], "float32"))

        def result(self):
            return keras.ops.max(self.top / self.bottom)
    check(keras, data, "sparse_categorical_crossentropy", [Ratio()])


def test_a_metric_around_one_of_keras(keras, data):
    class Sharpness(keras.metrics.Mean):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(keras.ops.max(y_pred, axis=-1), sample_weight=sample_weight)
    check(keras, data, "sparse_categorical_crossentropy", [Sharpness(name="sharpness")])


def test_a_weighted_metric(keras, data):
    class Weighted(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="weighted")
            self.sum = self.add_weight(name="sum", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            values = y_pred[:, 0] * (1.0 if sample_weight is None else sample_weight)
            self.sum.assign_add(keras.ops.sum(values))

        def result(self):
            return self.sum + 0.0
    keras.utils.set_random_seed(5)
    model = sequential(keras, softmax_head(keras))
    model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=[Weighted()])
    weights = np.linspace(0, 2, len(data[0])).astype("float32")
    ours, theirs, _ = both(model, *data, sample_weight=weights)
    assert_same_logs(ours, theirs, 5e-6)


def test_what_cannot_be_traced_is_named(keras, data):
    def branches(y_true, y_pred):
        if keras.ops.sum(y_pred) > 0:
            return y_pred
        return y_true

    class Largest(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="largest")
            self.value = self.add_weight(name="value", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.value.assign(keras.ops.maximum(self.value, keras.ops.max(y_pred)))

        def result(self):
            return self.value + 0.0
    model = sequential(keras, softmax_head(keras))
    model.compile("sgd", branches)
    with pytest.raises(NotImplementedError, match=r"loss 'branches' cannot be traced: line \d+ of "
                                                  r".*test_own_losses.py: "):
        lamina.compile(model)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[Largest()])
    with pytest.raises(NotImplementedError, match="metric 'largest': its variable 'value' changes "
                                                  "otherwise than by assign_add"):
        lamina.compile(model)


def test_settings_in_place_of_the_models(keras, data):
    def my_mse(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)
    model = sequential(keras, softmax_head(keras))
    step = lamina.compile(model, optimizer="sgd", loss=my_mse, metrics=[my_mse])
    logs = step.evaluate(data[0], np.eye(2, dtype="float32")[data[1]], verbose=0, return_dict=True)
    np.testing.assert_allclose(logs["loss"], logs["my_mse"], rtol=1e-5)


def test_several_outputs(keras, data):
    def absolute(y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)
    keras.utils.set_random_seed(5)
    a = keras.Input((6,))
    h = linear(keras)(5)(a)
    model = keras.Model(a, {"size": keras.layers.Dense(1, name="size")(h),
                            "kind": keras.layers.Dense(2, "softmax", name="kind")(h)})
    model.compile("sgd", {"size": absolute, "kind": "sparse_categorical_crossentropy"},
                  loss_weights={"size": 0.5, "kind": 1.0}, metrics={"size": [absolute, "mae"]})
    y = {"size": data[0][:, :1], "kind": data[1]}
    ours, theirs, step = both(model, data[0], y)
    assert_same_logs(ours, theirs, 5e-6)
    assert_same_weights(step.get_weights(), model.get_weights())


def own_loss(keras, compute, outputs=1):
    class Own(keras.Model):
        compute_loss = compute
    a = keras.Input((6,))
    heads = [keras.layers.Dense(2, "softmax", kernel_regularizer="l2")(a) for _ in range(outputs)]
    model = Own(a, heads[0] if outputs == 1 else heads, name="own")
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def test_a_compute_loss_that_cannot_be_traced_is_named(keras):
    def of_inputs(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.ops.mean(x) + keras.ops.mean(y_pred) + sum(self.losses)

    def without_penalties(self, x=None, y=None, y_pred=None, sample_weight=None):
        return keras.ops.mean(y_pred)

    def with_values(self, x=None, y=None, y_pred=None, sample_weight=None):
        return keras.ops.mean(y_pred) if keras.ops.sum(y) > 0 else sum(self.losses)
    own = "model 'own' of class Own: its own compute_loss "
    for compute, outputs, message in (
            (of_inputs, 1, "cannot be traced: it reads the model's inputs; add what depends on them in "
                           "a layer, with add_loss"),
            (without_penalties, 1, r"leaves out what layers and regularizers add to the loss; add "
                                   r"sum\(self.losses\), or call super\(\).compute_loss"),
            (with_values, 1, r"cannot be traced: line \d+ of .*test_own_losses.py: "),
            (without_penalties, 2, "is not supported for several outputs; give a loss for each of them")):
        with pytest.raises(NotImplementedError, match=own + message):
            lamina.compile(own_loss(keras, compute, outputs))


def test_a_compute_loss_takes_no_weights_and_no_parts(keras, data):
    def compute(self, x=None, y=None, y_pred=None, sample_weight=None):
        return keras.ops.mean(keras.ops.square(y_pred)) + sum(self.losses)
    with pytest.raises(ValueError, match="loss 'sparse_categorical_crossentropy': is the model's own for "
                                         "a whole batch, which does not follow from parts of one; "
                                         "compile without batches in parts"):
        lamina.compile(own_loss(keras, compute), 16, accumulate=4)
    step = lamina.compile(own_loss(keras, compute), 16)
    before = step.get_weights()
    with pytest.raises(ValueError, match="loss 'sparse_categorical_crossentropy': is the model's own for a "
                                         "whole batch, to which weights of samples cannot be applied; "
                                         "give none"):
        step.fit(*data, sample_weight=np.ones(100), verbose=0)
    assert_same_weights(step.get_weights(), before, 0)
