"""Who made the NaN: a training that is not finite any more names step, layer, operation and element, keeps
the step for `lamina replay`, and leaves the last good checkpoint as it was."""
import json
import re
import zipfile

import numpy as np
import pytest

import small_models as models

ADVICE = "; lower the learning rate, or scale the inputs\n"


def write(folder, *layers, x, y=None, loss="mse", rate=0.1):
    model = models.sequential(models.input_layer(x.shape[1]), *layers, loss=loss,
                              optimizer=models.sgd(rate))
    models.write(folder / "model.json", model)
    rows = len(x)
    np.savez(folder / "d.npz", x=x.astype("float32"),
             y=np.zeros((rows, 1), "float32") if y is None else y)


def train(lamina, folder, *more):
    return lamina.run("train", "model.json", "--data", "d.npz", "--no-shuffle", "--verbose", 0,
                      "--batch-size", 4, *more, cwd=folder)


ONES = {"kernel_initializer": "ones"}


@pytest.fixture
def overflowing(tmp_path):
    """exp of the sum of a row: of the seventh one that is infinite, in the second step."""
    x = np.full((12, 2), 0.01)
    x[6] = 500
    write(tmp_path, models.dense("power", 1, activation="exponential", **ONES), x=x, rate=1e-6)
    return tmp_path


def test_the_forward_pass(lamina, overflowing):
    done = train(lamina, overflowing, "--replay", "step.npz", "-o", "out.keras")
    origin = (r"in the forward pass, layer 'power', operation exponential: element \(0, 0\) of "
              r"\(1, 1\) is inf, from (\S+?)")
    assert done.returncode == 1
    match = re.fullmatch(
        r"error: model.json: epoch 1, step 2: the loss is infinite \(nan would come next\); it arose in "
        rf"step 2 of epoch 1 \(row 2\), {origin}; 'lamina replay step.npz' runs the step again{ADVICE}",
        done.stderr)
    assert match, done.stderr
    assert float(match[1]) == pytest.approx(1000, rel=1e-4)
    assert not (overflowing / "out.keras").exists()
    # On another machine there is the file alone.
    (overflowing / "model.json").unlink()
    (overflowing / "d.npz").unlink()
    again = lamina("replay", overflowing / "step.npz").splitlines()
    assert again[0] == "model.json: epoch 1, step 2, 4 rows of d.npz"
    assert again[1].endswith(": model.json: epoch 1, step 2: the loss is infinite (nan would come next)")
    assert again[2].startswith("run again with ") and again[2].endswith(": the loss is infinite")
    assert re.fullmatch(f"the first value that is not finite arose {origin}", again[3])
    assert again[4:] == ["row 2 of the batch alone leads there"]


def test_the_line_of_a_table(lamina, overflowing):
    arrays = np.load(overflowing / "d.npz")
    np.savetxt(overflowing / "d.csv", np.hstack([arrays["x"], arrays["y"]]), delimiter=",")
    done = lamina.run("train", "model.json", "--data", "d.csv", "--batch-size", 4, "--verbose", 0,
                      "--seed", 3, cwd=overflowing)
    assert re.search(r"it arose in step \d of epoch 1 \(line 7\)", done.stderr), done.stderr


def test_the_backward_pass(lamina, tmp_path):
    """The derivative of a root at 0 is infinite. Operations of keras.ops are layers in a file alone."""
    import keras
    x = keras.Input((2,), name="x")
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", name="zero")
    model = keras.Model(x, keras.ops.sqrt(dense(x)))
    model.compile("sgd", "mae")
    model.save(tmp_path / "m.keras")
    np.savez(tmp_path / "d.npz", x=np.ones((4, 2), "float32"), y=np.ones((4, 1), "float32"))
    done = lamina.run("train", tmp_path / "m.keras", "--data", tmp_path / "d.npz", "--verbose", 0)
    assert "after the last step 'layers/dense/vars/0' has values that are not finite" in done.stderr
    assert "it arose in step 1 of epoch 1, in the backward pass, layer 'sqrt', operation " in done.stderr


@pytest.fixture
def growing(tmp_path):
    """Weights that a step makes infinite while its loss is finite: the update is to blame."""
    write(tmp_path, models.dense("out", 1, **ONES), x=np.full((4, 2), 1e10), rate=1e30)
    return tmp_path


def test_the_update(lamina, growing):
    done = train(lamina, growing, "--epochs", 5)
    assert "epoch 2, step 1: the loss is" in done.stderr
    assert ("; it arose in step 1 of epoch 1, in the update of the variables, optimizer 'sgd', operation multiply: "
            "element (0, 0) of (2, 1) is inf, from 4e+20 and 1e+30"
            in done.stderr), done.stderr


def test_check_finite(lamina, growing):
    """The step that makes the weights infinite is the one that is refused."""
    done = train(lamina, growing, "--epochs", 5, "--check-finite")
    assert done.returncode == 1
    assert done.stderr.startswith("error: model.json: epoch 1, step 1: 'layers/dense/vars/0' has values "
                                  "that are not finite; it arose in step 1 of epoch 1, in the update")


def test_a_log_that_becomes_nan(lamina, tmp_path):
    """An infinite value is told as the origin, and who made NaN of it."""
    x = np.array([[-2e38, -2e38], [1, 2]])
    write(tmp_path, models.dense("sum", 2, **ONES), models.dense("out", 1, activation="softplus"),
          x=x, rate=1e-6)
    done = train(lamina, tmp_path)
    assert "layer 'sum', operation dot_general: element (0, 0) of (1, 2) is -inf" in done.stderr, done.stderr


def test_the_last_good_checkpoint_stays(lamina, tmp_path):
    """The last step of an epoch makes infinite weights, and its loss does not tell: the checkpoint of the
    epoch before is not replaced, and the training can go on from it."""
    write(tmp_path, models.dense("out", 1, **ONES), x=np.full((4, 2), 1e10), rate=1e-22)
    done = train(lamina, tmp_path, "--epochs", 9, "--checkpoint", "ck", "--learning-rate-scheduler",
                 "0=1e-22,5=1e30")
    assert done.returncode == 1
    assert re.search(r"warning: ck/checkpoint.npz: '\S+' has values that are not finite, so that the "
                     r"checkpoint before stays; the training goes on\n", done.stderr), done.stderr
    assert ("; ck has the last state that was finite: go on from it with --resume and a lower "
            f"--learning-rate{ADVICE}") in done.stderr
    assert "'lamina replay ck/replay.npz' runs the step again" in done.stderr
    state = np.load(tmp_path / "ck/checkpoint.npz")
    assert all(np.isfinite(state[name]).all() for name in state.files if name.startswith("variables"))
    assert json.loads(state["meta"].tobytes())["position"]["epoch"] == 5
    again = train(lamina, tmp_path, "--epochs", 9, "--checkpoint", "ck", "--resume", "--learning-rate",
                  "1e-22", "-o", "out.keras")
    assert again.returncode == 0 and (tmp_path / "out.keras").exists(), again.stderr


def test_far_into_a_training_with_a_changing_rate(lamina, tmp_path):
    """The state before is found by running again what came since it was kept, callbacks included: the
    recorded step is the same whether the training was interrupted or not."""
    random = np.random.default_rng(0)
    write(tmp_path, models.dense("out", 1), x=random.normal(size=(12, 2)), rate=1e-3)
    rates = ["--learning-rate-scheduler", "0=0.001,30=1e30", "--epochs", 40]
    whole = train(lamina, tmp_path, *rates, "--replay", "whole.npz")
    train(lamina, tmp_path, "--learning-rate-scheduler", "0=0.001,30=1e30", "--epochs", 29,
          "--checkpoint", "ck")
    part = train(lamina, tmp_path, *rates, "--checkpoint", "ck", "--resume", "--replay", "part.npz")
    assert whole.returncode == part.returncode == 1
    assert "in the update" in whole.stderr or "in the forward" in whole.stderr
    first, second = np.load(tmp_path / "whole.npz"), np.load(tmp_path / "part.npz")
    assert first.files == second.files
    for name in first.files:
        np.testing.assert_array_equal(first[name], second[name])


def test_text_of_help(lamina):
    assert "--check-finite" in lamina("help", "train") and "--replay FILE" in lamina("help", "train")
    assert "lamina replay" in lamina("help", "replay")


@pytest.mark.parametrize("change, message", [
    (lambda meta, arrays: arrays.pop("meta"), "this is no replay file; lamina train writes them with "
     "--replay"),
    (lambda meta, arrays: meta.update(lamina_replay=99), "this is no replay file of this version; lamina "
     "train writes them with --replay"),
    (lambda meta, arrays: meta.pop("model"),
     "the replay file is damaged: its description lacks something"),
    (lambda meta, arrays: meta.update(rows=3),
     "the replay file is damaged: its batch is not of the size that it says"),
    (lambda meta, arrays: meta["options"].update(batch_size=0),
     "the replay file is damaged: batches of 0 rows"),
    (lambda meta, arrays: arrays.update({"variables/0": np.zeros(3, "float32")}),
     "the replay file is damaged: variable 'power/kernel' does not fit its model"),
    (lambda meta, arrays: arrays.update(x0=np.zeros((4, 3), "float32")),
     "rows for input 'x' have shape (3,), but the model wants (2,)"),
])
def test_damaged_replay(change, message, lamina, overflowing):
    train(lamina, overflowing, "--replay", "step.npz")
    arrays = dict(np.load(overflowing / "step.npz"))
    meta = json.loads(arrays["meta"].tobytes())
    kept = arrays["meta"]
    change(meta, arrays)
    if "meta" in arrays and arrays["meta"] is kept:
        arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), "uint8")
    np.savez(overflowing / "bad.npz", **arrays)
    done = lamina.run("replay", "bad.npz", cwd=overflowing)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: bad.npz: {message}"), done.stderr


def test_nothing_in_a_replay_is_code(lamina, overflowing):
    train(lamina, overflowing, "--replay", "step.npz")
    with zipfile.ZipFile(overflowing / "step.npz") as archive:
        assert all(name.endswith(".npy") for name in archive.namelist())
    arrays = np.load(overflowing / "step.npz", allow_pickle=False)
    assert {arrays[name].dtype.kind for name in arrays.files} <= set("fiu")
