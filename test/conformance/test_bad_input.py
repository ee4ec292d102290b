"""Bad input gives one clear line, exit status 1 and no partial file; wrong usage gives status 2."""
import pathlib
import zipfile

import numpy as np
import pytest

import small_models as models

DIGITS = pathlib.Path(__file__).resolve().parents[2] / "examples/digits"


@pytest.fixture
def refusal(lamina, tmp_path):
    """Runs a command that has to fail and returns its message without `error: `."""

    def run(*arguments):
        before = sorted(tmp_path.rglob("*"))
        done = lamina.run(*arguments, cwd=tmp_path)
        assert done.returncode == 1, f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
        lines = done.stderr.splitlines()
        errors = [line for line in lines if "error:" in line]
        assert len(errors) == 1 and lines[-1] == errors[0], done.stderr
        assert errors[0].startswith("error: "), errors[0]
        assert sorted(tmp_path.rglob("*")) == before, "something was written"
        return errors[0].removeprefix("error: ").replace(f"{tmp_path}/", "")

    return run


def train(refusal, model, data, *more):
    return refusal("train", model, "--data", data, "--epochs", 1, "--batch-size", 4,
                   "-o", "out.keras", *more)


@pytest.fixture
def small(tmp_path):
    """A classifier of 4 features and 3 classes, with data that fit it."""
    model = models.sequential(
        models.input_layer(4), models.dense("hidden", 5), models.dense("out", 3, activation="softmax"),
        loss="sparse_categorical_crossentropy")
    models.write(tmp_path / "model.json", model)
    random = np.random.default_rng(0)
    models.write_data(tmp_path / "data.npz", x=random.standard_normal((8, 4)).astype("float32"),
                      y=random.integers(0, 3, 8).astype("int32"))
    return tmp_path


def layered(*layers, **settings):
    return models.sequential(models.input_layer(4), *layers, **settings)


BAD_MODELS = {
    "unknown_layer": (
        layered(models.layer("Dens", "middle", units=3)), ["layer 'middle'", "Dens", "Dense"]),
    "lambda": (layered(models.layer("Lambda", "code")), ["layer 'code'", "Lambda"]),
    "unknown_activation": (
        layered(models.dense("d", 3, activation="relux")), ["layer 'd'", "relux", "relu"]),
    "unknown_loss": (layered(models.dense("d", 3), loss="mee"), ["mee", "mse"]),
    "no_units": (layered(models.layer("Dense", "d")), ["layer 'd'", "units"]),
    "negative_units": (layered(models.dense("d", -3)), ["layer 'd'", "-3"]),
    "units_of_text": (layered(models.dense("d", "many")), ["layer 'd'", "units"]),
    "reshape_to_other_size": (
        layered(models.layer("Reshape", "r", target_shape=[3, 2])), ["layer 'r'", "(3, 2)"]),
    "not_a_model": ({"some": "thing"}, []),
    "no_layers": (models.sequential(), []),
}


@pytest.mark.parametrize("name", BAD_MODELS)
def test_model(name, refusal, small):
    model, words = BAD_MODELS[name]
    models.write(small / "bad.json", model)
    message = train(refusal, "bad.json", "data.npz")
    assert message.startswith("bad.json: ")
    for word in words:
        assert word in message


BAD_FILES = {
    "empty": b"",
    "text": b"this is not a model\n",
    "broken_json": b'{"class_name": "Sequential", ',
    "deep_json": b"[" * 100000,
    "duplicate_keys": b'{"class_name": "Sequential", "class_name": "Functional"}',
    "not_utf8": b'{"class_name": "\xff\xfe"}',
    "zip_header_only": b"PK\x03\x04",
    "hdf5_header_only": b"\x89HDF\r\n\x1a\n" + bytes(100),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_model_file(name, refusal, small):
    (small / "bad.keras").write_bytes(BAD_FILES[name])
    assert train(refusal, "bad.keras", "data.npz").startswith("bad.keras: ")


def rewritten(path, change):
    """The digits archive with its members changed by `change(name, content)`."""
    with zipfile.ZipFile(DIGITS / "digits.keras") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None:
                target.writestr(name, content)
    return path


BAD_ARCHIVES = {
    "without_config": lambda name, content: None if name == "config.json" else content,
    "truncated_weights": lambda name, content: content[: len(content) // 2]
    if name.endswith(".h5") else content,
    "garbled_weights": lambda name, content: bytes(len(content)) if name.endswith(".h5") else content,
    "other_width": lambda name, content: content.replace(b'"units": 128', b'"units": 127')
    if name == "config.json" else content,
}


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_archive(name, refusal, small):
    rewritten(small / "bad.keras", BAD_ARCHIVES[name])
    message = refusal("train", "bad.keras", "--data", DIGITS / "train.csv", "-o", "out.keras")
    assert message.startswith("bad.keras: ")
    if name == "other_width":
        assert all(word in message for word in ("hidden_1", "(64, 128)", "(64, 127)"))


def test_model_does_not_exist(refusal, small):
    assert train(refusal, "absent.keras", "data.npz").startswith("absent.keras: ")


def test_data_do_not_exist(refusal, small):
    assert train(refusal, "model.json", "absent.npz").startswith("absent.npz: ")


def ones(rows, *shape):
    return np.ones((rows, *shape), "float32")


def integers(rows, *values):
    return np.resize(np.array(values, "int32"), rows)


BAD_DATA = {
    "too_wide": ({"x": ones(8, 5), "y": integers(8, 0)}, ["5", "4"]),
    "too_narrow": ({"x": ones(8, 3), "y": integers(8, 0)}, ["3", "4"]),
    "wrong_rank": ({"x": ones(8, 4, 1, 2), "y": integers(8, 0)}, ["(8, 4, 1, 2)"]),
    "row_counts": ({"x": ones(8, 4), "y": integers(7, 0)}, ["8", "7"]),
    "no_rows": ({"x": ones(0, 4), "y": integers(0, 0)}, []),
    "no_targets": ({"x": ones(8, 4)}, ["y"]),
    "label_too_large": ({"x": ones(8, 4), "y": integers(8, 0, 1, 3)}, ["3"]),
    "label_negative": ({"x": ones(8, 4), "y": integers(8, 0, -1)}, ["-1"]),
    "label_with_fraction": ({"x": ones(8, 4), "y": ones(8) / 2}, ["0.5"]),
    "text": ({"x": np.full((8, 4), "a"), "y": integers(8, 0)}, []),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_data(name, refusal, small):
    arrays, words = BAD_DATA[name]
    models.write_data(small / "bad.npz", **arrays)
    message = train(refusal, "model.json", "bad.npz")
    assert message.startswith("bad.npz: ")
    for word in words:
        assert word in message


def test_pickled_data(refusal, small):
    np.save(small / "bad.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert train(refusal, "model.json", "bad.npy").startswith("bad.npy: ")


def test_csv_of_wrong_width(refusal, small):
    (small / "bad.csv").write_text("a,b,c\n1,2,0\n3,4,1\n")
    message = train(refusal, "model.json", "bad.csv")
    assert message.startswith("bad.csv: ")


def test_csv_with_ragged_rows(refusal, small):
    (small / "bad.csv").write_text("1,2,3,4,0\n1,2,3,4\n")
    message = train(refusal, "model.json", "bad.csv")
    assert message.startswith("bad.csv: ") and "line 2" in message


def test_loss_becomes_nan(refusal, small):
    model = layered(models.dense("d", 3), optimizer=models.sgd(1e30))
    models.write(small / "model.json", model)
    models.write_data(small / "data.npz", x=ones(16, 4), y=ones(16, 3))
    message = train(refusal, "model.json", "data.npz", "--epochs", "20")
    assert "loss" in message and "nan" in message.lower()


def test_output_cannot_be_written(refusal, small):
    for out in ("/proc/out.keras", "absent/folder/out.keras"):
        message = refusal("train", "model.json", "--data", "data.npz", "--epochs", 1, "-o", out)
        assert out in message


def test_file_at_the_output_survives_a_failure(lamina, small):
    (small / "out.keras").write_text("precious")
    models.write_data(small / "bad.npz", x=ones(8, 5), y=integers(8, 0))
    done = lamina.run("train", "model.json", "--data", "bad.npz", "-o", "out.keras", cwd=small)
    assert done.returncode == 1
    assert (small / "out.keras").read_text() == "precious"


def test_training_without_compile_settings(refusal, small):
    models.write(small / "plain.json", layered(models.dense("d", 3), loss=None))
    message = train(refusal, "plain.json", "data.npz")
    assert message.startswith("plain.json: ") and "--loss" in message


@pytest.mark.parametrize("arguments", [
    [], ["frobnicate"], ["train"], ["train", "model.json"],
    ["train", "model.json", "--data", "data.npz", "--epochs", "many"],
    ["predict", "model.json", "--data", "data.npz", "--no-such-option"]])
def test_wrong_usage(arguments, lamina, small):
    done = lamina.run(*arguments, cwd=small)
    assert done.returncode == 2
    assert done.stderr.strip()
