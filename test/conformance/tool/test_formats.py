"""Formats of data: each is read as the libraries that write it have it, and what is damaged is refused."""
import gzip
import json
import subprocess

import h5py
import numpy as np
import pandas
import pytest
import sklearn.datasets

import small_models as models

ROWS = pandas.DataFrame({"a": [1.5, -2.0, 3.25, 4.0], "b": [10, 20, 30, 40], "kind": ["x", "y", "x", "y"]})


def describe(lamina, path, *more):
    return json.loads(lamina("data", "describe", path, "--json", *more))


def values(lamina, folder, data, *more):
    """The inputs and the targets as a model gets them: an untrained one whose output is its input."""
    model = models.sequential(models.input_layer(2), models.layer("Activation", "same", activation="linear"))
    models.write(folder / "same.json", model)
    lamina("predict", folder / "same.json", "--data", data, *more, "-o", folder / "same.npy")
    return np.load(folder / "same.npy")


def zstd(content):
    """As the zstd tool writes it: a frame of raw blocks needs no library (RFC 8878)."""
    block = (len(content) << 3 | 1).to_bytes(3, "little") + content
    return b"\x28\xb5\x2f\xfd" + b"\xa0" + len(content).to_bytes(4, "little") + block


def test_zstandard(lamina, tmp_path):
    text = ROWS.to_csv(index=False).encode()
    for name, content in {"d.csv.zst": zstd(text), "two.zst": zstd(text) + zstd(b"5,6,x\n"),
                          "d.csv.gz": gzip.compress(text),
                          "two.gz": gzip.compress(text) + gzip.compress(b"5,6,x\n")}.items():
        (tmp_path / name).write_bytes(content)
        rows = 5 if name.startswith("two") else 4
        assert describe(lamina, tmp_path / name)["rows"] == rows
    np.save(tmp_path / "d.npy", np.ones((3, 2), "float32"))
    (tmp_path / "d.npy.gz").write_bytes(gzip.compress((tmp_path / "d.npy").read_bytes()))
    assert describe(lamina, tmp_path / "d.npy.gz")["arrays"][0]["shape"] == [3, 2]


@pytest.mark.parametrize("content, message", [
    (zstd(b"a,b\n1,2\n")[:-3], "the Zstandard data are damaged or cut off"),
    (b"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff", "the Zstandard data are damaged or cut off"),
    (gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-9], "the gzip data is damaged or cut off"),
    (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-8] + b"\1" * 8, "the gzip data is damaged or cut off"),
    (b'{"a": 1}\n[2]\n', 'line 2: this is no JSON object; each line must be one, as {"size": 1.5, "kind": '
     '"a"}'),
    (b'{"a": 1}\n\n{"a": ', 'line 3: this is no JSON object; each line must be one, as {"size": 1.5, '
     '"kind": "a"}'),
    (b'{"a": [1]}\n', "line 1: 'a' holds a list or an object; cells are numbers, texts, true, false or null"),
    (b"{}\n", "there are no rows of data in it"),
    (b"1 1:2\nx 1:2\n", "line 2: the label 'x' is no number"),
    (b"1 1:2\n1 2\n", "line 2: '2' is not INDEX:VALUE"),
    (b"1 1:2\n1 3:1 2:1\n", "line 2: index 2 does not follow 3; indices must ascend"),
    (b"1 1:2\n1 99999999:1\n", "line 2: index 99999999 is beyond 1000000 columns"),
    (b"\0\0\x08\x02\0\0\0\2\0\0\0\2abc", "is damaged: an IDX file of shape (2, 2) cannot have 15 bytes"),
    (b"\0\0\x08\x03\0\0\0\2", "is damaged: an IDX file of shape () cannot have 8 bytes"),
    (b"\0\0\x0d\x02\xff\xff\xff\xff\xff\xff\xff\xff",
     "is damaged: an IDX file of shape (4294967295, 4294967295) cannot have 12 bytes"),
    (b"\x89PNG\r\n\x1a\n", "this is an image, which is not read as data; give .npz, .npy, CSV or ARFF"),
])
def test_damaged(content, message, lamina, tmp_path):
    (tmp_path / "d").write_bytes(content)
    done = lamina.run("data", "describe", "d", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, f"error: d: {message}\n")


def test_json_lines(lamina, tmp_path):
    """As pandas writes them; members in another order and missing ones."""
    ROWS.to_json(tmp_path / "d.jsonl", orient="records", lines=True)
    described = describe(lamina, tmp_path / "d.jsonl")
    assert [column["name"] for column in described["columns"]] == ["a", "b", "kind"]
    assert described["columns"][2]["values"] == {"x": 2, "y": 2}
    (tmp_path / "e.jsonl").write_text('{"b": 7, "a": null, "c": true}\n{"a": "2.5"}\n')
    b, a, c = describe(lamina, tmp_path / "e.jsonl")["columns"]
    assert (b["name"], b["missing"], b["max"]) == ("b", 1, 7)
    assert (a["name"], a["missing"], a["max"]) == ("a", 1, 2.5)
    assert (c["name"], c["missing"], c["max"]) == ("c", 1, 1)


def test_libsvm(lamina, tmp_path):
    """As scikit-learn writes it, with indices from 1 and from 0, and comments."""
    x = np.array([[0, 2.5], [1, 0], [0, 0], [-3, 4]])
    y = np.array([1, -1, 1, -1])
    for zero_based in (False, True):
        sklearn.datasets.dump_svmlight_file(x, y, str(tmp_path / "d.svm"), zero_based=zero_based,
                                            comment="a comment")
        np.testing.assert_array_equal(values(lamina, tmp_path, tmp_path / "d.svm"), x)
        described = describe(lamina, tmp_path / "d.svm")
        assert [c["name"] for c in described["columns"]][-1] == "label"
        assert described["columns"][-1]["min"] == -1
    (tmp_path / "rank.svm").write_text("2 qid:1 1:1 3:2\n1 qid:1 2:4\n")
    assert [c["max"] for c in describe(lamina, tmp_path / "rank.svm")["columns"]] == [1, 4, 2, 2]


def write_idx(path, array):
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[array.dtype.str[1:]]
    shape = b"".join(extent.to_bytes(4, "big") for extent in array.shape)
    path.write_bytes(bytes([0, 0, code, array.ndim]) + shape + array.astype(array.dtype.newbyteorder(">")).tobytes())


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_idx(dtype, lamina, tmp_path):
    x = np.array([[1, 2], [3, -4 if dtype != "u1" else 200], [5, 6]]).astype(dtype)
    write_idx(tmp_path / "d.idx", x)
    np.testing.assert_array_equal(values(lamina, tmp_path, tmp_path / "d.idx"), x)


def test_images_and_labels_in_idx(lamina, tmp_path):
    """MNIST's pair of files, compressed, by the name of the images alone."""
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8)).astype("u1")
    write_idx(tmp_path / "train-images-idx3-ubyte", images)
    write_idx(tmp_path / "train-labels-idx1-ubyte", (np.arange(12) % 3).astype("u1"))
    for path in list(tmp_path.iterdir()):
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    for name in ("train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"):
        text = lamina("new", tmp_path / name, "-o", tmp_path / "m.keras")
        assert "image: 'x' is uint8 (12, 8, 8): 8 x 8 pixels" in text
        assert "class numbers from 0 to 2" in text
    (tmp_path / "train-labels-idx1-ubyte").write_text("none")
    done = lamina.run("data", "describe", "train-images-idx3-ubyte", cwd=tmp_path)
    assert done.stderr == ("error: train-labels-idx1-ubyte: the labels beside train-images-idx3-ubyte are no "
                           "IDX file\n")


def test_hdf5(lamina, tmp_path):
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["x"] = np.array([[1, 2], [3, 4.5]], "float32")
        file.create_dataset("y", data=np.arange(2), chunks=(1,), compression="gzip")
    np.testing.assert_array_equal(values(lamina, tmp_path, tmp_path / "d.h5"), [[1, 2], [3, 4.5]])
    assert [a["name"] for a in describe(lamina, tmp_path / "d.h5")["arrays"]] == ["x", "y"]
    (tmp_path / "bad.h5").write_bytes((tmp_path / "d.h5").read_bytes()[:700])
    done = lamina.run("data", "describe", "bad.h5", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("error: bad.h5: is damaged")


@pytest.mark.parametrize("names", [("x_train", "y_train"), ("images", "labels"), ("data", "target"),
                                   ("features", "targets"), ("X", "Y")])
def test_names_of_arrays(names, lamina, tmp_path):
    np.savez(tmp_path / "d.npz", **{names[0]: ROWS[["a", "b"]].to_numpy(), names[1]: np.arange(4) % 2})
    np.testing.assert_array_equal(values(lamina, tmp_path, tmp_path / "d.npz"), ROWS[["a", "b"]])
    text = lamina("new", tmp_path / "d.npz", "-o", tmp_path / "m.keras")
    assert "class numbers from 0 to 1" in text


def test_parts_of_a_file(lamina, tmp_path):
    """keras.datasets' mnist.npz has both."""
    np.savez(tmp_path / "d.npz", x_train=np.ones((3, 2)), y_train=np.zeros(3), x_test=np.full((2, 2), 7.0),
             y_test=np.ones(2))
    np.testing.assert_array_equal(values(lamina, tmp_path, tmp_path / "d.npz"), np.ones((3, 2)))
    np.testing.assert_array_equal(values(lamina, tmp_path, tmp_path / "d.npz", "--part", "test"),
                                  np.full((2, 2), 7.0))
    done = lamina.run("predict", "same.json", "--data", "d.npz", "--part", "dev", "-o", "p.npy", cwd=tmp_path)
    assert done.returncode == 1 and "d.npz: there is no array" in done.stderr, done.stderr
    ROWS.to_csv(tmp_path / "d.csv")
    done = lamina.run("predict", "same.json", "--data", "d.csv", "--part", "test", "-o", "p.npy", cwd=tmp_path)
    assert done.stderr == ("error: d.csv: --part is for files of arrays, and this file holds a table; leave it "
                           "out\n")


def test_several_files(lamina, tmp_path):
    for number in range(3):
        ROWS.iloc[number:number + 2].to_csv(tmp_path / f"part-{number}.csv", index=False)
    pattern = tmp_path / "part-*.csv"
    assert describe(lamina, pattern)["rows"] == 6
    got = values(lamina, tmp_path, pattern, "--drop", "kind")
    np.testing.assert_array_equal(got, ROWS.iloc[[0, 1, 1, 2, 2, 3]][["a", "b"]])
    (tmp_path / "part-9.csv").write_text("a,c\n1,2\n")
    done = lamina.run("data", "describe", "part-*.csv", cwd=tmp_path)
    assert done.stderr == ("error: part-9.csv: its columns are not those of part-0.csv; files that are read "
                           "together have the same\n")
    np.save(tmp_path / "part-9.csv", np.ones(2))
    (tmp_path / "part-9.csv.npy").rename(tmp_path / "part-9.csv")
    done = lamina.run("data", "describe", "part-*.csv", cwd=tmp_path)
    assert done.stderr == ("error: part-9.csv: several files are read together where they are tables, and this "
                           "one holds arrays\n")
    done = lamina.run("data", "describe", "none-*.csv", cwd=tmp_path)
    assert done.stderr == "error: none-*.csv: no file has a name like this\n"
    (tmp_path / "a[1].csv").write_text("a,b\n1,2\n")  # a file of that very name
    assert describe(lamina, tmp_path / "a[1].csv")["rows"] == 1


def test_standard_input(lamina, tmp_path):
    text = ROWS.to_csv(index=False)
    done = subprocess.run([lamina.binary, "data", "describe", "-", "--json"], input=text, text=True,
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 4
    ROWS.to_csv(tmp_path / "d.csv", index=False)
    lamina("new", tmp_path / "d.csv", "--target", "a", "--drop", "kind", "-o", tmp_path / "m.keras")
    done = subprocess.run([lamina.binary, "train", tmp_path / "m.keras", "--data", "-", "-o",
                           tmp_path / "t.keras"], input=text, text=True, capture_output=True)
    assert done.returncode == 0 and (tmp_path / "t.keras").exists(), done.stderr
    done = subprocess.run([lamina.binary, "data", "describe", "-"], input="", text=True, capture_output=True)
    assert done.stderr == "error: standard input: the file is empty\n"
