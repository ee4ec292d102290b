"""Looking into a step: texts, tables, pictures, measurements."""
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import DIGITS

import lamina


@pytest.mark.parametrize("stage, text", [
    ("import", "func.func @optimizer("), ("gradient", "func.func @gradient("),
    ("step", "func.func @train_step("), ("simplify", "lamina.dot_general"),
    ("layout", "#lamina.packed"), ("fuse", "lamina.kernel  contraction("),
    ("schedule", "schedule = #lamina.contraction<"), ("memory", "lamina.arena_bytes"),
    ("llvm", "define ")])
def test_stages(digits, stage, text):
    assert text in digits[0].ir(stage)


def test_unknown_stages(digits):
    with pytest.raises(ValueError, match="there is no stage 'fused'; there are import, gradient, "):
        digits[0].ir("fused")


def test_kernels_are_those_that_inspect_lists(digits):
    table = digits[0].kernels()
    assert list(table) == ["function", "layer", "family", "wave", "operations", "flops", "bytes"]
    assert set(table["function"]) == {"train_step", "evaluate", "predict"}
    # Forward: two multiply-adds for each weight and row; none of it is left out in prediction.
    weights = 64 * 128 + 128 * 64 + 64 * 10
    predict = table[table["function"] == "predict"]
    assert predict["flops"].sum() == 2 * 64 * weights
    step = table[table["function"] == "train_step"]
    assert step["flops"].sum() == 2 * 64 * (3 * weights - 64 * 128)


def test_buffers_of_the_plan_do_not_meet(digits):
    table = digits[0].memory_plan().query("function == 'train_step'")
    assert list(table) == ["function", "layer", "offset", "bytes", "first_wave", "last_wave"]
    for i, a in enumerate(table.itertuples()):
        for b in table.iloc[i + 1:].itertuples():
            lives = a.first_wave <= b.last_wave and b.first_wave <= a.last_wave
            meets = a.offset < b.offset + b.bytes and b.offset < a.offset + a.bytes
            assert not (lives and meets)


def test_representations(digits):
    step = digits[0]
    assert repr(step) == (f"<lamina.Step of {DIGITS}: pixels: float32 (rows, 64) -> digit: float32 "
                          f"(rows, 10); batches of up to 64 rows, {step.threads} threads>")
    text = step._repr_html_()
    assert "17,226" in text and "loss, accuracy" in text and "</table>" in text


@pytest.fixture
def figure():
    yield
    plt.close("all")


def test_pictures(digits, figure):
    step = digits[0]
    axes = lamina.plot.history({"loss": [2, 1], "val_loss": [2.5, 2], "accuracy": [0.1, 0.5]})
    assert [axis.get_ylabel() for axis in axes] == ["loss", "accuracy"]
    assert len(axes[0].lines) == 2
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1], "c": list("xyz")})
    heat = lamina.plot.corr(frame)
    np.testing.assert_allclose(heat.collections[0].get_array(), [[1, -1], [-1, 1]])
    assert len(lamina.plot.kernels(step).patches) >= len(step.kernels().query(
        "function == 'train_step'"))
    plan = step.memory_plan().query("function == 'predict'")
    assert len(lamina.plot.memory(step, "predict").patches) == len(plan)


def test_pictures_of_nothing(digits, figure):
    with pytest.raises(ValueError, match="no kernels of 'training'"):
        lamina.plot.kernels(digits[0], "training")
    with pytest.raises(ValueError, match="no columns of numbers"):
        lamina.plot.corr(pd.DataFrame({"a": ["x"]}))


def test_bench(keras, make_model, monkeypatch):
    monkeypatch.setattr("lamina._bench.SECONDS", 0.01)
    model = make_model()
    before = model.get_weights()
    table = lamina.bench(model, 16, {"nothing": lambda x, y: None})
    assert list(table.index) == ["lamina", "nothing"]
    table = lamina.bench(model, 16)
    assert list(table.index) == ["lamina", "keras on tensorflow"]
    assert table.loc["lamina", "times_slower"] == 1
    assert (table > 0).all().all()
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="there is no peer 'other'"):
        lamina.bench(model, 16, ["other"])
    with pytest.raises(ValueError, match="needs a live Keras model"):
        lamina.bench(DIGITS, 16)


def test_bench_of_what_is_installed(make_model, monkeypatch):
    monkeypatch.setattr("lamina._bench.ROUNDS", 1)
    table = lamina.bench(make_model(), 16, "installed")
    assert list(table.index) == ["lamina", "Keras on TensorFlow", "Keras on TensorFlow, XLA", "Keras on JAX"]
    assert list(table.columns) == ["step_ms", "first_ms", "times_slower"]
    assert (table > 0).all().all() and table.loc["lamina", "times_slower"] == 1
    with pytest.raises(ValueError, match="nowhere.keras: .*No such file"):
        lamina.bench("nowhere.keras", peers="installed")
