"""The normalization layers: training, evaluation, frozen layers, moving statistics."""
from case import case, labels, normal, one_hot

from cases.chain import chain


def far(*shape):
    """Inputs with a mean and a scale of their own for each channel."""
    def source(random, rows):
        values = random.standard_normal((rows, *shape))
        return (values * random.uniform(0.5, 2, shape[-1]) +
                random.uniform(-3, 3, shape[-1])).astype("float32")
    return source


chain("batch_norm", (6,), lambda L: [
    L.BatchNormalization()], rows=16, batch_size=16, source=far(6))
chain("batch_norm_momentum", (6,), lambda L: [L.BatchNormalization(momentum=0.6, epsilon=1e-2)],
      rows=16, batch_size=16, source=far(6))
chain("batch_norm_images", (5, 4, 3), lambda L: [
    L.Conv2D(4, 2, use_bias=False), L.BatchNormalization(momentum=0.9), L.ReLU()])
chain("batch_norm_after_activation", (6, 6, 3), lambda L: [
    L.Conv2D(4, 3, activation="relu"), L.BatchNormalization(momentum=0.9), L.MaxPooling2D()])
chain("batch_norm_unscaled", (5, 4, 3), lambda L: [
    L.BatchNormalization(scale=False, momentum=0.8), L.Conv2D(4, 2, activation="tanh"),
    L.BatchNormalization(center=False, momentum=0.8),
    L.BatchNormalization(center=False, scale=False)])
chain("batch_norm_axis_1", (3, 5, 4), lambda L: [
    L.Conv2D(4, 2, data_format="channels_first", activation="tanh"),
    L.BatchNormalization(axis=1, momentum=0.9)])
chain("batch_norm_axis_2", (3, 5, 4), lambda L: [L.BatchNormalization(axis=2, momentum=0.9)])
chain("batch_norm_1d", (7, 3), lambda L: [
    L.Conv1D(4, 3, activation="tanh"), L.BatchNormalization(momentum=0.9)])
chain("batch_norm_3d", (3, 4, 3, 2), lambda L: [L.Conv3D(4, 2, activation="tanh"),
                                                L.BatchNormalization(momentum=0.9)])
chain("batch_norm_settings", (5, 4, 3), lambda L: [
    L.BatchNormalization(momentum=0.7, gamma_initializer="random_normal", beta_initializer="ones",
                         gamma_regularizer="l2", beta_regularizer="l1", gamma_constraint="non_neg",
                         beta_constraint="max_norm", moving_mean_initializer="ones",
                         moving_variance_initializer={
                             "class_name": "Constant", "config": {"value": 0.7}})])
chain("batch_norm_partial_batches", (5, 4, 3), lambda L: [
    L.Conv2D(4, 2, activation="tanh"), L.BatchNormalization(momentum=0.7)],
    rows=10, batch_size=4, epochs=3)
chain("batch_norm_validation", (6,), lambda L: [
    L.Dense(5, "tanh"), L.BatchNormalization(momentum=0.5)],
      rows=10, batch_size=4, epochs=4, validation_rows=6)
chain("batch_norm_frozen", (5, 4, 3), lambda L: [
    L.Conv2D(4, 2), L.BatchNormalization(trainable=False, moving_mean_initializer="random_normal",
                                         moving_variance_initializer="ones")], rows=10, batch_size=4)
chain("batch_norm_depthwise", (6, 6, 3), lambda L: [
    L.Conv2D(8, 1, use_bias=False), L.BatchNormalization(momentum=0.9), L.ReLU(6.0),
    L.DepthwiseConv2D(3, 2, "same", use_bias=False), L.BatchNormalization(momentum=0.9),
    L.ReLU(6.0),
    L.Conv2D(4, 1, use_bias=False), L.BatchNormalization(momentum=0.9)])


@case(x=normal(5, 4, 3), y=normal(3), rows=8, batch_size=8, epochs=6)
def batch_norm_adam(keras):
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((5, 4, 3)), layers.Conv2D(4, 2, activation="tanh"),
        layers.BatchNormalization(momentum=0.9), layers.Flatten(), layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model


@case(x=normal(6), y=normal(3), rows=8, batch_size=8, epochs=6)
def batch_norm_shared(keras):
    """One layer called twice: its moving statistics move twice a step."""
    layers = keras.layers
    inputs = keras.Input((6,))
    norm = layers.BatchNormalization(momentum=0.6)
    first = norm(layers.Dense(5, "tanh")(inputs))
    second = norm(layers.Dense(5, "tanh")(first))
    model = keras.Model(inputs, layers.Dense(3)(layers.Add()([first, second])))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


@case(x=normal(8, 8, 3), y=labels(4), rows=10, batch_size=4, epochs=3)
def residual_network(keras):
    """A small ResNet: strided and plain blocks, projections, padded pooling."""
    layers = keras.layers

    def block(x, filters, strides):
        shortcut = layers.Conv2D(filters, 1, strides, use_bias=False)(x)
        shortcut = layers.BatchNormalization(momentum=0.9, epsilon=1.001e-5)(shortcut)
        x = layers.Conv2D(filters, 3, strides, "same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1.001e-5)(x))
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9, epsilon=1.001e-5)(x)
        return layers.ReLU()(layers.Add()([shortcut, x]))

    inputs = keras.Input((8, 8, 3))
    x = layers.ZeroPadding2D(1)(inputs)
    x = layers.MaxPooling2D(3, 1)(layers.Conv2D(6, 3, activation="relu")(x))
    x = layers.GlobalAveragePooling2D()(block(block(x, 6, 1), 8, 2))
    model = keras.Model(inputs, layers.Dense(4, "softmax")(x))
    model.compile(keras.optimizers.SGD(0.02), "sparse_categorical_crossentropy",
                  metrics=["accuracy"])
    return model


@case(x=normal(8, 8, 3), y=one_hot(3), rows=8, batch_size=8, epochs=4)
def dense_and_inception_blocks(keras):
    """Concatenations of branches, as in DenseNet and Inception."""
    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    for _ in range(2):
        y = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.Concatenate()([x, layers.Conv2D(3, 3, padding="same", use_bias=False)(y)])
    branches = [layers.Conv2D(3, 1, activation="relu")(x),
                layers.Conv2D(3, (1, 3), padding="same")(layers.Conv2D(2, 1)(x)),
                layers.Conv2D(2, 1)(layers.AveragePooling2D(3, 1, "same")(x))]
    x = layers.Concatenate(axis=3)(branches)
    model = keras.Model(inputs, layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(x)))
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "categorical_crossentropy")
    return model


chain("layer_norm", (6,), lambda L: [L.Dense(5), L.LayerNormalization()])
chain("layer_norm_settings", (4, 6), lambda L: [
    L.LayerNormalization(epsilon=1e-5, gamma_initializer="random_normal", gamma_regularizer="l2",
                         beta_initializer="ones", beta_constraint="max_norm"),
    L.LayerNormalization(center=False), L.LayerNormalization(scale=False)])
chain("layer_norm_axis_1", (4, 6), lambda L: [L.Dense(5, "tanh"), L.LayerNormalization(axis=1)])
chain("layer_norm_axes", (3, 4, 5), lambda L: [
    L.Conv2D(3, 2), L.LayerNormalization(axis=[1, 2]), L.LayerNormalization(axis=[-1, -2]),
    L.LayerNormalization(axis=[1, 2, 3])])
chain("layer_norm_partial_batches", (4, 6), lambda L: [L.Dense(5, "tanh"), L.LayerNormalization()],
      rows=10, batch_size=4, epochs=2)
chain("layer_norm_rms_scaling", (4, 6), lambda L: [
    L.Dense(5, "tanh"), L.LayerNormalization(rms_scaling=True, gamma_initializer="random_normal"),
    L.LayerNormalization(axis=[1, 2], rms_scaling=True)])
chain("rms_norm", (4, 6), lambda L: [
    L.Dense(5, "tanh"), L.RMSNormalization(), L.RMSNormalization(axis=[-1, -2], epsilon=1e-2),
    L.Permute((2, 1)), L.RMSNormalization(epsilon=0.1)])
chain("group_norm", (4, 6), lambda L: [
    L.Dense(6, "tanh"), L.GroupNormalization(3), L.GroupNormalization(2, axis=1, epsilon=1e-2),
    L.GroupNormalization(1, scale=False), L.GroupNormalization(6, center=False)])
chain("group_norm_images", (4, 5, 6), lambda L: [
    L.Conv2D(4, 2), L.GroupNormalization(2), L.GroupNormalization(-1),
    L.GroupNormalization(1, axis=2, gamma_initializer="random_normal", gamma_regularizer="l2",
                         beta_initializer="ones", beta_constraint="max_norm")])
chain("unit_norm", (4, 6), lambda L: [
    L.UnitNormalization(axis=[1, 2]), L.Dense(5), L.UnitNormalization(), L.Dense(4),
    L.UnitNormalization(axis=1)])
