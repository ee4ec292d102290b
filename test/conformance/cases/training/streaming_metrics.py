"""Metrics with state, and weights of samples: several batches an epoch, the last one smaller, and
validation. (Keras writes AUC's label_weights to files and cannot read them back.)"""
from case import bits, case, labels, normal, one_hot, uniform
from .metrics import network

STREAMED = dict(rows=40, batch_size=16, epochs=3, validation_rows=12)


@case(x=normal(8), y=bits(1), **STREAMED)
def metrics_decisions(keras):
    m = keras.metrics
    return network(keras, 1, "sigmoid", "binary_crossentropy", [
        "Precision", m.Recall(), m.Precision(thresholds=0.3, name="lenient"),
        m.Recall(thresholds=[0.0, 0.5, 1.0], name="even"),
        m.Precision(thresholds=[0.4, 0.45, 0.5, 0.7], name="uneven"),
        m.TruePositives(), m.FalsePositives(thresholds=0.4), m.TrueNegatives(),
        m.FalseNegatives(thresholds=0.45, name="missed"),
        m.SensitivityAtSpecificity(0.5), m.SpecificityAtSensitivity(0.6, num_thresholds=20),
        m.PrecisionAtRecall(0.7), m.RecallAtPrecision(0.55, num_thresholds=1)])


@case(x=normal(8), y=bits(1), **STREAMED)
def metrics_areas(keras):
    auc = keras.metrics.AUC
    return network(keras, 1, "sigmoid", "binary_crossentropy", [
        "AUC", auc(curve="PR", name="pr"), auc(curve="PRGAIN", name="gain"),
        auc(summation_method="minoring", name="minoring"),
        auc(curve="PR", summation_method="majoring", num_thresholds=50, name="majoring"),
        auc(curve="PR", summation_method="minoring", name="pr_minoring"),
        auc(thresholds=[0.4, 0.5, 0.45, 0.55], name="uneven"),
        auc(thresholds=[0.5], curve="PR", name="even"), auc(from_logits=True, name="logits")])


@case(x=normal(8), y=bits(3), **STREAMED)
def metrics_labels(keras):
    m = keras.metrics
    return network(keras, 3, "sigmoid", "binary_crossentropy", [
        m.AUC(multi_label=True, num_labels=3, name="labels"),
        m.AUC(multi_label=True, curve="PR", name="pr_labels"), m.AUC(name="all"),
        m.Precision(class_id=1), m.Recall(top_k=2), m.Precision(top_k=1, class_id=2, name="top_1"),
        m.SensitivityAtSpecificity(0.5, class_id=0), m.F1Score(threshold=0.5),
        m.FBetaScore(average="micro", beta=0.5, threshold=0.45), m.BinaryIoU(),
        m.BinaryIoU(target_class_ids=[1], threshold=0.4, name="ones")])


@case(x=normal(8), y=one_hot(4), **STREAMED)
def metrics_classes(keras):
    m = keras.metrics
    return network(keras, 4, "softmax", "categorical_crossentropy", [
        m.F1Score(average="macro"), m.F1Score(average="weighted", name="f1_weighted"),
        m.FBetaScore(beta=2.0), m.OneHotIoU(num_classes=4, target_class_ids=[0, 2]),
        m.OneHotMeanIoU(num_classes=4), "Precision", m.Recall(top_k=2, name="top_2"), "AUC",
        m.CategoricalCrossentropy(label_smoothing=0.1)])


@case(x=normal(8), y=labels(4), **STREAMED)
def metrics_overlap(keras):
    m = keras.metrics
    return network(keras, 4, "softmax", "sparse_categorical_crossentropy", [
        m.MeanIoU(num_classes=4, sparse_y_pred=False),
        m.MeanIoU(num_classes=4, sparse_y_pred=False, ignore_class=0, name="without_0"),
        m.IoU(num_classes=4, target_class_ids=[1, 3], sparse_y_pred=False)])


@case(x=normal(8), y=normal(3), **STREAMED)
def metrics_of_regression(keras):
    m = keras.metrics
    return network(keras, 3, None, "mse", [
        "RootMeanSquaredError", m.R2Score(), m.R2Score(class_aggregation=None, name="each"),
        m.R2Score(class_aggregation="variance_weighted_average", name="by_variance"),
        m.LogCoshError(),
        m.CosineSimilarity(), m.PearsonCorrelation(), m.ConcordanceCorrelation()])


@case(x=normal(3, 5), y=normal(3, 4), **STREAMED)
def metrics_along_axes(keras):
    m = keras.metrics
    model = keras.Sequential([keras.Input((3, 5)), keras.layers.Dense(4)])
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=[
        m.ConcordanceCorrelation(axis=1), m.ConcordanceCorrelation(name="last"),
        m.PearsonCorrelation(axis=1), m.CosineSimilarity(axis=-2)])
    return model


@case(x=normal(8), y=[bits(1), normal(2)], **STREAMED)
def metrics_of_outputs(keras):
    """Names of several outputs, and of metrics that stand twice."""
    inputs = keras.Input((8,))
    hidden = keras.layers.Dense(6, "tanh")(inputs)
    model = keras.Model(inputs, [keras.layers.Dense(1, "sigmoid", name="kind")(hidden),
                                 keras.layers.Dense(2, name="size")(hidden)])
    model.compile(keras.optimizers.SGD(0.1), {"kind": "binary_crossentropy", "size": "mse"},
                  loss_weights={"kind": 0.5, "size": 2.0},
                  metrics={"kind": ["accuracy", "AUC", keras.metrics.AUC(name="AUC")]},
                  weighted_metrics=[["accuracy", "Precision"], ["mae", "RootMeanSquaredError"]])
    return model


# Weights of samples: in the loss and the weighted metrics, not in the others.
@case(x=normal(8), y=one_hot(3), weights=(uniform(high=2.0),), **STREAMED)
def weighted_samples(keras):
    m = keras.metrics
    model = network(keras, 3, "softmax", keras.losses.CategoricalCrossentropy(
        reduction="mean_with_sample_weight"), ["accuracy", "AUC"])
    model.compile(model.optimizer, model.loss, metrics=["accuracy", "AUC"], weighted_metrics=[
        "accuracy", "AUC", m.Precision(thresholds=0.3), m.F1Score(average="weighted"),
        m.RootMeanSquaredError(), m.R2Score(), m.CosineSimilarity(),
        m.TruePositives(thresholds=0.3), m.SensitivityAtSpecificity(0.5),
        m.OneHotMeanIoU(num_classes=3, dtype="float32"),
        m.AUC(multi_label=True, name="labels")])
    return model


@case(x=normal(8), y=[bits(1), normal(2, 3)], weights=(uniform(), uniform(2)), **STREAMED)
def weighted_outputs(keras):
    inputs = keras.Input((8,))
    hidden = keras.layers.Dense(6, "tanh")(inputs)
    size = keras.layers.Reshape((2, 3), name="size")(keras.layers.Dense(6)(hidden))
    model = keras.Model(inputs, [keras.layers.Dense(1, "sigmoid", name="kind")(hidden), size])
    model.compile(keras.optimizers.SGD(0.1), ["binary_crossentropy", keras.losses.MeanSquaredError(
        reduction="sum")], loss_weights=[1.0, 0.05], metrics=[None, ["mae"]],
                  weighted_metrics=[["accuracy", "AUC"], ["mae", "RootMeanSquaredError"]])
    return model


@case(x=normal(8), y=labels(4), class_weight={0: 0.5, 2: 3.0}, **STREAMED)
def weighted_classes(keras):
    model = network(keras, 4, "softmax", "sparse_categorical_crossentropy", [])
    model.compile(model.optimizer, model.loss, metrics=["accuracy"], weighted_metrics=[
        "accuracy", keras.metrics.MeanIoU(num_classes=4, sparse_y_pred=False)])
    return model
