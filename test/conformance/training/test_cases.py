"""Every case: predictions of the untrained model, evaluation, losses and metrics of every epoch,
weights and optimizer state after training, predictions of the trained model."""
import pytest

from answers import read_weights, variables
from compare import FLOOR, Comparison

EVALUATION_FLOOR = 1e-5  # of the value, beside 1e-6 in absolute terms


@pytest.fixture
def check(case, judge):
    """Compares what Lamina computed with Keras' answer, by quantity."""

    def compare(actual, floors=None):
        judge.check(case, [Comparison(name, arrays, name, (floors or {}).get(name, FLOOR))
                           for name, arrays in actual.items()])

    return compare


def weighting(case, training):
    """Options for the weights of samples."""
    if case.class_weight and training:
        return ["--class-weight", ",".join(f"{c}={w}" for c, w in case.class_weight.items())]
    return ["--sample-weight", "sample_weight"] if case.weights else []


@pytest.fixture
def trained(case, oracles, lamina, trainings):
    """Lamina's training of the case, run once for all tests that look at it."""
    if case.name not in trainings:
        folder = oracles.path(case, "model.keras").parent
        validation = folder / "validation.npz" if case.validation_rows else None
        trainings[case.name] = lamina.train(
            folder / "model.keras", folder / "data.npz", folder / "lamina.keras",
            folder / "lamina.csv", epochs=case.epochs, batch_size=case.batch_size,
            validation=validation, more=weighting(case, training=True))
    return trainings[case.name]


@pytest.fixture(scope="module")
def trainings():
    return {}


def trainable(case):
    return not case.predict_only and not case.application


def test_predictions(case, oracles, lamina, check):
    folder = oracles.path(case, "model.keras").parent
    ours = lamina.predict(folder / "model.keras", folder / "data.npz", folder / "lamina.npz")
    check({"predictions": ours})


@pytest.mark.cases(where=trainable)
def test_losses(case, oracles, trained, check):
    expected = {name for name in oracles.quantities(case) if name.startswith("log.")}
    assert {f"log.{name}" for name in trained} == expected
    check({f"log.{name}": [trained[name]]
           for name in sorted(trained, key=lambda n: (n != "loss", n))})


@pytest.mark.cases(where=trainable)
def test_weights(case, oracles, trained, check):
    folder = oracles.path(case, "model.keras").parent
    oracles.quantities(case)  # waits until Keras has trained
    ours, theirs = read_weights(folder / "lamina.keras"), read_weights(folder / "tensorflow.keras")
    assert {k: (v.shape, v.dtype) for k, v in ours.items()} == {
        k: (v.shape, v.dtype) for k, v in theirs.items()}
    check(variables(folder / "lamina.keras"))


@pytest.mark.cases(where=trainable)
def test_trained_predictions(case, oracles, lamina, trained, check):
    folder = oracles.path(case, "model.keras").parent
    batch_size = case.batch_size if case.mixes_rows else 5
    ours = lamina.predict(folder / "lamina.keras", folder / "data.npz", folder / "lamina.npz",
                          batch_size)
    check({"trained predictions": ours})


@pytest.mark.cases(where=trainable)
def test_evaluation(case, oracles, lamina, check):
    """After a smaller last batch the backends part: losses of single outputs are plain means over
    batches on TensorFlow, weighted by rows on JAX. Without one JAX does not evaluate."""
    folder = oracles.path(case, "model.keras").parent
    theirs = {name: arrays[0] for name, arrays in oracles.quantities(case).items()
              if name.startswith("evaluate.")}
    ours = lamina.evaluate(folder / "model.keras", folder / "data.npz", case.batch_size,
                           weighting(case, training=False))
    assert {f"evaluate.{name}" for name in ours} == set(theirs)
    floors = {name: EVALUATION_FLOOR + FLOOR / abs(value) if value else FLOOR
              for name, value in theirs.items()}
    check({f"evaluate.{name}": [value] for name, value in ours.items()}, floors)


IN_PARTS = {"optimizer_adam_global_clipnorm", "regularizer_l1_l2", "conv2d_partial_batches", "mha",
            "lstm_sequences", "losses_by_name", "embedding_repeated", "metrics_binary", "weighted_classes"}


@pytest.mark.cases(where=lambda case: case.name in IN_PARTS)
def test_in_parts(case, oracles, lamina, check):
    """One update for all parts of a batch is the one that Keras makes of the whole batch."""
    folder = oracles.path(case, "model.keras").parent
    oracles.quantities(case)  # waits until Keras has trained
    for parts in (3, case.batch_size):
        logs = lamina.train(
            folder / "model.keras", folder / "data.npz", folder / "parts.keras",
            folder / "parts.csv", epochs=case.epochs, batch_size=case.batch_size,
            validation=folder / "validation.npz" if case.validation_rows else None,
            more=[*weighting(case, training=True), "--accumulate", parts])
        check({f"log.{name}": [values] for name, values in logs.items()} |
              variables(folder / "parts.keras"))
