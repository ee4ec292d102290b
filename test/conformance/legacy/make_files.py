"""Writes the files of older Keras that test_legacy.py reads. Run once in an environment of its own;
what it wrote is kept, so that the tests need that environment no more.

    python3.11 -m venv FOLDER && FOLDER/bin/pip install "tensorflow-cpu==2.15.*"
    FOLDER/bin/python make_files.py tf-2.15 (with names of models behind it, or `optimizers`: these
    files alone)
    python3.11 -m venv FOLDER && FOLDER/bin/pip install "tensorflow-cpu==2.16.*" "keras==3.3.3"
    FOLDER/bin/python make_files.py keras-3.3

For every model NAME there are MAKER/NAME.h5, .keras, .json, .weights.h5 (gzipped), and
MAKER/NAME.npz with the data (`x…`, `y`), the predictions after three steps of training, which is
when the files were written (`predictions`), and the losses of three more steps (`losses`).
For every optimizer there is an .h5 file of a small model: see keep_optimizers.
"""
import gzip
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np  # noqa: E402
from tensorflow import keras  # noqa: E402

HERE = pathlib.Path(__file__).parent
MAKER = sys.argv[1]
FOLDER = HERE / MAKER
IS_OLDER = MAKER.startswith("tf-2")
L = keras.layers


def branches():
    """Two inputs, a shared layer, a nested model that is called twice, a frozen layer."""
    x, z = keras.Input((6,), name="x"), keras.Input((3,), name="z")
    shared = L.Dense(4, activation="relu", name="shared")
    inside = keras.Input((4,), name="inside")
    inner = keras.Model(
        inside, L.BatchNormalization(name="norm")(L.Dense(4, name="inner_dense")(inside)), name="inner")
    wide = L.Dense(6, name="widen")(z)
    added = L.Add(name="add")([inner(shared(x)), inner(shared(wide))])
    frozen = L.Dense(5, name="frozen", trainable=False)(L.Dropout(0.0, name="drop")(added))
    out = L.Dense(3, activation="softmax", name="out",
                  kernel_regularizer=keras.regularizers.L2(0.01))(frozen)
    model = keras.Model([x, z], out, name="branches")
    model.compile(keras.optimizers.Adam(0.01), loss=keras.losses.SparseCategoricalCrossentropy(),
                  metrics=["accuracy"])
    return model, [(6,), (3,)], lambda random, rows: random.integers(0, 3, rows).astype("int32")


def images():
    """A Sequential model with layers whose settings have other names today."""
    model = keras.Sequential([
        L.Conv2D(4, 3, padding="same", input_shape=(6, 6, 2), name="conv"),
        L.BatchNormalization(name="norm"),
        L.LeakyReLU(0.2, name="leaky"),
        L.SeparableConv2D(3, 3, name="separable"),
        L.DepthwiseConv2D(2, name="depthwise"),
        L.Conv2DTranspose(2, 2, strides=2, name="transposed"),
        L.PReLU(shared_axes=[1, 2], name="prelu"),
        L.MaxPooling2D(name="pool"),
        L.Flatten(name="flat"),
        L.Dense(2, name="out"),
    ], name="images")
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True), loss="mse",
                  metrics=["mae", "mse"])
    return model, [(6, 6, 2)], lambda random, rows: random.standard_normal((rows, 2)).astype("float32")


def words():
    """Optimizers of before 2.11 have a decay, and store their slots in another order."""
    nested = keras.Sequential([L.Dense(4, activation="tanh", input_shape=(5,), name="first"),
                               L.Dense(3, name="second")], name="nested")
    model = keras.Sequential([
        L.Embedding(7, 5, input_length=4, name="embedding") if IS_OLDER
        else L.Embedding(7, 5, name="embedding"),
        L.GlobalAveragePooling1D(name="mean"),
        nested,
        L.Dense(1, name="out"),
    ], name="words")
    if not IS_OLDER:
        model.build((None, 4))
    optimizer = (keras.optimizers.legacy.Adam(0.02, decay=0.1) if IS_OLDER
                 else keras.optimizers.RMSprop(0.02))
    model.compile(optimizer, loss=keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
                  metrics=[keras.metrics.BinaryAccuracy(threshold=0.3, name="hits")])
    return model, [4], lambda random, rows: random.integers(0, 2, (rows, 1)).astype("float32")


def series():
    """Recurrent layers with settings that Keras 3 does not have, GRU as of Keras 2.0 to 2.2 and as of
    today, states between layers, cells, both directions."""
    x = keras.Input((5, 3), name="x")
    h, *states = L.LSTM(4, return_sequences=True, return_state=True, implementation=1,
                        name="lstm")(x)
    h = L.LSTM(4, return_sequences=True, name="second")(h, initial_state=states)
    h = L.GRU(3, reset_after=False, return_sequences=True, implementation=1, name="older")(h)
    h = L.Bidirectional(L.GRU(3, return_sequences=True), name="both")(h)
    h = L.RNN([L.SimpleRNNCell(3), L.LSTMCell(2), L.GRUCell(2, reset_after=False)],
              return_sequences=True, name="cells")(h)
    h = L.TimeDistributed(L.Dense(4, activation="tanh"), name="steps")(h)
    h = L.ConvLSTM1D(2, 2, recurrent_activation="sigmoid", name="images")(
        L.Reshape((5, 4, 1), name="reshape")(h))
    h = L.Reshape((6, 1), name="sequence")(L.Flatten(name="flat")(h))
    h = L.SimpleRNN(3, unroll=True, go_backwards=True, name="simple")(h)
    model = keras.Model(x, L.Dense(2, name="out")(h), name="series")
    model.compile(keras.optimizers.Adam(0.02), loss="mse")
    return model, [(5, 3)], lambda random, rows: random.standard_normal((rows, 2)).astype("float32")


def gates():
    """The gates of Keras 2.0 to 2.2, whose hard_sigmoid is another function in Keras 3."""
    model = keras.Sequential([
        L.LSTM(4, return_sequences=True, recurrent_activation="hard_sigmoid", input_shape=(5, 3),
               name="lstm"),
        L.Bidirectional(L.GRU(3, reset_after=False, recurrent_activation="hard_sigmoid"), name="both"),
        L.Dense(4, activation="hard_sigmoid", name="dense"),
        L.Dense(2, name="out"),
    ], name="gates")
    model.compile(keras.optimizers.SGD(0.05), loss="mse")
    return model, [(5, 3)], lambda random, rows: random.standard_normal((rows, 2)).astype("float32")


def inputs_of(shape, random, rows):
    if isinstance(shape, int):
        return random.integers(0, 7, (rows, shape)).astype("int32")
    return random.standard_normal((rows, *shape)).astype("float32")


def keep(model, name):
    """Writes the model in every format, gzipped, and leaves no other file."""
    (FOLDER / f"{name}.json").write_text(model.to_json())
    # Saving as .h5 takes the optimizer out of what a later .keras file says of `compile`.
    for ending in ("keras", "weights.h5", "h5"):
        path = FOLDER / f"{name}.{ending}"
        if ending == "weights.h5":
            model.save_weights(path)
        else:
            model.save(path)
        with gzip.GzipFile(f"{path}.gz", "wb", mtime=0) as file:
            file.write(path.read_bytes())
        path.unlink()


def legacy_optimizers():
    """The optimizers of before 2.11, each with settings that show which formula holds: a large epsilon,
    a fast schedule; and some of today with other names of their slots (but Nadam, which multiplies its
    product of momenta once for each variable in 2.15)."""
    O = keras.optimizers.legacy
    return {
        "SGD": O.SGD(0.05, momentum=0.5, nesterov=True, decay=0.1, clipnorm=0.5),
        "RMSprop": O.RMSprop(0.01, epsilon=0.01, decay=0.05),
        "RMSprop.momentum": O.RMSprop(0.01, momentum=0.5, centered=True, epsilon=0.01),
        "Adagrad": O.Adagrad(0.05, epsilon=0.1, initial_accumulator_value=0.01),
        "Adadelta": O.Adadelta(1.0, epsilon=1e-3),
        "Adam": O.Adam(0.02, amsgrad=True, epsilon=0.01),
        "Adamax": O.Adamax(0.02, epsilon=0.01),
        "Nadam": O.Nadam(0.02),
        "Adamax.today": keras.optimizers.Adamax(0.02),
        "Adadelta.today": keras.optimizers.Adadelta(1.0),
        "Ftrl": O.Ftrl(0.05, beta=0.1, l1_regularization_strength=0.01,
                       l2_shrinkage_regularization_strength=0.01),
    }


def keep_optimizers():
    """optimizers/MAKER.NAME.h5, and optimizers/MAKER.npz with the data and the losses of three more
    steps of each, by NAME."""
    folder = HERE / "optimizers"
    random = np.random.default_rng(9)
    arrays = {"x": random.standard_normal((8, 4)).astype("float32"),
              "y": random.standard_normal((8, 2)).astype("float32")}
    for name, optimizer in legacy_optimizers().items():
        keras.utils.set_random_seed(7)
        model = keras.Sequential([L.Dense(3, activation="tanh", input_shape=(4,), name="second"),
                                  L.Dense(2, name="first")], name="small")
        model.compile(optimizer, loss="mse")
        losses = []
        for step in range(6):
            if step == 3:
                path = folder / f"{MAKER}.{name}.h5"
                model.save(path)
                with gzip.GzipFile(f"{path}.gz", "wb", mtime=0) as file:
                    file.write(path.read_bytes())
                path.unlink()
            losses.append(float(model.train_on_batch(arrays["x"], arrays["y"])))
        arrays[name] = np.array(losses[3:])
    np.savez_compressed(folder / f"{MAKER}.npz", **arrays)


def main():
    FOLDER.mkdir(exist_ok=True)
    older = (series, gates) if IS_OLDER else ()
    for number, build in enumerate((branches, images, words, *older)):
        if sys.argv[2:] and build.__name__ not in sys.argv[2:]:
            continue
        keras.utils.set_random_seed(number)
        random = np.random.default_rng(number)
        model, shapes, targets = build()
        x = [inputs_of(shape, random, 8) for shape in shapes]
        y = targets(random, 8)
        single = x if len(x) > 1 else x[0]
        losses = []
        for step in range(6):
            if step == 3:
                predictions = model.predict(single, verbose=0)
                keep(model, build.__name__)
            model.reset_metrics()
            losses.append(float(model.train_on_batch(single, y, return_dict=True)["loss"]))
        names = ["x"] if len(x) == 1 else [f"x{i}" for i in range(len(x))]
        np.savez_compressed(FOLDER / f"{build.__name__}.npz", y=y, predictions=predictions,
                            losses=np.array(losses[3:]), **dict(zip(names, x)))


if sys.argv[2:] != ["optimizers"]:
    main()
if IS_OLDER and sys.argv[2:] in ([], ["optimizers"]):
    keep_optimizers()
