"""Further settings of classes that stand in few other cases, several classes in one model."""
from case import bits, case, labels, normal, one_hot, uniform

from cases.chain import chain
from .losses import heads
from .metrics import network
from .streaming_metrics import STREAMED

FIRST = {"data_format": "channels_first"}

chain("settings_1d", (12, 3), lambda L: [
    L.Conv1DTranspose(4, 3, strides=2, padding="same", activation="tanh"),
    L.AveragePooling1D(3, 2, "same"), L.Cropping1D((1, 2)), L.UpSampling1D(2),
    L.AdaptiveAveragePooling1D(7), L.SpatialDropout1D(0.0), L.DepthwiseConv1D(2, depth_multiplier=2),
    L.AlphaDropout(0.0), L.AdaptiveMaxPooling1D(5), L.ActivityRegularization(l2=0.02),
    L.Identity(), L.GlobalMaxPooling1D()], rate=0.01)
chain("settings_1d_channels_first", (3, 11), lambda L: [
    L.Conv1DTranspose(4, 2, strides=2, **FIRST), L.AveragePooling1D(2, 3, **FIRST),
    L.Identity(), L.AdaptiveMaxPooling1D(6, **FIRST), L.GaussianDropout(0.0),
    L.DepthwiseConv1D(3, padding="same", activation="relu", **FIRST),
    L.AdaptiveAveragePooling1D(4, **FIRST), L.UpSampling1D(2), L.Cropping1D(1),
    L.GlobalMaxPooling1D(keepdims=True, **FIRST)], rate=0.01)
chain("settings_1d_einsum", (6, 4), lambda L: [
    L.EinsumDense("abc,cd->abd", (6, 5), "relu", bias_axes="bd"), L.AdaptiveMaxPooling1D(4),
    L.AdaptiveAveragePooling1D(3), L.Cropping1D((1, 0)), L.GaussianDropout(0.0)])
chain("settings_2d", (7, 9, 3), lambda L: [
    L.Conv2D(4, 2), L.Cropping2D(((1, 0), (0, 2))), L.AdaptiveAveragePooling2D((4, 3)),
    L.SpatialDropout2D(0.0), L.Resizing(6, 5, interpolation="bilinear"),
    L.AdaptiveMaxPooling2D((3, 4)), L.ActivityRegularization(l1=0.001)])
chain("settings_3d", (4, 5, 3, 2), lambda L: [
    L.ZeroPadding3D((1, 0, 2)), L.Conv3DTranspose(3, 2, strides=(1, 2, 1), activation="tanh"),
    L.MaxPooling3D((2, 3, 2), 2, "same"), L.Cropping3D((0, 1, 1)), L.UpSampling3D((2, 1, 2)),
    L.SpatialDropout3D(0.0), L.AdaptiveAveragePooling3D((3, 2, 2)),
    L.AdaptiveMaxPooling3D((2, 2, 2)), L.GlobalMaxPooling3D(keepdims=True)], rate=0.01)
chain("settings_3d_channels_first", (2, 4, 4, 3), lambda L: [
    L.ZeroPadding3D(((1, 0), (0, 1), (1, 1)), **FIRST),
    L.Conv3DTranspose(3, 2, padding="same", **FIRST), L.Cropping3D(((1, 1), (0, 0), (0, 1)), **FIRST),
    L.AdaptiveMaxPooling3D((3, 3, 3), **FIRST), L.UpSampling3D((1, 2, 1), **FIRST),
    L.AdaptiveAveragePooling3D((2, 4, 2), **FIRST), L.GlobalAveragePooling3D(**FIRST)], rate=0.01)
chain("settings_3d_global", (3, 4, 3, 2), lambda L: [
    L.Cropping3D(((0, 0), (1, 0), (0, 1))), L.Conv3D(3, 2), L.GlobalAveragePooling3D()])
chain("settings_3d_global_first", (2, 3, 4, 3), lambda L: [
    L.Conv3D(3, 2, **FIRST), L.GlobalMaxPooling3D(**FIRST)])


@case(x=labels(6, 4), y=normal(2), rows=6, batch_size=6, epochs=4)
def settings_of_categories(keras):
    L = keras.layers
    inputs = keras.Input((4,), dtype="int32")
    x = L.Dense(3, "tanh")(L.CategoryEncoding(6, "count")(inputs))
    model = keras.Model(inputs, L.Dense(2)(x))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


@case(x=normal(8), y=[bits(3), one_hot(4), labels(4), one_hot(4), bits(4), bits(4), bits(3),
                      uniform(3, low=0.5, high=2.0), uniform(3)], rows=22, batch_size=8, epochs=3)
def settings_of_losses(keras):
    L = keras.losses
    return heads(
        keras, (3, "sigmoid", L.BinaryFocalCrossentropy(gamma=3.0, label_smoothing=0.1)),
        (4, "softmax", L.CategoricalFocalCrossentropy(gamma=1.0, alpha=0.5)),
        (4, "softmax", L.CategoricalGeneralizedCrossEntropy(q=0.2)),
        (4, "softmax", L.CategoricalHinge(reduction="mean")),
        (4, "tanh", L.Hinge(reduction="mean")), (4, "tanh", L.SquaredHinge(reduction="mean")),
        (3, "sigmoid", L.Tversky(alpha=0.2, beta=0.8)),
        (3, "exponential", L.MeanAbsolutePercentageError(reduction="mean")),
        (3, "relu", L.MeanSquaredLogarithmicError(reduction="mean")), rate=0.005)


@case(x=normal(3, 8), y=[bits(3, 4), bits(3, 4), bits(3, 4)], rows=22, batch_size=8, epochs=3)
def settings_of_overlaps(keras):
    L = keras.losses
    return heads(keras, (4, "sigmoid", L.Dice(axis=(1, 2))), (4, "sigmoid", L.Dice(axis=-1)),
                 (4, "sigmoid", L.Tversky(alpha=0.6, beta=0.1, axis=-1)), shape=(3, 8))


@case(x=normal(8), y=bits(1), **STREAMED)
def settings_of_decisions(keras):
    m = keras.metrics
    return network(keras, 1, "sigmoid", "binary_crossentropy", [
        m.BinaryAccuracy(threshold=0.4), m.BinaryIoU(threshold=0.45),
        m.FalseNegatives(thresholds=[0.3, 0.6]), m.FalsePositives(), m.TrueNegatives(0.5),
        m.TruePositives([0.2, 0.5]), m.PrecisionAtRecall(0.4, num_thresholds=30),
        m.RecallAtPrecision(0.4), m.SpecificityAtSensitivity(0.3), m.Hinge(), m.SquaredHinge(),
        m.FBetaScore(threshold=0.5, beta=3.0)])


@case(x=normal(8), y=bits(3), **STREAMED)
def settings_of_several_decisions(keras):
    m = keras.metrics
    return network(keras, 3, "sigmoid", "binary_crossentropy", [
        m.BinaryIoU(target_class_ids=[0], threshold=0.6), m.FalseNegatives(0.4),
        m.FalsePositives([0.4, 0.7]), m.TrueNegatives(), m.PrecisionAtRecall(0.8, class_id=1),
        m.RecallAtPrecision(0.3, class_id=2, num_thresholds=20),
        m.SpecificityAtSensitivity(0.9, class_id=0), m.CategoricalHinge()])


@case(x=normal(8), y=one_hot(5), **STREAMED)
def settings_of_classes(keras):
    m = keras.metrics
    return network(keras, 5, "softmax", "categorical_crossentropy", [
        m.OneHotIoU(5, [1, 4]), m.OneHotMeanIoU(5, ignore_class=2), m.CategoricalAccuracy(),
        m.TopKCategoricalAccuracy(k=4), m.CategoricalHinge(), m.KLDivergence()])


@case(x=normal(8), y=one_hot(3), **STREAMED)
def settings_of_few_classes(keras):
    m = keras.metrics
    return network(keras, 3, "softmax", "categorical_crossentropy", [
        m.OneHotIoU(3, [0], ignore_class=1), m.OneHotMeanIoU(3), m.CategoricalAccuracy(name="a"),
        m.TopKCategoricalAccuracy(k=2), m.TopKCategoricalAccuracy(k=1, name="first"),
        m.FBetaScore(average="micro", beta=0.7)])


@case(x=normal(8), y=labels(6), **STREAMED)
def settings_of_labels(keras):
    m = keras.metrics
    return network(keras, 6, "softmax", "sparse_categorical_crossentropy", [
        m.SparseCategoricalAccuracy(), m.SparseTopKCategoricalAccuracy(k=4),
        m.IoU(6, [0, 5], sparse_y_pred=False), m.MeanIoU(6, sparse_y_pred=False, ignore_class=3)])


@case(x=normal(5, 8), y=labels(3, 5), **STREAMED)
def settings_of_labels_of_steps(keras):
    m = keras.metrics
    model = keras.Sequential([keras.Input((5, 8)), keras.layers.Dense(3, "softmax")])
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=[
        m.SparseCategoricalAccuracy(), m.SparseTopKCategoricalAccuracy(k=2),
        m.IoU(3, [1], sparse_y_pred=False)])
    return model


@case(x=normal(8), y=normal(4), **STREAMED)
def settings_of_regression(keras):
    m = keras.metrics
    return network(keras, 4, None, "mae", [
        m.LogCoshError(), m.MeanAbsoluteError(), m.MeanAbsolutePercentageError(),
        m.PearsonCorrelation(axis=-1),
        m.R2Score(class_aggregation="uniform_average"), m.CosineSimilarity(axis=-1)])


@case(x=normal(8), y=uniform(4, low=0.1, high=2.0), **STREAMED)
def settings_of_positive_regression(keras):
    m = keras.metrics
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, "softplus")])
    model.compile(keras.optimizers.SGD(0.1), "msle", metrics=[
        m.LogCoshError(name="log_cosh"), m.MeanAbsolutePercentageError(name="percentage"),
        m.MeanSquaredLogarithmicError(), m.PearsonCorrelation(), m.ConcordanceCorrelation(),
        m.R2Score(class_aggregation="variance_weighted_average"), m.Poisson()])
    return model
