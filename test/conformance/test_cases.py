"""Every case: predictions of the untrained model, evaluation, losses and metrics of every epoch,
weights and optimizer state after training, predictions of the trained model."""
import pytest

from compare import FACTOR, read_weights


def arrays(answer, prefix):
    """Values of keys `prefix.NAME`, sorted by name; None for no answer."""
    return answer and [answer[k] for k in sorted(answer) if k.startswith(prefix + ".")]


def column(answer, name):
    return answer and [answer[f"log.{name}"]]


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


def test_predictions(case, oracles, lamina, table):
    folder = oracles.path(case, "model.keras").parent
    ours = lamina.predict(folder / "model.keras", folder / "data.npz", folder / "lamina.npz")
    tensorflow, jax = oracles.answer(case, "tensorflow"), oracles.answer(case, "jax")
    table.check(case.name, "predictions", ours, arrays(tensorflow, "before"), arrays(jax, "before"))


@pytest.mark.cases(where=trainable)
def test_losses(case, oracles, trained, table):
    tensorflow, jax = oracles.answer(case, "tensorflow"), oracles.answer(case, "jax")
    expected = {k[len("log."):] for k in tensorflow if k.startswith("log.")}
    assert set(trained) == expected
    for name in sorted(expected, key=lambda n: (n != "loss", n)):
        table.check(case.name, name, [trained[name]], column(tensorflow, name), column(jax, name))


@pytest.mark.cases(where=trainable)
def test_weights(case, oracles, trained, table):
    folder = oracles.path(case, "model.keras").parent
    tensorflow, jax = oracles.answer(case, "tensorflow"), oracles.answer(case, "jax")
    ours, theirs = read_weights(folder / "lamina.keras"), read_weights(folder / "tensorflow.keras")
    others = read_weights(folder / "jax.keras") if jax else None
    assert {k: (v.shape, v.dtype) for k, v in ours.items()} == {
        k: (v.shape, v.dtype) for k, v in theirs.items()}
    for quantity, chosen in (("weights", lambda k: not k.startswith("optimizer/")),
                             ("optimizer state", lambda k: k.startswith("optimizer/"))):
        keys = sorted(filter(chosen, theirs))
        table.check(case.name, quantity, [ours[k] for k in keys], [theirs[k] for k in keys],
                    others and [others[k] for k in keys])


@pytest.mark.cases(where=trainable)
def test_trained_predictions(case, oracles, lamina, trained, table):
    folder = oracles.path(case, "model.keras").parent
    ours = lamina.predict(folder / "lamina.keras", folder / "data.npz", folder / "lamina.npz", 5)
    tensorflow, jax = oracles.answer(case, "tensorflow"), oracles.answer(case, "jax")
    table.check(case.name, "trained predictions", ours, arrays(tensorflow, "after"),
                arrays(jax, "after"))


@pytest.mark.cases(where=trainable)
def test_evaluation(case, oracles, lamina):
    """After a smaller last batch the backends part: losses of single outputs are plain means over
    batches on TensorFlow, weighted by rows on JAX."""
    folder = oracles.path(case, "model.keras").parent
    tensorflow, jax = oracles.answer(case, "tensorflow"), oracles.answer(case, "jax") or {}
    ours = lamina.evaluate(folder / "model.keras", folder / "data.npz", case.batch_size)
    keys = {name: f"evaluate.{name}" for name in ours}
    assert set(keys.values()) == {key for key in tensorflow if key.startswith("evaluate.")}
    for name, key in keys.items():
        difference = abs(jax.get(key, tensorflow[key]) - tensorflow[key])
        limit = max(FACTOR * difference, 1e-5 * abs(tensorflow[key]) + 1e-6)
        assert abs(ours[name] - tensorflow[key]) <= limit, name
