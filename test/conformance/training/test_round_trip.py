"""Training stopped halfway and continued: by Keras from Lamina's file, by Lamina from Keras' file.
The losses of the second half must be those of the uninterrupted run with Keras."""
import pytest

from compare import Comparison


def resumable(case):
    return case.resume


def check(case, label, losses, judge):
    judge.check(case, [Comparison(label, [losses], "continued loss")])


@pytest.mark.cases(where=resumable)
def test_keras_continues(case, oracles, lamina, judge):
    folder = oracles.path(case, "model.keras").parent
    lamina.train(folder / "model.keras", folder / "data.npz", folder / "lamina.half.keras",
                 folder / "lamina.half.csv", epochs=case.epochs // 2, batch_size=case.batch_size)
    resumed = oracles.resumed(case)
    assert resumed["iterations"] > 0, "Keras did not take over the optimizer's state"
    check(case, "losses continued by Keras", resumed["log.loss"], judge)


@pytest.mark.cases(where=resumable)
def test_lamina_continues(case, oracles, lamina, judge):
    oracles.quantities(case)  # waits until Keras has trained
    folder = oracles.folder / case.name
    log = lamina.train(folder / "tensorflow.half.keras", folder / "data.npz",
                       folder / "lamina.rest.keras", folder / "lamina.rest.csv",
                       epochs=case.epochs - case.epochs // 2, batch_size=case.batch_size)
    check(case, "losses continued by Lamina", log["loss"], judge)
