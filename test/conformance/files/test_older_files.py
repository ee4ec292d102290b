"""What stands in files in other ways than Keras of today writes it: the paths of Keras 2.13 and 2.14,
those of Windows, other number types, compressions and layouts of HDF5."""
import gzip
import io
import json
import pathlib
import zipfile

import h5py
import numpy as np
import pytest

FILES = pathlib.Path(__file__).resolve().parents[1] / "legacy/archives"
WEIGHTS = "model.weights.h5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("older")


def rewrite(source, path, change):
    """The archive with `change(old, new)` between the groups of its weights."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == WEIGHTS:
                image = io.BytesIO()
                with h5py.File(io.BytesIO(content)) as before, h5py.File(image, "w") as after:
                    change(before, after)
                content = image.getvalue()
            new.writestr(name, content)


def as_windows(before, after):
    """os.path.join puts backslashes into one name; Keras adds /vars itself."""
    def copy(name, item):
        if isinstance(item, h5py.Dataset):
            path, _, number = name.rpartition("/vars/")
            after[f"{path.replace('/', chr(92))}/vars/{number}"] = item[()]
    before.visititems(copy)


def test_archive_of_214(folder, lamina):
    expected = dict(np.load(FILES / "tf-2.14.branches.npz"))
    model, data = folder / "model.keras", folder / "data.npz"
    model.write_bytes(gzip.decompress((FILES / "tf-2.14.branches.keras.gz").read_bytes()))
    rewrite(model, folder / "windows.keras", as_windows)
    np.savez(data, x0=expected["x0"], x1=expected["x1"], y=expected["y"])
    for name in ("model", "windows"):
        ours = lamina.predict(folder / f"{name}.keras", data, folder / "out.npz")
        np.testing.assert_allclose(ours[0], expected["predictions"], rtol=0, atol=1e-6)
        log = lamina.train(folder / f"{name}.keras", data, folder / "trained.keras", folder / "log.csv",
                           epochs=3, batch_size=8)
        np.testing.assert_allclose(log["loss"], expected["losses"], rtol=5e-6)


def dense_model(weights):
    layers = [{"module": "keras.layers", "class_name": "InputLayer",
               "config": {"name": "x", "batch_shape": [None, 40]}},
              {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 30}}]
    model = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": layers}}
    image = io.BytesIO()
    with h5py.File(image, "w", **weights.get("file", {})) as file:
        kernel, bias = values()
        group = file.create_group("layers/dense/vars")
        group.create_dataset("0", data=kernel.astype(weights.get("type", "float32")),
                             **weights.get("settings", {}))
        group.create_dataset("1", data=bias)
    return json.dumps(model), image.getvalue()


def values():
    """Few different ones, so that they can be compressed, all of them of float16."""
    random = np.random.default_rng(0)
    return (random.integers(-8, 8, (40, 30)) / 16).astype("float32"), np.arange(30, dtype="float32")


STORED = {
    "float16": {"type": "float16"},
    "float16, other end first": {"type": ">f2"},
    "float64": {"type": "float64"},
    "lzf": {"settings": {"compression": "lzf", "chunks": (16, 30)}},
    "lzf, shuffled": {"settings": {"compression": "lzf", "shuffle": True, "fletcher32": True}},
    "lzf of float16": {"type": "float16", "settings": {"compression": "lzf"}},
    "scale-offset": {"settings": {"scaleoffset": 5, "chunks": (8, 30)}},
    "user block": {"file": {"userblock_size": 1024}},
}


@pytest.mark.parametrize("name", STORED)
def test_stored(name, folder, lamina):
    config, image = dense_model(STORED[name])
    path = folder / "stored.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("metadata.json", '{"keras_version": "3.3.0"}')
        archive.writestr(WEIGHTS, image)
    x = np.random.default_rng(1).standard_normal((5, 40)).astype("float32")
    np.savez(folder / "x.npz", x=x)
    kernel, bias = values()
    ours = lamina.predict(path, folder / "x.npz", folder / "out.npz")[0]
    np.testing.assert_allclose(ours, x @ kernel + bias, rtol=0, atol=2e-5)


# The input's type, values that are given, what the model sees of them.
INPUTS = {
    "uint16": (np.array([0, 7, 65535], "uint16"), [0, 7, 65535]),
    "int16": (np.array([-32768, 7, 32767], "int16"), [-32768, 7, 32767]),
    "uint32": (np.array([0, 7, 2**32 - 1], "uint32"), [0, 7, float(np.float32(2**32 - 1))]),
    "float32": (np.array([0.1, -2, 65504], "float16"), [float(np.float16(0.1)), -2, 65504]),
    # Ties go to the even number; half a step beyond the largest number is infinite.
    "float16": (np.array([0.1, 1 + 2**-11, 1 + 3 * 2**-11, 65519, -65520, 3e-8, np.inf, np.nan]),
                [float(np.float16(0.1)), 1, 1 + 2**-9, 65504, -np.inf, 2**-24, np.inf, np.nan]),
}


@pytest.mark.parametrize("dtype", INPUTS)
def test_input(dtype, folder, lamina):
    given, seen = INPUTS[dtype]
    layers = [{"module": "keras.layers", "class_name": "InputLayer",
               "config": {"name": "x", "batch_shape": [None, 1], "dtype": dtype}},
              {"module": "keras.layers", "class_name": "Rescaling",
               "config": {"name": "r", "scale": 1.0, "offset": 0.0}}]
    model = folder / "typed.json"
    model.write_text(json.dumps({"module": "keras", "class_name": "Sequential",
                                 "config": {"name": "m", "layers": layers}}))
    np.savez(folder / "x.npz", x=given.reshape(-1, 1))
    ours = lamina.predict(model, folder / "x.npz", folder / "out.npz")[0]
    np.testing.assert_array_equal(ours.ravel(), np.asarray(seen, "float32"))
