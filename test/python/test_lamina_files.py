"""Traced models in .lamina files: inert data that the command line, without Python, trains."""
import copy
import json
import os
import pathlib
import pickle
import random
import re
import subprocess
import zipfile

import numpy as np
import pytest
from conftest import ROOT

import lamina

LAMINA = ROOT / "build/bin/lamina"


@pytest.fixture(scope="module")
def traced(keras):
    """A model with all that Keras' own files cannot hold; its rows and targets."""
    x = np.random.default_rng(7).normal(size=(100, 6)).astype("float32")

    class Norm(keras.layers.Layer):
        def build(self, shape):
            self.gamma = self.add_weight(shape=(shape[-1],), initializer="ones")
            self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False)

        def call(self, x, training=False):
            if not training:
                return self.gamma * (x - self.mean)
            self.mean.assign(0.9 * self.mean + 0.1 * keras.ops.mean(x, axis=0))
            self.add_loss(0.01 * keras.ops.sum(keras.ops.square(self.gamma)))
            return self.gamma * (x - keras.ops.mean(x, axis=0))

    class Spread(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="spread")
            self.sum = self.add_weight(name="sum", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.sum.assign_add(keras.ops.sum(keras.ops.abs(y_pred)))

        def result(self):
            return self.sum

    def squared(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)

    keras.utils.set_random_seed(6)
    model = keras.Sequential([keras.Input((6,), name="features"), keras.layers.Dense(5, "tanh"),
                              Norm(name="norm"), keras.layers.Dropout(0.25), keras.layers.Dense(2)])
    model.compile("adam", squared, metrics=[Spread()])
    return model, x, x[:, :2] * 0.5


@pytest.fixture(scope="module")
def saved(traced, tmp_path_factory):
    """Its file."""
    path = tmp_path_factory.mktemp("saved") / "x.lamina"
    lamina.compile(traced[0], batch_size=16).save(path)
    return path


def run(*arguments, **settings):
    return subprocess.run([LAMINA, *map(str, arguments)], capture_output=True, text=True, timeout=100,
                          **settings)


def test_the_command_line_reads_it(traced, tmp_path):
    model, x, y = traced
    step = lamina.compile(model, batch_size=16)
    step.fit(x, y, verbose=0)
    file, rows = tmp_path / "x.lamina", tmp_path / "rows.npz"
    step.save(file)
    np.savez(rows, x=x, y=y)
    predicted = tmp_path / "p.npy"
    environment = {"PATH": "/nowhere", "HOME": str(tmp_path)}
    done = run("predict", file, "--data", rows, "-o", predicted, env=environment)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(predicted), step.predict(x, verbose=0))
    logs = step.evaluate(x, y, verbose=0, return_dict=True)
    done = run("evaluate", file, "--data", rows, "--batch-size", 16, env=environment)
    assert done.returncode == 0 and "spread" in done.stdout + done.stderr
    assert f"{logs['loss']:.4f}" in done.stdout + done.stderr
    for command in (["inspect", file], ["bench", file, "--batch-size", 16, "--steps", 3],
                    ["compile", file, "--batch-size", 16, "-o", tmp_path / "x.o"],
                    ["compile", file, "--batch-size", 16, "--emit=fuse", "-o", tmp_path / "x.mlir"]):
        done = run(*command, env=environment)
        assert done.returncode == 0, (command, done.stderr)


@pytest.mark.parametrize("batch_size", [16, 32])
def test_training_goes_on_with_the_same_bits(traced, tmp_path, batch_size):
    model, x, y = traced
    step = lamina.compile(model, batch_size=batch_size)
    step.fit(x, y, verbose=0, shuffle=False)
    step.save(tmp_path / "x.lamina")
    again = lamina.compile(tmp_path / "x.lamina", batch_size=batch_size)
    for _ in range(3):
        assert step.train_on_batch(x[:16], y[:16]) == again.train_on_batch(x[:16], y[:16])
    names = [v[0] for v in step._core.variables]
    for name, ours, theirs in zip(names, step._read(range(len(names))), again._read(range(len(names)))):
        np.testing.assert_array_equal(ours, theirs, name)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda step: pickle.loads(pickle.dumps(step))],
                         ids=["deepcopy", "pickle"])
def test_copies_of_traced_steps(traced, duplicate):
    model, x, y = traced
    step = lamina.compile(model, batch_size=16)
    step.fit(x, y, verbose=0)
    other = duplicate(step)
    for _ in range(2):
        assert step.train_on_batch(x[:16], y[:16]) == other.train_on_batch(x[:16], y[:16])
    for ours, theirs in zip(step.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_command_line_trains_on(traced, tmp_path):
    model, x, y = traced
    step = lamina.compile(model, batch_size=16)
    step.save(tmp_path / "x.lamina")
    np.savez(tmp_path / "rows.npz", x=x, y=y)
    done = run("train", tmp_path / "x.lamina", "--data", tmp_path / "rows.npz", "--epochs", 2,
               "--batch-size", 16, "--no-shuffle", "--log", tmp_path / "log.csv", "-o",
               tmp_path / "y.lamina")
    assert done.returncode == 0, done.stderr
    history = step.fit(x, y, epochs=2, verbose=0, shuffle=False).history
    table = np.genfromtxt(tmp_path / "log.csv", delimiter=",", names=True)
    np.testing.assert_allclose(table["loss"], history["loss"], rtol=1e-7)
    np.testing.assert_allclose(table["spread"], history["spread"], rtol=1e-7)
    for ours, theirs in zip(step.get_weights(), lamina.compile(tmp_path / "y.lamina").get_weights()):
        assert ours.shape in [w.shape for w in step.get_weights()] and theirs.shape
    assert sorted(w.sum() for w in step.get_weights()) == sorted(
        w.sum() for w in lamina.compile(tmp_path / "y.lamina").get_weights())


def test_it_is_data_alone(saved):
    with zipfile.ZipFile(saved) as archive:
        assert sorted(archive.namelist()) == ["config.json", "metadata.json", "model.weights.h5"]
        text = archive.read("config.json").decode()
    assert "lamina>Parameter" in text
    for code in ("__lambda__", "pickle", "def ", "test_lamina_files"):
        assert code not in text


@pytest.mark.parametrize("ending", [".keras", ".h5", ".json"])
def test_formats_of_keras_are_refused(traced, tmp_path, ending):
    step = lamina.compile(traced[0], batch_size=16)
    with pytest.raises(ValueError, match="holds traced code of layers, losses or metrics that are not "
                                         "Keras' own, which Keras cannot read; choose a name that ends "
                                         "in .lamina"):
        step.save(tmp_path / f"x{ending}")
    assert not os.listdir(tmp_path)


def damage(config, draw):
    """One change of the text: bytes, numbers, words of the format."""
    text = bytearray(config)
    kind = draw.randrange(4)
    place = draw.randrange(len(text))
    if kind == 0:
        text[place] = draw.randrange(256)
    elif kind == 1:
        del text[place:place + draw.randrange(1, 30)]
    elif kind == 2:
        words = [b"null", b"-1", b"1e30", b"99999999999", b"[]", b"{}", b'""', b"true", b"[null, null]"]
        values = [i for i, c in enumerate(text) if c == ord(":")]
        begin = draw.choice(values) + 1
        end = min(i for i in range(begin, len(text)) if text[i] in b",}]")
        text[begin:end] = draw.choice(words)
    else:
        begin = draw.randrange(len(text))
        text[place:place] = text[begin:begin + draw.randrange(1, 60)]
    return bytes(text)


def mutants(file, folder, count):
    """Damaged copies of a file: its members, and the archive's own bytes."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for i in range(count):
        draw = random.Random(i)
        path = folder / f"{i}.lamina"
        if i % 4 == 3:
            content = bytearray(pathlib.Path(file).read_bytes())
            for _ in range(draw.randrange(1, 6)):
                content[draw.randrange(len(content))] = draw.randrange(256)
            path.write_bytes(content)
        else:
            changed = dict(members)
            for _ in range(draw.randrange(1, 3)):
                changed["config.json"] = damage(changed["config.json"], draw)
            with zipfile.ZipFile(path, "w") as archive:
                for name, content in changed.items():
                    archive.writestr(name, content)
        yield path


def test_hostile_files_are_one_line(saved, tmp_path, request):
    refused = 0
    for path in mutants(saved, tmp_path, request.config.getoption("--mutants")):
        done = run("compile", path, "--batch-size", 16, "--emit=import", "-o", tmp_path / "out.mlir")
        assert done.returncode in (0, 1), (path, done.returncode, done.stderr)
        if done.returncode == 1:
            refused += 1
            line = done.stderr.removesuffix("\n")
            assert line.startswith("error: ") and "\n" not in line, (path, done.stderr)
        path.unlink()
    assert refused > 0


def test_python_refuses_them_too(saved, tmp_path):
    for path in mutants(saved, tmp_path, 20):
        try:
            lamina.compile(path, batch_size=16)
        except (ValueError, NotImplementedError):
            pass


def layer(config, class_name):
    return next(layer for layer in config["config"]["layers"] if layer["class_name"] == class_name)


def parameter(**changes):
    return lambda config: layer(config, "Parameter")["config"].update(changes)


def loss(change):
    return lambda config: change(config["compile_config"]["loss"]["config"])


def metric(change):
    return lambda config: change(config["compile_config"]["metrics"][0]["config"])


def own_layer(class_name, settings, inputs=1):
    """A layer of that class behind the first one, which the output does not need."""
    def change(config):
        dense = layer(config, "Dense")
        tensor = dense["inbound_nodes"][0]["args"][0]
        args = [[tensor] * inputs] if inputs != 1 else [tensor]
        config["config"]["layers"].append(
            {"module": "lamina", "class_name": class_name, "registered_name": f"lamina>{class_name}",
             "name": "mine", "config": {"name": "mine", "dtype": "float32", **settings},
             "inbound_nodes": [{"args": args, "kwargs": {}}]})
    return change


def own_training(config):
    layer(config, "Dropout")["inbound_nodes"][0]["kwargs"]["lamina_training"] = 3


def layer_in_program(config):
    layers = config["compile_config"]["loss"]["config"]["program"]["config"]["layers"]
    layers[2] = {**layers[2], "class_name": "Dense", "module": "keras.layers", "registered_name": None,
                 "config": {"units": 2}}


DAMAGES = [
    (parameter(shape=3), "layer 'norm.variable[_0-9]*': 'shape' is not a list"),
    (parameter(shape=[None]), "'shape' holds null, which is no extent"),
    (parameter(shape=[-4]), "'shape' holds -4, which is no extent"),
    (parameter(variable_dtype="float13"), "the dtype float13 is not supported"),
    (parameter(shape=[7]), "shapes .* cannot be broadcast to each other"),
    (own_layer("RandomNumbers", {"shape": [None, 2], "distribution": "zipf"}),
     "layer 'mine': the distribution zipf is not known"),
    (own_layer("RandomNumbers", {"shape": [2, None], "distribution": "normal"}),
     "layer 'mine': only the first extent of random numbers can be that of the rows"),
    (own_layer("Mask", {}), "layer 'mine': needs two inputs"),
    (own_layer("Choice", {}), "layer 'mine': needs two inputs"),
    (own_layer("Thing", {}), "class lamina>Thing is not supported"),
    (own_training, r"layer 'dropout[_0-9]*': is called with lamina_training=3"),
    (loss(lambda c: c.pop("program")), "loss 'squared': its program 'program' is missing"),
    (loss(lambda c: c.update(reduction="most")), "loss 'squared': the reduction 'most' is not one of"),
    (loss(lambda c: c["program"]["config"]["input_layers"].pop()),
     "loss 'squared': its program 'program' has 1 inputs"),
    (layer_in_program, "loss 'squared': only operations of keras.ops can be in its program"),
    (loss(lambda c: c["program"]["config"]["layers"][1]["config"].update(batch_shape=[None, 3])),
     r"loss 'squared': was traced for a tensor of shape \(.*3\), not \(.*2\)"),
    (metric(lambda c: c.update(update=c["result"])), "metric 'spread': its program 'update' has 1 inputs"),
    (metric(lambda c: c["update"]["config"].update(
        output_layers=[c["update"]["config"]["output_layers"][0]] * 2)
        if isinstance(c["update"]["config"]["output_layers"][0], list) else
        c["update"]["config"].update(output_layers=[c["update"]["config"]["output_layers"]] * 2)),
     "metric 'spread': its update gives 2 sums, but its result takes 1"),
]


def assert_line_of_damage(saved, change, reason, tmp_path):
    """What the command line says of a file whose configuration was changed."""
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config)
    with zipfile.ZipFile(tmp_path / "y.lamina", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    done = run("compile", tmp_path / "y.lamina", "--batch-size", 4, "--emit=import", "-o", "/dev/null")
    assert done.returncode == 1
    assert re.search(reason, done.stderr), done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", range(len(DAMAGES)))
def test_the_line_of_a_damage(saved, tmp_path, number):
    assert_line_of_damage(saved, *DAMAGES[number], tmp_path)
