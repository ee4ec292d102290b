"""Training stopped halfway and continued: by Keras from Lamina's file, by Lamina from Keras' file.
The losses of the second half must be those of the uninterrupted run with Keras."""
import numpy as np
import pytest

from case import CASES


def resumable(case):
    return case.resume


@pytest.fixture(scope="module")
def continued_by_keras(oracles, lamina):
    """All resumable cases trained halfway by Lamina, then continued by one Keras process."""
    cases = [c for c in CASES.values() if c.resume and (oracles.folder / c.name).exists()]
    for case in cases:
        folder = oracles.path(case, "model.keras").parent
        lamina.train(folder / "model.keras", folder / "data.npz", folder / "lamina.half.keras",
                     folder / "lamina.half.csv", epochs=case.epochs // 2,
                     batch_size=case.batch_size)
    oracles.resumed(cases)


def check(case, label, losses, oracles, table):
    table.check(case.name, label, [losses], oracles.quantities(case)["continued loss"],
                oracles.difference(case, "continued loss"))


@pytest.mark.cases(where=resumable)
def test_keras_continues(case, oracles, continued_by_keras, table):
    folder = oracles.folder / case.name
    report = folder / "resumed.error"
    assert not report.exists(), report.read_text()
    with np.load(folder / "resumed.npz") as resumed:
        assert resumed["iterations"] > 0, "Keras did not take over the optimizer's state"
        losses = resumed["log.loss"]
    check(case, "losses continued by Keras", losses, oracles, table)


@pytest.mark.cases(where=resumable)
def test_lamina_continues(case, oracles, lamina, table):
    folder = oracles.folder / case.name
    log = lamina.train(folder / "tensorflow.half.keras", folder / "data.npz",
                       folder / "lamina.rest.keras", folder / "lamina.rest.csv",
                       epochs=case.epochs - case.epochs // 2, batch_size=case.batch_size)
    check(case, "losses continued by Lamina", log["loss"], oracles, table)
