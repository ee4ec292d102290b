#!/usr/bin/env python3
"""Writes the seed corpus of the fuzz targets: a few small sound inputs for each. Inputs that once were
findings stay beside them (the IR's seeds are test/ir). Run with the tests' Python environment."""
import gzip
import io
import json
import pathlib
import struct
import zipfile

import h5py
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
LEGACY = HERE.parent / "conformance/legacy"
CORPUS = HERE / "corpus"


def put(target, name, content):
    path = CORPUS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def archives():
    for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        memory = io.BytesIO()
        with zipfile.ZipFile(memory, "w", method) as file:
            for member in ("config.json", "assets/words.txt"):
                file.writestr(zipfile.ZipInfo(member), "some content", method)
        put("archive", name, memory.getvalue())
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as file, file.open(zipfile.ZipInfo("a"), "w",
                                                         force_zip64=True) as member:
        member.write(b"zip64")
    put("archive", "zip64", memory.getvalue())


def texts():
    for name in ("words", "branches"):
        put("json", f"keras-2-{name}", (LEGACY / f"tf-2.15/{name}.json").read_bytes())
    put("json", "literals", '{"a": [1, -2.5e3, NaN, -Infinity, "\\u00e9\\ud83d\\ude00", null, true]}')
    put("json", "training", json.dumps({
        "loss": {"class_name": "Huber", "config": {"reduction": "auto", "fn": "huber"}},
        "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"fn": "mean_squared_error"}}]],
        "optimizer_config": {"class_name": "Custom>SGD", "config": {"lr": 0.1, "decay": 0.5}}}))


def hdf5():
    put("hdf5", "legacy", gzip.decompress((LEGACY / "tf-2.15/words.h5.gz").read_bytes()))
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file["layers/dense/vars/0"] = np.ones((2, 3), "float32")
        file.create_dataset("packed", data=np.arange(10), chunks=(4,), compression="gzip",
                            shuffle=True, fletcher32=True)
        file["layers"].attrs["name"] = "dense"
    put("hdf5", "datasets", memory.getvalue())
    number = lambda value: struct.pack("<Q", value)
    text = lambda value: number(len(value)) + value
    # A report: a group, a dataset with its bytes, a text attribute, the end.
    report = (number(1) + text(b"layers") + number(2) + text(b"layers/w") + number(0) + number(4)
              + number(0) + number(1) + number(2) + number(2) + number(8) + bytes(8)
              + number(3) + text(b"layers") + text(b"name") + text(b"dense") + number(8))
    put("hdf5", "report", report)


def arrays():
    for name, array in (("float", np.ones((2, 3), "float32")), ("scalar", np.array(1)),
                        ("fortran", np.asfortranarray(np.ones((2, 3)))),
                        ("big-endian", np.arange(3, dtype=">i4")), ("bool", np.array([True]))):
        memory = io.BytesIO()
        np.save(memory, array)
        put("npy", name, memory.getvalue())


def tables():
    put("table", "csv", "a,b,c\n1,2.5,\"x, y\"\n,?,NA\r\n-1e9,\"\"\"\",z\n")
    put("table", "blanks", "  1.0 \t 2 \"name one\"\n3 4 \"two\"\n\n")
    put("table", "semicolons", "\"a\";\"b\"\n1;2\n3;4\n")
    put("table", "arff", "% comment\n@relation r\n@attribute a numeric\n@attribute 'b c' {x, 'y z'}\n"
        "@data\n1,x\n?,'y z'\n{0 3, 1 x}\n")


for make in (archives, texts, hdf5, arrays, tables):
    make()
