"""The networks of MLPerf Tiny (Banbury et al. 2021), by their topology: what small devices are measured with.
Without Dropout, whose numbers would be others."""
from case import case, normal, one_hot, uniform

# How far rounding goes in them is measured by noise: normalization over few images amplifies it.
SHORT = {"rows": 8, "batch_size": 8, "epochs": 2, "noise": True}


def normalized(keras, x):
    return keras.layers.ReLU()(keras.layers.BatchNormalization()(x))


def compiled(keras, inputs, outputs, loss, **settings):
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.01), loss, **settings)
    return model


@case(x=normal(640), y=normal(640), **SHORT)
def mlperf_anomaly_detection(keras):
    """An autoencoder of the sounds of machines."""
    x = inputs = keras.Input((640,))
    for units in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = normalized(keras, keras.layers.Dense(units)(x))
    return compiled(keras, inputs, keras.layers.Dense(640)(x), "mse")


@case(x=uniform(32, 32, 3), y=one_hot(10), **SHORT)
def mlperf_image_classification(keras):
    """ResNet8 for CIFAR-10: three blocks, the last two with strides and 1 x 1 shortcuts."""
    L = keras.layers

    def convolution(x, filters, size=3, strides=1):
        return L.Conv2D(filters, size, strides, "same", kernel_initializer="he_normal",
                        kernel_regularizer=keras.regularizers.L2(1e-4))(x)

    inputs = keras.Input((32, 32, 3))
    x = normalized(keras, convolution(inputs, 16))
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        y = normalized(keras, convolution(x, filters, strides=strides))
        y = L.BatchNormalization()(convolution(y, filters))
        x = convolution(x, filters, 1, strides) if strides > 1 else x
        x = L.ReLU()(L.Add()([x, y]))
    x = L.Flatten()(L.AveragePooling2D(8)(x))
    x = L.Dense(10, "softmax", kernel_initializer="he_normal")(x)
    return compiled(keras, inputs, x, "categorical_crossentropy", metrics=["accuracy"])


@case(x=uniform(96, 96, 3), y=one_hot(2), **SHORT)
def mlperf_visual_wake_words(keras):
    """MobileNetV1 of a quarter of the width: is there a person?"""
    L, l2 = keras.layers, keras.regularizers.L2(1e-4)
    settings = {"padding": "same", "use_bias": True}
    initial = {"kernel_initializer": "he_normal", "kernel_regularizer": l2}
    inputs = keras.Input((96, 96, 3))
    x = normalized(keras, L.Conv2D(8, 3, 2, **settings, **initial)(inputs))
    for filters, strides in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5,
                             (256, 2), (256, 1)):
        x = normalized(keras, L.DepthwiseConv2D(3, strides, **settings, depthwise_initializer="he_normal",
                                                depthwise_regularizer=l2)(x))
        x = normalized(keras, L.Conv2D(filters, 1, **settings, **initial)(x))
    x = L.Flatten()(L.AveragePooling2D(3)(x))
    return compiled(keras, inputs, L.Dense(2, "softmax")(x), "categorical_crossentropy",
                    metrics=["accuracy"])


@case(x=normal(30, 1, 40), y=one_hot(3), **SHORT)
def mlperf_streaming_wake_word(keras):
    """Depthwise convolutions over time and 1 x 1 ones, until one step is left."""
    L = keras.layers
    x = inputs = keras.Input((30, 1, 40))
    for filters, steps in ((128, 3), (64, 5), (64, 10), (32, 15)):
        x = L.DepthwiseConv2D((steps, 1), use_bias=False)(x)
        x = L.Conv2D(filters, 1, use_bias=False)(x)
        x = L.Activation("relu")(L.BatchNormalization(scale=1)(x))
    metrics = [keras.metrics.CategoricalAccuracy(), keras.metrics.Precision(class_id=0, name="precision"),
               keras.metrics.Recall(class_id=0, name="recall")]
    return compiled(keras, inputs, L.Dense(3)(L.Flatten()(x)),
                    keras.losses.CategoricalCrossentropy(from_logits=True), metrics=metrics)
