"""Deep models of keras.applications: predictions, the first loss, and how one step changes it.

Losses after steps of ordinary length differ between Keras' own backends by up to a quarter, so the
step is tiny and its direction normalized; the change of the loss is then the gradient's length."""
import numpy as np
import pytest

from compare import Comparison

MOST_CHANGE = 0.1  # of the change of the loss that Keras on TensorFlow sees


def application(case):
    return case.application


@pytest.mark.cases(where=application)
def test_losses(case, oracles, lamina, judge):
    folder = oracles.path(case, "model.keras").parent
    log = lamina.train(folder / "model.keras", folder / "data.npz", folder / "lamina.keras",
                       folder / "lamina.csv", epochs=case.epochs, batch_size=case.batch_size)
    theirs = oracles.quantities(case)["first losses"][0]
    judge.check(case, [Comparison("first loss", [log["loss"][:1]], "first losses", first=1)])
    # Losses are single precision, and each of the four may be a unit in the last place off.
    digit = np.spacing(np.float32(theirs[0]))
    change, expected = log["loss"][1] - log["loss"][0], theirs[1] - theirs[0]
    assert abs(change - expected) <= MOST_CHANGE * abs(expected) + 4 * digit, (
        f"{case.name}: a step changes the loss by {change:.4g}, in Keras by {expected:.4g}")


def test_example(lamina, tmp_path):
    """The smallest of the five through the example's script: file, library, training, predictions."""
    printed = lamina.run_example("applications/run.sh", "--epochs", 1, "mobilenet_v2", out=tmp_path)
    assert printed.splitlines()[-1] == "1 networks trained"
