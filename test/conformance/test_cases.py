"""Every case: predictions of the untrained model, evaluation, losses and metrics of every epoch,
weights and optimizer state after training, predictions of the trained model."""
import pytest

from compare import read_weights

EVALUATION_FLOOR = 1e-5  # of the value, beside 1e-6 in absolute terms


def arrays(answer, prefix):
    """Values of keys `prefix.NAME`, sorted by name."""
    return [answer[k] for k in sorted(answer) if k.startswith(prefix + ".")]


@pytest.fixture
def check(case, oracles, table):
    """Compares arrays with those that `theirs` takes from the answer of one backend."""

    def compare(quantity, actual, theirs, **settings):
        table.check(case.name, quantity, actual, theirs(oracles.answer(case, "tensorflow")),
                    oracles.jax(case, quantity, theirs), **settings)

    return compare


@pytest.fixture
def trained(case, oracles, lamina, trainings):
    """Lamina's training of the case, run once for all tests that look at it."""
    if case.name not in trainings:
        folder = oracles.path(case, "model.keras").parent
        validation = folder / "validation.npz" if case.validation_rows else None
        trainings[case.name] = lamina.train(
            folder / "model.keras", folder / "data.npz", folder / "lamina.keras",
            folder / "lamina.csv", epochs=case.epochs, batch_size=case.batch_size,
            validation=validation)
    return trainings[case.name]


@pytest.fixture(scope="module")
def trainings():
    return {}


def trainable(case):
    return not case.predict_only and not case.application


def test_predictions(case, oracles, lamina, check):
    folder = oracles.path(case, "model.keras").parent
    ours = lamina.predict(folder / "model.keras", folder / "data.npz", folder / "lamina.npz")
    check("predictions", ours, lambda answer: arrays(answer, "before"))


@pytest.mark.cases(where=trainable)
def test_losses(case, oracles, trained, check):
    expected = {k[len("log."):] for k in oracles.answer(case, "tensorflow") if k.startswith("log.")}
    assert set(trained) == expected
    for name in sorted(expected, key=lambda n: (n != "loss", n)):
        check(name, [trained[name]], lambda answer, name=name: [answer[f"log.{name}"]])


@pytest.mark.cases(where=trainable)
def test_weights(case, oracles, trained, table):
    folder = oracles.path(case, "model.keras").parent
    oracles.answer(case, "tensorflow")  # waits until Keras has trained
    ours, theirs = read_weights(folder / "lamina.keras"), read_weights(folder / "tensorflow.keras")
    assert {k: (v.shape, v.dtype) for k, v in ours.items()} == {
        k: (v.shape, v.dtype) for k, v in theirs.items()}
    for quantity, chosen in (("weights", lambda k: not k.startswith("optimizer/")),
                             ("optimizer state", lambda k: k.startswith("optimizer/"))):
        keys = sorted(filter(chosen, theirs))

        def take(values, keys=keys):
            return [values[k] for k in keys]

        jax = oracles.jax(case, quantity, lambda _: take(read_weights(folder / "jax.keras")))
        table.check(case.name, quantity, take(ours), take(theirs), jax)


@pytest.mark.cases(where=trainable)
def test_trained_predictions(case, oracles, lamina, trained, check):
    folder = oracles.path(case, "model.keras").parent
    ours = lamina.predict(folder / "lamina.keras", folder / "data.npz", folder / "lamina.npz", 5)
    check("trained predictions", ours, lambda answer: arrays(answer, "after"))


@pytest.mark.cases(where=trainable)
def test_evaluation(case, oracles, lamina, check):
    """After a smaller last batch the backends part: losses of single outputs are plain means over
    batches on TensorFlow, weighted by rows on JAX. Without one JAX does not evaluate."""
    folder = oracles.path(case, "model.keras").parent
    tensorflow = oracles.answer(case, "tensorflow")
    ours = lamina.evaluate(folder / "model.keras", folder / "data.npz", case.batch_size)
    keys = {name: f"evaluate.{name}" for name in ours}
    assert set(keys.values()) == {key for key in tensorflow if key.startswith("evaluate.")}
    for name, key in keys.items():
        value = tensorflow[key]
        check(key, [ours[name]], lambda answer, key=key, value=value: [answer.get(key, value)],
              floor=EVALUATION_FLOOR + 1e-6 / abs(value) if value else 1e-6)
