"""Estimators of scikit-learn that train compiled Keras models."""
import json

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from lamina import _core
from lamina._callbacks import keras_if_imported
from lamina._compile import _serialize, compile as compile_model, keras_object
from lamina._step import Step

# Rows of a batch where the estimator chooses, as in sklearn.neural_network.
AUTO_BATCH_SIZE = 200


def _layer(class_name, dtype, **config):
    policy = keras_object("keras", "DTypePolicy", {"name": dtype})
    return keras_object("keras.layers", class_name,
                        {"dtype": policy if class_name != "InputLayer" else dtype, **config})


def _dense(name, units, activation, dtype):
    return _layer("Dense", dtype, name=name, trainable=True, units=int(units),
                  activation=activation, use_bias=True)


def perceptron(features, hidden_layer_sizes, activation, outputs, output_activation, dtype):
    """The configuration of a Sequential model of Dense layers, as Keras' model.to_json gives it."""
    layers = [_layer("InputLayer", dtype, name="features", batch_shape=[None, features],
                     sparse=False)]
    layers += [_dense(f"hidden_{i}", units, activation, dtype)
               for i, units in enumerate(hidden_layer_sizes, 1)]
    layers.append(_dense("output", outputs, output_activation, dtype))
    return keras_object("keras", "Sequential",
                        {"name": "perceptron", "trainable": True, "layers": layers})


class _Estimator(BaseEstimator):
    """What both estimators do; see LaminaClassifier."""

    def __init__(self, hidden_layer_sizes=(100,), activation="relu", *, model=None,
                 optimizer="adam", learning_rate=0.001, loss=None, epochs=200, batch_size="auto",
                 shuffle=True, callbacks=None, verbose=0, random_state=None, threads=None):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.model = model
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.loss = loss
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state
        self.threads = threads

    # ---- making the model ----------------------------------------------------------------------

    def _optimizer_config(self):
        if not isinstance(self.optimizer, str):
            return _serialize(self.optimizer)
        return keras_object("keras.optimizers", self.optimizer,
                            {"learning_rate": float(self.learning_rate)})

    def _loss_config(self, dtype):
        """The loss in the type of the data, the mean by weights of samples: a weight of 2 is a row
        that is there twice."""
        loss = self.loss or self._default_loss
        if not isinstance(loss, str):
            return _serialize(loss)
        return keras_object("keras.losses", loss,
                            {"dtype": dtype, "reduction": "mean_with_sample_weight"})

    def _make_step(self, X, outputs, batch_size):
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        if self.model is not None:
            return self._compile_given(X, outputs, batch_size, seed)
        sizes = np.atleast_1d(self.hidden_layer_sizes).astype(int).tolist()
        if any(size < 1 for size in sizes):
            raise ValueError(f"hidden_layer_sizes={self.hidden_layer_sizes}: sizes are at least 1")
        config = perceptron(X.shape[1], sizes, self.activation, outputs, self._output_activation,
                            X.dtype.name)
        training = {"optimizer": self._optimizer_config(),
                    "loss": self._loss_config(X.dtype.name)}
        content = {"config": json.dumps(config), "metadata": "null", "groups": {}, "weights": {},
                   "assets": {}}
        core = _core.Step(path="", name=type(self).__name__, content=content, input_shapes={},
                          target_shapes={}, seed=seed, compile_config=json.dumps(training),
                          batch_size=batch_size, accumulate=1, memory_limit=0,
                          threads=self.threads or 0, sample_weights=True)
        return Step(core, seed)

    def _compile_given(self, X, outputs, batch_size, seed):
        keras = keras_if_imported()
        model = self.model
        if not (keras and isinstance(model, keras.Model)) and callable(model):
            model = model(X.shape[1], outputs)
        settings = {}
        if getattr(model, "optimizer", None) is None:
            settings["optimizer"] = self._optimizer_config()
        if self.loss or settings:
            settings["loss"] = self.loss or self._default_loss
        return compile_model(model, batch_size, threads=self.threads, seed=seed, **settings)

    # ---- training ------------------------------------------------------------------------------

    def _choose_batch_size(self, rows):
        if self.batch_size == "auto":
            return min(AUTO_BATCH_SIZE, rows)
        if isinstance(self.batch_size, bool) or not hasattr(self.batch_size, "__index__") or (
                self.batch_size < 1):
            raise ValueError(f"batch_size={self.batch_size!r}: a whole number from 1 on, or 'auto'")
        return int(self.batch_size)

    def _validate(self, X, y, reset):
        return validate_data(self, X, y, reset=reset, dtype=(np.float64, np.float32),
                             multi_output=True, y_numeric=self._is_numeric)

    def _train(self, X, targets, sample_weight, epochs):
        """Rows without weight are left out."""
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, X, dtype=X.dtype)
            kept = weights != 0
            if not kept.any():
                raise ValueError("all weights of samples are zero")
            X, targets, weights = X[kept], targets[kept], weights[kept]
            if self.model is not None:  # its loss may be a sum over weights
                weights = weights / weights.mean()
        history = self.step_.fit(X, targets, sample_weight=weights, shuffle=self.shuffle,
                                 batch_size=min(self.step_.batch_size, len(X)), epochs=epochs,
                                 verbose=self.verbose, callbacks=self.callbacks)
        self.history_ = history.history
        self.loss_ = history.history["loss"][-1]
        self.n_iter_ = getattr(self, "n_iter_", 0) + len(history.epoch)

    def _fit(self, X, targets, outputs, sample_weight):
        if isinstance(self.epochs, bool) or not hasattr(self.epochs, "__index__") or self.epochs < 1:
            raise ValueError(f"epochs={self.epochs!r}: a whole number from 1 on")
        self.n_iter_ = 0
        self.step_ = self._make_step(X, outputs, self._choose_batch_size(len(X)))
        self._train(X, self._shaped(targets), sample_weight, self.epochs)
        return self

    def _partial_fit(self, X, targets, outputs, sample_weight):
        if not hasattr(self, "step_"):
            self.step_ = self._make_step(X, outputs, self._choose_batch_size(AUTO_BATCH_SIZE))
        dtype = self.step_.input_specs[0].dtype
        self._train(X.astype(dtype, copy=False), self._shaped(targets), sample_weight, 1)
        return self

    def _outputs(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=(np.float64, np.float32))
        return self.step_.predict(X, verbose=0)


class LaminaClassifier(ClassifierMixin, _Estimator):
    """A classifier that trains a compiled Keras model.

    Args:
        hidden_layer_sizes, activation: of a network of Dense layers, which is trained in the type of
            X, float32 or float64.
        model: in place of that a Keras model, whose weights training begins with, or a function of
            the numbers of features and of outputs that makes one. It is compiled with its own
            settings where it has some. It has an output for each class, or a single one for the
            probability of the second of two.
        optimizer, learning_rate, loss: names as in Keras, or objects of its classes.
        epochs, batch_size, shuffle, callbacks, verbose: as keras.Model.fit has them; batch_size "auto"
            is all rows, at most 200.
        random_state: of initial weights, dropout and shuffling.
        threads: as in `lamina.compile`.

    After fitting: classes_, n_features_in_, feature_names_in_, step_ (the lamina.Step), history_,
    loss_, n_iter_.
    """

    _output_activation = "softmax"
    _default_loss = "sparse_categorical_crossentropy"
    _is_numeric = False

    def fit(self, X, y, sample_weight=None):
        """Trains from the beginning. X (rows, features), y (rows,) labels of any kind."""
        X, y = self._validate(X, y, reset=True)
        labels = self._encode(y, None)
        return self._fit(X, labels, len(self.classes_), sample_weight)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Trains on for one epoch. The first call needs all classes."""
        is_first = not hasattr(self, "step_")
        if is_first and classes is None:
            raise ValueError("classes must be given at the first call of partial_fit")
        X, y = self._validate(X, y, reset=is_first)
        labels = self._encode(y, classes if is_first else self.classes_)
        return self._partial_fit(X, labels, len(self.classes_), sample_weight)

    def _encode(self, y, classes):
        """The labels' class numbers; classes_ are those of y unless they are given."""
        y = self._column(y)
        check_classification_targets(y)
        encoder = LabelEncoder().fit(y if classes is None else classes)
        self.classes_ = encoder.classes_
        return encoder.transform(y)

    @staticmethod
    def _column(y):
        from sklearn.utils.validation import column_or_1d
        return column_or_1d(y, warn=True)

    def _shaped(self, labels):
        """Class numbers as the model's loss takes them: one-hot where it has a value per class."""
        spec = self.step_.target_specs[0]
        values = int(np.prod(spec.shape, dtype=int))
        if values > 1:
            return np.eye(values, dtype=spec.dtype)[labels]
        return labels.reshape(-1, *spec.shape)

    def predict_proba(self, X):
        """Probabilities (rows, classes) in the order of classes_."""
        outputs = self._outputs(X)
        if outputs.shape[1] == 1 and len(self.classes_) == 2:
            return np.concatenate([1 - outputs, outputs], axis=1)
        return outputs

    def predict(self, X):
        """The label of the largest probability for each row."""
        probabilities = self.predict_proba(X)
        return self.classes_[np.argmax(probabilities, axis=1)]


class LaminaRegressor(MultiOutputMixin, RegressorMixin, _Estimator):
    """A regressor that trains a compiled Keras model. Arguments and attributes are those of
    LaminaClassifier, without classes; y is (rows,) or (rows, outputs)."""

    _output_activation = "linear"
    _default_loss = "mean_squared_error"
    _is_numeric = True

    def fit(self, X, y, sample_weight=None):
        """Trains from the beginning. X (rows, features), y (rows,) or (rows, outputs)."""
        X, y = self._validate_targets(X, y, reset=True)
        return self._fit(X, y, self._n_outputs, sample_weight)

    def partial_fit(self, X, y, sample_weight=None):
        """Trains on for one epoch."""
        X, y = self._validate_targets(X, y, reset=not hasattr(self, "step_"))
        return self._partial_fit(X, y, self._n_outputs, sample_weight)

    def _validate_targets(self, X, y, reset):
        X, y = self._validate(X, y, reset)
        if y.ndim == 2 and y.shape[1] == 1:
            y = LaminaClassifier._column(y)
        self._is_flat = y.ndim == 1
        self._n_outputs = 1 if self._is_flat else y.shape[1]
        return X, y.reshape(len(y), -1)

    def _shaped(self, targets):
        return targets

    def predict(self, X):
        """Values (rows,) or (rows, outputs), as y was."""
        outputs = self._outputs(X)
        return outputs.reshape(len(outputs)) if self._is_flat else outputs
