"""The layers of traced programs, for Keras: what the code of a user's own layers does beside
operations of keras.ops. frontend/keras/layers/traced.cpp says what they mean in compiled code."""
import keras


class _Traced(keras.layers.Layer):
    """A layer of a program; its configuration is what `settings` has and the type of its numbers."""

    def __init__(self, settings, dtype="float32"):
        super().__init__(name=settings.pop("name", None), dtype=dtype)
        self.settings = settings
        self.built = True

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype_policy.name, **self.settings}


def _register(cls):
    return keras.saving.register_keras_serializable(package="lamina")(cls)


def _float_type(tensor):
    return "float64" if tensor.dtype == "float64" else "float32"


@_register
class Parameter(_Traced):
    """A weight that a layer added itself: its value, or with `value` that as its new value."""

    def __init__(self, variable, name, regularizer=None, constraint=None):
        settings = {"name": name, **describe_variable(variable, regularizer, constraint)}
        super().__init__(settings, _float_type(variable))
        self._track_variable(variable)
        self.variable = variable

    def compute_output_spec(self, x, value=None):
        return keras.KerasTensor(tuple(self.variable.shape), self.variable.dtype)

    def call(self, x, value=None):
        return self.variable.value


@_register
class Cell(_Traced):
    """A cell of a user's own for keras.layers.RNN: a program of a step's input, the states and the
    weights, which gives the output and the next states."""

    def __init__(self, variables, state_size, output_size, program, name, dtype):
        described = [{"name": f"{i}_{v.name}", **describe_variable(v, None, v.constraint)}
                     for i, v in enumerate(variables)]
        super().__init__({"name": name, "variables": described, "state_count": len(state_size),
                          "output_size": output_size, "program": program}, dtype)
        self.state_size, self.output_size = state_size, output_size
        for variable in variables:
            self._track_variable(variable)

    def call(self, x, states):
        raise NotImplementedError("a traced cell is data for compiled code")


@_register
class Effects(_Traced):
    """The first tensor; the others are computed for what their layers do besides."""

    def compute_output_spec(self, tensors):
        return keras.KerasTensor(tensors[0].shape, tensors[0].dtype)

    def call(self, tensors):
        return tensors[0]


@_register
class Choice(_Traced):
    """The first tensor in training, the second one otherwise."""

    def compute_output_spec(self, tensors, training=None):
        return keras.KerasTensor(tensors[0].shape, tensors[0].dtype)

    def call(self, tensors, training=None):
        return tensors[0] if training else tensors[1]


@_register
class AddedLoss(_Traced):
    """Adds the sum of the tensor's elements to the loss."""

    def compute_output_spec(self, x):
        return keras.KerasTensor((), x.dtype)

    def call(self, x):
        return keras.ops.sum(x)


@_register
class RandomNumbers(_Traced):
    """Random numbers of a shape; None stands for the rows of the batch."""

    def compute_output_spec(self, x):
        return keras.KerasTensor(self.settings["shape"], self.compute_dtype)


@_register
class RowCount(_Traced):
    """How many rows the batch has."""

    def compute_output_spec(self, x):
        return keras.KerasTensor((), "int32")


@_register
class Mask(_Traced):
    """The first tensor, whose steps count where the second one says so."""

    def compute_output_spec(self, tensors):
        return keras.KerasTensor(tensors[0].shape, tensors[0].dtype)

    def call(self, tensors):
        return tensors[0]


def describe_variable(variable, regularizer, constraint):
    """A weight of the user's own, in the words of frontend/keras/layers/traced_variable.h."""
    def serialize(value):
        return value if isinstance(value, dict) else keras.saving.serialize_keras_object(value)
    return {"shape": list(variable.shape), "variable_dtype": variable.dtype,
            "is_trainable": variable.trainable,
            "initializer": serialize(keras.initializers.Zeros()),
            "regularizer": serialize(regularizer), "constraint": serialize(constraint)}


def constraint(weight, value):
    """A constraint of the user's own, which gives `value` for a weight."""
    program = keras.saving.serialize_keras_object(keras.Model(weight, value))
    return {"module": "lamina", "class_name": "Constraint", "registered_name": "lamina>Constraint",
            "config": {"program": program}}


def with_effects(tensor, effects):
    if not effects:
        return tensor
    mask = getattr(tensor, "_keras_mask", None)
    result = Effects({}, _float_type(tensor))([tensor, *effects])
    if mask is not None:
        result._keras_mask = mask
    return result


def choice(in_training, otherwise):
    return Choice({}, _float_type(otherwise))([in_training, otherwise])


def added_loss(value):
    return AddedLoss({}, _float_type(value))(value)


def masked(tensor, mask):
    result = Mask({}, _float_type(tensor))([tensor, mask])
    result._keras_mask = mask
    return result


def row_count(anchor):
    return RowCount({})(anchor)


def random_numbers(anchor, distribution, shape, first, second, dtype):
    settings = {"distribution": distribution, "shape": list(shape), "first": float(first),
                "second": float(second)}
    return RandomNumbers(settings, dtype or keras.config.floatx())(anchor)
