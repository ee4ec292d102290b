"""Texts in files of data, for models that look them up. Answers of the lookups themselves are compared
with Keras in cases/layers/lookups.py; here the model's output is the lookup's."""
import json

import numpy as np
import pytest

import small_models as models

TEXT = models.input_layer(1, name="text", dtype="string")


def lookup(terms, **config):
    return models.layer("StringLookup", "look", vocabulary=terms, output_mode="one_hot", **config)


def echo(*layers):
    """A model that gives what its lookups do."""
    return models.sequential(*layers, models.layer("Rescaling", "same", scale=1.0), loss=None)


def found(lamina, folder, model, data, *more):
    """The index of every row's term, 0 for an unknown one."""
    models.write(folder / "model.json", model)
    lamina("predict", folder / "model.json", "--data", data, "-o", folder / "out.npy", *more)
    return np.argmax(np.load(folder / "out.npy"), axis=1).tolist()


CELLS = ["a, b", "007", "7", "", "NA", 'say "so"', "1e3", "2026-01-31", "true"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_cells_of_a_table_are_taken_as_they_stand(delimiter, lamina, tmp_path):
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in CELLS]
    table = tmp_path / "cells.csv"
    table.write_text("\n".join([f"text{delimiter}n", *(f"{cell}{delimiter}1" for cell in quoted)]) + "\n")
    terms = [cell for cell in CELLS if cell]
    wanted = [terms.index(cell) + 1 if cell else 0 for cell in CELLS]
    assert found(lamina, tmp_path, echo(TEXT, lookup(terms)), table, "--drop", "n") == wanted


def test_lines_of_json(lamina, tmp_path):
    (tmp_path / "cells.jsonl").write_text("\n".join(
        json.dumps({"text": text}) for text in ["x", "1.0", "", "y z"]))
    assert found(lamina, tmp_path, echo(TEXT, lookup(["x", "1.0", "y z"])),
                 tmp_path / "cells.jsonl") == [1, 2, 0, 3]


@pytest.mark.parametrize("make", [np.array, lambda texts: np.char.encode(texts, "utf-8"),
                                  lambda texts: np.array(texts).astype(">U9"),
                                  lambda texts: np.asfortranarray(np.array(texts).reshape(-1, 1))])
@pytest.mark.parametrize("name", ["data.npy", "data.npz"])
def test_arrays_of_texts(make, name, lamina, tmp_path):
    texts = make(["é", "", "long word", "日本"])
    if name == "data.npy":
        np.save(tmp_path / name, texts)
    else:
        np.savez(tmp_path / name, x=texts)
    assert found(lamina, tmp_path, echo(TEXT, lookup(["日本", "é", "long word"])),
                 tmp_path / name) == [2, 0, 3, 1]


def test_training_from_a_table(lamina, tmp_path):
    """The written model knows its columns and keeps its vocabulary."""
    model = models.sequential(
        TEXT, models.layer("TextVectorization", "words", vocabulary=["good", "bad"],
                           output_mode="count"),
        models.dense("out", 1, activation="sigmoid"), loss="binary_crossentropy",
        optimizer=models.sgd(1.0), metrics=["accuracy"])
    models.write(tmp_path / "model.json", model)
    rows = [("Good, good book!", 1), ("bad", 0), ("a GOOD one", 1), ("bad. bad?", 0)] * 5
    lines = [f'{i},"{text}",{label}' for i, (text, label) in enumerate(rows)]
    (tmp_path / "data.csv").write_text("\n".join(["id,text,liked", *lines]))
    lamina("train", tmp_path / "model.json", "--data", tmp_path / "data.csv", "--drop", "id",
           "--epochs", 20, "--validation-split", 0.2, "-o", tmp_path / "out.keras")
    text = lamina("evaluate", tmp_path / "out.keras", "--data", tmp_path / "data.csv")
    assert "accuracy: 1.00000000\n" in text


def message(lamina, folder, model, data, *more):
    models.write(folder / "model.json", model)
    done = lamina.run("predict", "model.json", "--data", data, "-o", "out.npy", *more, cwd=folder)
    assert done.returncode == 1 and not (folder / "out.npy").exists()
    [line] = done.stderr.splitlines()
    return line.removeprefix("error: ")


def test_data_that_do_not_fit(lamina, tmp_path):
    model = echo(TEXT, lookup(["a", "b"], num_oov_indices=0))
    np.savez(tmp_path / "numbers.npz", x=np.arange(3.0))
    assert message(lamina, tmp_path, model, "numbers.npz") == (
        "numbers.npz: 'x': has elements of type '<f8', but texts are wanted; convert them with "
        "astype(str)")
    np.save(tmp_path / "numbers.npy", np.arange(3.0))
    assert message(lamina, tmp_path, model, "numbers.npy") == (
        "numbers.npy: array 'x' holds numbers, but the model takes texts; convert them with astype(str)")
    np.savez(tmp_path / "objects.npz", x=np.array(["a", None], object))
    assert message(lamina, tmp_path, model, "objects.npz") == (
        "objects.npz: 'x': holds pickled Python objects, which are never loaded; convert the array to "
        "numbers, or texts with astype(str), and save it again")
    np.savez(tmp_path / "wide.npz", x=np.array([["a", "b"]]))
    assert message(lamina, tmp_path, model, "wide.npz") == (
        "wide.npz: texts for input 'text' have the shape (1, 2), but the model wants rows of shape (1,)")
    (tmp_path / "data.csv").write_text("text\na\nc\n")
    assert message(lamina, tmp_path, model, "data.csv", "--header") == (
        "data.csv: line 3: layer 'look': 'c' is not in the vocabulary, and with num_oov_indices 0 "
        "nothing stands for such values; leave the row out, or build the layer with num_oov_indices=1")
    done = lamina.run("predict", "model.json", "--data", "-", "-o", "out.npy", cwd=tmp_path,
                      input="text\na\n")
    assert done.returncode == 1 and done.stderr == (
        "error: standard input: a table for a model of texts is read twice; give it as a file\n")


def test_texts_where_numbers_are_wanted(lamina, tmp_path):
    model = models.sequential(models.input_layer(1), models.dense("out", 1), loss=None)
    np.save(tmp_path / "texts.npy", np.array(["a", "b"]))
    assert message(lamina, tmp_path, model, "texts.npy") == (
        "texts.npy: array 'x' holds texts, but the model takes numbers; an input of dtype 'string' takes "
        "texts")
    np.savez(tmp_path / "texts.npz", x=np.array(["a", "b"]))
    assert message(lamina, tmp_path, model, "texts.npz") == (
        "texts.npz: 'x': has elements of type '<U1', which is not supported; convert them to float32")


def test_what_the_commands_say(lamina, tmp_path):
    """A lookup is listed with its input, and a compiled object takes what it gives."""
    models.write(tmp_path / "model.json", echo(TEXT, lookup(["a", "b"])))
    text = lamina("inspect", tmp_path / "model.json")
    assert "text (InputLayer)" in text and "look (StringLookup)" in text
    text = lamina("compile", tmp_path / "model.json", "--batch-size", 4, "-o", tmp_path / "echo.o")
    assert (f"{tmp_path / 'echo.h'} takes what layer 'look' makes of input 'text': look the values up "
            "before\n") in text
    assert 'Input "look": float32 [rows][3]' in (tmp_path / "echo.h").read_text()
    lamina("bench", tmp_path / "model.json", "--batch-size", 4, "--steps", 1, "--function", "predict")


def test_the_longest_text_says_the_length(lamina, tmp_path):
    """Without output_sequence_length rows are as long as the longest text of the data at hand."""
    model = models.sequential(
        TEXT, models.layer("TextVectorization", "words", vocabulary=["a", "b"]),
        models.layer("Embedding", "vectors", input_dim=4, output_dim=2, mask_zero=True),
        models.layer("LSTM", "lstm", units=3), models.dense("out", 1))
    models.write(tmp_path / "model.json", model)
    np.savez(tmp_path / "data.npz", x=np.array(["a b a b a", "b", "c a"]), y=np.ones(3))
    (tmp_path / "more.csv").write_text("text,y\n" + "".join(f"{'a b ' * n},1\n" for n in (1, 4, 2)))
    lamina("train", tmp_path / "model.json", "--data", tmp_path / "data.npz", "--validation-data",
           tmp_path / "more.csv", "--epochs", 2, "-o", tmp_path / "out.keras")
    first, both = [], []
    for texts, out in ((["b", "c a"], first), (["b", "c a", "a b a b a b a"], both)):
        np.savez(tmp_path / "some.npz", x=np.array(texts))
        lamina("predict", tmp_path / "out.keras", "--data", tmp_path / "some.npz", "-o",
               tmp_path / "p.npy")
        out += np.load(tmp_path / "p.npy")[:2].tolist()
    np.testing.assert_allclose(first, both, rtol=1e-6)  # what is filled up is masked


def test_rows_of_open_length(lamina, tmp_path):
    texts = models.input_layer(None, name="text", dtype="string")
    model = echo(texts, lookup(["a", "b"]), models.layer("Flatten", "flat"))
    np.save(tmp_path / "data.npy", np.array([["a", "b", "a"], ["b", "c", "a"]]))
    models.write(tmp_path / "model.json", model)
    lamina("predict", tmp_path / "model.json", "--data", tmp_path / "data.npy", "-o", tmp_path / "p.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy").reshape(2, 3, 3).argmax(2),
                                  [[1, 2, 1], [2, 0, 1]])
