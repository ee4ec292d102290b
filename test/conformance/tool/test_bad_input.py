"""Bad input gives one clear line, exit status 1 and no partial file."""
import pathlib
import zipfile

import numpy as np
import pytest

import small_models as models

DIGITS = pathlib.Path(__file__).resolve().parents[3] / "examples/digits"


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


def imaged(*layers):
    return models.sequential(models.input_layer(3, 8, 8), *layers)


BAD_MODELS = {
    "unknown_layer": (
        layered(models.layer("Dens", "middle", units=3)),
        "layer 'middle': class Dens is not supported; the nearest supported is Dense"),
    "lambda": (
        layered(models.layer("Lambda", "code")),
        "layer 'code': class Lambda is refused: it holds Python code, which is never executed; use "
        "layers of keras.layers instead, or say by --define LAYER=FILE which model it stands for"),
    "unknown_activation": (
        layered(models.dense("d", 3, activation="relux")),
        "layer 'd': activation relux is not supported; the nearest supported is relu"),
    "unknown_loss": (
        layered(models.dense("d", 3), loss="mee"),
        "loss 'mee' is not supported; the nearest supported is mse"),
    "no_units": (
        layered(models.layer("Dense", "d")), "layer 'd': 'units' is missing from the configuration"),
    "negative_units": (
        layered(models.dense("d", -3)), "layer 'd': 'units' must be positive, not -3"),
    "units_of_text": (
        layered(models.dense("d", "many")), "layer 'd': 'units' must be an integer, not \"many\""),
    "reshape_to_other_size": (
        layered(models.layer("Reshape", "r", target_shape=[3, 2])),
        "layer 'r': cannot reshape an input of shape (None, 4) to (None, 3, 2)"),
    "kernel_larger_than_image": (
        imaged(models.layer("Conv2D", "c", filters=2, kernel_size=[5, 5])),
        "layer 'c': a kernel of size (5, 5) does not fit spatial dimension 0 of 3 elements, got an "
        "input of shape (None, 3, 8, 8); it would fit with data_format 'channels_first'"),
    "output_of_size_zero": (
        imaged(models.layer("MaxPooling2D", "p", pool_size=[2, 9])),
        "layer 'p': a pool of size (2, 9) does not fit spatial dimension 1 of 8 elements, got an "
        "input of shape (None, 3, 8, 8)"),
    "groups_that_do_not_divide": (
        imaged(models.layer("Conv2D", "c", filters=3, kernel_size=1, groups=3)),
        "layer 'c': 3 groups do not divide 8 channels, got an input of shape (None, 3, 8, 8); it "
        "would fit with data_format 'channels_first'"),
    "strides_with_dilation": (
        imaged(models.layer("Conv2D", "c", filters=3, kernel_size=1, strides=2, dilation_rate=2)),
        "layer 'c': 'strides' (2, 2) and 'dilation_rate' (2, 2) cannot both be above 1"),
    "convolution_of_rows": (
        layered(models.layer("Conv2D", "c", filters=3, kernel_size=1)),
        "layer 'c': takes inputs of rank 4 (2 spatial dimensions and channels), got shape (None, 4)"),
    "not_a_model": (
        {"some": "thing"},
        "is JSON, but no Keras model: \"class_name\" and \"config\" are missing; give a .keras file "
        "or the JSON of model.to_json()"),
    "no_layers": (models.sequential(), "the model has no layers"),
}


@pytest.mark.parametrize("name", BAD_MODELS)
def test_model(name, refusal, small):
    model, message = BAD_MODELS[name]
    models.write(small / "bad.json", model)
    assert train(refusal, "bad.json", "data.npz") == f"bad.json: {message}"


BAD_FILES = {
    "empty": (b"", "is empty; save the model in Keras with model.save(\"model.keras\")"),
    "text": (
        b"this is not a model\n",
        "is text, not a Keras model; give a .keras file or the JSON of model.to_json()"),
    "broken_json": (
        b'{"class_name": "Sequential", ', "not valid JSON at byte 29: the text ends too early"),
    "deep_json": (b"[" * 100000, "not valid JSON at byte 257: nested deeper than 256 levels"),
    "duplicate_keys": (
        b'{"class_name": "Sequential", "class_name": "Functional"}',
        "not valid JSON at byte 29: the key 'class_name' occurs twice"),
    "not_utf8": (
        b'{"class_name": "\xff\xfe"}', "not valid JSON at byte 16: the text is not UTF-8"),
    "zip_header_only": (
        b"PK\x03\x04",
        "the archive is cut short: its directory is missing; copy or download it again"),
    "hdf5_header_only": (
        b"\x89HDF\r\n\x1a\n" + bytes(100),
        "is damaged: its HDF5 structure cannot be opened; copy or download it again"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_model_file(name, refusal, small):
    content, message = BAD_FILES[name]
    (small / "bad.keras").write_bytes(content)
    assert train(refusal, "bad.keras", "data.npz") == f"bad.keras: {message}"


def replace_in(member, old, new):
    return lambda name, content: content.replace(old, new) if name == member else content


def change_weights(change):
    return lambda name, content: change(content) if name == "model.weights.h5" else content


BAD_ARCHIVES = {
    "without_config": (
        lambda name, content: None if name == "config.json" else content,
        "is an archive without config.json, not a Keras model; save the model in Keras with "
        "model.save(\"model.keras\")"),
    "truncated_weights": (
        change_weights(lambda content: content[: len(content) // 2]),
        "model.weights.h5: is damaged: its HDF5 structure cannot be opened; copy or download it "
        "again"),
    "garbled_weights": (
        change_weights(lambda content: bytes(len(content))),
        "model.weights.h5: is damaged: it does not start as an HDF5 file does; copy or download it "
        "again"),
    "other_width": (
        replace_in("config.json", b'"units": 128', b'"units": 127'),
        "layer 'hidden_1': kernel has shape (64, 127) in the model but (64, 128) in the weights"),
}


def write_changed_digits(path, change):
    """The digits archive with its members changed by `change(name, content)`."""
    with zipfile.ZipFile(DIGITS / "digits.keras") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None:
                target.writestr(name, content)


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_archive(name, refusal, small):
    change, message = BAD_ARCHIVES[name]
    write_changed_digits(small / "bad.keras", change)
    refused = refusal("train", "bad.keras", "--data", DIGITS / "train.csv", "-o", "out.keras")
    assert refused == f"bad.keras: {message}"


def test_model_does_not_exist(refusal, small):
    message = "absent.keras: cannot be read: No such file or directory; check the path"
    assert train(refusal, "absent.keras", "data.npz") == message


def test_data_do_not_exist(refusal, small):
    message = "absent.npz: cannot be read: No such file or directory; check the path"
    assert train(refusal, "model.json", "absent.npz") == message


def ones(rows, *shape):
    return np.ones((rows, *shape), "float32")


def integers(rows, *values):
    return np.resize(np.array(values, "int32"), rows)


BAD_DATA = {
    "too_wide": (
        {"x": ones(8, 5), "y": integers(8, 0)},
        "rows for input 'x' have shape (5,), but the model wants (4,)"),
    "too_narrow": (
        {"x": ones(8, 3), "y": integers(8, 0)},
        "rows for input 'x' have shape (3,), but the model wants (4,)"),
    "wrong_rank": (
        {"x": ones(8, 4, 1, 2), "y": integers(8, 0)},
        "rows for input 'x' have shape (4, 1, 2), but the model wants (4,)"),
    "row_counts": (
        {"x": ones(8, 4), "y": integers(7, 0)},
        "the first input has 8 rows, but one target has 7"),
    "no_rows": ({"x": ones(0, 4), "y": integers(0, 0)}, "there are no rows of data in it"),
    "no_targets": ({"x": ones(8, 4)}, "there is no array 'y' for target 'out'; the file has 'x'"),
    "label_too_large": (
        {"x": ones(8, 4), "y": integers(8, 0, 1, 3)},
        "row 2: label 3 of target 'out' is out of range; the model has 3 classes, numbered 0 to 2"),
    "label_negative": (
        {"x": ones(8, 4), "y": integers(8, 0, -1)},
        "row 1: label -1 of target 'out' is out of range; the model has 3 classes, numbered 0 to 2"),
    "label_with_fraction": (
        {"x": ones(8, 4), "y": ones(8) / 2},
        "row 0: target 'out' takes int32 values, 0.5 is none; convert the data or the model"),
    "text": (
        {"x": np.full((8, 4), "a"), "y": integers(8, 0)},
        "'x': has elements of type '<U1', which is not supported; convert them to float32"),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_data(name, refusal, small):
    arrays, message = BAD_DATA[name]
    models.write_data(small / "bad.npz", **arrays)
    assert train(refusal, "model.json", "bad.npz") == f"bad.npz: {message}"


BAD_INDICES = {
    "too_large": ([[0, 1], [4, 5], [5, 6]], "row 2: index 6 of input 'x' is out of range"),
    "negative": ([[0, -1]], "row 0: index -1 of input 'x' is out of range"),
    "fraction": ([[0, 1], [0.5, 1]], "row 1: index 0.5 of input 'x' is not an integer"),
}


@pytest.mark.parametrize("name", BAD_INDICES)
def test_indices(name, refusal, small):
    rows, message = BAD_INDICES[name]
    models.write(small / "table.json", models.sequential(
        models.input_layer(2), models.layer("Embedding", "e", input_dim=6, output_dim=3)))
    x = np.array(rows, "float32")
    models.write_data(small / "bad.npz", x=x, y=np.zeros((*x.shape, 3), "float32"))
    assert train(refusal, "table.json", "bad.npz") == (
        f"bad.npz: {message}; the model's embedding has 6 entries, numbered 0 to 5")


BAD_WEIGHTS = {
    "no_array": (["--sample-weight", "w"],
                 "data.npz: there is no array 'w' of sample weights; the file has 'x', 'y'"),
    "no_number": (["--class-weight", "0=1,a=2"],
                  "--class-weight a=2: expected CLASS=WEIGHT,... with every class number once"),
    "twice": (["--class-weight", "0=1,0=2"],
              "--class-weight 0=2: expected CLASS=WEIGHT,... with every class number once"),
}


@pytest.mark.parametrize("name", BAD_WEIGHTS)
def test_weights(name, refusal, small):
    options, message = BAD_WEIGHTS[name]
    assert train(refusal, "model.json", "data.npz", *options) == message


def test_pickled_data(refusal, small):
    np.save(small / "bad.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert train(refusal, "model.json", "bad.npy") == (
        "bad.npy: holds pickled Python objects, which are never loaded; convert the array to numbers, "
        "or texts with astype(str), and save it again")


def test_csv_of_wrong_width(refusal, small):
    (small / "bad.csv").write_text("a,b,c\n1,2,0\n3,4,1\n")
    assert train(refusal, "model.json", "bad.csv") == (
        "bad.csv: rows have 2 feature values, but the model takes 4 (input shape (4,)); choose "
        "columns with --target and --drop")


def test_csv_with_ragged_rows(refusal, small):
    (small / "bad.csv").write_text("1,2,3,4,0\n1,2,3,4\n")
    assert train(refusal, "model.json", "bad.csv") == (
        "bad.csv: line 2: 4 values, but the rows before have 5")


def test_loss_becomes_infinite(refusal, small):
    model = layered(models.dense("d", 3), optimizer=models.sgd(1e30))
    models.write(small / "model.json", model)
    models.write_data(small / "data.npz", x=ones(16, 4), y=ones(16, 3))
    message = train(refusal, "model.json", "data.npz", "--epochs", "20")
    assert message.startswith("model.json: epoch 1, step 2: the loss is infinite (nan would come next); "
                              "it arose in step 2 of epoch 1 (row 0), in the forward pass, layer 'loss', "
                              "operation multiply: element (0, 0) of (1, 3) is inf, from ")
    assert message.endswith("; lower the learning rate, or scale the inputs")


@pytest.mark.parametrize("out", ["/proc/out.keras", "absent/folder/out.keras"])
def test_output_cannot_be_written(out, refusal, small):
    message = refusal("train", "model.json", "--data", "data.npz", "--epochs", 1, "-o", out)
    assert message == f"cannot write {out}: No such file or directory"


def test_file_at_the_output_survives_a_failure(lamina, small):
    (small / "out.keras").write_text("precious")
    models.write_data(small / "bad.npz", x=ones(8, 5), y=integers(8, 0))
    done = lamina.run("train", "model.json", "--data", "bad.npz", "-o", "out.keras", cwd=small)
    assert done.returncode == 1
    assert (small / "out.keras").read_text() == "precious"


def test_training_without_compile_settings(refusal, small):
    models.write(small / "plain.json", layered(models.dense("d", 3), loss=None))
    assert train(refusal, "plain.json", "data.npz") == (
        "plain.json: the model has no loss; compile it in Keras, or give --loss (and --optimizer)")
