"""Files of older Keras (test/conformance/legacy, written by tf.keras 2.15 and Keras 3.3): what they
predict, how they train on, and that real Keras does the same with what `lamina convert` makes of
them."""
import gzip
import pathlib
import zipfile

import numpy as np
import pytest

HERE = pathlib.Path(__file__).parent / "legacy"
MODELS = [f"{maker}.{name}" for maker in ("tf-2.15", "keras-3.3")
          for name in ("branches", "images", "words")]
TOLERANCE = 5e-6  # of the largest value: three steps in float32


def near(ours, theirs):
    theirs = np.asarray(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * np.abs(theirs).max())


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder with all files, unzipped."""
    folder = tmp_path_factory.mktemp("legacy")
    for path in HERE.glob("*.gz"):
        (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    for path in HERE.glob("*.json"):
        (folder / path.name).write_bytes(path.read_bytes())
    for name in MODELS:
        data = dict(np.load(HERE / f"{name}.npz"))
        del data["predictions"], data["losses"]
        np.savez(folder / f"{name}.npz", **data)
    return folder


@pytest.fixture(scope="module")
def expected():
    return {name: dict(np.load(HERE / f"{name}.npz")) for name in MODELS}


def train_on(lamina, folder, name, model, *more):
    """Losses of three more steps."""
    log = lamina.train(model, folder / f"{name}.npz", folder / "trained.keras", folder / "log.csv",
                       epochs=3, batch_size=8, more=more)
    return log["loss"]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_model(name, ending, unpacked, expected, lamina):
    model = unpacked / f"{name}.{ending}"
    ours = lamina.predict(model, unpacked / f"{name}.npz", unpacked / "predictions.npz")
    near(ours[0], expected[name]["predictions"])
    near(train_on(lamina, unpacked, name, model), expected[name]["losses"])


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("ending", ["h5", "weights.h5", "keras"])
def test_weights_for_json(name, ending, unpacked, expected, lamina):
    weights = unpacked / f"{name}.{ending}"
    lamina("predict", unpacked / f"{name}.json", "--weights", weights, "--data",
           unpacked / f"{name}.npz", "-o", unpacked / "predictions.npz")
    near(np.load(unpacked / "predictions.npz")["y"], expected[name]["predictions"])


@pytest.fixture(scope="module")
def loaded(unpacked, lamina, load_in_keras):
    """The folder with what real Keras makes of every model, converted."""
    jobs = {}
    for name in MODELS:
        for ending in ("keras", "h5"):
            converted = unpacked / f"converted.{name}.{ending}"
            lamina("convert", unpacked / f"{name}.h5", converted)
            jobs[f"{name}.from-{ending}"] = (converted, unpacked / f"{name}.npz")
    return load_in_keras(jobs)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_keras_loads_converted(name, ending, loaded, expected):
    result = dict(np.load(loaded / f"{name}.from-{ending}.npz"))
    assert result["iterations"] == 3
    near(result["predictions"], expected[name]["predictions"])
    near(result["losses"], expected[name]["losses"])


@pytest.mark.parametrize("name", MODELS)
def test_files_of_today(name, loaded, unpacked, expected, lamina):
    """What Keras of today writes: a legacy file, and weights with the configuration apart."""
    saved = loaded / f"{name}.from-keras"
    near(train_on(lamina, unpacked, name, f"{saved}.h5"), expected[name]["losses"])
    near(train_on(lamina, unpacked, name, f"{saved}.json", "--weights", f"{saved}.weights.h5"),
         expected[name]["losses"])


@pytest.mark.parametrize("ending", ["keras", "h5", "weights.h5", "json"])
def test_convert_keeps_what_it_can(ending, unpacked, expected, lamina):
    """From `.keras` to a format and back: nothing that the format has room for is lost."""
    name = "keras-3.3.branches"
    there, back = unpacked / f"there.{ending}", unpacked / "back.keras"
    original = unpacked / f"{name}.keras"
    lamina("convert", original, there)
    model = [there] if ending != "weights.h5" else [unpacked / f"{name}.json", "--weights", there]
    if ending == "json":
        model += ["--weights", original]
    lamina("convert", *model, back)
    near(train_on(lamina, unpacked, name, back), expected[name]["losses"])
    if ending == "keras":
        assert member(back, "config.json") == member(original, "config.json")


def member(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)
