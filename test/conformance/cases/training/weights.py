"""What variables start from and are held to: initializers, regularizers, constraints. (Files hold
the weights that Keras drew; what Lamina draws itself is tested in initializer_test.cpp.)"""
from case import case, normal


def declare(name, kind, make):
    """A chain of dense layers with the settings that `make` chooses from a module of Keras."""

    def build(keras):
        settings = make(getattr(keras, f"{kind}s"))
        hidden = [keras.layers.Dense(5, "tanh", **{f"kernel_{kind}": s}) for s in settings]
        model = keras.Sequential([keras.Input((5,)), *hidden, keras.layers.Dense(2)])
        model.compile(keras.optimizers.SGD(0.05), "mse")
        return model

    case(x=normal(5), y=normal(2), name=f"{kind}_{name}", rows=8, batch_size=8, epochs=8)(build)


INITIALIZERS = {
    "by_name": lambda I: [
        "glorot_normal", "lecun_normal", "lecun_uniform", "he_normal", "he_uniform",
        "variance_scaling", "orthogonal", "identity", "truncated_normal"],
    "by_class": lambda I: [
        I.GlorotNormal(seed=3), I.LecunNormal(seed=3), I.LecunUniform(), I.HeNormal(),
        I.HeUniform(seed=1), I.VarianceScaling(2.0, "fan_out", "uniform"), I.Orthogonal(0.7),
        I.Identity(0.5), I.TruncatedNormal(0.1, 0.3, seed=9)],
    "variance_scaling": lambda I: [
        I.VarianceScaling(0.5, "fan_avg", "untruncated_normal", seed=1),
        I.VarianceScaling(1.5, "fan_in", "truncated_normal")],
}

REGULARIZERS = {
    "orthogonal_rows": lambda R: [R.OrthogonalRegularizer(factor=0.02)],
    "orthogonal_columns": lambda R: [R.OrthogonalRegularizer(factor=0.05, mode="columns")],
    "orthogonal_both": lambda R: [R.OrthogonalRegularizer(0.03, "rows"), "orthogonal_regularizer",
                                  R.OrthogonalRegularizer(0.01, "columns")],
    "l1_l2_by_name": lambda R: ["L1L2", "l1", "l2"],
    "l1_l2_of_one": lambda R: [R.L1L2(l2=0.03), R.L1L2(l1=0.004, l2=0.006), R.L1L2(l1=0.02)],
}

CONSTRAINTS = {
    "min_max_norm": lambda C: [C.MinMaxNorm(min_value=0.3, max_value=0.8)],
    "min_max_norm_rate": lambda C: [C.MinMaxNorm(0.5, 0.9, rate=0.3), "min_max_norm"],
    "min_max_norm_axis": lambda C: [C.MinMaxNorm(0.4, 0.7, axis=1),
                                    C.MinMaxNorm(1.0, 1.5, rate=0.5, axis=[0, 1])],
    "by_name": lambda C: ["non_neg", "unit_norm", "max_norm"],
    "axis": lambda C: [C.NonNeg(), C.UnitNorm(axis=1), C.UnitNorm(axis=[0, 1]),
                       C.MaxNorm(0.5, axis=1)],
}

for _kind, _table in (("initializer", INITIALIZERS), ("regularizer", REGULARIZERS),
                      ("constraint", CONSTRAINTS)):
    for _name, _make in _table.items():
        declare(_name, _kind, _make)


@case(x=normal(7, 5, 3), y=normal(2), rows=6, batch_size=6, epochs=4)
def initializers_of_filters(keras):
    """Filters and biases, whose fans are others than a matrix'."""
    L, I = keras.layers, keras.initializers
    kernels = ["glorot_normal", I.LecunNormal(), "lecun_uniform", I.HeUniform(),
               I.VarianceScaling(3.0, "fan_avg", "normal"), I.Orthogonal(), "truncated_normal"]
    model = keras.Sequential([
        keras.Input((7, 5, 3)),
        *[L.Conv2D(3, (2, 1), activation="tanh", kernel_initializer=kernel,
                   bias_initializer="lecun_normal") for kernel in kernels[:4]],
        L.DepthwiseConv2D(2, padding="same", depthwise_initializer=kernels[4]),
        L.SeparableConv2D(3, 2, depthwise_initializer=kernels[5], pointwise_initializer=kernels[6]),
        L.Flatten(), L.Dense(4, kernel_initializer="identity"), L.Dense(2)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


@case(x=normal(4, 5, 3), y=normal(2), rows=6, batch_size=6, epochs=4)
def constraints_of_filters(keras):
    """Axes of filters, and of biases."""
    L, C = keras.layers, keras.constraints
    model = keras.Sequential([
        keras.Input((4, 5, 3)),
        L.Conv2D(4, 2, kernel_constraint=C.MinMaxNorm(0.2, 0.6, axis=[0, 1, 2])),
        L.Conv2D(3, 2, kernel_constraint=C.UnitNorm(axis=[0, 1, 2]), bias_constraint="non_neg",
                 activation="tanh"), L.Flatten(), L.Dense(2)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model
