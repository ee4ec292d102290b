"""Compile settings that are not understood, or do not fit, keep nobody from using the model itself, as
Keras has `load_model(compile=False)`."""
import json
import zipfile

import numpy as np
import pytest

OWN = {"module": "mine", "class_name": "Mine", "config": {}, "registered_name": "Mine>Mine"}
NOT_KERAS = ("is the class Mine of module mine, which is not Keras' own; nothing in a file is looked up "
             "or executed")
# Settings, and what is wrong with them.
BROKEN = {
    "loss": ({"loss": OWN}, f"the loss {NOT_KERAS}"),
    "metric": ({"metrics": [OWN, "mae"]}, f"the metric {NOT_KERAS}"),
    "unfit": ({"metrics": ["sparse_categorical_accuracy"]},
              "metric 'sparse_categorical_accuracy': needs class indices of shape (None,), but the loss "
              "takes targets of shape (None, 2)"),
    "counts": ({"loss": ["mse", "mse"]}, "the loss lists 2 entries but the model has 1 outputs"),
}
# What `train --loss mse` has to leave out.
LEFT_OUT = {"metric": "a metric is left out: ", "unfit": "the file's metrics are left out: "}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("settings")
    np.savez(folder / "data.npz", x=np.ones((4, 3), "float32"), y=np.ones((4, 2), "float32"))
    for name, (settings, _) in BROKEN.items():
        write_model(folder / f"{name}.json", settings)
    return folder


def write_model(path, settings):
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}}
    shape = {"module": "keras.layers", "class_name": "InputLayer",
             "config": {"name": "x", "batch_shape": [None, 3]}}
    model = {"module": "keras", "class_name": "Sequential",
             "config": {"name": "m", "layers": [shape, layer]},
             "compile_config": {"optimizer": "adam", "loss": "mse", **settings}}
    path.write_text(json.dumps(model))


@pytest.mark.parametrize("name", BROKEN)
def test_model_alone(name, folder, lamina):
    model, reason = folder / f"{name}.json", BROKEN[name][1]
    for command in (["predict", model, "--data", folder / "data.npz", "-o", folder / "out.npz"],
                    ["bench", model, "--function", "predict", "--steps", 1, "--json"],
                    ["compile", model, "--function", "predict", "-o", folder / "out.o"]):
        done = lamina.run(*command)
        assert (done.returncode, done.stderr) == (0, "")
    said = f"note: {model}: losses and metrics are not looked at: {reason}\n"
    for command in (["inspect", model], ["convert", model, folder / f"{name}.keras"]):
        done = lamina.run(*command)
        assert (done.returncode, done.stderr) == (0, said)
    with zipfile.ZipFile(folder / f"{name}.keras") as archive:  # which keeps them
        kept = json.loads(archive.read("config.json"))["compile_config"]
    assert kept == json.loads(model.read_text())["compile_config"]


@pytest.mark.parametrize("name", BROKEN)
def test_training(name, folder, lamina):
    model, reason = folder / f"{name}.json", BROKEN[name][1]
    command = ["train", model, "--data", folder / "data.npz", "--verbose", 0]
    done = lamina.run(*command)
    assert (done.returncode, done.stderr) == (1, f"error: {model}: {reason}\n")
    done = lamina.run(*command, "--loss", "mse")
    said = f"note: {model}: {LEFT_OUT[name]}{reason}\n" if name in LEFT_OUT else ""
    assert (done.returncode, done.stderr) == (0, said)
    done = lamina.run(*command, "--loss", "mse", "--metrics", "mae")
    assert (done.returncode, done.stderr) == (0, "")


def test_targets_of_binary_crossentropy(folder, lamina):
    """Keras trains on labels 1 and 2 too, and the loss falls without end."""
    model, data = folder / "binary.json", folder / "binary.npz"
    write_model(model, {"loss": "binary_crossentropy"})
    np.savez(data, x=np.ones((4, 3), "float32"), y=np.array([[1, 0]] * 3 + [[1, 2]], "float32"))
    done = lamina.run("train", model, "--data", data, "--verbose", 0)
    assert (done.returncode, done.stderr) == (
        0, f"note: {data}: row 3: target 'd' is 2, but binary cross-entropy is for targets from 0 to 1: "
           "with others the loss falls without end\n")


@pytest.mark.parametrize("model", [
    {"class_name": "Sequential", "config": [
        {"class_name": "Convolution2D", "config": {"nb_filter": 3, "batch_input_shape": [None, 3, 3, 3]}}]},
    {"class_name": "Sequential", "keras_version": "1.2.2", "config": []},
    {"class_name": "Model", "config": {"layers": [{"class_name": "Dense", "config": {"output_dim": 3}}]}},
])
def test_models_of_keras_1(model, folder, lamina):
    path = folder / "first.json"
    path.write_text(json.dumps(model))
    done = lamina.run("inspect", path)
    assert (done.returncode, done.stderr) == (
        1, f"error: {path}: is a model of Keras 1, which Keras 2 and 3 do not read either; build the "
           "model anew in Keras 3\n")
