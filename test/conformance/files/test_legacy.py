"""Files of older Keras (test/conformance/legacy, written by tf.keras 2.15 and Keras 3.3): what they
predict, how they train on, and that real Keras goes on with what `lamina convert` makes of them."""
import gzip
import pathlib
import zipfile

import numpy as np
import pytest

FILES = pathlib.Path(__file__).resolve().parents[1] / "legacy"
MAKERS = ("tf-2.15", "keras-3.3")
MODELS = [f"{maker}.{path.stem}" for maker in MAKERS for path in sorted((FILES / maker).glob("*.npz"))]
# What Keras 3 computes otherwise is compared with its maker alone.
SAME = [name for name in MODELS if name != "tf-2.15.gates"]
OPTIMIZERS = sorted(path.name[len("tf-2.15."):-len(".h5.gz")]
                    for path in (FILES / "optimizers").glob("*.gz"))
# Words repeat in a batch. For their rows of the embedding TensorFlow hands Keras 3 one gradient for each
# time a word stands there, and Keras sums them after squaring them for RMSprop and Adam; Keras 2, JAX
# and Lamina square the sum. So what trains on with Keras 3 is compared with Keras on JAX.
WORDS = [name for name in MODELS if name.endswith("words")]
# Keras 2.15 leaves the state of its older optimizers out of .keras files.
WITHOUT_STATE = {("keras", "tf-2.15.words")}
TOLERANCE = 5e-6  # of the largest value: three steps in float32


def near(ours, theirs):
    theirs = np.asarray(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * np.abs(theirs).max())


def data_of(name):
    """The arrays of a model: MAKER.NAME."""
    maker, _, model = name.rpartition(".")
    return dict(np.load(FILES / maker / f"{model}.npz"))


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder with all files, unzipped."""
    folder = tmp_path_factory.mktemp("legacy")
    for maker in MAKERS:
        for path in (FILES / maker).glob("*.gz"):
            (folder / f"{maker}.{path.stem}").write_bytes(gzip.decompress(path.read_bytes()))
        for path in (FILES / maker).glob("*.json"):
            (folder / f"{maker}.{path.name}").write_bytes(path.read_bytes())
    for name in OPTIMIZERS:
        path = FILES / f"optimizers/tf-2.15.{name}.h5.gz"
        (folder / f"optimizer.{name}.h5").write_bytes(gzip.decompress(path.read_bytes()))
    for name in MODELS:
        data = data_of(name)
        del data["predictions"], data["losses"]
        np.savez(folder / f"{name}.npz", **data)
    return folder


@pytest.fixture(scope="module")
def expected():
    return {name: data_of(name) for name in MODELS}


def train_on(lamina, folder, name, model, *more):
    """Losses of three more steps."""
    log = lamina.train(model, folder / f"{name}.npz", folder / "trained.keras", folder / "log.csv",
                       epochs=3, batch_size=8, more=more)
    return log["loss"]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_model(name, ending, unpacked, expected, continued, lamina):
    model = unpacked / f"{name}.{ending}"
    ours = lamina.predict(model, unpacked / f"{name}.npz", unpacked / "predictions.npz")
    near(ours[0], expected[name]["predictions"])
    losses = train_on(lamina, unpacked, name, model)
    if (ending, name) in WITHOUT_STATE:
        near(losses[:1], expected[name]["losses"][:1])
    else:
        near(losses, continued(name))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("ending", ["h5", "weights.h5", "keras"])
def test_weights_for_json(name, ending, unpacked, expected, lamina):
    weights = unpacked / f"{name}.{ending}"
    lamina("predict", unpacked / f"{name}.json", "--weights", weights, "--data",
           unpacked / f"{name}.npz", "-o", unpacked / "predictions.npz")
    near(np.load(unpacked / "predictions.npz")["y"], expected[name]["predictions"])


@pytest.fixture(scope="module")
def converted(unpacked, lamina):
    """Every legacy .h5 file as .keras, by name."""
    paths = {name: unpacked / f"converted.{name}.keras" for name in MODELS}
    for name, path in paths.items():
        lamina("convert", unpacked / f"{name}.h5", path)
    return paths


@pytest.fixture(scope="module")
def loaded(unpacked, converted, lamina, load_in_keras):
    """The folder with what real Keras makes of every model, converted."""
    jobs = {}
    for name in SAME:
        jobs[f"{name}.from-keras"] = (converted[name], unpacked / f"{name}.npz")
        rewritten = unpacked / f"rewritten.{name}.h5"
        lamina("convert", unpacked / f"{name}.h5", rewritten)
        jobs[f"{name}.from-h5"] = (rewritten, unpacked / f"{name}.npz")
        if ("keras", name) not in WITHOUT_STATE:
            again = unpacked / f"again.{name}.keras"
            lamina("convert", unpacked / f"{name}.keras", again)
            jobs[f"{name}.again"] = (again, unpacked / f"{name}.npz")
    return load_in_keras(jobs)


@pytest.fixture(scope="module")
def continued(unpacked, expected, converted, load_in_keras):
    """A function from a model's name to the losses of three more steps: as its maker had them, those
    of words from Keras on JAX where Keras 3 made the file."""
    jobs = {name: (converted[name], unpacked / f"{name}.npz") for name in WORDS}
    folder = load_in_keras(jobs, "jax")
    on_jax = {name: np.load(folder / f"{name}.npz")["losses"] for name in WORDS}
    near(on_jax["tf-2.15.words"], expected["tf-2.15.words"]["losses"])
    return lambda name: on_jax[name] if name in WORDS else expected[name]["losses"]


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("source", ["from-keras", "again"])
def test_keras_trains_on(name, source, loaded, expected):
    """What was converted to .keras, from .h5 and from .keras."""
    if source == "again" and ("keras", name) in WITHOUT_STATE:
        pytest.skip("there is no optimizer state in the file")
    result = dict(np.load(loaded / f"{name}.{source}.npz"))
    assert result["iterations"] == 3
    near(result["predictions"], expected[name]["predictions"])
    count = 1 if name == "tf-2.15.words" else 3  # it was made by Keras 2
    near(result["losses"][:count], expected[name]["losses"][:count])


@pytest.mark.parametrize("name", SAME)
def test_keras_predicts_from_converted_h5(name, loaded, expected):
    near(np.load(loaded / f"{name}.from-h5.npz")["predictions"], expected[name]["predictions"])


@pytest.mark.parametrize("name", SAME)
def test_files_of_today(name, loaded, unpacked, continued, lamina):
    """What Keras of today writes: a legacy file, and weights with the configuration apart."""
    saved = loaded / f"{name}.from-keras"
    near(train_on(lamina, unpacked, name, f"{saved}.h5"), continued(name))
    near(train_on(lamina, unpacked, name, f"{saved}.json", "--weights", f"{saved}.weights.h5"),
         continued(name))


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


# What Keras 3 computes otherwise, and what is said where it is written.
CHANGED = {"Nadam": "Keras 3 has no schedule_decay: its Nadam lets the momentum grow faster than the "
                    "file's",
           **{name: f"Keras 3 adds the epsilon of {name} below the root, not behind it as the file's "
                    "optimizer does" for name in ("Adagrad", "RMSprop")}}


@pytest.fixture(scope="module")
def of_optimizers():
    return dict(np.load(FILES / "optimizers/tf-2.15.npz"))


def test_there_are_files_of_every_legacy_optimizer():
    assert {name.split(".")[0] for name in OPTIMIZERS} == {
        "SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam", "Ftrl"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer(name, unpacked, of_optimizers, lamina):
    """Training goes on with the optimizer's state as tf.keras went on."""
    data = unpacked / "optimizers.npz"
    np.savez(data, x=of_optimizers["x"], y=of_optimizers["y"])
    log = lamina.train(unpacked / f"optimizer.{name}.h5", data, unpacked / "trained.keras",
                       unpacked / "log.csv", epochs=3, batch_size=8)
    near(log["loss"], of_optimizers[name])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_written(name, unpacked, lamina):
    """Only where Keras 3 computes otherwise something is said."""
    out = unpacked / "written.keras"
    said = lamina.run("convert", unpacked / f"optimizer.{name}.h5", out).stderr
    assert said == (f"note: {out}: {CHANGED[name]}\n" if name in CHANGED else "")


def test_hard_sigmoid_of_keras_2_written(unpacked, lamina):
    """Keras 3 has another function of this name, which is said where a model is written."""
    out = unpacked / "written.keras"
    said = lamina.run("convert", unpacked / "tf-2.15.gates.h5", out).stderr
    assert said == (f"note: {out}: Keras 3 computes hard_sigmoid as x / 6 + 0.5 between 0 and 1, not as "
                    "0.2 x + 0.5 as the file's layers do\n")
    assert b"keras.activations.legacy" not in member(out, "config.json")


def member(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)
