"""Layers other than activations and merges: dense, shapes, dropout, rescaling; regularizers."""
from case import bits, case, labels, normal, uniform


def sequential(keras, shape, layers, loss="mse", optimizer=None, **settings):
    model = keras.Sequential([keras.Input(shape), *layers])
    model.compile(optimizer or keras.optimizers.SGD(0.05), loss, **settings)
    return model


@case(x=normal(8), y=normal(3))
def dense(keras):
    return sequential(keras, (8,), [keras.layers.Dense(3)])


@case(x=normal(8), y=normal(3))
def dense_no_bias(keras):
    return sequential(keras, (8,), [keras.layers.Dense(5, use_bias=False),
                                    keras.layers.Dense(3, use_bias=False)])


@case(x=normal(8), y=normal(1))
def dense_one_unit(keras):
    return sequential(keras, (8,), [keras.layers.Dense(1)])


@case(x=normal(1), y=normal(2))
def dense_one_feature(keras):
    return sequential(keras, (1,), [keras.layers.Dense(2)])


@case(x=normal(4, 6), y=normal(4, 3))
def dense_rank_3(keras):
    return sequential(keras, (4, 6), [keras.layers.Dense(5, "relu"), keras.layers.Dense(3)])


@case(x=normal(2, 3, 6), y=normal(2, 3, 4))
def dense_rank_4(keras):
    return sequential(keras, (2, 3, 6), [keras.layers.Dense(4)])


@case(x=normal(130), y=normal(67), rows=33, batch_size=33)
def dense_odd_sizes(keras):
    return sequential(keras, (130,), [keras.layers.Dense(97, "relu"), keras.layers.Dense(67)])


@case(x=normal(8), y=normal(3))
def dense_initializers(keras):
    initializers = ["he_normal", "lecun_uniform", "orthogonal", "random_normal", "truncated_normal"]
    return sequential(keras, (8,), [
        keras.layers.Dense(8, "tanh", kernel_initializer=i, bias_initializer="random_uniform")
        for i in initializers] + [keras.layers.Dense(3, kernel_initializer="ones")])


@case(x=normal(8), y=normal(3))
def dense_frozen(keras):
    frozen = keras.layers.Dense(6, "relu", trainable=False)
    return sequential(keras, (8,), [frozen, keras.layers.Dense(3)])


@case(x=normal(3, 4), y=normal(2))
def flatten(keras):
    return sequential(keras, (3, 4), [keras.layers.Flatten(), keras.layers.Dense(2)])


@case(x=normal(2, 3, 4), y=normal(2))
def flatten_after_dense(keras):
    return sequential(keras, (2, 3, 4), [keras.layers.Dense(5, "tanh"), keras.layers.Flatten(),
                                         keras.layers.Dense(2)])


@case(x=normal(12), y=normal(4, 2))
def reshape(keras):
    return sequential(keras, (12,), [keras.layers.Reshape((4, 3)), keras.layers.Dense(2)])


@case(x=normal(12), y=normal(2, 2, 2))
def reshape_unknown_axis(keras):
    return sequential(keras, (12,), [keras.layers.Reshape((-1, 2, 3)), keras.layers.Dense(2)])


@case(x=uniform(8, low=0, high=16), y=labels(3))
def rescaling(keras):
    return sequential(keras, (8,), [keras.layers.Rescaling(1 / 16, offset=-0.5),
                                    keras.layers.Dense(3, "softmax")],
                      "sparse_categorical_crossentropy")


@case(x=uniform(8, low=0, high=16), y=normal(3))
def rescaling_per_feature(keras):
    scale, offset = [0.1 * i for i in range(1, 9)], [0.5 - 0.1 * i for i in range(8)]
    return sequential(keras, (8,), [keras.layers.Rescaling(scale, offset), keras.layers.Dense(3)])


@case(x=normal(8), y=normal(3))
def dropout_of_nothing(keras):
    return sequential(keras, (8,), [keras.layers.Dense(6, "relu"), keras.layers.Dropout(0.0),
                                    keras.layers.Dense(3)])


@case(x=normal(8), y=normal(3), predict_only=True)
def dropout_in_inference(keras):
    return sequential(keras, (8,), [keras.layers.Dropout(0.4), keras.layers.Dense(6, "relu"),
                                    keras.layers.Dropout(0.5, seed=3), keras.layers.Dense(3)])


@case(x=normal(8), y=normal(3))
def regularizer_l2(keras):
    return sequential(keras, (8,), [
        keras.layers.Dense(6, "relu", kernel_regularizer=keras.regularizers.L2(0.02)),
        keras.layers.Dense(3, kernel_regularizer="l2", bias_regularizer="l2")])


@case(x=normal(8), y=normal(3))
def regularizer_l1(keras):
    kernel = keras.regularizers.L1(0.01)
    return sequential(keras, (8,), [keras.layers.Dense(6, "relu", kernel_regularizer=kernel),
                                    keras.layers.Dense(3, kernel_regularizer="l1")])


@case(x=normal(8), y=normal(3))
def regularizer_l1_l2(keras):
    both = keras.regularizers.L1L2(l1=0.005, l2=0.01)
    return sequential(keras, (8,), [keras.layers.Dense(6, "tanh", kernel_regularizer=both),
                                    keras.layers.Dense(3)], metrics=["mae"])


@case(x=normal(8), y=bits(1))
def regularizer_of_activity(keras):
    activity = keras.regularizers.L2(0.01)
    return sequential(keras, (8,), [keras.layers.Dense(6, "tanh", activity_regularizer=activity),
                                    keras.layers.Dense(1, "sigmoid")], "binary_crossentropy")


@case(x=normal(5, 4, 3), y=normal(2), predict_only=True)
def float64_in_prediction(keras):
    """Layers cast what they get to their own type."""
    L = keras.layers
    return sequential(keras, (5, 4, 3), [
        L.Conv2D(4, 2, activation="gelu", dtype="float64"), L.BatchNormalization(dtype="float64"),
        L.MaxPooling2D(2, dtype="float64"), L.Flatten(dtype="float64"), L.Dense(6, "tanh"),
        L.Dense(3, "softmax", dtype="float64")])


def some_steps_zero(*shape):
    """Steps that Masking(0.0) leaves out."""
    def source(random, rows):
        keep = random.integers(0, 2, (rows, shape[0], *[1] * (len(shape) - 1)))
        return (keep * random.standard_normal((rows, *shape))).astype("float32")
    return source


@case(x=some_steps_zero(5, 3), y=normal(2), epochs=6)
def masking(keras):
    """The mask ends at layers that drop it; without them, losses would look at it."""
    return sequential(keras, (5, 3), [keras.layers.Masking(), keras.layers.Dense(4, "tanh"),
                                      keras.layers.LayerNormalization(), keras.layers.Masking(0.1),
                                      keras.layers.Flatten(), keras.layers.Dense(2)])


@case(x=labels(4, 5), y=normal(2), epochs=6)
def embedding_of_masked_zeros(keras):
    return sequential(keras, (5,), [keras.layers.Embedding(4, 3, mask_zero=True),
                                    keras.layers.Dense(4, "tanh"), keras.layers.Conv1D(3, 2),
                                    keras.layers.Flatten(), keras.layers.Dense(2)])


@case(x=normal(4, 6), y=normal(4, 3), epochs=6)
def einsum_dense(keras):
    E = keras.layers.EinsumDense
    return sequential(keras, (4, 6), [
        E("abc,cd->abd", (4, 5), "tanh", bias_axes="d"), E("...x,xy->...y", 6, bias_axes="y"),
        E("abc,cde->abde", (4, 2, 3), "tanh", bias_axes="de", kernel_regularizer="l2"),
        E("abcd,cde->abe", (4, 3))])


@case(x=normal(4, 6), y=normal(6, 2), epochs=6)
def einsum_dense_of_other_axes(keras):
    E = keras.layers.EinsumDense
    return sequential(keras, (4, 6), [
        E("ab...,bc->ac...", 5, "tanh", bias_axes="c"), E("abc,bcd->acd", (6, 3), bias_axes="c"),
        E("abc,bcd->abd", (6, 4), "tanh", bias_axes="bd"), E("...a,ab->...b", 2)])


@case(x=[normal(4, 6), normal(4, 6)], y=normal(4, 6), epochs=6)
def layers_of_applications(keras):
    """Classes that models of keras.applications bring along."""
    from keras.src.applications.convnext import LayerScale
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer
    a, b = keras.Input((4, 6)), keras.Input((4, 6))
    y = CustomScaleLayer(0.17)([LayerScale(0.3, 6)(a), keras.layers.Dense(6)(b)])
    model = keras.Model([a, b], LayerScale(1e-6, 6)(y))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model
