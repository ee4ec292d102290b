"""Builds files that try to harm whoever reads them: `FILES` maps a name to a function that writes
one to a path, and the part of the message that must come of it. What every reader must check on its
own is pinned in test/unit/files; here it is the whole way through the tool."""
import io
import json
import struct
import zipfile
import zlib

import h5py
import numpy as np

CONFIG = json.dumps({
    "module": "keras", "class_name": "Sequential", "registered_name": "Sequential",
    "config": {"name": "m", "layers": [
        {"module": "keras.layers", "class_name": "InputLayer", "registered_name": None,
         "config": {"name": "x", "batch_shape": [None, 2], "dtype": "float32"}},
        {"module": "keras.layers", "class_name": "Dense", "registered_name": None,
         "config": {"name": "d", "units": 1, "activation": "linear"}}]}})

FILES = {}


def hostile(ending, message):
    """Registers a builder under its name; `message` has to be in what the tool says."""

    def register(build):
        FILES[f"{build.__name__}.{ending}"] = (build, message)
        return build

    return register


def archive(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members:
            file.writestr(name, content)


def weights(fill):
    """The bytes of a weights file that `fill` completes."""
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        fill(file)
    return memory.getvalue()


def with_weights(path, fill):
    archive(path, [("config.json", CONFIG), ("model.weights.h5", weights(fill))])


def good(file):
    file["layers/dense/vars/0"] = np.ones((2, 1), "float32")
    file["layers/dense/vars/1"] = np.ones(1, "float32")


# ---- archives


@hostile("keras", "two members with the name")
def duplicate_member(path):
    archive(path, [("config.json", CONFIG), ("config.json", "{}")])


@hostile("keras", "the archive")
def parent_folder(path):
    archive(path, [("config.json", CONFIG), ("../config.json", CONFIG)])


@hostile("keras", "the archive")
def absolute_name(path):
    archive(path, [("config.json", CONFIG), ("/etc/passwd", "x")])


@hostile("keras", "the archive")
def backslash(path):
    archive(path, [("config.json", CONFIG), ("assets\\..\\x", "x")])


@hostile("keras", "the archive")
def symbolic_link(path):
    link = zipfile.ZipInfo("assets/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", CONFIG)
        file.writestr(link, "/etc/passwd")


@hostile("keras", "the archive")
def encrypted(path):
    archive(path, [("config.json", CONFIG)])
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)


@hostile("keras", "the archive")
def other_local_name(path):
    archive(path, [("config.json", CONFIG)])
    path.write_bytes(path.read_bytes().replace(b"config.json", b"c0nfig.json", 1))


@hostile("keras", "the archive")
def ratio_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", CONFIG)
        file.writestr("model.weights.h5", bytes(200 << 20))


@hostile("keras", "the archive")
def bomb_of_many_members(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", CONFIG)
        for i in range(4):
            file.writestr(f"assets/{i}", bytes(50 << 20))


@hostile("keras", "the archive")
def lying_size(path):
    """The directory says that a member of a few bytes unpacks to 4 GB."""
    archive(path, [("config.json", CONFIG)])
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\1\2")
    struct.pack_into("<I", data, entry + 24, 0xfffffff0)
    path.write_bytes(data)


@hostile("keras", "the archive is cut short")
def truncated_archive(path):
    with_weights(path, good)
    path.write_bytes(path.read_bytes()[:-100])


@hostile("keras", "never loaded")
def pickled_weights(path):
    archive(path, [("config.json", CONFIG), ("model.weights.npz", b"\x80\x04.")])


# ---- JSON


@hostile("json", "not valid JSON")
def deep_json(path):
    path.write_text("[" * 1_000_000)


@hostile("json", "not valid JSON")
def deep_objects(path):
    path.write_text('{"a":' * 200_000)


@hostile("json", "not valid JSON")
def duplicate_keys(path):
    path.write_text('{"class_name": "Sequential", "class_name": "Lambda", "config": {}}')


@hostile("json", "not valid JSON")
def huge_integer(path):
    path.write_text('{"class_name": "Sequential", "config": {"layers": ' + "9" * 1_000_000 + "}}")


@hostile("json", "not valid JSON")
def not_utf8(path):
    path.write_bytes(b'{"class_name": "Sequential\xff", "config": {}}')


@hostile("json", "not valid JSON")
def many_values(path):
    path.write_text('{"class_name": "Sequential", "config": [' + "0," * 3_000_000 + "0]}")


@hostile("json", "has no layers")
def no_layers(path):
    path.write_text('{"class_name": "Functional", "config": {"layers": []}}')


def functional(layers, outputs):
    return json.dumps({"class_name": "Functional", "config": {
        "name": "m", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": outputs}})


def call(name, *histories):
    tensors = [{"class_name": "__keras_tensor__",
                "config": {"shape": [None, 2], "dtype": "float32", "keras_history": list(h)}}
               for h in histories]
    return {"class_name": "Add", "config": {"name": name}, "name": name,
            "inbound_nodes": [{"args": [tensors], "kwargs": {}}]}


X = {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 2]}, "name": "x",
     "inbound_nodes": []}


@hostile("json", "cycle")
def cyclic_graph(path):
    path.write_text(functional([X, call("a", ("b", 0, 0), ("x", 0, 0)), call("b", ("a", 0, 0))],
                               [["a", 0, 0]]))


@hostile("json", "does not have")
def missing_layer(path):
    path.write_text(functional([X, call("a", ("nobody", 0, 0))], [["a", 0, 0]]))


@hostile("json", "does not exist")
def negative_call(path):
    path.write_text(functional([X, call("a", ("x", -1, 0))], [["a", 0, 0]]))


@hostile("json", "too large")
def impossible_size(path):
    path.write_text(CONFIG.replace('"units": 1', '"units": 2147483647').replace(
        "[null, 2]", "[null, 2147483647]"))


@hostile("json", "is refused")
def code_in_lambda(path):
    path.write_text(CONFIG.replace('"Dense"', '"Lambda"'))


@hostile("json", "is refused")
def saved_model_on_disk(path):
    path.write_text(CONFIG.replace('"Dense"', '"TFSMLayer"').replace('"units": 1',
                                                                     '"filepath": "/tmp"'))


@hostile("json", "nothing in a file is looked up")
def foreign_module(path):
    path.write_text(CONFIG.replace('"keras.layers", "class_name": "Dense"',
                                   '"os", "class_name": "system"'))


# ---- HDF5


@hostile("keras", "soft link")
def soft_link(path):
    with_weights(path, lambda f: (good(f), f.__setitem__("l", h5py.SoftLink("/layers"))))


@hostile("keras", "link into another file")
def external_link(path):
    with_weights(path, lambda f: (good(f), f.__setitem__("l", h5py.ExternalLink("/etc/passwd", "/"))))


@hostile("keras", "another path")
def hard_link_cycle(path):
    with_weights(path, lambda f: (good(f), f["layers"].__setitem__("again", f["layers"])))


@hostile("keras", "in another file")
def external_storage(path):
    with_weights(path, lambda f: f.create_dataset("layers/dense/vars/0", (2, 1), "float32",
                                                  external=[("/etc/passwd", 0, 8)]))


@hostile("keras", "virtual dataset")
def virtual_dataset(path):
    layout = h5py.VirtualLayout((2, 1), "float32")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (2, 1))
    with_weights(path, lambda f: f.create_virtual_dataset("layers/dense/vars/0", layout))


@hostile("keras", "with filter 32015; gzip, LZF and scale-offset are read")
def unknown_filter(path):
    def fill(file):
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((2, 1))
        properties.set_filter(32015, h5py.h5z.FLAG_OPTIONAL)  # Zstandard
        space = h5py.h5s.create_simple((2, 1))
        h5py.h5d.create(file.id, b"w", h5py.h5t.NATIVE_FLOAT, space, properties)

    with_weights(path, fill)


@hostile("keras", "far more memory")
def chunked_bomb(path):
    with_weights(path, lambda f: f.create_dataset("w", (1 << 40,), "float32", chunks=(1 << 20,),
                                                  compression="gzip"))


@hostile("keras", "is damaged")
def product_overflow(path):
    with_weights(path, lambda f: f.create_dataset("w", (1 << 40, 1 << 40), "float32",
                                                  chunks=(1, 1)))


@hostile("keras", "compound")
def compound_type(path):
    with_weights(path, lambda f: f.create_dataset("w", (2,), np.dtype([("a", "f4"), ("b", "i4")])))


@hostile("keras", "holds strings")
def strings_for_weights(path):
    with_weights(path, lambda f: f.create_dataset("w", data=["a", "b"]))


@hostile("keras", "nested deeper")
def deep_groups(path):
    with_weights(path, lambda f: f.create_group("/".join("g" * 500)))


@hostile("keras", "is damaged")
def truncated_weights(path):
    archive(path, [("config.json", CONFIG), ("model.weights.h5", weights(good)[:-64])])


@hostile("keras", "has shape")
def other_shape(path):
    with_weights(path, lambda f: (f.__setitem__("layers/dense/vars/0", np.ones((1, 2), "float32")),
                                  f.__setitem__("layers/dense/vars/1", np.ones(1, "float32"))))


@hostile("keras", "is missing")
def missing_weight(path):
    with_weights(path, lambda f: f.__setitem__("layers/dense/vars/0", np.ones((2, 1), "float32")))


def legacy(path, change):
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = CONFIG
        group = file.create_group("model_weights")
        group.attrs["keras_version"], group.attrs["backend"] = "2.15.0", "tensorflow"
        group.attrs["layer_names"] = ["d"]
        layer = group.create_group("d")
        layer.attrs["weight_names"] = ["k", "b"]
        layer["k"], layer["b"] = np.ones((2, 1), "float32"), np.ones(1, "float32")
        change(file, group, layer)


@hostile("h5", "listed but missing")
def names_without_weights(path):
    legacy(path, lambda f, g, l: l.attrs.__setitem__("weight_names", ["k", "../../d/b"]))


@hostile("h5", "2 weights in the model but 1")
def too_few_weights(path):
    legacy(path, lambda f, g, l: l.attrs.__setitem__("weight_names", ["k"]))


@hostile("h5", "0 are in the file")
def layers_without_group(path):
    legacy(path, lambda f, g, l: g.attrs.__setitem__("layer_names", ["nobody"]))


@hostile("h5", "not valid JSON")
def bad_config_in_h5(path):
    legacy(path, lambda f, g, l: f.attrs.__setitem__("model_config", "[" * 100_000))


@hostile("h5", "is damaged")
def noise_in_h5(path):
    """Every 16th byte of the structure is another one: libhdf5 itself may crash on this."""
    legacy(path, lambda f, g, l: None)
    data = bytearray(path.read_bytes())
    for i in range(512, len(data), 16):
        data[i] ^= zlib.crc32(bytes([i & 255])) & 255
    path.write_bytes(data)
